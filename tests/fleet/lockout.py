"""Facts about what no single host sees: one key that fails on many."""

import json
import re
from pathlib import Path

from broker import Broker, until
from member import Member
from traffic import Log
from verdict import changed, counted, fired

CONTRIB = [Path(__file__).parents[2] / "contrib" / path for path in ("prometheus/ocrwatch.rules.yml", "grafana/ocrwatch.json")]
KEY = "HPUA0123456789ABCDBC"
LOCKED = ("aksk-lockout", (("credential", "HPUA****BC"),))


def three_hosts(world, partitions=1):
    """A broker, three agents each with a log, and who decides about which partition."""
    world.room()
    world.serve(Broker(world.network, world.home / "broker", ["nats-1"]))
    logs = [Log(world.home / "logs", f"web-{n}", n, 10) for n in (1, 2, 3)]
    shared = f"partitions = {partitions}"
    watches = [Member(world, f"watch-{n + 1}", "aggregator", fleet=f"{shared}\nconsume = [{n}]" if partitions > 1 else "").start()
               for n in range(partitions)]
    agents = [Member(world, log.machine, "agent", log, fleet=shared).start() for log in logs]
    return logs, agents, watches


def two_failures_on_each_of_three_hosts_lock_the_key_and_only_the_sixth_tells_it(world):
    logs, _, [watch] = three_hosts(world)
    for log in (*logs, *logs[:2]):
        log.lockout(KEY)
        # As far apart as calls are; which of two comes first hangs on their times alone.
        until("it is counted", lambda: counted(watch)[log.machine, "APIG", "APIG.0301"] == log.counts["APIG", "APIG.0301"])
    assert fired(changed(watch))[LOCKED] == 0, "five failures lock nothing"
    logs[2].lockout(KEY)
    until("the lockout fires", lambda: fired(changed(watch))[LOCKED])
    until("it is told", lambda: any(told_of(watch)))
    alert = told_of(watch)[0]
    assert alert["count"] == 6, alert
    text = json.dumps(alert)
    for log in logs:
        assert f"app@{log.machine}" in text, f"{log.machine} is not named in {text[:2000]}"


def further_failures_are_the_same_alert(world):
    watch = next(member for member in world.running if member.role == "aggregator")
    log = Log(world.home / "logs", "web-1", 1, 10)
    log.requests = 100
    for _ in range(6):
        log.lockout(KEY)
    until("they are counted", lambda: sum(counted(watch).values()) == 12)
    assert fired(changed(watch))[LOCKED] == 1, fired(changed(watch))
    assert len(told_of(watch)) == 1, told_of(watch)


def what_rules_and_dashboard_ask_of_a_fleet_is_told(world):
    watch = next(member for member in world.running if member.role == "aggregator")
    asked = {name for path in CONTRIB for name in re.findall(r"ocrwatch_fleet_\w+", path.read_text())}
    assert len(asked) > 5, asked
    told = watch.asked("/metrics")
    missing = [name for name in asked if f"\n# TYPE {name} " not in told]
    assert not missing, missing


def two_aggregators_of_one_name_are_said(world):
    first = next(member for member in world.running if member.role == "aggregator")
    until("the first tells", lambda: first.said("this aggregator tells"))
    second = Member(world, "watch-9", "aggregator")
    second.config.write_text(second.config.read_text().replace('name = "watch-9"', f'name = "{first.name}"'))
    second.start()
    until("it is said", lambda: first.said(f"another aggregator is called `{first.name}`, too"))
    assert first.total("ocrwatch_fleet_trouble") == 1


def aggregators_share_the_keys_and_each_is_decided_about_by_one(world):
    logs, _, watches = three_hosts(world, partitions=2)
    keys = [f"HPU{letter}0123456789ABCDB{letter}" for letter in "ABCDEFGH"]
    for key in keys:
        for log in (*logs, *logs):
            log.lockout(key)
    until("all are counted", lambda: sum(sum(counted(watch).values()) for watch in watches) == 48)
    locked = [{key for key, times in fired(changed(watch)).items() if key[0] == LOCKED[0] and times == 1} for watch in watches]
    assert all(locked), f"one of them has no key: {locked}"
    assert len(locked[0]) + len(locked[1]) == len(locked[0] | locked[1]) == len(keys), locked


def told_of(member):
    """What it told of the lockout."""
    return [alert for notification in member.told() for alert in notification["alerts"]
            if alert["rule"] == "aksk-lockout" and alert["status"] == "firing"]


LOCKOUT = [
    two_failures_on_each_of_three_hosts_lock_the_key_and_only_the_sixth_tells_it,
    further_failures_are_the_same_alert,
    what_rules_and_dashboard_ask_of_a_fleet_is_told,
    two_aggregators_of_one_name_are_said,
    aggregators_share_the_keys_and_each_is_decided_about_by_one,
]
