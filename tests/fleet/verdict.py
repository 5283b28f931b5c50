"""What an aggregator counted, decided and told, beside what it should have.

Owns the comparison. Must not know how anything went. Fails with `AssertionError`, which says the difference.
"""

import json
import sqlite3
import subprocess
from collections import Counter
from contextlib import suppress
from datetime import datetime

from broker import until
from traffic import written


def rows(member, query):
    """What a query finds in the state of a member; nothing if there is no state yet."""
    try:
        with sqlite3.connect(f"file:{member.state / 'state.db'}?mode=ro", uri=True, timeout=5) as state:
            return state.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def counted(member):
    """How many errors stand in its state, by machine, module and code."""
    counts = Counter()
    query = "SELECT source, module, code, sum(errors) FROM history GROUP BY source, module, code"
    for source, module, code, errors in rows(member, query):
        counts[source.rpartition("@")[2], module, code] += errors
    return counts


def difference(is_, should):
    """What differs between two counts, in words."""
    keys = sorted({*is_, *should}, key=str)
    return [f"{key}: {is_[key]} instead of {should[key]}" for key in keys if is_[key] != should[key]]


def same(what, is_, should):
    found = difference(is_, should)
    assert not found, f"{what}: " + "; ".join(found[:12])


def all_is_counted(member, logs, seconds=60):
    """Waits until as much was counted as was written; what of it is wrong then is told."""
    should = written(logs)
    with suppress(TimeoutError):
        until("all is counted", lambda: sum(counted(member).values()) >= sum(should.values()), seconds)
    same(member.name, counted(member), should)


def group(labels):
    return tuple(sorted((name, value) for name, value in labels if value is not None))


def changed(member):
    """Each change of an alert in the order of time, by its decision log: rule, group, what it came to."""
    query = ("SELECT CAST(decision AS TEXT) FROM decision WHERE kind IN ('changed firing', 'changed resolved') "
             "ORDER BY at_ms, kind = 'changed firing'")
    decisions = [json.loads(decision) for (decision,) in rows(member, query)]
    return [(decision["rule"], group(decision["labels"]), decision["to"]) for decision in decisions]


def would_change(world, logs, rules, until):
    """The same, as a backtest says over all logs and on until some time."""
    command = [world.program, "backtest", "--rules", str(rules), "--until", until.isoformat(), "--format", "json",
               "--quiet", *(log.path.name for log in logs)]
    done = subprocess.run(command, cwd=logs[0].path.parent, env=world.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    changes = []
    for alert in json.loads(done.stdout)["alerts"]:
        for to, key in (("firing", "fired_at"), ("resolved", "resolved_at")):
            if alert[key]:
                changes.append((datetime.fromisoformat(alert[key]), to == "firing", alert["rule"],
                                group(alert["labels"].items()), to))
    return [change[2:] for change in sorted(changes)]


def fired(changes):
    """How often each alert fired, by rule and group."""
    return Counter((rule, labels) for rule, labels, to in changes if to == "firing")


def still_fire(changes):
    """What fires at the end."""
    last = {(rule, labels): to for rule, labels, to in changes}
    return Counter(alert for alert, to in last.items() if to == "firing")


def told_once(members):
    """How often each alert was told to fire, by rule and group: the same id twice is one. And how often an id came again."""
    by_id, again = {}, 0
    for notification in [notification for member in members for notification in member.told()]:
        again += notification["id"] in by_id
        by_id[notification["id"]] = notification
    counts = Counter()
    for notification in by_id.values():
        if notification["reason"] in ("first", "new", "changed", "historical"):
            for alert in notification["alerts"]:
                if alert["status"] == "firing":
                    counts[alert["rule"], group(alert["labels"].items())] += alert.get("episodes", 1)
    return counts, again
