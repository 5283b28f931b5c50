//! The journal, or standard error: one line for each alert.
//!
//! Owns the line and the fields. Must never break a line, nor write more than the journal takes at
//! once. Fails with the error of the socket or of standard error.

use std::io::{self, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::{Accepted, Failure, Parcel, Sender, Step, Trace};
use crate::catalogue::Severity;
use crate::config::{JournalTo, Receiver};
use crate::engine::AlertStatus;
use crate::render::chat::{Words, clip_bytes, noted};
use crate::render::{NotificationText, Texts, ToldText};
use crate::surface::Language;
use crate::surface::escape::visible;

const SOCKET: &str = "/run/systemd/journal/socket";

/// Of one line: syslog daemons that read the journal cut longer ones.
const LINE_BYTES_MAX: usize = 2048;

/// Lines for the journal.
pub(super) struct Journal {
    to: JournalTo,
    socket: PathBuf,
    language: Language,
}

impl Journal {
    pub(super) fn new(to: JournalTo, receiver: &Receiver) -> Self {
        Self { to, socket: SOCKET.into(), language: receiver.language }
    }
}

impl Sender for Journal {
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        _: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let text = NotificationText::of(&parcel.notification, texts);
        let words = Words::of(self.language);
        let is_native = match self.to {
            JournalTo::Native => true,
            JournalTo::Stderr => false,
            JournalTo::Auto => self.socket.exists(),
        };
        let native = self.socket.display().to_string();
        let place = if is_native { &*native } else { "standard error" };
        trace(Step { stage: "write", text: place.to_owned() });
        let failed = |error: io::Error| Failure::unreachable("write", format!("{place}: {error}"));
        if is_native {
            let socket = UnixDatagram::unbound().map_err(failed)?;
            for alert in &text.alerts {
                let datagram = datagram(&text, alert, words);
                socket.send_to(&datagram, &self.socket).map_err(failed)?;
            }
        } else {
            let alerts = text.alerts.iter();
            let lines: Vec<_> = alerts
                .map(|alert| {
                    format!("<{}>ocrwatch: {}\n", priority(alert), line(&text.notes, alert, words))
                })
                .collect();
            let lines = lines.concat();
            io::stderr().lock().write_all(lines.as_bytes()).map_err(failed)?;
        }
        let count = text.alerts.len();
        let lines = if count == 1 { "line" } else { "lines" };
        Ok(Accepted { answer: format!("{count} {lines} to {place}") })
    }
}

/// That of syslog.
fn priority(alert: &ToldText) -> u8 {
    match (alert.status, alert.text.severity) {
        (AlertStatus::Firing, Severity::Critical) => 2,
        (AlertStatus::Firing, Severity::Warning) => 4,
        (AlertStatus::Firing, Severity::Info) => 6,
        _ => 5,
    }
}

/// What happened, and what to do first.
fn line(notes: &[String], alert: &ToldText, words: &Words) -> String {
    let text = &alert.text;
    let head = format!(
        "[{} · {}] {}",
        words.status(alert.status),
        words.severity(text.severity),
        visible(&noted(notes, &text.headline))
    );
    let code = text.codes.first();
    let own = code.into_iter().flat_map(|code| &code.causes).flat_map(|cause| &cause.solution);
    let documented = code.into_iter().flat_map(|code| &code.solution);
    let to_do = match own.chain(documented).next() {
        Some(first) if alert.status == AlertStatus::Firing => format!("; {}", visible(&first.text)),
        _ => String::new(),
    };
    let rest = format!(" (rule {}, {})", visible(&text.rule), text.fingerprint);
    let room = LINE_BYTES_MAX.saturating_sub(to_do.len() + rest.len()).max(LINE_BYTES_MAX / 4);
    format!("{}{}{rest}", clip_bytes(&head, room), clip_bytes(&to_do, LINE_BYTES_MAX / 2))
}

