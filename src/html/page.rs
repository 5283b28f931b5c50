//! Templates of pages, in which every value is text.
//!
//! Owns the templates, their words in the reader's language, and that whatever is put into one is
//! escaped. Must never know what a page shows. A template that fails is a mistake of ours: a test
//! renders each, and the page then says so in place of its content.
//!
//! Only what stands in our own files is markup: templates, the style and the scripts. A value can
//! be written as text, as lines of text (`|lines`), or as what draws (`|drawn`):
//! letters, digits and signs that end no attribute.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, filters};
use ring::digest::{SHA256, digest};
use serde::Serialize;

use crate::surface::{Language, escape, phrase};

/// The look of every page.
pub(crate) const STYLE: &str = include_str!("parts/look.css");

/// What pages have in common, by the name under which they include it.
const PARTS: [(&str, &str); 3] = [
    ("parts.html", include_str!("parts/parts.html")),
    ("alert.html", include_str!("parts/alert.html")),
    ("code.html", include_str!("parts/code.html")),
];

static ENGLISH: LazyLock<Environment<'static>> = LazyLock::new(|| of(Language::English));
static CHINESE: LazyLock<Environment<'static>> = LazyLock::new(|| of(Language::Chinese));

fn of(language: Language) -> Environment<'static> {
    let mut pages = Environment::empty();
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    pages.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        pages.set_syntax(syntax);
    }
    pages.set_formatter(write_escaped);
    pages.add_filter("length", filters::length);
    pages.add_filter("lines", |text: &str| Value::from_safe_string(escape::html_lines(text)));
    pages.add_filter("drawn", |text: &str| {
        let draws = |c: char| c.is_ascii_alphanumeric() || " ,.-".contains(c);
        Value::from_safe_string(text.chars().filter(|c| draws(*c)).collect())
    });
    pages.add_filter("grouped", phrase::count);
    pages.add_filter("times", move |n: u64| language.times(n));
    pages.add_test("web", |link: &str| link.starts_with("https://") || link.starts_with("http://"));
    pages.add_function("t", move |words: &str| language.words(words).to_owned());
    pages.add_function("both", move |english: &str, chinese: &str| {
        language.pick(english, chinese).to_owned()
    });
    pages.add_function("look", || Value::from_safe_string(STYLE.to_owned()));
    pages.add_global("lang", language.pick("en", "zh-CN"));
    for (name, text) in PARTS {
        // One that cannot be read is missed where it is included; a test renders each.
        let _ = pages.add_template(name, text);
    }
    pages
}

/// Whatever is written is escaped, but for what a filter or a macro has made.
fn write_escaped(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(()),
        _ if value.is_safe() => out.write_str(value.as_str().unwrap_or_default()),
        _ => out.write_str(&escape::html(&value.to_string())),
    }
    .map_err(Error::from)
}

/// A page, or a part of one: a template of ours with values put in.
pub(crate) fn render(
    template: &'static str,
    language: Language,
    values: &impl Serialize,
) -> String {
    let pages = language.pick(&*ENGLISH, &*CHINESE);
    let rendered = pages.render_str(template, Value::from(Serde(values)));
    rendered.unwrap_or_else(|error| {
        format!("<p>{}</p>", escape::html(&format!("this cannot be shown: {error:#}")))
    })
}

/// A style or a script as the policy of a page names it.
pub(crate) fn hash_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    const HOSTILE: &str = "</pre>\"'<script>&{{ 7*7 }}\u{202e}\u{1b}[31m\nb";

    #[track_caller]
    fn check(template: &'static str, expected: &str) {
        let said = render(template, Language::English, &context! { hostile => HOSTILE });
        assert_eq!(said, expected);
    }

    #[test]
    fn whatever_is_put_in_is_text_between_tags_and_in_attributes() {
        const SAFE: &str =
            "&lt;/pre&gt;&quot;&#39;&lt;script&gt;&amp;{{ 7*7 }}\\u{202e}\\x1b[31m\\nb";
        check("{{ hostile }}", SAFE);
        check("{% macro m(it) %}{{ it }}{% endmacro %}{{ m(hostile) }}", SAFE);
        check("{{ both(hostile, '') }}", SAFE);
        check(
            "<i title=\"{{ hostile|lines }}\">",
            &format!("<i title=\"{}\">", SAFE.replace("\\n", "\n")),
        );
    }

    #[test]
    fn what_draws_ends_no_attribute() {
        check("{{ hostile|drawn }}", "prescript 77 u202e31mb".replace("u202e", "").as_str());
    }

    #[test]
    fn what_is_not_there_is_said_and_not_skipped() {
        let said = render("a{{ missing.part }}", Language::English, &context! {});
        assert!(said.starts_with("<p>this cannot be shown: undefined value: `missing`"), "{said}");
    }
}
