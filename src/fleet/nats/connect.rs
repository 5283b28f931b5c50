//! The connection: who this is, whom it believes, and that it comes again.
//!
//! Owns the settings of the connection. Must never show a secret. Fails never: it tries until it
//! goes, and says why it does not.

use std::time::Duration;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerError};

use super::super::exchange::{Came, Trouble, Way};
use super::{Desk, Member};
use crate::config::{Fleet, FleetLogin};
use crate::deliver::secret;

/// Between two tries to reach a broker for the first time.
const TRY_INTERVAL: Duration = Duration::from_secs(5);

/// A broker that says nothing for two of these is taken for gone.
const PING_INTERVAL: Duration = Duration::from_secs(5);

/// Reaches for the broker until it is there; none once nobody waits for it any more.
pub(super) async fn connect(member: &Member, desk: &Desk) -> Option<Client> {
    loop {
        let told = match options(&member.fleet, &member.machine) {
            Ok(options) => {
                let desk = desk.clone();
                let options = options.event_callback(move |event| {
                    say(&desk, event);
                    std::future::ready(())
                });
                match options.connect(&member.fleet.servers[..]).await {
                    Ok(client) => return Some(client),
                    Err(error) => why(&error),
                }
            }
            Err(error) => error,
        };
        if !desk.trouble("connect", told).await {
            return None;
        }
        tokio::time::sleep(TRY_INTERVAL).await;
    }
}

/// The settings of a connection, else why there are none: a lowercase sentence.
pub(super) fn options(fleet: &Fleet, machine: &str) -> Result<ConnectOptions, String> {
    let mut options = ConnectOptions::new()
        .name(format!("ocrwatch {machine}"))
        .ping_interval(PING_INTERVAL)
        .connection_timeout(Duration::from_secs(5))
        .reconnect_delay_callback(|tries| {
            Duration::from_millis(200 << tries.min(4)).min(Duration::from_secs(3))
        })
        .require_tls(fleet.servers.iter().any(|server| server.starts_with("tls://")));
    if let Some(ca) = &fleet.ca {
        options = options.add_root_certificates(ca.clone());
    }
    let read = |what: &crate::config::Secret| {
        secret::read(what).map_err(|error| format!("its secret: {error}"))
    };
    match &fleet.login {
        None => Ok(options),
        Some(FleetLogin::Password(user, password)) => {
            let password = read(password)?;
            Ok(options.user_and_password(user.clone(), password.reveal().to_owned()))
        }
        Some(FleetLogin::Nkey(seed)) => Ok(options.nkey(read(seed)?.reveal().to_owned())),
        Some(FleetLogin::Credentials(path)) => {
            let said = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| said(&error))?;
            options.credentials(&text).map_err(|_| said(&"it holds no JWT with its key"))
        }
    }
}

pub(super) fn why(error: &async_nats::ConnectError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string);
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "the broker does not accept who this is; `login` of [fleet] says that".to_owned()
        }
        ConnectErrorKind::Tls => {
            let source = source.unwrap_or_else(|| error.to_string());
            format!("the broker's certificate is not believed: {source}; see `ca` of [fleet]")
        }
        _ => source.unwrap_or_else(|| error.to_string()),
    }
}

pub(super) fn refusal(error: &ServerError) -> String {
    format!("the broker refuses: {error}")
}

fn say(desk: &Desk, event: Event) {
    let trouble = |what: &'static str, why: String| Came::Way(Way::Trouble(Trouble { what, why }));
    let came = match event {
        Event::Connected => Came::Way(Way::Open),
        Event::Disconnected => trouble("connect", "the broker is not reached any more".to_owned()),
        // A subject that this machine may not use is refused in this way alone.
        Event::ServerError(error) => trouble("connect", refusal(&error)),
        Event::ClientError(error) => trouble("connect", error.to_string()),
        Event::LameDuckMode | Event::Draining | Event::Closed | Event::SlowConsumer(_) => return,
    };
    // Where the loop does not take it, what comes later says the same.
    let _ = desk.came.try_send(came);
    (desk.wake)();
}
