//! What operators look up: a schema of the files that they write, for editors; tables of their
//! keys, for documents; what each named problem means.
//!
//! Owns how these look. Must not know what any key means: the facts are the readers' own
//! ([`crate::toml_file::reference`]). Nothing here fails.

mod problem;
mod rows;
mod schema;

#[cfg(test)]
mod tests;

pub use problem::{Section, section, sections};
pub use rows::rows;
pub use schema::schema;

/// A sentence without the marks and links of Markdown.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('[') {
        let link = behind.split_once("](").and_then(|(shown, link)| {
            let (_, behind) = link.split_once(')')?;
            Some((shown, behind))
        });
        out.push_str(before);
        match link {
            Some((shown, behind)) if !shown.contains(['`', '[']) => {
                out.push_str(shown);
                rest = behind;
            }
            _ => {
                out.push('[');
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}
