"""A clean Debian that runs under systemd as process 1, and is thrown away.

Owns the root, the namespaces and the control groups. Must not know what is tested in it. Fails with
`Unavailable` where this machine cannot carry it, and with `CalledProcessError` of a command.

Nothing is written outside of a directory of its own: the root is made there from this machine's own
package sources, every machine writes to a tmpfs over it, and its network is its own loopback.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PACKAGES = ["systemd", "systemd-sysv", "dbus", "logrotate", "ca-certificates"]

# What would touch the machine around it, or waits for a terminal that is not there.
MASKED = ["console-getty", "getty@", "systemd-sysctl", "systemd-modules-load", "systemd-udevd"]

# Those of the older control groups whose limits a unit may have.
CONTROLLERS = ["memory", "pids", "cpu", "cpuacct"]

# Process 1 becomes systemd in namespaces of its own. A container's manager that hides the boot's id
# would hide the journal's newest lines from services with a /proc of their own.
BOOT = r"""
R=$1; mount --rbind "$R" "$R"; cd "$R"
mount -t proc proc proc; mount -t sysfs sysfs sys -o ro
for d in dev run tmp; do mount -t tmpfs tmpfs $d -o mode=755; done; chmod 1777 tmp
for n in null zero full random urandom tty; do : > dev/$n; mount --bind /dev/$n dev/$n; done
mkdir dev/pts dev/shm
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=666,mode=620,gid=5; ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs dev/shm; ln -s /proc/self/fd dev/fd
if [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]; then
    mount -t cgroup2 none sys/fs/cgroup
else
    mount -t tmpfs tmpfs sys/fs/cgroup -o mode=755
    for c in $CONTROLLERS; do
        mkdir sys/fs/cgroup/$c; mount -t cgroup -o $c none sys/fs/cgroup/$c
    done
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd none sys/fs/cgroup/systemd
    mount -t cgroup2 none sys/fs/cgroup/unified
fi
mkdir run/old; pivot_root . run/old; cd /; umount -l run/old; rmdir run/old
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


class Unavailable(Exception):
    """This machine cannot carry another one; says why."""


def host(*command, **options):
    """Runs a command of this machine; its output is text."""
    options.setdefault("check", True)
    options.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(command, text=True, capture_output=True, **options)


def until(what, ready, seconds=30):
    """Waits for something, and returns what `ready` did."""
    end = time.monotonic() + seconds
    while not (found := ready()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)
    return found


def package_source():
    """Mirror, suite and key ring of this machine's own Debian."""
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line
    )
    suite = release.get("VERSION_CODENAME", "").strip('"')
    if release.get("ID") != "debian":
        raise Unavailable("the machine is no Debian")
    form = "$(REPO_URI) $(RELEASE) $(COMPONENT)"
    known = host("apt-get", "indextargets", "--format", form, "Created-By: Packages").stdout
    for line in known.splitlines():
        mirror, its_suite, component = line.split()
        if its_suite == suite and component == "main":
            return mirror, suite
    raise Unavailable("no package source of this Debian is known to apt")


def can_carry():
    """Whether namespaces and mounts are allowed here."""
    if os.geteuid() != 0:
        raise Unavailable("it needs root")
    for program in ["debootstrap", "unshare", "nsenter", "ip"]:
        if not shutil.which(program):
            raise Unavailable(f"{program} is not installed")
    trial = "mount -t tmpfs none /mnt && mount -t proc proc /proc"
    tried = host(
        "unshare", "--mount", "--pid", "--fork", "--net", "--cgroup", "sh", "-c", trial, check=False
    )
    if tried.returncode != 0:
        raise Unavailable(f"namespaces or mounts are not allowed: {tried.stderr.strip()}")


def make_root(folder):
    """A Debian with systemd and nothing that is not needed; it takes about a minute."""
    mirror, suite = package_source()
    root = folder / "root"
    log = folder / "debootstrap.log"
    with log.open("w") as out:
        include = "--include=" + ",".join(PACKAGES)
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", include, suite, str(root), mirror],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )
    if made.returncode != 0:
        raise Unavailable(f"debootstrap failed: {log.read_text()[-400:]}")
    return root


