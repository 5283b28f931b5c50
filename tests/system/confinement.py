"""Facts about what the service cannot do: each is tried in the very unit, as its user.

A drop-in puts a script in the place of the daemon; everything else of the unit stays. What is
refused there is tried outside, too, where it must be possible: a refusal that everybody gets shows
nothing.
"""

import re
import shlex
from pathlib import Path

from life import drop_in, start
from package import SERVICE, STATE
from postbox import PASSWORD

DOCUMENT = Path(__file__).parents[2] / "docs" / "service.md"
SCRIPT, OUTPUT = "/usr/local/lib/probe", "/var/cache/probe.out"

# As the service's user with its groups, but for the unit.
AS_USER = "setpriv --reuid=ocrwatch --regid=ocrwatch --groups=adm,systemd-journal -- sh -c "
AS_ROOT = "sh -c "


def inside(world, command, extra=""):
    """What a shell command says and ends with when the unit runs it."""
    script = world.machine.path(SCRIPT)
    script.write_text(f"exec 2>&1\n{command}\necho \"exit $?\"\n")
    drop_in(
        world,
        "[Service]\nType=oneshot\nExecStart=\nRestart=no\nWatchdogSec=0\n"
        f"ExecStart=/bin/sh {SCRIPT}\nStandardOutput=truncate:{OUTPUT}\n{extra}",
    )
    start(world)
    said = world.machine.path(OUTPUT).read_text()
    text, _, code = said.rpartition("exit ")
    return text.strip(), int(code)


def outside(world, command, who=AS_USER):
    """The same outside of the unit."""
    return world.machine.run("sh", "-c", who + shlex.quote(command), check=False)


def refused(world, command, why, who=AS_USER):
    """It is refused inside with these words, and possible outside."""
    text, code = inside(world, command)
    assert code != 0 and why in text, f"inside: exit {code}, {text!r}"
    free = outside(world, command, who)
    assert free.returncode == 0, f"outside: {free.stdout}{free.stderr}"


def perl(program):
    """A shell command for a line of Perl, which any Debian has."""
    return f"perl -e {shlex.quote(program)}"


def it_writes_to_its_state_and_its_socket_s_directory(world):
    world.machine.run("systemctl", "stop", SERVICE)
    text, code = inside(
        world, 'cd "$STATE_DIRECTORY" && echo x > x && rm x && echo x > "$RUNTIME_DIRECTORY/x"'
    )
    assert code == 0, text


def it_writes_nowhere_else(world):
    # `app` is a file system of its own, which what is said of /var must hold for, too.
    for place in ["/var/spare", "/etc/ocrwatch/spare", "/var/log/app/spare", "/run/spare"]:
        world.machine.run("install", "--directory", "--mode=1777", place)
        refused(world, f"echo x > {place}/x", "Read-only file system")


def what_it_makes_is_its_owner_s_alone(world):
    text, _ = inside(world, 'echo x > "$STATE_DIRECTORY/y"; stat --format=%a "$STATE_DIRECTORY/y"')
    assert text == "600", text


def it_sees_no_homes(world):
    for home in ["/home/app", "/root", "/run/user/7"]:
        world.machine.run("install", "--directory", "--mode=755", home)
        world.machine.run("sh", "-c", f"chmod 755 {home} && echo x > {home}/app.log")
        refused(world, f"cat {home}/app.log", "Permission denied")
    world.machine.run("chmod", "700", "/root")


def its_temporary_files_are_its_own(world):
    world.machine.run("sh", "-c", "cd /tmp && echo x > theirs; cd /var/tmp && echo x > theirs")
    for place in ["/tmp", "/var/tmp"]:
        refused(world, f"cat {place}/theirs", "No such file")


def it_executes_nothing_that_it_can_write(world):
    for place in [STATE, "/run/ocrwatch", "/tmp", "/var/tmp", "/dev/shm"]:
        text, code = inside(world, f"cp /bin/true {place}/own && {place}/own")
        assert code != 0 and "Permission denied" in text, f"{place}: {text}"
    outside_too = outside(world, f"cp /bin/true {STATE}/own && {STATE}/own && rm {STATE}/own")
    assert outside_too.returncode == 0, outside_too.stderr


def it_sees_no_processes_but_its_own(world):
    refused(world, "cat /proc/1/status", "No such file")
    text, _ = inside(world, "ls /proc | grep -c '^[0-9]'")
    assert int(text) < 6, text


