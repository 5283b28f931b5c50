//! Alerts by mail: the program, a real mail server with STARTTLS and AUTH, and what lies in the
//! mailbox.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, SecondsFormat, Utc};
use ocrwatch::clock;

use super::daemon::{Daemon, has, is_root, tool, until};
use super::log::append;
use super::state::State;
use crate::harness::Sandbox;
use crate::mail::trust::Authority;

/// The shipped rule with a lock that is over at once.
const RULE: &str = "[engine]\nlateness = '1s'\n\
                    [[rule]]\nname = 'aksk-lockout'\nseverity = 'critical'\n\
                    match = { code = ['APIG.0301'], cause = 'aksk-signature' }\n\
                    condition = 'consecutive > 5'\ngap = '2s'\nkeep_firing_for = '1s'\ngroup_by = ['credential']\n\
                    summary = 'the AK/SK of {{ credential }} is locked: {{ count }} failures'\n\
                    [[route]]\nname = 'all'\nmatch = { rule = 'aksk-lockout' }\n\
                    receiver = 'ops'\ngroup_wait = '0s'\ngroup_interval = '1s'\n";

/// A line of one more signature that failed.
fn failure(at: DateTime<Utc>, number: usize) -> String {
    format!(
        "{} ERROR ocr: {{\"error_code\":\"APIG.0301\",\"error_msg\":\"Incorrect IAM authentication \
         information: verify aksk signature fail\",\"request_id\":\"{number:032x}\"}}\n",
        at.to_rfc3339_opts(SecondsFormat::Millis, true)
    )
}

/// A mail server under way. One that is let go of ends.
pub(crate) struct Exim {
    child: Child,
    pub(crate) port: u16,
    inbox: PathBuf,
}

impl Drop for Exim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Exim {
    /// One mailbox, one user with the password `pw123`, and nothing without either.
    pub(crate) fn start(sandbox: &Sandbox, authority: &Authority) -> Self {
        let (certificate, key) = authority.sign("mail", "DNS:localhost", 30);
        let directory = sandbox.path("exim");
        for part in ["spool", "log", "mail"] {
            fs::create_dir_all(directory.join(part)).expect("a directory");
        }
        fs::copy(certificate, directory.join("server.pem")).expect("a certificate");
        fs::copy(key, directory.join("server.key")).expect("a key");
        let port = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = port.local_addr().expect("an address").port();
        let config = CONFIG.replace("DIR", &directory.display().to_string());
        sandbox.file("exim.conf", config.replace("PORT", &port.to_string()));
        // The server drops its rights and must reach its own files.
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(sandbox.path(""), open).expect("a directory of our own");
        tool(Command::new("chown").args(["-R", "Debian-exim:"]).arg(&directory));
        let config = sandbox.path("exim.conf");
        let child = Command::new("/usr/sbin/exim4")
            .arg("-C")
            .arg(config)
            .args(["-bdf", "-q1h"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("exim starts");
        let exim = Self { child, port, inbox: directory.join("mail/inbox/new") };
        until("exim listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        exim
    }

    /// The mails, with their heads on single lines.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.inbox) else { return Vec::new() };
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
        paths.map(read).map(|mail| mail.replace("\n\t", " ").replace("\n ", " ")).collect()
    }

    fn mail(&self, status: &str) -> Option<String> {
        let subject = format!("\nSubject: [{status}] ");
        self.mails().into_iter().find(|mail| mail.contains(&subject))
    }
}

fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    let mut lines = mail.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).map_or("", |(_, value)| value)
}

pub(crate) fn is_skipped() -> bool {
    !has(&["exim4", "openssl"]) || !is_root()
}

