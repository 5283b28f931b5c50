"""Facts about the package: what is there once it is installed, and what is left behind it."""

from machine import host, until

SERVICE = "ocrwatch.service"
STATE = "/var/lib/ocrwatch"


def install(world, package, *options):
    """Installs a package as an administrator would without a network."""
    place = world.machine.path("/var/cache/ocrwatch.deb")
    place.write_bytes(package.read_bytes())
    return world.machine.run("dpkg", *options, "--install", "/var/cache/ocrwatch.deb")


def mode(world, path):
    """Owner and mode of a file, as `root 0700`."""
    about = world.machine.run("stat", "--format=%U:%G %a", path).stdout.strip()
    return about


def it_installs_where_nothing_but_a_small_debian_is(world):
    install(world, world.package)
    assert world.machine.run("ocrwatch", "--version").stdout.startswith("ocrwatch ")


def installed_it_is_neither_enabled_nor_started(world):
    enabled = world.machine.run("systemctl", "is-enabled", SERVICE, check=False).stdout.strip()
    assert enabled == "disabled", enabled
    assert world.machine.show(SERVICE, "ActiveState") == "inactive"


def its_user_has_no_password_no_shell_and_no_group_but_its_own(world):
    assert world.machine.run("id", "--groups", "--name", "ocrwatch").stdout == "ocrwatch\n"
    passwd = world.machine.run("getent", "passwd", "ocrwatch").stdout.strip().split(":")
    assert passwd[-1] == "/usr/sbin/nologin", passwd
    assert world.machine.run("getent", "shadow", "ocrwatch").stdout.split(":")[1].startswith("!")


def secrets_have_a_directory_that_only_root_can_look_into(world):
    assert mode(world, "/etc/ocrwatch/credentials") == "root:root 700"


def every_command_has_a_man_page_and_three_shells_complete_it(world):
    pages = world.machine.path("/usr/share/man/man1")
    for page in ["ocrwatch", "ocrwatch-run", "ocrwatch-check"]:
        assert (pages / f"{page}.1.gz").exists(), page
    files = world.machine.run("dpkg", "--listfiles", "ocrwatch").stdout
    for place in ["bash-completion/completions/ocrwatch", "zsh/vendor-completions/_ocrwatch",
                  "fish/vendor_completions.d/ocrwatch.fish"]:
        assert f"/usr/share/{place}\n" in files, place


def its_configuration_is_marked_as_such_and_right(world):
    known = world.machine.run("dpkg-query", "--show", "--showformat=${Conffiles}", "ocrwatch")
    assert "/etc/ocrwatch/ocrwatch.toml" in known.stdout, known.stdout
    world.machine.run("ocrwatch", "check", "--config", "/etc/ocrwatch/ocrwatch.toml")


def systemd_has_nothing_to_say_against_the_unit(world):
    said = world.machine.run("systemd-analyze", "verify", "--man=no", SERVICE)
    assert said.stdout + said.stderr == "", said


def the_exposure_is_at_most_1_5_of_10(world):
    unit = "/usr/lib/systemd/system/ocrwatch.service"
    asked = ["systemd-analyze", "security", "--offline=true", "--threshold=15", unit]
    said = world.machine.run(*asked)
    assert "Overall exposure level" in said.stdout


def started_as_it_was_installed_it_runs_and_tells_nobody(world):
    world.machine.run("systemctl", "start", SERVICE)
    assert world.machine.show(SERVICE, "ActiveState") == "active"
    waiting = world.machine.run(
        "ocrwatch", "outbox", "list", "--state-dir", STATE, "--state", "all", "--format", "json"
    )
    assert '"notifications":[]' in waiting.stdout or "[]" in waiting.stdout, waiting.stdout
    world.machine.run("systemctl", "stop", SERVICE)


def its_state_is_its_own_and_nobody_else_s(world):
    assert mode(world, STATE) == "ocrwatch:ocrwatch 700"
    assert mode(world, f"{STATE}/state.db") == "ocrwatch:ocrwatch 600"


def newer(world):
    """The package as a later version of it, whose configuration file says something else."""
    folder = world.machine.folder / "newer"
    host("dpkg-deb", "--raw-extract", str(world.package), str(folder))
    control = folder / "DEBIAN/control"
    version = host("dpkg-deb", "--field", str(world.package), "Version").stdout.strip()
    control.write_text(control.read_text().replace(f"Version: {version}", "Version: 99.0-1"))
    shipped = folder / "etc/ocrwatch/ocrwatch.toml"
    shipped.write_text(shipped.read_text() + "\n# A later version says more.\n")
    package = world.machine.folder / "newer.deb"
    host("dpkg-deb", "--root-owner-group", "-Znone", "--build", str(folder), str(package))
    return package


def an_upgrade_restarts_it_and_keeps_its_state_and_a_changed_configuration(world):
    machine = world.machine
    machine.run("systemctl", "start", SERVICE)
    before = machine.show(SERVICE, "MainPID")
    ours = machine.path("/etc/ocrwatch/ocrwatch.toml").read_text()
    told = len(world.postbox.mails())
    install(world, newer(world), "--force-confdef", "--force-confold")
    version = machine.run("dpkg-query", "--show", "--showformat=${Version}", "ocrwatch").stdout
    assert version == "99.0-1", version
    assert machine.show(SERVICE, "MainPID") not in [before, "0"]
    assert machine.show(SERVICE, "ActiveState") == "active"
    assert machine.path("/etc/ocrwatch/ocrwatch.toml").read_text() == ours
    assert machine.path("/etc/ocrwatch/ocrwatch.toml.dpkg-dist").exists()
    assert "there was no state yet" not in machine.journal(SERVICE, "--lines=15")
    assert len(world.postbox.mails()) == told, "what was told before is told again"


