//! A real exim that delivers into a folder of the test, as a program that takes mail.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;

const PROGRAM: &str = "/usr/sbin/exim4";

/// Its user, as Debian's package makes it.
const USER: &str = "Debian-exim";

pub(super) struct Exim {
    sandbox: Sandbox,
}

impl Exim {
    /// None where there is no exim, or where it would not be run by root; that is said.
    pub(super) fn new() -> Option<Self> {
        let is_root = rustix::process::geteuid().is_root();
        if !is_root || !Path::new(PROGRAM).exists() {
            println!("skipped: there is no exim here, or it is not run by root");
            return None;
        }
        let sandbox = Sandbox::new();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(sandbox.path(""), mode).expect("a folder of our own");
        for folder in ["spool", "log", "mail"] {
            std::fs::create_dir(sandbox.path(folder)).expect("a folder");
            let owner = format!("{USER}:");
            let path = sandbox.path(folder);
            let given = Command::new("chown").arg(owner).arg(path).status().expect("chown");
            assert!(given.success(), "{folder} is not exim's");
        }
        let root = sandbox.path("").display().to_string();
        let root = root.trim_end_matches('/');
        sandbox.file(
            "exim.conf",
            format!(
                "exim_user = {USER}\nexim_group = {USER}\nkeep_environment =\n\
                 spool_directory = {root}/spool\nlog_file_path = {root}/log/%slog\n\
                 primary_hostname = mail.example.test\n\
                 begin routers\n\
                 everybody:\n  driver = accept\n  domains = example.test\n  \
                 transport = to_maildir\n\
                 begin transports\n\
                 to_maildir:\n  driver = appendfile\n  directory = {root}/mail/inbox\n  \
                 maildir_format\n  create_directory\n  user = {USER}\n  envelope_to_add\n  \
                 return_path_add\n"
            ),
        );
        Some(Self { sandbox })
    }

    /// A configuration with a receiver `ops` that hands mail to it.
    pub(super) fn configuration(&self) -> String {
        let conf = self.sandbox.path("exim.conf");
        format!(
            "[[receiver]]\nname = \"ops\"\nemail = {{ to = [\"nobody@example.test\"], \
             from = \"OCR alerts <alerts@example.test>\", \
             sendmail = [\"{PROGRAM}\", \"-C\", \"{}\", \"-odf\", \"-i\"] }}\n",
            conf.display()
        )
    }

    /// Every mail that it has delivered, in the order of their recipients.
    pub(super) fn mails(&self) -> Vec<String> {
        let folder = self.sandbox.path("mail/inbox/new");
        let log = std::fs::read_to_string(self.sandbox.path("log/mainlog")).unwrap_or_default();
        let entries = std::fs::read_dir(folder);
        assert!(entries.is_ok(), "{entries:?}\n{log}");
        let entries = entries.expect("a folder of mails");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let read = |path| std::fs::read_to_string(path).expect("a mail is ASCII");
        let mut mails: Vec<_> = paths.map(read).collect();
        let to = |mail: &String| {
            mail.lines().find(|line| line.starts_with("Envelope-to: ")).map(str::to_owned)
        };
        mails.sort_by_key(to);
        mails
    }
}
