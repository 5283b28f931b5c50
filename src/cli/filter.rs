//! Which occurrences a command is about.
//!
//! Owns the options that leave occurrences out, and the decision. Must never count: the caller says
//! what was left out. Fails on options that can match nothing, as wrong arguments.

use chrono::{DateTime, FixedOffset};
use clap::Args;
use globset::{GlobBuilder, GlobMatcher};

use super::failure::Failure;
use super::time_range::Present;
use crate::catalogue::Catalogue;
use crate::occurrence::{Module, Occurrence};
use crate::report::Filters;

/// Which range of time to look at.
#[derive(Debug, Default, Args)]
pub(super) struct RangeArgs {
    /// Leave out errors before this time: absolute, such as `2026-11-20 14:30`, or how long ago,
    /// such as `2h`, `30m` or `7d`
    ///
    /// A time without a zone is in the zone of --timezone. A date alone means its first instant,
    /// and a time alone is one of today. Stamps as log lines print them are read as well. Errors
    /// whose time is not known are left out when --since or --until is given.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,

    /// Leave out errors at or after this time, written as for --since
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
}

/// Which occurrences to show.
#[derive(Debug, Args)]
pub(super) struct FilterArgs {
    #[command(flatten)]
    range: RangeArgs,

    /// Only errors of this module: OCR, Platform, APIG or APIGW (repeatable)
    #[arg(long = "module", value_name = "MODULE", value_delimiter = ',', value_parser = module)]
    modules: Vec<Module>,

    /// Only errors of this code, such as APIG.0301 or 'AIS.*' (repeatable)
    #[arg(long = "code", value_name = "CODE", value_delimiter = ',')]
    codes: Vec<String>,
}

/// What passes.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    /// From and until when something is compared with what is in the range.
    earlier: Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)>,
    since: Option<DateTime<FixedOffset>>,
    until: Option<DateTime<FixedOffset>>,
    modules: Vec<Module>,
    codes: Vec<CodePattern>,
}

/// Why an occurrence does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// It is not what was asked for.
    Other,
    /// A range of time was asked for, and its time is not known.
    Untimed,
    /// It is of the period that what is shown is compared with.
    Earlier,
}

impl RangeArgs {
    /// Reads the options.
    pub(super) fn filter(&self, present: Present) -> Result<Filter, Failure> {
        let instant = |option: &str, text: &Option<String>| {
            text.as_ref().map(|text| present.instant(text)).transpose().map_err(|error| {
                Failure::usage(&format!("{option}: {}", error.problem), &error.hint)
            })
        };
        let since = instant("--since", &self.since)?;
        let until = instant("--until", &self.until)?;
        if let Some((since, until)) = since.zip(until).filter(|(since, until)| since >= until) {
            let [since, until] = [since, until].map(|at| at.format("%Y-%m-%d %H:%M:%S %:z"));
            return Err(Failure::usage(
                &format!("nothing lies between --since ({since}) and --until ({until})"),
                "--until is the first instant that is left out; a date alone is its midnight",
            ));
        }
        Ok(Filter { earlier: None, since, until, modules: Vec::new(), codes: Vec::new() })
    }
}

impl FilterArgs {
    /// Reads the options.
    pub(super) fn filter(
        &self,
        present: Present,
        catalogue: &Catalogue,
    ) -> Result<Filter, Failure> {
        let range = self.range.filter(present)?;
        let codes = self.codes.iter().map(|text| CodePattern::parse(text));
        let codes = codes.collect::<Result<Vec<_>, _>>()?;
        if let Some(code) = codes.iter().find(|code| !code.is_possible()) {
            let problem = format!("--code: `{}` is not an error code", code.text);
            return Err(Failure::usage(&problem, &did_you_mean(&code.text, catalogue)));
        }
        Ok(Filter { modules: self.modules.clone(), codes, ..range })
    }
}

impl Filter {
    /// Whether an occurrence passes, and if not, why.
    pub(super) fn decide(&self, occurrence: &Occurrence) -> Result<(), LeftOut> {
        if !self.wants(occurrence.module, &occurrence.code) {
            return Err(LeftOut::Other);
        }
        let is_earlier = |at| self.earlier.is_some_and(|(from, until)| from <= at && at < until);
        if occurrence.at.is_some_and(is_earlier) {
            return Err(LeftOut::Earlier);
        }
        self.covers(occurrence.at)
    }

