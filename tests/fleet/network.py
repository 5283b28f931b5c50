"""A network of its own: hosts on one bridge, and cables that can be cut.

Owns namespaces and addresses. Must not know what runs in them. Fails with `CalledProcessError` of `ip`.

All of it lies in namespaces that `enter` makes: nothing of the machine's network is touched, and whatever was started
in them ends with their first process.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

OURS = "10.9.0.254"


def whether():
    """What this machine lacks, in words, or nothing."""
    for program in ["nats-server", "ip", "unshare", "nsenter", "openssl", "faketime"]:
        if not shutil.which(program, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"):
            return f"{program} is not installed"
    trial = "mount -t tmpfs none /mnt && ip link add v0 type veth peer name v1"
    tried = subprocess.run([*NAMESPACES, "sh", "-c", trial], capture_output=True, text=True)
    return f"namespaces are not allowed: {tried.stderr.strip()}" if tried.returncode else ""


NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def enter(script, arguments):
    """Runs a script of ours in namespaces of its own, with a directory that goes away behind it; its exit code."""
    with tempfile.TemporaryDirectory(prefix="ocrwatch-fleet-") as home:
        command = [*NAMESPACES, sys.executable, script, "--inside", home, *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL).returncode


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Network:
    """The bridge, on which the test itself has an address."""

    def __init__(self):
        self.hosts = {}
        ip("link", "set", "lo", "up")
        Path("/run/netns").mkdir(exist_ok=True)
        # A place of our own, so that no name of the machine's is in the way.
        subprocess.run(["mount", "-t", "tmpfs", "none", "/run/netns"], check=True)
        ip("link", "add", "bridge", "type", "bridge")
        ip("addr", "add", f"{OURS}/24", "dev", "bridge")
        ip("link", "set", "bridge", "up")

    def host(self, name):
        """A host of that name, made if there is none; its address."""
        if name not in self.hosts:
            number = len(self.hosts) + 1
            ip("netns", "add", name)
            ip("link", "add", f"cable{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"cable{number}", "master", "bridge", "up")
            ip("-n", name, "link", "set", "lo", "up")
            ip("-n", name, "addr", "add", f"10.9.0.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            self.hosts[name] = number
        return f"10.9.0.{self.hosts[name]}"

    def cut(self, name):
        """Nothing goes to that host or comes from it, and nobody is told."""
        ip("link", "set", f"cable{self.hosts[name]}", "down")

    def heal(self, name):
        ip("link", "set", f"cable{self.hosts[name]}", "up")

    def on(self, name):
        """What stands before a command that is to run on a host."""
        self.host(name)
        return ["nsenter", f"--net=/run/netns/{name}", "--"]
