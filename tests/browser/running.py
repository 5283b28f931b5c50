"""A real run that answers at an address of the loopback, and what operators do beside its page."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from datetime import datetime, timezone

import logs

WAIT_S = 20
SECRET = "opens-the-page"
# A name that would be markup, were it not escaped.
SOURCE = "scan <b onclick=alert('harm-source')>\"'&"

CONFIGURATION = """
[http]
listen = "127.0.0.1:{port}"
{token}

[[source]]
name = {source}
files = ["app.log"]

[[source]]
name = "absent"
files = ["absent.log"]

[[receiver]]
name = "ops"
command = {{ run = ["/bin/sh", "-c", "cat >> told"] }}

[[receiver]]
name = "dead"
webhook = {{ url = "http://127.0.0.1:{closed}/" }}

[[route]]
name = "all"
receiver = "ops"
group_by = ["rule", "api"]
group_wait = "0s"
group_interval = "1s"
continue = true

[[route]]
name = "also"
receiver = "dead"
group_wait = "0s"
"""


def until(what, holds):
    """Waits until something holds, not for ever."""
    end = time.monotonic() + WAIT_S
    while not (result := holds()):
        assert time.monotonic() < end, f"not within {WAIT_S} s: {what}"
        time.sleep(0.05)
    return result


def free_port():
    """A port of the loopback that nobody listens on; where it is closed nobody will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Run:
    """`ocrwatch run` in a folder of its own, at one address for all its lives."""

    def __init__(self, program, folder, *, secret=SECRET, source=SOURCE, configuration=CONFIGURATION, clock=None):
        self.program = program
        self.clock = clock
        self.folder = folder
        self.secret = secret
        self.process = None
        self.calls = 0
        folder.mkdir()
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "app.log"
        self.log.write_text("")
        if secret:
            os.close(os.open(folder / "token", os.O_CREAT | os.O_WRONLY, 0o600))
            (folder / "token").write_text(secret)
        (folder / "ocrwatch.toml").write_text(configuration.format(
            port=port, closed=free_port(), source=json.dumps(source), token='token = { file = "token" }' if secret else ""))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Begins a life; the state is that of the one before."""
        command = [self.program, "run", "--config", "ocrwatch.toml", "--state-dir", "state"]
        environment = dict(os.environ)
        if self.clock:
            # Only the time of day: what the run waits for passes as it does.
            ahead = self.clock - datetime.now(timezone.utc)
            command = ["faketime", "-m", "-f", f"{ahead.total_seconds():+.0f}s", *command]
            environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        with open(self.folder / "said", "ab") as said:
            self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL,
                                            stderr=said, start_new_session=True)
        until("the run answers", self.answers)

    def answers(self):
        """Whether it does; a run that has ended never will."""
        assert self.process.poll() is None, (self.folder / "said").read_text()
        try:
            return self.ask("/api/v1/status")["sources"]
        except OSError:
            return False

    def stop(self):
        """Ends a life as a service manager does."""
        if self.process and self.process.poll() is None:
            # With a clock of its own it is the child of a child.
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def ask(self, path, body=None, method=None):
        """What the API answers."""
        request = urllib.request.Request(self.address + path, method=method)
        if self.secret:
            request.add_header("Authorization", f"Bearer {self.secret}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return json.loads(answer.read() or b"null")

    def fail(self, code, message, count=1, at=None):
        """So many calls fail, now or then, as a client logs it."""
        at = at or datetime.now(timezone.utc)
        with self.log.open("a") as log:
            for _ in range(count):
                self.calls += 1
                log.write(logs.failure(at, self.calls, code, message, f"{self.calls:032x}") + "\n")

    def lock_out(self):
        """Signatures fail until the key is locked."""
        self.fail("APIG.0301", "Incorrect IAM authentication information: verify aksk signature fail", 8)
        until("the lockout fires", lambda: any(alert["rule"] == "aksk-lockout" for alert in self.ask("/api/v1/alerts")["alerts"]))
