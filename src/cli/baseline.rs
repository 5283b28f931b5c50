//! `--baseline`: what a report is compared with.
//!
//! Owns what the option's text means, and the way of the earlier side to its counts. Must never
//! compare. Fails when the text means nothing, when what it names is not there, and when it names a
//! saved report that lacks what the new one may have; all before anything is written.

use std::ffi::OsString;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use clap::Args;

use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint};
use super::filter::Filter;
use super::messages::Messages;
use super::reading::{Beside, InputArgs, Order, Reading, Sink};
use super::time_range::Present;
use crate::catalogue::Catalogue;
use crate::input::{self, Discovery, ExitKind, Input, InputProblem};
use crate::occurrence::Occurrence;
use crate::report::InputFacts;
use crate::report::baseline::{Before, Limited, NotAReport, Saved, schema_of};

const FORMS: &str = "name an older log, a directory, a report saved with `--format json`, or an \
                     earlier period such as `yesterday..today`";

/// What to compare with.
#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    /// Say what is new, gone, risen and fallen against an older log, a report saved with `--format
    /// json`, or an earlier period of the same FILES, such as `yesterday..today` or `14d..7d`
    ///
    /// An older log is a file, a directory or a pattern; --since and --until do not apply to it,
    /// --module and --code do. The ends of a period are written as for --since, and the report
    /// begins where it ends unless --since says otherwise. What exists as a path is a path.
    #[arg(long, value_name = "OLD")]
    baseline: Option<OsString>,
}

/// The earlier side, found but not yet read.
pub(super) struct Old {
    name: String,
    what: What,
}

enum What {
    Logs(Discovery),
    Saved(Saved),
    Period(DateTime<FixedOffset>, DateTime<FixedOffset>),
}

/// What reading the earlier side takes.
pub(super) struct Beginnings<'a> {
    pub(super) catalogue: &'a Arc<Catalogue>,
    pub(super) filter: &'a Filter,
    pub(super) present: Present,
    pub(super) messages: &'a mut Messages,
}

impl BaselineArgs {
    /// Finds what the option names.
    pub(super) fn find(
        &self,
        present: Present,
        inputs: &InputArgs,
    ) -> Result<Option<Old>, Failure> {
        let Some(argument) = &self.baseline else { return Ok(None) };
        let name = argument.to_string_lossy().into_owned();
        if name == "-" {
            return Err(usage("standard input cannot be the baseline", FORMS));
        }
        if Path::new(argument).symlink_metadata().is_err()
            && let Some((from, until)) = name.split_once("..")
            && let Some(period) = period(from, until, present)
        {
            let (from, until) = period?;
            return Ok(Some(Old { name, what: What::Period(from, until) }));
        }
        let discovery = inputs.discover_other(argument);
        let what = match (discovery.inputs.as_slice(), discovery.problems.first()) {
            ([], Some(problem)) => return Err(not_there(problem)),
            ([one], None) => match saved(one)? {
                Some(saved) => What::Saved(saved),
                None => What::Logs(discovery),
            },
            _ => What::Logs(discovery),
        };
        Ok(Some(Old { name, what }))
    }
}

impl Old {
    /// The filter of the report that is compared with it.
    pub(super) fn limit(&self, filter: Filter) -> Result<Filter, Failure> {
        match &self.what {
            What::Logs(_) => Ok(filter),
            What::Saved(saved) => match saved.limited(&filter.shown()) {
                Some(limited) => Err(lacks(&self.name, &limited)),
                None => Ok(filter),
            },
            &What::Period(from, until) => {
                let instant = |at: DateTime<FixedOffset>| at.format("%Y-%m-%d %H:%M:%S %:z");
                if let Some(since) = filter.since().filter(|since| *since < until) {
                    let problem = format!(
                        "the period ends ({}) after the report begins (--since {})",
                        instant(until),
                        instant(since)
                    );
                    return Err(usage(
                        &problem,
                        "without --since the report begins where the period ends",
                    ));
                }
                if let Some(end) = filter.until().filter(|end| *end <= until) {
                    let problem = format!(
                        "the period ends ({}) when the report has ended (--until {})",
                        instant(until),
                        instant(end)
                    );
                    return Err(usage(&problem, "name an earlier period, or a later --until"));
                }
                Ok(filter.beside(from, until))
            }
        }
    }

    /// Reads it, and says what was wrong with it; a period is read together with the report.
    pub(super) fn read(self, with: Beginnings<'_>) -> (Option<Before>, Option<ExitKind>) {
        let Beginnings { catalogue, filter, present, messages } = with;
        let Self { name, what } = self;
        let of = Arc::clone(catalogue);
        let (before, problem) = match what {
            What::Period(from, until) => (Before::of_period(&name, from, until, of), None),
            What::Saved(saved) => {
                let wanted = |module, code: &str| filter.wants(module, code);
                (Before::of_saved(&name, saved, wanted, of), None)
            }
            What::Logs(discovery) => {
                let mut sink = Earlier(Before::of_logs(&name, of));
                let reading = Reading {
                    catalogue,
                    filter: &filter.at_any_time(),
                    zone: present.zone,
                    now: present.now,
                    order: Order::Inputs,
                    beside: Beside::default(),
                    messages,
                };
                // Counting cannot fail.
                let problem = reading.read(&discovery, &mut sink).unwrap_or_default();
                (sink.0, problem)
            }
        };
        (Some(before), problem)
    }
}

