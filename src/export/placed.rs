//! Texts of alerts as Prometheus fills them in: templates of Go.
//!
//! Owns how text and values stand beside each other: text stays what it is, whatever is in it. Must
//! never know a rule. Nothing here fails.

/// The private signs that stand for values while a text is made.
const SIGNS: std::ops::RangeInclusive<char> = '\u{e000}'..='\u{e0ff}';

/// The values of a text, each an action of Go.
#[derive(Debug, Default)]
pub(super) struct Places {
    actions: Vec<String>,
}

impl Places {
    /// A sign to put into the text where the value is to stand; nothing if there are too many.
    pub(super) fn put(&mut self, action: &str) -> String {
        let sign = SIGNS.clone().nth(self.actions.len());
        self.actions.push(action.to_owned());
        sign.into_iter().collect()
    }

    /// The text as a template.
    pub(super) fn template(&self, text: &str) -> String {
        let mut out = String::new();
        let mut signs = text.chars().peekable();
        while let Some(c) = signs.next() {
            let opens = |next: &char| *next == '{' || SIGNS.contains(next);
            match self.action(c) {
                Some(action) => out.extend(["{{ ", action, " }}"]),
                // Two of them, or one in front of a value, would open an action.
                None if c == '{' && signs.peek().is_none_or(opens) => out.push_str("{{ \"{\" }}"),
                None => out.push(c),
            }
        }
        out
    }

    fn action(&self, c: char) -> Option<&str> {
        let at = SIGNS.contains(&c).then(|| u32::from(c) - u32::from(*SIGNS.start()))?;
        self.actions.get(usize::try_from(at).ok()?).map(String::as_str)
    }
}

/// A text without values.
pub(super) fn literal(text: &str) -> String {
    Places::default().template(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_opens_no_action_and_values_do() {
        let mut places = Places::default();
        let name = places.put("$labels.credential");
        let text = format!("{{{name}}} {{{{ x }}}} {{");
        assert_eq!(
            places.template(&text),
            "{{ \"{\" }}{{ $labels.credential }}} {{ \"{\" }}{ x }} {{ \"{\" }}"
        );
        assert_eq!(literal("{a} }} \u{e000}"), "{a} }} \u{e000}");
    }
}
