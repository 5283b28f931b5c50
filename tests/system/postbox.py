"""A mail server on a machine's loopback: exim, with STARTTLS, a password and one mailbox.

Owns the server and what lies in its mailbox. Must not know what the mails are about. Fails with
`CalledProcessError` where a certificate cannot be made.
"""

import email
import email.policy
import shutil
import subprocess

from machine import host, until

USER, PASSWORD = "alerts@example.test", "pw-9c41d7"
PORT = 2525

CONFIGURATION = """
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
  server_condition = ${if and{{eq{$auth2}{USER}}{eq{$auth3}{PASSWORD}}}}
  server_set_id = $auth2
"""


class Postbox:
    """The server under way, in the network of a machine."""

    def __init__(self, folder):
        self.folder = folder / "exim"
        self.server = None
        for part in ["spool", "log", "mail"]:
            (self.folder / part).mkdir(parents=True)
        # The server drops its rights and must reach its own files.
        folder.chmod(0o755)
        self._certify()
        text = CONFIGURATION.replace("DIR", str(self.folder)).replace("PORT", str(PORT))
        text = text.replace("USER", USER).replace("PASSWORD", PASSWORD)
        (self.folder / "exim.conf").write_text(text)
        host("chown", "-R", "Debian-exim:", str(self.folder))
        host("chown", "root:", str(self.folder / "exim.conf"))

    def _certify(self):
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        here = {"cwd": self.folder}
        host(*new, "-x509", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj",
             "/CN=test CA", "-addext", "basicConstraints=critical,CA:TRUE",
             "-addext", "keyUsage=keyCertSign", **here)
        host(*new, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost", **here)
        (self.folder / "ext").write_text(
            "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n"
            "extendedKeyUsage=serverAuth\n"
        )
        host("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
             "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", "server.pem", **here)

    def open(self, machine):
        """Starts the server on the loopback of a machine, and gives that its authority."""
        exim = shutil.which("exim4", path="/usr/sbin")
        self.server = subprocess.Popen(
            ["nsenter", "-t", str(machine.pid), "-n", exim, "-C", f"{self.folder}/exim.conf",
             "-bdf", "-q1h"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        listens = ["ss", "-Hltn", f"sport = :{PORT}"]
        until("exim listens", lambda: machine.beside(*listens).stdout.strip())

    def close(self):
        """Ends the server."""
        if self.server:
            self.server.terminate()
            self.server.wait(10)
            self.server = None

    @property
    def authority(self):
        """The certificate that vouches for the server, in PEM."""
        return (self.folder / "ca.pem").read_text()

    def mails(self):
        """All that came, in the order in which it came."""
        inbox = self.folder / "mail" / "inbox" / "new"
        paths = sorted(inbox.glob("*"), key=lambda path: path.stat().st_mtime_ns)
        read = email.message_from_bytes
        return [read(path.read_bytes(), policy=email.policy.default) for path in paths]

    def empty(self):
        """Forgets what came so far."""
        for path in (self.folder / "mail" / "inbox" / "new").glob("*"):
            path.unlink()

    def mail(self, *words):
        """The first mail that has all the words in its head or text."""
        for mail in self.mails():
            text = f"{mail.as_string()}\n{mail.get_body(['plain']).get_content()}"
            if all(word in " ".join(text.split()) for word in words):
                return mail
        return None