class Machine:
    """A root under way. Its files are below `root`, those of /run and /tmp aside."""

    def __init__(self, base, folder, disks):
        self.folder = folder
        self.over = folder / "over"
        self.root = self.over / "root"
        self.groups = []
        self.child = None
        self.pid = None
        self.over.mkdir()
        host("mount", "-t", "tmpfs", "-o", "size=1g,mode=755", "tmpfs", str(self.over))
        for part in ["upper", "work", "root"]:
            (self.over / part).mkdir()
        layers = f"lowerdir={base},upperdir={self.over}/upper,workdir={self.over}/work"
        host("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        # Directories that are told of like those of a disk; an overlay tells less of its changes.
        self.disks = [self.path(disk) for disk in disks]
        for disk in self.disks:
            disk.mkdir()
            host("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(disk))
        self.path("/etc/fstab").write_text("")
        identity = host("systemd-id128", "new").stdout
        self.path("/etc/machine-id").write_text(identity)
        self.path("/etc/hosts").write_text("127.0.0.1 localhost\n")
        self.path("/etc/hostname").write_text("monitor\n")
        self.path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
        for unit in MASKED:
            self.path(f"/etc/systemd/system/{unit}.service").symlink_to("/dev/null")

    def path(self, inside):
        """Where a file of the machine lies."""
        return self.root / inside.lstrip("/")

    def boot(self):
        """Starts systemd, and waits until it has started everything."""
        controllers = self._own_groups()
        entered = [f"echo $$ > {group}/cgroup.procs" for group in self.groups]
        script = "\n".join(["set -e", *entered, "exec unshare -C --pid --fork --mount --uts --ipc "
                            "--net --propagation slave sh -ec \"$BOOT\" _ \"$1\""])
        environment = {**os.environ, "BOOT": BOOT, "CONTROLLERS": " ".join(controllers)}
        log = (self.folder / "boot.log").open("w")
        self.child = subprocess.Popen(
            ["sh", "-c", script, "_", str(self.root)], env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
        self.pid = until("process 1 is there", self._first_process)
        until("systemd has started", self._is_up, seconds=60)
        self.beside("ip", "link", "set", "lo", "up")

    def _first_process(self):
        if self.child.poll() is not None:
            said = (self.folder / "boot.log").read_text()
            raise Unavailable(f"no namespaces for systemd: {said.strip()}")
        outer = self.child.pid
        children = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
        comm = children and Path(f"/proc/{children[0]}/comm").read_text().strip()
        return int(children[0]) if comm == "systemd" else None

    def _is_up(self):
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ["running", "degraded"]

    def _own_groups(self):
        """A control group of its own below ours, in each hierarchy that there is."""
        controllers = []
        ours = [line.split(":") for line in Path("/proc/self/cgroup").read_text().splitlines()]
        for _, names, path in ours:
            for name in names.split(","):
                if name == "":
                    mounts = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]
                    mount = next((m for m in mounts if Path(m, "cgroup.procs").exists()), None)
                else:
                    mount = f"/sys/fs/cgroup/{name.removeprefix('name=')}"
                is_wanted = name in ["", "name=systemd", *CONTROLLERS]
                if not is_wanted or not mount or not Path(mount, "cgroup.procs").exists():
                    continue
                group = Path(f"{mount}{path}".rstrip("/"), f"ocrwatch-test-{os.getpid()}")
                group.mkdir(exist_ok=True)
                self.groups.append(group)
                if name in CONTROLLERS:
                    controllers.append(name)
        return controllers

    def run(self, *command, check=True, **options):
        """Runs a command in the machine."""
        entered = ["nsenter", "-t", str(self.pid), "-a", "env", "-i", "LC_ALL=C.UTF-8",
                   "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]
        done = host(*entered, *command, check=False, **options)
        if check and done.returncode != 0:
            said = f"{done.stdout}{done.stderr}".strip()
            raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{said}")
        return done

    def beside(self, *command, **options):
        """Runs a program of this machine on the loopback of that one."""
        return host("nsenter", "-t", str(self.pid), "-n", *command, **options)

    def show(self, unit, name):
        """A property of a unit."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).stdout.strip()

    def journal(self, unit, *options):
        """What stands in the journal of a unit."""
        return self.run(
            "journalctl", "--no-pager", "--output=cat", f"--unit={unit}", *options
        ).stdout

    def reboot(self):
        """Turns it off and on again, with the same disk."""
        self._turn_off()
        self.boot()

    def stop(self):
        """Turns it off, and removes all that it had."""
        self._turn_off()
        for mount in [*self.disks, self.root, self.over]:
            host("umount", "--lazy", str(mount), check=False)

    def _turn_off(self):
        if self.child and self.child.poll() is None:
            self.run("systemctl", "poweroff", check=False)
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                os.kill(self.pid, signal.SIGKILL)
                self.child.wait(5)
        for group in self.groups:
            for folder in sorted(group.glob("**/"), reverse=True):
                try:
                    folder.rmdir()
                except OSError as error:
                    print(f"    left behind: {folder}: {error.strerror}", file=sys.stderr)
        self.groups = []
