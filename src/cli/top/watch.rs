//! What a live view waits for: keys, answers of the run, signals.
//!
//! Owns the threads that wait, one for each, and that they all end in one channel. Must never
//! decide what is shown. Fails when signals cannot be waited for.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};

use chrono::{DateTime, TimeDelta, Utc};
use crossterm::event::{
    self, Event as TerminalEvent, KeyCode, KeyEvent, KeyEventKind, KeyModifiers,
};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::client::{Client, NoAnswer};
use crate::clock::Stopwatch;
use crate::status::{ErrorsByModule, Key, MINUTES, Status};

/// The errors of an hour are asked for no oftener than this: they are counted by minutes.
const ERRORS_EVERY_SECONDS: u64 = 10;

/// Something that the view acts on.
pub(super) enum Event {
    /// What the user asks of the view.
    Key(Key),
    /// The user, or a signal, ends it.
    Quit,
    /// The terminal has another size.
    Resized,
    /// What came of asking the run.
    Answer(Box<Result<Answer, NoAnswer>>),
}

/// How a run stands.
pub(super) struct Answer {
    pub(super) status: Status,
    /// The errors of the last hour; absent if they were not asked for or are not to be had.
    pub(super) errors: Option<ErrorsByModule>,
}

/// Asks a run, when it is told to.
pub(super) struct Asker {
    client: Client,
    since_errors: Option<Stopwatch>,
}

impl Asker {
    pub(super) fn new(client: Client) -> Self {
        Self { client, since_errors: None }
    }

    /// Asks now.
    pub(super) fn ask(&mut self) -> Result<Answer, NoAnswer> {
        let status = self.client.status()?;
        let is_fresh = |since: &Stopwatch| since.elapsed().as_secs() < ERRORS_EVERY_SECONDS;
        if self.since_errors.as_ref().is_some_and(is_fresh) {
            return Ok(Answer { status, errors: None });
        }
        self.since_errors = Some(Stopwatch::start());
        let errors = self.errors(status.at);
        Ok(Answer { status, errors })
    }

    fn errors(&self, now: DateTime<Utc>) -> Option<ErrorsByModule> {
        let hour = TimeDelta::minutes(i64::try_from(MINUTES).unwrap_or(0));
        let found = self.client.minutes(now - hour).ok()?;
        let minutes = found.minutes.into_iter().map(|it| (it.at, it.module, it.errors));
        Some(ErrorsByModule::until(now, minutes, found.left_out))
    }
}

/// The threads. They end with the program: two of them wait in the system.
pub(super) struct Watch {
    pub(super) events: Receiver<Event>,
    asking: SyncSender<()>,
}

impl Watch {
    /// Starts to wait.
    pub(super) fn start(asker: Asker) -> io::Result<Self> {
        let (sender, events) = mpsc::channel();
        let signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        let (asking, orders) = mpsc::sync_channel(1);
        spawn("signals", sender.clone(), move |sender| signalled(signals, sender))?;
        spawn("keys", sender.clone(), keys)?;
        spawn("asks", sender, move |sender| answers(asker, &orders, sender))?;
        Ok(Self { events, asking })
    }

    /// Has the run asked; it is asked once at a time.
    pub(super) fn ask(&self) {
        let _ = self.asking.try_send(());
    }
}

fn spawn(
    name: &str,
    sender: Sender<Event>,
    wait: impl FnOnce(&Sender<Event>) + Send + 'static,
) -> io::Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    thread.spawn(move || wait(&sender)).map(drop)
}

fn signalled(mut signals: Signals, sender: &Sender<Event>) {
    for _ in signals.forever() {
        if sender.send(Event::Quit).is_err() {
            return;
        }
    }
}

fn keys(sender: &Sender<Event>) {
    loop {
        let event = match event::read() {
            Ok(TerminalEvent::Key(key)) if key.kind != KeyEventKind::Release => of_key(key),
            Ok(TerminalEvent::Resize(..)) => Some(Event::Resized),
            Ok(_) => None,
            // Nobody can type any more.
            Err(_) => Some(Event::Quit),
        };
        let is_last = matches!(event, Some(Event::Quit));
        if event.is_some_and(|event| sender.send(event).is_err()) || is_last {
            return;
        }
    }
}

fn answers(mut asker: Asker, orders: &Receiver<()>, sender: &Sender<Event>) {
    while orders.recv().is_ok() {
        if sender.send(Event::Answer(Box::new(asker.ask()))).is_err() {
            return;
        }
    }
}

fn of_key(key: KeyEvent) -> Option<Event> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    Some(match key.code {
        KeyCode::Char('c' | 'd') if is_control => Event::Quit,
        KeyCode::Char('f') if is_control => Event::Key(Key::PageDown),
        KeyCode::Char('b') if is_control => Event::Key(Key::PageUp),
        KeyCode::Char('l') if is_control => Event::Resized,
        KeyCode::Char(_) if is_control => return None,
        KeyCode::Char('q') | KeyCode::Esc => Event::Quit,
        KeyCode::Char('k') | KeyCode::Up => Event::Key(Key::Up),
        KeyCode::Char('j') | KeyCode::Down => Event::Key(Key::Down),
        KeyCode::PageUp => Event::Key(Key::PageUp),
        KeyCode::PageDown | KeyCode::Char(' ') => Event::Key(Key::PageDown),
        KeyCode::Home | KeyCode::Char('g') => Event::Key(Key::First),
        KeyCode::End | KeyCode::Char('G') => Event::Key(Key::Last),
        KeyCode::Char('s') => Event::Key(Key::Sort),
        KeyCode::Char('p') => Event::Key(Key::Pause),
        _ => return None,
    })
}
