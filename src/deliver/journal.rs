//! The journal, or standard error: one line for each alert.
//!
//! Owns the line and the fields. Must never break a line, nor write more than the journal takes at
//! once. Fails with the error of the socket or of standard error.

use std::io::{self, Write as _};
use std::os::unix::net::UnixDatagram;

use chrono::{DateTime, Utc};

use super::{Accepted, Failure, Parcel, Sender, Step, Trace};
use crate::catalogue::Severity;
use crate::config::{JournalTo, Receiver};
use crate::engine::AlertStatus;
use crate::render::chat::{Words, clip_bytes};
use crate::render::{NotificationText, Texts, ToldText};
use crate::surface::Language;
use crate::surface::escape::visible;
use crate::zone::Zone;

const SOCKET: &str = "/run/systemd/journal/socket";

/// Of one line: syslog daemons that read the journal cut longer ones.
const LINE_BYTES_MAX: usize = 2048;

/// Lines for the journal.
pub(super) struct Journal {
    to: JournalTo,
    socket: &'static str,
    zone: Option<Zone>,
    language: Language,
}

impl Journal {
    pub(super) fn new(to: JournalTo, receiver: &Receiver) -> Self {
        Self { to, socket: SOCKET, zone: receiver.zone, language: receiver.language }
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
            JournalTo::Auto => std::path::Path::new(self.socket).exists(),
        };
        let place = if is_native { self.socket } else { "standard error" };
        trace(Step { stage: "write", text: place.to_owned() });
        let failed = |error: io::Error| Failure::unreachable("write", format!("{place}: {error}"));
        if is_native {
            let socket = UnixDatagram::unbound().map_err(failed)?;
            for alert in &text.alerts {
                let datagram = datagram(&text, alert, words);
                socket.send_to(&datagram, self.socket).map_err(failed)?;
            }
        } else {
            let mut lines = String::new();
            for alert in &text.alerts {
                let priority = priority(alert);
                lines.push_str(&format!("<{priority}>ocrwatch: {}\n", line(alert, words)));
            }
            io::stderr().lock().write_all(lines.as_bytes()).map_err(failed)?;
        }
        Ok(Accepted { answer: format!("{} lines to {place}", text.alerts.len()) })
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
fn line(alert: &ToldText, words: &Words) -> String {
    let text = &alert.text;
    let head = format!(
        "[{} · {}] {}",
        words.status(alert.status),
        words.severity(text.severity),
        visible(&text.headline)
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
        ("MESSAGE", line(alert, words)),
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