def an_upgrade_does_not_start_what_was_stopped(world):
    world.machine.run("systemctl", "stop", SERVICE)
    install(world, world.machine.folder / "newer.deb", "--force-confold")
    assert world.machine.show(SERVICE, "ActiveState") == "inactive"


def a_removal_stops_it_and_keeps_state_and_configuration(world):
    machine = world.machine
    machine.run("systemctl", "start", SERVICE)
    machine.run("dpkg", "--remove", "ocrwatch")
    until("the service is gone", lambda: machine.show(SERVICE, "ActiveState") == "inactive")
    assert not machine.path("/usr/bin/ocrwatch").exists()
    assert machine.path(f"{STATE}/state.db").exists()
    assert machine.path("/etc/ocrwatch/ocrwatch.toml").exists()


def installed_again_it_goes_on_with_the_state_that_was_kept(world):
    machine = world.machine
    install(world, world.package, "--force-confold")
    machine.run("systemctl", "start", SERVICE)
    assert "there was no state yet" not in machine.journal(SERVICE, "--lines=5")


def a_purge_removes_state_secrets_and_configuration_and_nobody_s_rules(world):
    machine = world.machine
    own = machine.path("/etc/ocrwatch/rules.d/own.toml")
    own.write_text("shipped = true\n")
    machine.run("dpkg", "--purge", "ocrwatch")
    for path in [STATE, "/etc/ocrwatch/credentials", "/etc/ocrwatch/ocrwatch.toml"]:
        assert not machine.path(path).exists(), path
    assert own.exists()
    left = machine.run("systemctl", "list-unit-files", "--no-legend", "ocrwatch*", check=False)
    assert left.stdout.strip() == "", left.stdout


def rpm(world, action, name, script, left):
    """Runs this machine's rpm on the files of that one, and a script of the package there."""
    query = ["rpm", "--query", "--package", str(world.rpm), "--queryformat", f"%{{{script}}}"]
    before = script == "PREUN"
    run_script = ["sh", "-ec", host(*query).stdout, "rpm", left]
    if before:
        world.machine.run(*run_script)
    # What it needs is there, but not as packages that rpm knows.
    host("rpm", "--root", str(world.machine.root), action, "--nodeps", "--noscripts", name)
    if not before:
        world.machine.run(*run_script)


def the_rpm_says_what_it_needs_and_marks_its_configuration(world):
    asked = ["rpm", "--query", "--package", str(world.rpm)]
    needs = host(*asked, "--requires").stdout
    assert "systemd >= 252" in needs and "libc.so.6" in needs, needs
    assert "/etc/ocrwatch/ocrwatch.toml\n" in host(*asked, "--configfiles").stdout
    flags = host(*asked, "--queryformat", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]").stdout
    assert "/etc/ocrwatch/ocrwatch.toml cn\n" in flags, flags


def the_rpm_brings_the_same_service_neither_enabled_nor_started(world):
    rpm(world, "--install", str(world.rpm), "POSTIN", "1")
    installed_it_is_neither_enabled_nor_started(world)
    secrets_have_a_directory_that_only_root_can_look_into(world)
    systemd_has_nothing_to_say_against_the_unit(world)
    started_as_it_was_installed_it_runs_and_tells_nobody(world)


def the_rpm_s_removal_stops_it_and_keeps_its_state(world):
    machine = world.machine
    machine.run("systemctl", "enable", "--now", SERVICE)
    rpm(world, "--erase", "ocrwatch", "PREUN", "0")
    assert machine.show(SERVICE, "ActiveState") == "inactive"
    assert not machine.path("/usr/bin/ocrwatch").exists()
    assert not machine.path(f"/etc/systemd/system/multi-user.target.wants/{SERVICE}").exists()
    assert machine.path(f"{STATE}/state.db").exists()


INSTALLATION = [
    it_installs_where_nothing_but_a_small_debian_is,
    installed_it_is_neither_enabled_nor_started,
    its_user_has_no_password_no_shell_and_no_group_but_its_own,
    secrets_have_a_directory_that_only_root_can_look_into,
    every_command_has_a_man_page_and_three_shells_complete_it,
    its_configuration_is_marked_as_such_and_right,
    systemd_has_nothing_to_say_against_the_unit,
    the_exposure_is_at_most_1_5_of_10,
    started_as_it_was_installed_it_runs_and_tells_nobody,
    its_state_is_its_own_and_nobody_else_s,
]

REMOVAL = [
    an_upgrade_restarts_it_and_keeps_its_state_and_a_changed_configuration,
    an_upgrade_does_not_start_what_was_stopped,
    a_removal_stops_it_and_keeps_state_and_configuration,
    installed_again_it_goes_on_with_the_state_that_was_kept,
    a_purge_removes_state_secrets_and_configuration_and_nobody_s_rules,
]

OF_RPM = [
    the_rpm_says_what_it_needs_and_marks_its_configuration,
    the_rpm_brings_the_same_service_neither_enabled_nor_started,
    the_rpm_s_removal_stops_it_and_keeps_its_state,
]
