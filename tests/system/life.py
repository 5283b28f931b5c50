"""Facts about the service's life: it starts, tells, reloads, is killed, hangs and stops."""

import re
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from datetime import datetime, timezone
from itertools import count
from pathlib import Path

from machine import until
from package import SERVICE, STATE, mode
from postbox import PASSWORD, PORT, USER

CONFIG = "/etc/ocrwatch/ocrwatch.toml"
LOGS = "/var/log/app"
LOG = f"{LOGS}/gateway.log"
SAMPLES = Path(__file__).parents[1] / "data" / "ocr-gateway.log"

CONFIGURATION = f"""
rules = "rules.d"

[http]
listen = "127.0.0.1:9464"
socket = "/run/ocrwatch/http.sock"

[[source]]
name = "gateway"
files = ["/var/log/app/*.log"]
rotated_to = ["/var/log/app"]

[[source]]
name = "units"
journal = {{ units = ["scan.service"] }}

[[receiver]]
name = "ops"
[receiver.email]
to = ["ops@example.test"]
from = "alerts@example.test"
servers = ["localhost:{PORT}"]
ca_file = "ca.pem"
user = "{USER}"
password = {{ credential = "ocrwatch_smtp" }}

[[route]]
name = "all"
match = {{}}
receiver = "ops"
group_wait = "0s"
group_interval = "1s"
"""

# Of a fleet whose broker is away.
AGENT = f"""
[fleet]
servers = ["nats://127.0.0.1:4222"]
role = "agent"
name = "scan-1"

[state]
directory = "{STATE}/agent"

[http]
socket = "/run/ocrwatch/http.sock"

[[source]]
name = "gateway"
files = ["/var/log/app/*.log"]
"""

numbers = count(1)


def stamp():
    """The present, as the samples write it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def sample(words):
    """A line of the sample log with these words, as if it were written now by another request."""
    line = next(line for line in SAMPLES.read_text().splitlines() if words in line)
    line = re.sub(r"request_id:[0-9a-f]+", f"request_id:{next(numbers):032x}", line)
    return f"{stamp()} {line.split(' ', 1)[1]}\n"


def write(world, lines, log=LOG):
    """Adds lines to a log of the machine."""
    with world.machine.path(log).open("a") as out:
        out.write(lines)


def make_log(world, log=LOG):
    """A log as Debian's programs write them: of root, for the group adm."""
    path = world.machine.path(log)
    path.write_text("")
    world.machine.run("chown", "root:adm", log)
    path.chmod(0o640)


def start(world):
    """Starts the service; how often it was started before does not matter."""
    world.machine.run("systemctl", "reset-failed", SERVICE, check=False)
    world.machine.run("systemctl", "start", SERVICE)


def pid(world):
    """The daemon's process, as the machine counts."""
    return world.machine.show(SERVICE, "MainPID")


def said(world, words, lines=40):
    """Whether the daemon's latest lines say something."""
    return words in world.machine.journal(SERVICE, f"--lines={lines}")


def counted(world, code):
    """How many errors of a code the state counts, once the daemon has stopped."""
    with closing(sqlite3.connect(world.machine.path(f"{STATE}/state.db"))) as state:
        query = "SELECT coalesce(sum(errors), 0) FROM history WHERE code = ?"
        return state.execute(query, [code]).fetchone()[0]


def told_once(world):
    """No notification lies in the mailbox twice."""
    names = [mail["X-Ocrwatch-Notification"] for mail in world.postbox.mails()]
    assert len(names) == len(set(names)), names


def configured_it_starts_once_it_is_ready_and_says_what_it_does(world):
    machine = world.machine
    machine.path(CONFIG).write_text(CONFIGURATION)
    machine.path("/etc/ocrwatch/ca.pem").write_text(world.postbox.authority)
    secret = machine.path("/etc/ocrwatch/credentials/smtp")
    secret.write_text(f"{PASSWORD}\n")
    secret.chmod(0o600)
    machine.path("/etc/systemd/system/scan.service").write_text(
        "[Service]\nType=oneshot\nExecStart=/bin/cat /var/lib/scan.line\n"
    )
    make_log(world)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "enable", "--now", SERVICE)
    assert machine.show(SERVICE, "Type") == "notify"
    assert machine.show(SERVICE, "SubState") == "running"
    assert machine.show(SERVICE, "StatusText") != ""