/// An entry as the journal takes it; every field is one line.
fn datagram(text: &NotificationText, alert: &ToldText, words: &Words) -> Vec<u8> {
    let codes: Vec<_> = alert.text.codes.iter().map(|code| visible(&code.code)).collect();
    let fields = [
        ("MESSAGE", line(&text.notes, alert, words)),
        ("PRIORITY", priority(alert).to_string()),
        ("SYSLOG_IDENTIFIER", "ocrwatch".to_owned()),
        ("OCRWATCH_NOTIFICATION_ID", visible(&text.id)),
        ("OCRWATCH_RULE", visible(&alert.text.rule)),
        ("OCRWATCH_FINGERPRINT", alert.text.fingerprint.to_string()),
        ("OCRWATCH_STATUS", alert.status.to_string()),
        ("OCRWATCH_SEVERITY", alert.text.severity.to_string()),
        ("OCRWATCH_CODES", clip_bytes(&codes.join(" "), LINE_BYTES_MAX)),
    ];
    let lines = fields.into_iter().map(|(name, value)| format!("{name}={value}\n"));
    lines.collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::web::tests::{HOSTILE, lockout, now, parcel, texts, told};

    fn sent(alerts: Vec<crate::engine::ToldAlert>) -> Vec<String> {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let socket = directory.path().join("journal");
        let listener = UnixDatagram::bind(&socket).expect("a socket");
        let receiver = Receiver::terminal("ops");
        let mut journal = Journal { socket, ..Journal::new(JournalTo::Auto, &receiver) };
        let count = alerts.len();
        journal.send(&parcel(alerts), &texts(), now(), &mut |_| {}).expect("a listener");
        let mut buffer = vec![0; 64 * 1024];
        let mut entry = || {
            let length = listener.recv(&mut buffer).expect("an entry");
            String::from_utf8(buffer[..length].to_vec()).expect("text")
        };
        (0..count).map(|_| entry()).collect()
    }

    #[test]
    fn each_alert_is_an_entry_with_its_fields() {
        let entries = sent(vec![
            lockout(AlertStatus::Firing),
            told("throttling", Severity::Warning, AlertStatus::Resolved, "APIG.0308", ""),
        ]);
        let lines: Vec<_> = entries[0].lines().collect();
        assert!(lines[0].starts_with("MESSAGE=[FIRING · critical] the AK/SK of HPUA****7KQX"));
        assert!(lines[0].contains("; Check whether the AK/SK pair is correct."), "{}", lines[0]);
        for field in [
            "PRIORITY=2",
            "SYSLOG_IDENTIFIER=ocrwatch",
            "OCRWATCH_RULE=aksk-lockout",
            "OCRWATCH_STATUS=firing",
            "OCRWATCH_SEVERITY=critical",
            "OCRWATCH_CODES=APIG.0301",
        ] {
            assert!(lines.contains(&field), "{field} in {lines:?}");
        }
        assert!(entries[1].contains("PRIORITY=5\n"), "{}", entries[1]);
        assert!(!entries[1].contains("; "), "what is over needs nobody: {}", entries[1]);
    }

    #[test]
    fn a_log_adds_no_field_and_no_line_and_a_line_has_its_limit() {
        let mut hostile = lockout(AlertStatus::Firing);
        let mut alert = (*hostile.alert).clone();
        let value = format!("x\nPRIORITY=0\n{HOSTILE}{}", "长".repeat(3000));
        alert.labels = vec![(crate::engine::LabelName::Credential, value.as_str().into())];
        hostile.alert = std::sync::Arc::new(alert);
        let entry = sent(vec![hostile]).remove(0);
        assert_eq!(entry.lines().count(), 9, "{entry}");
        assert_eq!(entry.lines().filter(|line| line.starts_with("PRIORITY=")).count(), 1);
        let message = entry.lines().next().unwrap();
        assert!(message.len() <= LINE_BYTES_MAX + 8, "{} bytes", message.len());
        assert!(message.contains("(rule aksk-lockout, "), "{message}");
    }

    #[test]
    fn a_journal_that_is_not_there_is_a_failure_and_not_silence() {
        let receiver = Receiver::terminal("ops");
        let mut journal = Journal {
            socket: "/nowhere/socket".into(),
            ..Journal::new(JournalTo::Native, &receiver)
        };
        let parcel = parcel(vec![lockout(AlertStatus::Firing)]);
        let failure = journal.send(&parcel, &texts(), now(), &mut |_| {}).unwrap_err();
        assert_eq!(failure.stage, "write");
    }
}