struct Earlier(Before);

impl Sink for Earlier {
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()> {
        self.0.add(occurrence);
        Ok(())
    }

    fn input_read(&mut self, facts: InputFacts) {
        self.0.input_read(&facts);
    }
}

fn usage(problem: &str, hint: &str) -> Failure {
    Failure::usage(&format!("--baseline: {problem}"), hint)
}

type Period = (DateTime<FixedOffset>, DateTime<FixedOffset>);

/// A period, if either end is a time: `../old.log` is none.
fn period(from: &str, until: &str, present: Present) -> Option<Result<Period, Failure>> {
    let (first, last) = match (present.instant(from), present.instant(until)) {
        (Ok(first), Ok(last)) => (first, last),
        (Err(_), Err(_)) => return None,
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => {
            return Some(Err(usage(&error.problem, &error.hint)));
        }
    };
    if first < last {
        return Some(Ok((first, last)));
    }
    let [first, last] = [first, last].map(|at| at.format("%Y-%m-%d %H:%M:%S %:z"));
    Some(Err(usage(
        &format!("nothing lies between {first} and {last}"),
        "write the earlier time first, such as `yesterday..today` or `14d..7d`",
    )))
}

fn not_there(problem: &InputProblem) -> Failure {
    let text = format!("--baseline: {problem}");
    let text = if problem.hint().is_some() { text } else { with_hint(&text, FORMS) };
    let code = ExitCode::of_reading(Some(problem.exit_code_kind()), false);
    Failure::new(code, vec![text])
}

/// The report that a file holds; none if it is a log, or cannot be read, which its reader will say.
fn saved(input: &Input) -> Result<Option<Saved>, Failure> {
    // What is no regular file can be read only once.
    if input.size_bytes.is_none() {
        return Ok(None);
    }
    let open = || input::open(input).ok().map(BufReader::new);
    let Some(schema) = open().and_then(schema_of) else { return Ok(None) };
    let Some(text) = open() else { return Ok(None) };
    let failed = |why: String, hint: &str| {
        let text = format!("--baseline: `{}` {why}", input.name);
        Failure::new(ExitCode::Io, vec![with_hint(&text, hint)])
    };
    let again = "save the older report again, with `ocrwatch report --format json`";
    Saved::parse(&schema, text).map(Some).map_err(|problem| match problem {
        NotAReport::OtherSchema(schema) => {
            failed(format!("has the schema `{schema}`, which is no report that can be read"), again)
        }
        NotAReport::Broken(why) => failed(format!("is not a whole report: {why}"), again),
    })
}

fn lacks(name: &str, limited: &Limited) -> Failure {
    match limited {
        Limited::Top(codes) => usage(
            &format!("`{name}` was saved with --top, and lacks the counts of {codes} codes"),
            "save it without --top; what it lacks would count as new",
        ),
        Limited::Filters(options) => usage(
            &format!("`{name}` was saved with {}", options.join(" ")),
            "repeat these options, or save it without; what it lacks would count as new",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;

    fn of(text: &str) -> Option<Result<(String, String), Failure>> {
        let now = "2026-11-20T06:30:00Z".parse().expect("the test's present");
        let present = Present { now, zone: Zone::parse("Asia/Shanghai").expect("a known zone") };
        let (from, until) = text.split_once("..").expect("two ends");
        let found = period(from, until, present)?;
        Some(found.map(|(first, last)| (first.to_rfc3339(), last.to_rfc3339())))
    }

    #[track_caller]
    fn check(text: &str, first: &str, last: &str) {
        let period = of(text).and_then(Result::ok);
        assert_eq!(period, Some((first.to_owned(), last.to_owned())), "{text}");
    }

    #[test]
    fn a_period_has_two_ends_in_the_words_of_since() {
        check("yesterday..today", "2026-11-19T00:00:00+08:00", "2026-11-20T00:00:00+08:00");
        check("14d..7d", "2026-11-06T14:30:00+08:00", "2026-11-13T14:30:00+08:00");
        check(
            "2026-11-18..2026-11-19 12:00",
            "2026-11-18T00:00:00+08:00",
            "2026-11-19T12:00:00+08:00",
        );
        check("2h..now", "2026-11-20T12:30:00+08:00", "2026-11-20T14:30:00+08:00");
    }

    #[test]
    fn what_has_no_time_at_either_end_is_a_path() {
        for path in ["../old.log", "..", "logs/../old.log", "a..b"] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn a_period_with_one_end_or_in_no_order_is_refused() {
        for wrong in
            ["yesterday..", "..today", "yesterday..tody", "today..yesterday", "7d..14d", "2h..2h"]
        {
            assert!(of(wrong).is_some_and(|found| found.is_err()), "{wrong}");
        }
    }
}