def it_has_no_devices(world):
    world.machine.run("sh", "-c", "mknod /dev/spare c 1 3 && chmod 666 /dev/spare")
    refused(world, "cat /dev/spare", "No such file")


def it_has_no_capability_and_gains_none(world):
    text, _ = inside(world, "grep -E '^(Cap|NoNewPrivs)' /proc/self/status")
    assert set(re.findall(r"Cap\w+:\s+(\w+)", text)) == {"0" * 16}, text
    assert re.search(r"NoNewPrivs:\s+1", text), text


def a_setuid_program_gives_it_nothing(world):
    world.machine.run("install", "--mode=4755", "/usr/bin/id", "/usr/local/bin/root-id")
    text, _ = inside(world, "/usr/local/bin/root-id")
    assert "euid=0" not in text, text
    assert "euid=0" in outside(world, "/usr/local/bin/root-id").stdout


def it_makes_no_setuid_file(world):
    refused(world, f"touch {STATE}/own && chmod u+s {STATE}/own", "Operation not permitted")
    refused(world, f"chmod g+s {STATE}/own", "Operation not permitted")


def it_makes_no_namespaces_and_mounts_nothing(world):
    for kind in ["user", "mount", "net", "pid", "uts", "ipc", "cgroup"]:
        refused(world, f"unshare --{kind} true", "Operation not permitted", AS_ROOT)
    text, code = inside(world, "mount -t tmpfs none /mnt")
    assert code != 0, text


SOCKET = 'socket(my $s, {}, {}, 0) or die "$!\\n"'


def it_opens_mail_web_and_unix_sockets(world):
    for family, kind in [(1, 1), (2, 1), (2, 2), (10, 1)]:
        text, code = inside(world, perl(SOCKET.format(family, kind)))
        assert code == 0, f"family {family}: {text}"


def it_opens_no_raw_netlink_or_other_sockets(world):
    for family, kind, who in [(17, 3, AS_ROOT), (16, 3, AS_USER), (40, 1, AS_USER)]:
        if outside(world, perl(SOCKET.format(family, kind)), who).returncode != 0:
            continue  # The kernel does not have it.
        refused(world, perl(SOCKET.format(family, kind)), "Address family not supported", who)
    text, code = inside(world, perl(SOCKET.format(2, 3)))
    assert code != 0, f"a raw socket is opened: {text}"


# System calls by their numbers on x86-64: writable code, what else is refused.
MAP = "exit(syscall(9, 0, 4096, {}, 34, -1, 0) == -1 ? 1 : 0)"


def it_makes_no_code_at_run_time(world):
    assert inside(world, perl(MAP.format(3)))[1] == 0
    assert inside(world, perl(MAP.format(7)))[1] == 1
    assert outside(world, perl(MAP.format(7))).returncode == 0


def it_is_refused_calls_that_no_such_service_needs(world):
    calls = {
        "ptrace": 101, "mount": 165, "swapon": 167, "reboot": 169, "init_module": 175,
        "chroot": 161, "setuid": 105, "settimeofday": 164, "add_key": 248, "bpf": 321,
        "perf_event_open": 298, "process_vm_readv": 310, "kexec_load": 246, "mlockall": 151,
    }
    for name, number in calls.items():
        program = f'syscall({number}, 0, 0, 0, 0, 0); print int($!) . "\\n"'
        text, _ = inside(world, perl(program))
        assert text == "1", f"{name}: errno {text}, not EPERM"


def it_takes_no_real_time_priority_and_no_other_personality(world):
    refused(world, "chrt --fifo 1 true", "Operation not permitted", AS_ROOT)
    refused(world, "setarch --addr-no-randomize true", "Operation not permitted")


def it_changes_neither_clock_nor_name_of_the_machine(world):
    text, code = inside(world, "date --set=@1")
    assert code != 0 and "Operation not permitted" in text, text
    names = "readlink /proc/self/ns/uts"
    assert inside(world, names)[0] != outside(world, names).stdout.strip(), "the name is shared"
    refused(world, "hostname monitor", "you must be root", AS_ROOT)


def kernel_settings_and_control_groups_are_read_only(world):
    text, _ = inside(world, "cat /proc/self/mounts")
    mounts = [line.split() for line in text.splitlines()]
    for place in ["/proc/sys", "/sys/fs/cgroup", "/sys"]:
        options = [mount[3].split(",") for mount in mounts if mount[1] == place]
        assert options and "ro" in options[-1], f"{place}: {options}"