def six_failures_in_a_log_of_group_adm_are_mailed_over_tls_with_the_secret(world):
    write(world, "".join(sample("verify aksk signature fail") for _ in range(6)))
    mail = until("the lockout is mailed", lambda: world.postbox.mail("aksk-lockout", "FIRING"))
    assert "with esmtpsa" in mail["Received"], mail["Received"]
    assert "until at least" in mail.as_string()


def the_secret_stands_in_no_journal_state_or_environment(world):
    machine = world.machine
    assert PASSWORD not in machine.run("journalctl", "--no-pager").stdout
    found = machine.run("grep", "--recursive", "--files-with-matches", PASSWORD, STATE, check=False)
    assert found.stdout == "", found.stdout
    environment = machine.run("cat", f"/proc/{pid(world)}/environ").stdout
    assert PASSWORD not in environment and "CREDENTIALS_DIRECTORY" in environment


def a_line_that_a_unit_writes_to_the_journal_raises_an_alert(world):
    line = sample("ModelArts.4204").replace("ocr_vat_invoice", "ocr_bankcard")
    world.machine.path("/var/lib/scan.line").write_text(line)
    world.machine.run("systemctl", "start", "scan.service")
    until("the journal's alert is mailed", lambda: world.postbox.mail("ocr_bankcard", "FIRING"))


def a_receiver_can_be_tried_from_a_shell_with_the_service_s_secrets(world):
    tried = world.machine.run(
        "systemd-run", "--pipe", "--wait", "--collect", "-p", "User=ocrwatch",
        "-p", "LoadCredential=ocrwatch:/etc/ocrwatch/credentials",
        "ocrwatch", "send-test", "ops", "--config", CONFIG,
    )
    assert PASSWORD not in tried.stdout + tried.stderr
    assert until("it is mailed", lambda: world.postbox.mail("nothing has happened"))


ASK = r'''
use IO::Socket::UNIX;
my $socket = IO::Socket::UNIX->new(Peer => "/run/ocrwatch/http.sock") or exit 1;
print $socket "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
print <$socket>;
'''


def it_answers_root_and_its_group_on_a_unix_socket_and_nobody_else(world):
    assert mode(world, "/run/ocrwatch") == "ocrwatch:ocrwatch 750"
    of_group = ["setpriv", "--reuid=nobody", "--regid=ocrwatch", "--clear-groups"]
    for who in [[], of_group]:
        assert "\nocrwatch_" in world.machine.run(*who, "perl", "-e", ASK).stdout
    of_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    assert world.machine.run(*of_nobody, "perl", "-e", ASK, check=False).returncode != 0


def it_answers_on_an_address_of_the_machine(world):
    url = "http://127.0.0.1:9464/metrics"
    ask = f"import urllib.request; print(urllib.request.urlopen({url!r}).read().decode())"
    assert "\nocrwatch_" in world.machine.beside("python3", "-c", ask).stdout


def a_reload_takes_up_a_changed_configuration_without_a_restart(world):
    machine = world.machine
    before = pid(world)
    make_log(world, "/var/log/other.log")
    source = '\n[[source]]\nname = "other"\nfiles = ["/var/log/other.log"]\n'
    machine.path(CONFIG).write_text(CONFIGURATION + source)
    machine.run("systemctl", "reload", SERVICE)
    until("the source is followed", lambda: said(world, "reloaded: "))
    write(world, sample("ModelArts.4204").replace("vat_invoice", "passport"), "/var/log/other.log")
    until("its alert is mailed", lambda: world.postbox.mail("ocr_passport", "FIRING"))
    assert pid(world) == before


