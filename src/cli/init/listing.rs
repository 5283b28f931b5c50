//! Several words on one line, as somebody types them.
//!
//! Owns what a word is where it holds blanks. Must never know what it means. Nothing here fails.

/// Words as they are listed in answers: what holds blanks stands in quotes.
pub(super) fn listed(words: &[String]) -> String {
    let word = |word: &String| {
        let is_simple =
            !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || "'\"".contains(c));
        match word.contains('"') {
            _ if is_simple => word.clone(),
            true => format!("'{word}'"),
            false => format!("\"{word}\""),
        }
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The words of an answer, apart by blanks that stand in no quotes.
pub(super) fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in text.chars() {
        if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && matches!(c, '"' | '\'') {
            quote = Some(c);
            word.get_or_insert_default();
        } else if quote.is_none() && c.is_whitespace() {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(c);
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_apart_by_blanks_that_are_in_no_quotes() {
        let expected = ["a", "b c", "d'e", "", "/x/{y,z}*.log"];
        assert_eq!(words(" a  'b c' \"d'e\" '' /x/{y,z}*.log "), expected);
        assert_eq!(words(&listed(&expected.map(str::to_owned))), expected);
        assert_eq!(words("it's open"), ["its open"]);
    }
}
