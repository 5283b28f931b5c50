"""The program under way, and a mail server.

Owns both processes. Must not know what is written. Fails with `TimeoutError` where one of them does not start.
"""

import json
import shutil
import socket
import subprocess
import time
import urllib.request

EXIM = """
exim_user = Debian-exim
exim_group = Debian-exim
keep_environment =
spool_directory = DIR/spool
log_file_path = DIR/log/%slog
pid_file_path = DIR/exim.pid
primary_hostname = mail.example.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT
acl_smtp_rcpt = acl_rcpt
domainlist ours = example.test
begin acl
acl_rcpt:
  accept domains = +ours
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
"""

CONFIGURATION = """
[http]
listen = "127.0.0.1:{http}"

[[source]]
files = ["{logs}/*.log"]
credential = "scan-prod"

[[receiver]]
name = "ops"

[receiver.email]
to = ["ops@example.test"]
from = "ocrwatch@example.test"
servers = ["127.0.0.1:{smtp}"]
tls = "none"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mail:
    def __init__(self, folder):
        self.folder, self.port, self.server = folder, free_port(), None
        for part in ("spool", "log", "mail"):
            (folder / part).mkdir(parents=True)
        self.file = folder / "exim.conf"
        self.file.write_text(EXIM.replace("DIR", str(folder)).replace("PORT", str(self.port)))
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "Debian-exim", "Debian-exim")
        shutil.chown(self.file, "root", "root")
        self.start()

    def start(self):
        self.server = subprocess.Popen(["exim4", "-C", str(self.file), "-bdf", "-q1m"], stderr=subprocess.DEVNULL)
        until(lambda: listens(self.port))

    def stop(self):
        self.server.terminate()
        self.server.wait()

    def count(self):
        inbox = self.folder / "mail" / "inbox" / "new"
        return len(list(inbox.iterdir())) if inbox.exists() else 0


class Service:
    def __init__(self, program, home):
        self.program, self.logs, self.state = program, home / "logs", home / "state"
        self.logs.mkdir()
        self.mail = Mail(home / "exim")
        self.http = free_port()
        config = home / "ocrwatch.toml"
        config.write_text(CONFIGURATION.format(http=self.http, smtp=self.mail.port, logs=self.logs))
        self.out = open(home / "out", "wb")
        command = [program, "run", "--config", str(config), "--state-dir", str(self.state), "--quiet"]
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT)
        until(lambda: listens(self.http))

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=10) as answer:
            return answer.read().decode()

    def total(self, name, *labels):
        lines = [line for line in self.metrics().splitlines() if line.startswith((name + "{", name + " "))]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in labels))

    def outbox(self):
        command = [self.program, "outbox", "list", "--state-dir", str(self.state), "--format", "json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.out.close()
        self.mail.stop()
