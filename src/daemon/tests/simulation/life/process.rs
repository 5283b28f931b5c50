//! The daemon as a process: how it begins, and the ways in which it ends.

use super::*;

const CONFIG: &str = include_str!("../ocrwatch.toml");

/// The configuration that there is: another interval and a further source make a variant.
pub(super) fn config(
    directory: &Path,
    variant: u64,
    is_pattern: bool,
) -> Result<Config, Vec<String>> {
    thread_local! {
        static READ: RefCell<BTreeMap<(PathBuf, u64, bool), Config>> = const { RefCell::new(BTreeMap::new()) };
    }
    if variant == 2 {
        return Err(vec!["the file is wrong".to_owned()]);
    }
    let key = (directory.to_owned(), variant, is_pattern);
    if let Some(config) = READ.with_borrow(|read| read.get(&key).cloned()) {
        return Ok(config);
    }
    let mut text = CONFIG.to_owned();
    if variant == 1 {
        text = text.replace("poll_interval = \"5s\"", "poll_interval = \"3s\"");
        text.push_str("[[source]]\nname = \"other\"\nfiles = \"other/*.log\"\n");
    }
    if is_pattern {
        text = text.replace("web/app.log", "web/app.log*");
        text = text.replace("[watch]\n", "[watch]\nrotated_quiet = \"10s\"\n");
    }
    let draft = Draft::read("ocrwatch.toml", &text, directory);
    let said = |problems: Vec<Diagnostic>| problems.iter().map(ToString::to_string).collect();
    let config = draft.finish(&[], &[]).map_err(|problems| -> Vec<String> { said(problems) })?;
    READ.with_borrow_mut(|read| read.insert(key, config.clone()));
    Ok(config)
}

impl Life {
    pub(super) fn start(&mut self) {
        let directory = self.directory.clone();
        let variant = if self.variant.get() == 2 { 0 } else { self.variant.get() };
        let (nature, wanted) = (Rc::clone(&self.nature), Rc::clone(&self.variant));
        let started = nature.borrow().mono;
        let options = Options {
            state_directory: directory.join("state"),
            once: false,
            style: Style::PLAIN,
            machine_zone: Zone::UTC,
            invocation: None,
            reload: {
                let (directory, is_pattern) = (directory.clone(), self.plan.further.pattern);
                Box::new(move || config(&directory, wanted.get(), is_pattern))
            },
            out: Box::new(std::io::sink()),
            supervisor: Supervisor::new(None, Box::new(|_| {})),
            machine: Box::new(Simulated { nature, started }),
        };
        let config = config(&directory, variant, self.plan.further.pattern).unwrap();
        let mut daemon = match Daemon::start(config, options) {
            Ok(daemon) => daemon,
            Err(why) => {
                self.happened("start that failed", &format!("{why:?}"));
                if self.disk.faults() == Faults::default() && !self.disk.has_ended() {
                    self.breaches.push(format!("a start on a disk that works fails: {why:?}"));
                }
                return self.has_ended();
            }
        };
        if self.disk.has_ended() {
            drop(daemon);
            return self.has_ended();
        }
        let kept = self.kept();
        let open = self.nature.borrow_mut().receivers.excuse(|id| kept.is_noted(id));
        if !self.plan.disk && open.values().any(|count| *count > 1) {
            self.breaches.push(format!("more than one is sent again: {open:?}"));
        }
        kept.check_counts(&self.logs, false, &mut self.breaches);
        kept.check_told_of(&self.nature.borrow().receivers, &mut self.breaches);
        daemon.begin().unwrap();
        self.losses = 0;
        self.daemon = Some(daemon);
        let counted: u64 = kept.history.values().sum();
        self.happened("start", &format!("with {counted} errors"));
        if self.disk.has_ended() {
            self.kill(false);
        }
    }

    /// The process is gone, in whatever way.
    pub(super) fn has_ended(&mut self) {
        self.daemon = None;
        self.disk.begin();
        self.nature.borrow_mut().receivers.sender_ended();
    }

    pub(super) fn kill(&mut self, is_power: bool) {
        self.disk.end();
        self.has_ended();
        if is_power {
            self.disk.lose_power();
        }
        self.happened(if is_power { "power failure" } else { "kill" }, "");
    }

    /// It is told to end, and does.
    pub(super) fn stop(&mut self) {
        if let Some(daemon) = self.daemon.take() {
            self.happened("stop", "");
            let told_before = self.nature.borrow().receivers.arrivals.len();
            let (fails, faulty_before) = (daemon.keeper.failing_since(), self.disk.counted());
            daemon.end().unwrap();
            if fails.is_some() || self.disk.counted().faults() > faulty_before.faults() {
                self.nature.borrow_mut().receivers.is_unkept_from(told_before);
            }
            self.has_ended();
        }
    }

    pub(super) fn reload(&mut self) {
        self.variant.set(self.random.next(3));
        self.happened("reload", &self.variant.get().to_string());
        self.turn_with(&[Event::Reload]);
    }
}