    /// Whether errors of a code pass at any time.
    pub(super) fn wants(&self, module: Module, code: &str) -> bool {
        (self.modules.is_empty() || self.modules.contains(&module))
            && (self.codes.is_empty() || self.codes.iter().any(|pattern| pattern.matches(code)))
    }

    /// The same codes at any time.
    pub(super) fn at_any_time(&self) -> Self {
        Self { earlier: None, since: None, until: None, ..self.clone() }
    }

    /// With an earlier period, which is compared with what is in the range. The range begins behind
    /// it, unless it begins later.
    pub(super) fn beside(self, from: DateTime<FixedOffset>, until: DateTime<FixedOffset>) -> Self {
        Self { earlier: Some((from, until)), since: self.since.or(Some(until)), ..self }
    }

    /// Which options ask for a known time, with their verb.
    pub(super) fn asks_for_time(&self) -> &'static str {
        match self.earlier {
            Some(_) => "the period of --baseline asks",
            None => "--since and --until ask",
        }
    }

    /// The first instant that is not left out.
    pub(super) fn since(&self) -> Option<DateTime<FixedOffset>> {
        self.since
    }

    /// Whether a time is in the range that was asked for, and if not, why.
    pub(super) fn covers(&self, at: Option<DateTime<FixedOffset>>) -> Result<(), LeftOut> {
        if self.since.is_none() && self.until.is_none() {
            return Ok(());
        }
        let at = at.ok_or(LeftOut::Untimed)?;
        let in_range =
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until);
        if in_range { Ok(()) } else { Err(LeftOut::Other) }
    }

    /// The first instant that is left out.
    pub(super) fn until(&self) -> Option<DateTime<FixedOffset>> {
        self.until
    }

    /// Whether only errors of some modules or codes pass.
    pub(super) fn is_of_some_codes(&self) -> bool {
        !self.modules.is_empty() || !self.codes.is_empty()
    }

    /// What a report says of it.
    pub(super) fn shown(&self) -> Filters {
        Filters {
            since: self.since,
            until: self.until,
            modules: self.modules.clone(),
            codes: self.codes.iter().map(|code| code.text.clone()).collect(),
        }
    }
}

/// A code, or a pattern of codes with `*` and `?`. Case does not matter.
#[derive(Debug, Clone)]
pub(super) struct CodePattern {
    text: Box<str>,
    matcher: GlobMatcher,
}

impl CodePattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let glob = GlobBuilder::new(text).case_insensitive(true).build();
        let matcher = glob.map(|glob| glob.compile_matcher()).map_err(|error| {
            let problem = format!("`{text}` is not a pattern of codes: {}", error.kind());
            Failure::usage(&problem, "`*` stands for any text, `?` for one character")
        })?;
        Ok(Self { text: text.into(), matcher })
    }

    /// Whether any code could match: a plain text must look like one, whether it is known or not.
    fn is_possible(&self) -> bool {
        self.text.contains(['*', '?', '['])
            || Module::ALL.into_iter().any(|module| {
                let (prefix, dot) = (module.prefix(), module.prefix().len());
                self.text.get(..dot).is_some_and(|text| text.eq_ignore_ascii_case(prefix))
                    && self.text.as_bytes().get(dot) == Some(&b'.')
            })
    }

    /// Whether a code is meant.
    pub(super) fn matches(&self, code: &str) -> bool {
        self.matcher.is_match(code)
    }
}

/// The codes that a text may have been meant to be, as a hint.
pub(super) fn did_you_mean(typed: &str, catalogue: &Catalogue) -> String {
    let near: Vec<_> =
        catalogue.nearest(typed).into_iter().map(|code| format!("`{code}`")).collect();
    match near.as_slice() {
        [] => "a code looks like `AIS.0101`; `ocrwatch explain --all` lists them".to_owned(),
        [one] => format!("did you mean {one}?"),
        [others @ .., last] => format!("did you mean {} or {last}?", others.join(", ")),
    }
}

