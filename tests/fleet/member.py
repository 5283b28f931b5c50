"""One ocrwatch of the fleet: an agent, an aggregator, or both.

Owns its process, configuration, state directory and log. Must not know what is tested. Fails with `TimeoutError` where
it does not come up.
"""

import glob
import http.client
import json
import re
import signal
import socket
import subprocess
from pathlib import Path

from broker import until

CONFIGURATION = """
{top}

[fleet]
servers = [{servers}]
role = "{role}"
name = "{name}"
{fleet}

[watch]
poll_interval = "200ms"
{sources}
{told}
"""
SOURCE = """
[[source]]
name = "app"
files = ["{path}"]
start = "beginning"
"""
# One group for each alert, told at once, so that what is told can be held against what fired.
TOLD = """
[[receiver]]
name = "file"
command = {{ run = ["/bin/sh", "-c", "cat >>{file}"] }}

[[route]]
name = "all"
match = {{}}
receiver = "file"
group_by = ["rule"]
group_wait = "1s"
group_interval = "1s"
"""
FAKE_CLOCK = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), "")


class OverSocket(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Member:
    def __init__(self, world, name, role, log=None, broker=None, fleet="", top="", ahead_s=0):
        self.world, self.name, self.role, self.ahead_s = world, name, role, ahead_s
        self.home = world.home / name
        self.home.mkdir()
        self.state, self.config = self.home / "state", self.home / "ocrwatch.toml"
        self.said_by, self.told_to = self.home / "log", self.home / "told"
        self.process, self.rss_max_kib, self.command = None, 0, [world.program, "run"]
        world.network.host(name)
        self.configure((broker or world.broker).urls, log, fleet, top)

    def configure(self, servers, log=None, fleet="", top=""):
        self.config.write_text(CONFIGURATION.format(
            top=top, servers=", ".join(f'"{url}"' for url in servers), role=self.role, name=self.name, fleet=fleet,
            sources=SOURCE.format(path=log.path) if log else "",
            told=TOLD.format(file=self.told_to) if self.role == "aggregator" else ""))

    def start(self, wait=True, entered=()):
        """Starts it; `entered` is what stands before the command."""
        # By itself: the program of that name waits beside the one that it starts.
        clock = {"LD_PRELOAD": FAKE_CLOCK, "FAKETIME": f"{self.ahead_s:+}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        environment = {**self.world.environment, **(clock if self.ahead_s else {})}
        command = [*self.world.network.on(self.name), *entered, *self.command, "--config", str(self.config),
                   "--state-dir", str(self.state)]
        with open(self.said_by, "ab") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
        if self not in self.world.running:
            self.world.running.append(self)
        if wait:
            until(f"{self.name} answers", self.answers)
        return self

    def end(self, how):
        if self.process and self.process.poll() is None:
            self.look_at_memory()
            self.process.send_signal(how)
            self.process.wait(30)
        self.process = None

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        self.end(signal.SIGTERM)

    def asked(self, path):
        connection = OverSocket(self.state / "http.sock")
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def answers(self):
        if self.process.poll() is not None:
            raise TimeoutError(f"{self.name} ended with {self.process.returncode}: {self.said()[-600:]}")
        try:
            return self.asked("/healthz")
        except OSError:
            return None

    def status(self):
        return json.loads(self.asked("/api/v1/status"))

    def total(self, name, *labels):
        """A metric, added up over all series that have the labels; 0 if it does not answer."""
        try:
            lines = self.asked("/metrics").splitlines()
        except OSError:
            return 0
        lines = [line for line in lines if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in labels))

    def said(self, *words):
        """Its log, or the lines of it that have all the words."""
        text = self.said_by.read_text(errors="replace") if self.said_by.exists() else ""
        if not words:
            return text
        return [line for line in text.splitlines() if all(word in line for word in words)]

    def told(self):
        """Every notification that it handed over, in order."""
        if not self.told_to.exists():
            return []
        return [json.loads(line) for line in self.told_to.read_text().splitlines()]

    def look_at_memory(self):
        """The most that it had resident so far, in KiB."""
        self.rss_max_kib = max(self.rss_max_kib, self.memory_kib("VmHWM"))
        return self.rss_max_kib

    def memory_kib(self, kind):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{kind}:\s+(\d+)", status)[1])
