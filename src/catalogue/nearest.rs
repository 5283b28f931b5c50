//! The codes that a mistyped one was meant to be.
//!
//! Owns what counts as near. Must not know what a code means. Nothing here fails.

use crate::occurrence::Module;

/// How many codes are proposed.
const NEAREST_MAX: usize = 3;

/// Longer than any code with a few slips; what is longer is no code.
const TYPED_BYTES_MAX: usize = 40;

/// A code as letters and number, without case, dot and missing zeros.
struct Shape {
    prefix: String,
    digits: String,
}

impl Shape {
    fn of(code: &str) -> Self {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
        let split = plain.find(|c: char| c.is_ascii_digit()).unwrap_or(plain.len());
        let (letters, digits) = plain.split_at(split);
        // `OCR.0101` and `Platform.4204`: the module's name in place of the codes' prefix.
        let named = Module::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(letters));
        let prefix = match named {
            Some(module) => module.prefix().to_ascii_lowercase(),
            None => letters.to_ascii_lowercase(),
        };
        Self { prefix, digits: format!("{digits:0>4}") }
    }

    fn number(&self) -> u64 {
        self.digits.parse().unwrap_or(u64::MAX)
    }

    fn joined(&self) -> String {
        format!("{}{}", self.prefix, self.digits)
    }
}

/// The codes nearest to a typed one, at most three, those with the nearest numbers first; only the
/// code itself when nothing but case, dot and leading zeros differ.
pub(super) fn nearest<'c>(typed: &str, codes: impl Iterator<Item = &'c str>) -> Vec<&'c str> {
    if typed.len() > TYPED_BYTES_MAX || !typed.contains(|c: char| c.is_ascii_alphanumeric()) {
        return Vec::new();
    }
    let wanted = Shape::of(typed);
    let mut near = Vec::new();
    for (order, code) in codes.enumerate() {
        let shape = Shape::of(code);
        let same_number = shape.digits == wanted.digits;
        if same_number && shape.prefix == wanted.prefix {
            return vec![code];
        }
        let distance = if same_number && wanted.prefix.is_empty() {
            0
        } else {
            strsim::damerau_levenshtein(&wanted.joined(), &shape.joined())
        };
        // Two slips in ten characters are a mistyped code; three in seven are another word.
        if distance <= shape.joined().len() / 4 {
            near.push((distance, shape.number().abs_diff(wanted.number()), order, code));
        }
    }
    near.sort_unstable();
    let best = near.first().map(|(distance, ..)| *distance);
    let as_near = near.into_iter().take_while(|(distance, ..)| Some(*distance) == best);
    as_near.take(NEAREST_MAX).map(|(.., code)| code).collect()
}

#[cfg(test)]
mod tests {
    fn check(typed: &str, expected: &str) {
        let codes =
            ["AIS.0101", "AIS.0102", "AIS.0105", "ModelArts.4204", "APIG.0301", "APIG.0308"];
        let more = ["APIGW.0301", "APIGW.0308"];
        let near = super::nearest(typed, codes.into_iter().chain(more));
        assert_eq!(near.join(" "), expected, "{typed}");
    }

    #[test]
    fn case_dot_and_leading_zeros_do_not_matter() {
        check("ais.0101", "AIS.0101");
        check("AIS0101", "AIS.0101");
        check("ais.101", "AIS.0101");
        check("AIS-0101", "AIS.0101");
        check("MODELARTS_4204", "ModelArts.4204");
        check("apigw.301", "APIGW.0301");
    }

    #[test]
    fn a_module_name_stands_for_its_prefix() {
        check("OCR.0101", "AIS.0101");
        check("platform.4204", "ModelArts.4204");
    }

    #[test]
    fn a_number_alone_finds_every_module() {
        check("301", "APIG.0301 APIGW.0301");
        check("4204", "ModelArts.4204");
    }

    #[test]
    fn the_nearest_number_comes_first() {
        check("AIS.0103", "AIS.0102 AIS.0101 AIS.0105");
        check("APIG.0307", "APIG.0308 APIG.0301");
        check("ModelArt.4240", "ModelArts.4204");
    }

    #[test]
    fn what_is_no_code_has_no_neighbours() {
        check("", "");
        check("..", "");
        check("hello", "");
        check("AIS.9999", "");
        check(&"AIS.0101".repeat(9), "");
    }
}