/// A module by its name or by its codes' prefix, in any case.
fn module(text: &str) -> Result<Module, String> {
    let is = |name: &str| name.eq_ignore_ascii_case(text.trim().trim_end_matches(".*"));
    Module::ALL
        .into_iter()
        .find(|module| is(module.name()) || is(module.prefix()))
        .ok_or_else(|| "the modules are OCR, Platform, APIG and APIGW".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::occurrence::Place;
    use crate::zone::Zone;

    fn filter(since: Option<&str>, until: Option<&str>, codes: &[&str]) -> Result<Filter, Failure> {
        let args = FilterArgs {
            range: RangeArgs { since: since.map(str::to_owned), until: until.map(str::to_owned) },
            modules: Vec::new(),
            codes: codes.iter().map(ToString::to_string).collect(),
        };
        let now = "2026-11-20T06:30:00Z".parse().expect("the test's present");
        args.filter(Present { now, zone: Zone::UTC }, &Catalogue::embedded())
    }

    fn occurrence(code: &str, at: Option<&str>) -> Occurrence {
        let place = Place { file: Arc::from("-"), line: 1, offset: 0 };
        let at = at.map(|at| DateTime::parse_from_rfc3339(at).expect("the test's time"));
        let module = Module::of_code(code).expect("the test's code");
        Occurrence::new(place, at, module, code.into())
    }

    #[track_caller]
    fn check(filter: &Filter, code: &str, at: Option<&str>, expected: Result<(), LeftOut>) {
        assert_eq!(filter.decide(&occurrence(code, at)), expected, "{code} at {at:?}");
    }

    #[test]
    fn a_range_includes_its_beginning_and_excludes_its_end() {
        let filter = filter(Some("2h"), Some("06:00"), &[]).expect("a range");
        check(&filter, "AIS.0101", Some("2026-11-20T04:29:59.999Z"), Err(LeftOut::Other));
        check(&filter, "AIS.0101", Some("2026-11-20T04:30:00Z"), Ok(()));
        check(&filter, "AIS.0101", Some("2026-11-20T13:59:59.999+08:00"), Ok(()));
        check(&filter, "AIS.0101", Some("2026-11-20T06:00:00Z"), Err(LeftOut::Other));
    }

    #[test]
    fn an_unknown_time_is_in_no_range_but_another_code_goes_before() {
        let ranged = filter(Some("2h"), None, &["AIS.*"]).expect("a filter");
        check(&ranged, "AIS.0101", None, Err(LeftOut::Untimed));
        check(&ranged, "APIG.0301", None, Err(LeftOut::Other));
        check(&filter(None, None, &[]).expect("no filter"), "AIS.0101", None, Ok(()));
    }

    #[test]
    fn codes_match_as_patterns_without_regard_to_case() {
        let filter = filter(None, None, &["apig.03*", "AIS.010?"]).expect("patterns");
        for (code, expected) in [
            ("APIG.0301", Ok(())),
            ("AIS.0101", Ok(())),
            ("AIS.0121", Err(LeftOut::Other)),
            ("APIGW.0301", Err(LeftOut::Other)),
        ] {
            check(&filter, code, None, expected);
        }
    }

    #[test]
    fn what_can_match_nothing_is_refused() {
        assert!(filter(Some("2h"), Some("3h"), &[]).is_err());
        assert!(filter(Some("2h"), Some("2h"), &[]).is_err());
        assert!(filter(None, None, &["AIS0101"]).is_err());
        assert!(filter(None, None, &["AISX.0101"]).is_err());
        assert!(filter(None, None, &["AIS.[01"]).is_err());
        assert!(filter(None, None, &["AIS.9999"]).is_ok(), "it may be a new one");
    }

    #[test]
    fn modules_are_known_by_name_and_by_prefix() {
        assert_eq!(module("ocr"), Ok(Module::Ocr));
        assert_eq!(module("ModelArts"), Ok(Module::Platform));
        assert_eq!(module("APIG.*"), Ok(Module::Apig));
        assert_eq!(module("apigw"), Ok(Module::Apigw));
        assert!(module("IAM").is_err());
    }
}