def a_reload_of_a_broken_configuration_is_refused_and_it_goes_on(world):
    machine = world.machine
    before, right = pid(world), machine.path(CONFIG).read_text()
    machine.path(CONFIG).write_text('log = { level = "loud" }\n' + right)
    refused = machine.run("systemctl", "reload", SERVICE, check=False)
    assert refused.returncode != 0
    assert said(world, "error: /etc/ocrwatch/ocrwatch.toml:")
    machine.path(CONFIG).write_text(right)
    write(world, sample("ModelArts.4204").replace("vat_invoice", "vehicle_license"))
    until("alerts go on", lambda: world.postbox.mail("ocr_vehicle_license", "FIRING"))
    assert (pid(world), machine.show(SERVICE, "ActiveState")) == (before, "active")


class Writer(threading.Thread):
    """Writes errors of one code into the log, one by one, until it is told to stop."""

    def __init__(self, world, words, pause):
        super().__init__(daemon=True)
        self.world, self.words, self.pause = world, words, pause
        self.written = 0
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(self.pause):
            write(self.world, sample(self.words))
            self.written += 1

    def stop(self):
        self.ending.set()
        self.join()
        return self.written


def stop_behind(world, code, expected):
    """Stops the daemon once it has counted everything; how many errors it has counted then."""
    end = time.monotonic() + 20
    while True:
        world.machine.run("systemctl", "stop", SERVICE)
        found = counted(world, code)
        if found >= expected or time.monotonic() > end:
            return found
        start(world)
        time.sleep(1)


def each_line_counts_once_while_logrotate_rotates(world):
    machine = world.machine
    machine.path("/etc/logrotate.d/app").write_text(
        f"{LOG} {{\n  rotate 9\n  size 1\n  create 0640 root adm\n  compress\n  delaycompress\n}}\n"
    )
    writer = Writer(world, "AIS.0104", 0.02)
    writer.start()
    for _ in range(3):
        time.sleep(0.5)
        machine.run("logrotate", "--force", "/etc/logrotate.d/app")
    written = writer.stop()
    assert machine.path(f"{LOG}.1").exists() or machine.run("ls", f"{LOG}.1")
    found = stop_behind(world, "AIS.0104", written)
    assert (found, written > 20) == (written, True), f"{found} of {written}"
    start(world)


def killed_again_and_again_it_comes_back_and_loses_and_doubles_nothing(world):
    machine = world.machine
    writer = Writer(world, "AIS.0103", 0.02)
    writer.start()
    for _ in range(2):
        time.sleep(0.5)
        before = pid(world)
        machine.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", SERVICE)
        until("it is there again", lambda: pid(world) not in [before, "0"])
        until("it is ready", lambda: machine.show(SERVICE, "ActiveState") == "active")
    assert int(machine.show(SERVICE, "NRestarts")) >= 2
    written = writer.stop()
    found = stop_behind(world, "AIS.0103", written)
    assert found == written, f"{found} of {written}"
    told_once(world)


def one_that_hangs_is_found_out_by_the_watchdog_and_started_anew(world):
    machine = world.machine
    drop_in(world, "[Service]\nWatchdogSec=2s\n")
    start(world)
    before = pid(world)
    time.sleep(3)
    assert pid(world) == before, "it is killed although it says that it goes round"
    machine.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", SERVICE)
    until("another one runs", lambda: pid(world) not in [before, "0"])
    until("it is ready", lambda: machine.show(SERVICE, "ActiveState") == "active")
    assert said(world, "Watchdog timeout")
    drop_in(world, None)


def a_broken_configuration_is_no_crash_loop(world):
    machine = world.machine
    right = machine.path(CONFIG).read_text()
    machine.path(CONFIG).write_text(right + "colour = 1\n")
    assert machine.run("systemctl", "restart", SERVICE, check=False).returncode != 0
    time.sleep(3)
    assert machine.show(SERVICE, "ActiveState") == "failed"
    assert machine.show(SERVICE, "ExecMainStatus") == "78"
    assert machine.show(SERVICE, "NRestarts") == "0"
    assert said(world, "hint: ")
    machine.path(CONFIG).write_text(right)
    start(world)