def kernel_modules_and_messages_are_hidden(world):
    world.machine.run("install", "--directory", "--mode=755", "/usr/lib/modules/1")
    refused(world, "ls /usr/lib/modules/", "Permission denied")
    refused(world, "dmesg --read-clear --level emerg || dmesg", "Operation not permitted", AS_ROOT)


def it_is_given_secrets_and_cannot_read_where_they_lie(world):
    text, code = inside(world, 'cat "$CREDENTIALS_DIRECTORY/ocrwatch_smtp"')
    assert (text, code) == (PASSWORD, 0), text
    found = world.machine.run("ls", "/run/credentials").stdout
    assert "ocrwatch" not in found, "they outlive the service"
    text, code = inside(world, "cat /etc/ocrwatch/credentials/smtp")
    assert code != 0 and "Permission denied" in text, text


def it_leaves_no_core_and_starts_only_so_many_processes(world):
    text, _ = inside(world, "ulimit -c")
    assert text == "0", text
    many = "i=0; while [ $i -lt 600 ]; do sleep 9 & i=$((i + 1)); done"
    text, code = inside(world, f"( {many} )")
    assert code != 0 and "fork" in text, text


def documented_drop_in(heading):
    """The drop-in that docs/service.md shows under a heading."""
    section = DOCUMENT.read_text().split(f"\n### {heading}\n")[1]
    return section.split("```ini\n")[1].split("```")[0].replace("[Service]\n", "")


def the_documented_drop_in_shows_logs_in_home_and_they_stay_read_only(world):
    extra = documented_drop_in("Logs in home directories")
    text, code = inside(world, "cat /home/app/app.log", extra)
    assert (text, code) == ("x", 0), text
    world.machine.run("chmod", "777", "/home/app")
    text, code = inside(world, "echo y > /home/app/y", extra)
    assert code != 0 and "Read-only" in text, text


def the_documented_drop_in_reads_logs_that_only_root_may_read(world):
    world.machine.run("install", "--directory", "--mode=700", "/var/lib/docker/containers")
    world.machine.run("sh", "-c", "umask 077; echo x > /var/lib/docker/containers/a.log")
    command = "cat /var/lib/docker/containers/a.log"
    assert inside(world, command)[1] != 0
    text, code = inside(world, command, documented_drop_in("Logs that only root may read"))
    assert (text, code) == ("x", 0), text


def the_documented_drop_in_gives_a_receiver_s_program_a_place_to_write(world):
    world.machine.run("install", "--directory", "--owner=ocrwatch", "/var/spool/page")
    program = world.machine.path("/usr/local/bin/page")
    program.write_text("#!/bin/sh\nexec cat > /var/spool/page/last\n")
    program.chmod(0o755)
    command = "echo x | /usr/local/bin/page"
    text, code = inside(world, command)
    assert code != 0 and "ead-only file system" in text, text
    text, code = inside(world, command, documented_drop_in("Programs that receivers run"))
    assert code == 0, text
    drop_in(world, None)


CONFINEMENT = [
    it_writes_to_its_state_and_its_socket_s_directory,
    it_writes_nowhere_else,
    what_it_makes_is_its_owner_s_alone,
    it_sees_no_homes,
    its_temporary_files_are_its_own,
    it_executes_nothing_that_it_can_write,
    it_sees_no_processes_but_its_own,
    it_has_no_devices,
    it_has_no_capability_and_gains_none,
    a_setuid_program_gives_it_nothing,
    it_makes_no_setuid_file,
    it_makes_no_namespaces_and_mounts_nothing,
    it_opens_mail_web_and_unix_sockets,
    it_opens_no_raw_netlink_or_other_sockets,
    it_makes_no_code_at_run_time,
    it_is_refused_calls_that_no_such_service_needs,
    it_takes_no_real_time_priority_and_no_other_personality,
    it_changes_neither_clock_nor_name_of_the_machine,
    kernel_settings_and_control_groups_are_read_only,
    kernel_modules_and_messages_are_hidden,
    it_is_given_secrets_and_cannot_read_where_they_lie,
    it_leaves_no_core_and_starts_only_so_many_processes,
    the_documented_drop_in_shows_logs_in_home_and_they_stay_read_only,
    the_documented_drop_in_reads_logs_that_only_root_may_read,
    the_documented_drop_in_gives_a_receiver_s_program_a_place_to_write,
]
