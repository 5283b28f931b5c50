"""Facts about the way from the package to the first alert: `ocrwatch init` and what comes of it."""

from life import CONFIG, LOGS, make_log, sample, write
from machine import until
from package import SERVICE, STATE, mode
from postbox import PASSWORD, PORT, USER

LOG = f"{LOGS}/scan.log"
SECRET = "/etc/ocrwatch/first.password"


def init_writes_a_configuration_and_sends_the_test_mail(world):
    machine = world.machine
    machine.path("/etc/ocrwatch/ca.pem").write_text(world.postbox.authority)
    machine.path(SECRET).write_text(f"{PASSWORD}\n")
    machine.run("chown", "root:ocrwatch", SECRET)
    machine.path(SECRET).chmod(0o640)
    make_log(world, LOG)
    said = machine.run(
        "ocrwatch", "init", "--log", LOG, "--service", "scan", "--credential", "scan-prod",
        "--email", "ops@example.test", "--from", "alerts@example.test",
        "--server", f"localhost:{PORT}", "--ca-file", "/etc/ocrwatch/ca.pem",
        "--user", USER, "--password-file", SECRET, "--yes",
    )
    assert PASSWORD not in said.stdout + said.stderr
    assert f"systemctl enable --now {SERVICE.removesuffix('.service')}" in said.stdout, said.stdout
    assert mode(world, CONFIG) == "root:ocrwatch 640"
    assert 'socket = "/run/ocrwatch/http.sock"' in machine.path(CONFIG).read_text()
    until("the test is mailed", lambda: world.postbox.mail("nothing has happened"))


def configured_by_init_it_mails_the_lockout_that_a_log_tells(world):
    world.machine.run("systemctl", "start", SERVICE)
    write(world, "".join(sample("verify aksk signature fail") for _ in range(6)), LOG)
    firing = lambda: world.postbox.mail("aksk-lockout", "FIRING")
    mail = until("the lockout is mailed", firing, seconds=90)
    assert "scan-prod" in mail["Subject"], mail["Subject"]


def asked_how_it_stands_it_tells_what_fires_and_a_check_is_critical(world):
    page = world.machine.run("ocrwatch", "status").stdout
    assert "CRITICAL" in page and "scan-prod" in page, page
    checked = world.machine.run("ocrwatch", "status", "--check", check=False)
    assert checked.returncode == 2, checked
    assert checked.stdout.startswith("OCRWATCH CRITICAL - "), checked.stdout


def silenced_it_is_no_alarm_any_more_until_the_silence_is_ended(world):
    machine = world.machine
    machine.run("ocrwatch", "silence", "add", "--id", "night", "--match", "rule=aksk-*",
                "--for", "1h", "--reason", "known", "--author", "night shift")
    checked = machine.run("ocrwatch", "status", "--check", check=False)
    assert checked.returncode == 0, checked
    machine.run("ocrwatch", "silence", "expire", "night")
    until("the check is critical again", lambda: machine.run(
        "ocrwatch", "status", "--check", check=False).returncode == 2)


def what_init_began_is_put_away(world):
    """The facts behind begin with a service that nobody has configured."""
    world.machine.run("systemctl", "stop", SERVICE)
    world.machine.run("find", STATE, "-mindepth", "1", "-delete")
    world.machine.run("rm", SECRET, LOG)
    world.postbox.empty()


FIRST = [
    init_writes_a_configuration_and_sends_the_test_mail,
    configured_by_init_it_mails_the_lockout_that_a_log_tells,
    asked_how_it_stands_it_tells_what_fires_and_a_check_is_critical,
    silenced_it_is_no_alarm_any_more_until_the_silence_is_ended,
    what_init_began_is_put_away,
]
