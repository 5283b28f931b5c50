//! `ocrwatch top`: how the run stands, again and again.
//!
//! Owns its options and the loop: one thread acts on keys, answers and signals as they come. Must
//! never lay out a frame. Fails when the run does not answer at the start, and when the terminal
//! does not; a run that goes away later is waited for.

mod screen;
mod watch;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use clap::Args;

use super::client::{NoAnswer, RunArgs};
use super::exit_code::ExitCode;
use super::failure::{Failure, plain, written};
use super::terminal::{self, StyleArgs};
use crate::clock::{self, Stopwatch};
use crate::length;
use crate::status::{ErrorsByModule, Frame, Screen, Seen, Status, View, frame, write_top};
use crate::surface::Style;
use crate::zone::Zone;
use screen::Terminal;
use watch::{Answer, Asker, Event, Watch};

/// Shorter than it takes to believe that something is wrong.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Nobody reads faster, and the run has other work.
const INTERVAL_MIN_MS: i64 = 200;

/// Options of `top`.
#[derive(Debug, Args)]
pub(super) struct TopArgs {
    /// How often the run is asked: `1s`, `500ms`, `10s`
    #[arg(long, value_name = "LENGTH", default_value = "1s")]
    interval: String,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    run: RunArgs,
}

impl TopArgs {
    /// Shows frames until its user ends it; what is no terminal gets one.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let interval = self.interval()?;
        let (client, zone) = self.run.client(TIMEOUT)?;
        let mut asker = Asker::new(client);
        let first = asker.ask().map_err(NoAnswer::into_failure)?;
        let style = self.style.style();
        if !io::stdout().is_terminal() || terminal::is_dumb() {
            return once(&first, zone, style);
        }
        let mut top = Top {
            status: first.status,
            errors: first.errors,
            trouble: None,
            view: View::default(),
            zone,
            style,
        };
        top.watch(asker, interval).map_err(|error| {
            let problem = format!("cannot show anything on the terminal: {}", plain(&error));
            Failure::new(ExitCode::Io, vec![problem])
        })?;
        Ok(ExitCode::Done)
    }

    fn interval(&self) -> Result<Duration, Failure> {
        let ms = length::milliseconds(&self.interval).filter(|ms| *ms >= INTERVAL_MIN_MS);
        let ms = ms.and_then(|ms| u64::try_from(ms).ok());
        ms.map(Duration::from_millis).ok_or_else(|| {
            let problem = format!("`--interval {}` is no length from 200ms on", self.interval);
            Failure::usage(&problem, length::FORMS)
        })
    }
}

/// One frame, as long as it is.
fn once(answer: &Answer, zone: Zone, style: Style) -> Result<ExitCode, Failure> {
    let Answer { status, errors } = answer;
    let seen = Seen { status, errors: errors.as_ref(), trouble: None };
    let (columns, now) = (style.width_columns, clock::now());
    let screen = Screen { columns, rows: 0, style, zone, now };
    let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
    written(write_top(&mut out, &seen, &screen).and_then(|()| out.flush()))?;
    Ok(ExitCode::Done)
}

/// What is known, and how it is shown.
struct Top {
    status: Status,
    errors: Option<ErrorsByModule>,
    trouble: Option<String>,
    view: View,
    zone: Zone,
    style: Style,
}

impl Top {
    fn watch(&mut self, asker: Asker, interval: Duration) -> io::Result<()> {
        let mut terminal = Terminal::enter()?;
        let watch = Watch::start(asker)?;
        let mut since_asked = Stopwatch::start();
        while Terminal::is_ours() {
            let shown = self.frame(terminal.size());
            terminal.show(&shown.lines)?;
            let wait = interval.saturating_sub(since_asked.elapsed());
            match watch.events.recv_timeout(wait) {
                Ok(Event::Quit) | Err(RecvTimeoutError::Disconnected) => break,
                Ok(Event::Resized) => {}
                Ok(Event::Key(key)) => {
                    self.view = self.view.pressed(key, shown.page_rows, shown.scroll_max);
                }
                Ok(Event::Answer(answer)) => self.take(*answer),
                Err(RecvTimeoutError::Timeout) => {
                    since_asked = Stopwatch::start();
                    if !self.view.paused {
                        watch.ask();
                    }
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, answer: Result<Answer, NoAnswer>) {
        // An answer that comes in behind the key is not shown.
        match answer {
            _ if self.view.paused => {}
            Ok(Answer { status, errors }) => {
                self.status = status;
                self.errors = errors.or_else(|| self.errors.take());
                self.trouble = None;
            }
            Err(no_answer) => self.trouble = Some(no_answer.line()),
        }
    }

    fn frame(&self, (columns, rows): (usize, usize)) -> Frame {
        let errors = self.errors.as_ref();
        let seen = Seen { status: &self.status, errors, trouble: self.trouble.as_deref() };
        let (style, zone, now) = (self.style, self.zone, clock::now());
        frame(&seen, self.view, &Screen { columns, rows, style, zone, now })
    }
}