def it_stops_in_time_although_a_receiver_hangs(world):
    machine = world.machine
    silent = 'import socket, time; s = socket.create_server(("127.0.0.1", 2526)); time.sleep(60)'
    server = ["nsenter", "-t", str(machine.pid), "-n", "python3", "-c", silent]
    hanging = subprocess.Popen(server)
    try:
        until("somebody listens", lambda: machine.beside("ss", "-Hltn", "sport = :2526").stdout)
        right = machine.path(CONFIG).read_text()
        machine.path(CONFIG).write_text(right.replace(f":{PORT}", ":2526"))
        machine.run("systemctl", "reload", SERVICE)
        write(world, sample("ModelArts.4204").replace("vat_invoice", "mvs_invoice"))
        until("it is being told", lambda: machine.beside("ss", "-Htn", "dport = :2526").stdout)
        begun = time.monotonic()
        machine.run("systemctl", "stop", SERVICE)
        assert time.monotonic() - begun < 10, time.monotonic() - begun
        assert machine.show(SERVICE, "Result") == "success"
        machine.path(CONFIG).write_text(right)
    finally:
        hanging.kill()
        hanging.wait()


def what_waited_is_told_after_the_next_start(world):
    start(world)
    until("it is mailed", lambda: world.postbox.mail("ocr_mvs_invoice", "FIRING"))
    told_once(world)


def an_agent_of_a_fleet_is_the_smaller_program_under_the_same_unit(world):
    machine = world.machine
    right = machine.path(CONFIG).read_text()
    machine.path(CONFIG).write_text(AGENT)
    machine.run("systemctl", "restart", SERVICE)
    assert machine.run("readlink", f"/proc/{pid(world)}/exe").stdout.strip() == "/usr/libexec/ocrwatch-agent"
    assert machine.show(SERVICE, "SubState") == "running"
    assert "agent scan-1" in machine.run("ocrwatch", "status", check=False).stdout
    # As good as any, it takes a reload and stops when it is told to.
    machine.run("systemctl", "reload", SERVICE)
    machine.run("systemctl", "stop", SERVICE)
    assert machine.show(SERVICE, "Result") == "success"
    machine.path(CONFIG).write_text(right)
    start(world)


def enabled_it_comes_up_with_the_machine(world):
    world.postbox.close()
    world.machine.reboot()
    world.postbox.open(world.machine)
    assert world.machine.show(SERVICE, "ActiveState") == "active"


def its_memory_and_threads_are_few(world):
    tasks = int(world.machine.show(SERVICE, "TasksCurrent"))
    assert 0 < tasks < 32, tasks
    memory = int(world.machine.show(SERVICE, "MemoryCurrent"))
    assert memory < 128 << 20, memory


def drop_in(world, text):
    """A drop-in of an administrator, or none."""
    path = world.machine.path(f"/etc/systemd/system/{SERVICE}.d/test.conf")
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
    world.machine.run("systemctl", "daemon-reload")


LIFE = [
    configured_it_starts_once_it_is_ready_and_says_what_it_does,
    six_failures_in_a_log_of_group_adm_are_mailed_over_tls_with_the_secret,
    the_secret_stands_in_no_journal_state_or_environment,
    a_line_that_a_unit_writes_to_the_journal_raises_an_alert,
    a_receiver_can_be_tried_from_a_shell_with_the_service_s_secrets,
    it_answers_root_and_its_group_on_a_unix_socket_and_nobody_else,
    it_answers_on_an_address_of_the_machine,
    a_reload_takes_up_a_changed_configuration_without_a_restart,
    a_reload_of_a_broken_configuration_is_refused_and_it_goes_on,
    each_line_counts_once_while_logrotate_rotates,
    killed_again_and_again_it_comes_back_and_loses_and_doubles_nothing,
    one_that_hangs_is_found_out_by_the_watchdog_and_started_anew,
    a_broken_configuration_is_no_crash_loop,
    it_stops_in_time_although_a_receiver_hangs,
    what_waited_is_told_after_the_next_start,
    its_memory_and_threads_are_few,
    an_agent_of_a_fleet_is_the_smaller_program_under_the_same_unit,
    enabled_it_comes_up_with_the_machine,
]