#[test]
fn a_lockout_is_mailed_over_starttls_and_auth_and_its_end_in_the_same_thread() {
    if is_skipped() {
        return;
    }
    let Some(authority) = Authority::new() else { return };
    let sandbox = Sandbox::with("a.log", "");
    let exim = Exim::start(&sandbox, &authority);
    sandbox.file("password", "pw123\n");
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(sandbox.path("password"), private).expect("a file of our own");
    sandbox.file(
        "ocrwatch.toml",
        format!(
            "[[source]]\nname = 'scan'\nfiles = 'a.log'\n\
             [[receiver]]\nname = 'ops'\n[receiver.email]\n\
             to = ['nobody@example.test', 'ops@example.test']\nfrom = 'alerts@example.test'\n\
             servers = ['localhost:{}']\nca_file = '{}'\nuser = 'alerts@example.test'\n\
             password = {{ file = 'password' }}\n{RULE}",
            exim.port,
            authority.ca()
        ),
    );
    let state = State(sandbox.path("state"));
    let arguments = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];
    let daemon = Daemon::start(sandbox.ocrwatch(&arguments));
    daemon.until("the log is met", || state.has_position());
    let lines: String = (0..6).map(|n| failure(clock::now(), n)).collect();
    append(&sandbox.path("a.log"), lines);
    daemon.until("the alert lies in the mailbox", || exim.mail("FIRING").is_some());
    daemon.until("its end does, too", || exim.mail("RESOLVED").is_some());
    daemon.until_stderr("550 5.1.1 no such user");
    let (firing, resolved) = (exim.mail("FIRING"), exim.mail("RESOLVED"));
    let (firing, resolved) = (firing.expect("a mail"), resolved.expect("a mail"));
    let ended = daemon.stop();
    assert!(ended.stderr.contains("given up: recipient: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("pw123") && !ended.stdout.contains("pw123"));

    let received = header(&firing, "Received");
    assert!(received.contains("with esmtpsa") && received.contains("TLS1.3"), "{received}");
    let root = header(&firing, "References");
    assert!(root.starts_with('<') && root.ends_with("@example.test>"), "{root}");
    assert_eq!(header(&resolved, "References"), root);
    assert_ne!(header(&resolved, "Message-ID"), header(&firing, "Message-ID"));
    let tail = header(&firing, "Subject").trim_start_matches("[FIRING] ");
    assert_eq!(header(&resolved, "Subject").trim_start_matches("[RESOLVED] "), tail);
    for needed in ["Check whether the AK/SK pair is correct", "X-Ocrwatch-Code: APIG.0301"] {
        assert!(firing.contains(needed), "no {needed:?} in {firing}");
    }
    println!("{} mails; {received}", exim.mails().len());
}

#[test]
fn a_machine_that_believes_no_authority_says_so_and_goes_on() {
    let sandbox = Sandbox::with("a.log", "");
    sandbox.file(
        "ocrwatch.toml",
        format!(
            "[[source]]\nname = 'scan'\nfiles = 'a.log'\n\
             [[receiver]]\nname = 'ops'\n[receiver.email]\nto = ['ops@example.test']\n\
             from = 'alerts@example.test'\nservers = ['127.0.0.1:9']\n{RULE}"
        ),
    );
    let state = State(sandbox.path("state"));
    let arguments = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];
    let nowhere = sandbox.path("nowhere").display().to_string();
    let run = sandbox.ocrwatch(&arguments);
    let run = run.env("SSL_CERT_FILE", &nowhere).env("SSL_CERT_DIR", &nowhere);
    let daemon = Daemon::start(run);
    daemon.until("the log is met", || state.has_position());
    let lines: String = (0..6).map(|n| failure(clock::now(), n)).collect();
    append(&sandbox.path("a.log"), lines);
    daemon.until_stderr("tls: no certificate can be checked");
    daemon.until_stderr("install the package ca-certificates");
    daemon.stop();
    assert_eq!(state.queued(), 1);
}

const CONFIG: &str = r"
exim_user = Debian-exim
exim_group = Debian-exim
keep_environment =
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
primary_hostname = mail.example.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
tls_advertise_hosts = *
tls_certificate = DIR/server.pem
tls_privatekey = DIR/server.key
auth_advertise_hosts = ${if def:tls_in_cipher {*}{}}
acl_smtp_rcpt = acl_rcpt
domainlist ours = example.test
begin acl
acl_rcpt:
  deny   local_parts = nobody
         message = 5.1.1 no such user
  accept authenticated = *
         domains = +ours
  deny   message = 5.7.1 auth required
begin routers
maildir:
  driver = accept
  domains = +ours
  transport = to_maildir
begin transports
to_maildir:
  driver = appendfile
  directory = DIR/mail/inbox
  maildir_format
  create_directory
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{alerts@example.test}}{eq{$auth3}{pw123}}}}
  server_set_id = $auth2
";
