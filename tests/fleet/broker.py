"""NATS servers under way, one or three that replicate each other.

Owns their processes, files and logins. Must not know what is published. Fails with `TimeoutError` where one does not
come up, and with `URLError` where one that is asked how it is does not answer.
"""

import json
import signal
import subprocess
import time
import urllib.error
import urllib.request

CONFIGURATION = """
server_name: "{name}"
listen: "{address}:4222"
http: "{address}:8222"
jetstream {{ store_dir: "{store}", max_mem: 64MB, max_file: 2GB }}
{cluster}
{access}
"""
CLUSTER = """
cluster {{ name: fleet, listen: "{address}:6222", routes: [{routes}] }}
"""


def until(what, holds, seconds=30):
    """Waits for something, and returns what `holds` did."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return found


class Node:
    """One server, on a host of its own."""

    def __init__(self, network, home, name):
        self.network, self.name, self.address = network, name, network.host(name)
        self.home = home / name
        self.home.mkdir()
        self.process = None

    def configure(self, others, access):
        routes = ", ".join(f'"nats-route://{node.address}:6222"' for node in others)
        cluster = CLUSTER.format(address=self.address, routes=routes) if len(others) > 1 else ""
        (self.home / "nats.conf").write_text(CONFIGURATION.format(
            name=self.name, address=self.address, store=self.home / "store", cluster=cluster, access=access))

    def start(self):
        command = [*self.network.on(self.name), "nats-server", "-c", str(self.home / "nats.conf")]
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def end(self, how):
        if self.process:
            self.process.send_signal(how)
            self.process.wait(20)
            self.process = None

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        self.end(signal.SIGTERM)

    def asked(self, path):
        with urllib.request.urlopen(f"http://{self.address}:8222/{path}", timeout=2) as answer:
            return json.load(answer)

    def is_well(self):
        try:
            return self.process and self.asked("healthz").get("status") == "ok"
        except (urllib.error.URLError, OSError):
            return False


class Broker:
    """All servers of a fleet."""

    def __init__(self, network, home, names, access=""):
        home.mkdir()
        self.nodes = [Node(network, home, name) for name in names]
        for node in self.nodes:
            node.configure(self.nodes, access)

    def start(self):
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            until(f"{node.name} is well", node.is_well, 10)
        return self

    def stop(self):
        for node in self.nodes:
            node.stop()

    @property
    def urls(self):
        return [f"nats://{node.address}:4222" for node in self.nodes]

    def streams(self):
        """Every stream by its name, as the first server that answers sees it."""
        for node in self.nodes:
            try:
                found = node.asked("jsz?accounts=true&streams=true&consumers=true&config=true")
            except (urllib.error.URLError, OSError):
                continue
            details = [detail for account in found.get("account_details", [])
                       for detail in account.get("stream_detail", [])]
            if details:
                return {detail["name"]: detail for detail in details}
        return {}

    def leader(self, stream):
        """The server that leads a stream."""
        name = self.streams()[stream]["cluster"]["leader"]
        return next(node for node in self.nodes if node.name == name)
