"""Facts about a fleet in which servers, cables, agents and aggregators fail, one upon the other."""

import base64
import random
import time
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from broker import Broker, until
from member import Member
from traffic import SUCCEEDING, Log, Traffic, written
from verdict import all_is_counted, changed, fired, same, still_fire, told_once, would_change
from wire import at

AHEAD_S = {"web-1": 0, "web-2": 60, "web-3": -60}
RATE = 25
# An alert ends once no late line can prolong it: twice the lateness of an aggregator, and what rules keep firing.
SETTLED_S = 2400
# Beside the shipped rules ones that fire often, so that an event that counts in the wrong place shows.
RULES = """
shipped = true

# It is withheld while the lockout explains it, and says what `row` says.
[[rule]]
name = "aksk-signature-failures"
enabled = false

[[rule]]
name = "burst"
severity = "warning"
match = { module = "APIG" }
condition = "count >= 4"
window = "4s"
group_by = ["credential", "code"]
summary = "{{ count }} in {{ window }}"

[[rule]]
name = "row"
severity = "warning"
match = { code = "APIG.0301" }
condition = "consecutive >= 3"
gap = "5s"
flap = false
reset = [{ module = ["OCR", "Platform"] }]
group_by = ["credential"]
summary = "{{ count }} in a row"
"""


class Story:
    """What happens, and when: the order is fixed, the instants of the worst of it are not."""

    def __init__(self, world):
        self.world, self.draw = world, random.Random(world.seed)
        world.room()
        home = world.home
        (home / "rules").mkdir()
        (home / "rules" / "own.toml").write_text(RULES)
        # An aggregator waits longer for late lines than a backtest does by itself.
        self.rules = home / "backtest.toml"
        self.rules.write_text(f'{RULES}\n[engine]\nlateness = "5m"\n')
        self.broker = world.serve(Broker(world.network, home / "broker", ["nats-1", "nats-2", "nats-3"]))
        top = f'rules = "{home}/rules"'
        self.watches = [Member(world, name, "aggregator", fleet="replicas = 3", top=top).start()
                        for name in ("watch-1", "watch-2")]
        self.logs = [Log(home / "logs", name, number, 10, ahead_s)
                     for number, (name, ahead_s) in enumerate(AHEAD_S.items())]
        self.agents = [Member(world, log.machine, "agent", log, ahead_s=log.ahead_s).start() for log in self.logs]
        self.kills, self.began = 0, time.monotonic()

    def note(self, what):
        print(f"    {time.monotonic() - self.began:5.1f} s  {what}", flush=True)

    def leading(self):
        """The aggregator that holds the lease, as the broker has it."""
        async def holder(wire):
            found = await wire.api("STREAM.MSG.GET.OCRWATCH_LEASE", last_by_subj="ocrwatch.lease.OCRWATCH.all")
            return base64.b64decode(found["message"]["data"]).decode().partition("/")[0]

        def ask():
            for node in (node for node in self.broker.nodes if node.process):
                try:
                    return at(node.address, holder, patience_s=1)
                except (OSError, AssertionError, TimeoutError):
                    continue
            return None
        name = until("somebody holds the lease", ask)
        return next(watch for watch in self.watches if watch.name == name)

    def lose_the_stream_s_leader(self):
        self.lost = self.broker.leader("OCRWATCH")
        self.note(f"{self.lost.name}, which leads the stream, is killed")
        self.lost.kill()

    def bring_the_server_back(self):
        self.note(f"{self.lost.name} comes back")
        self.lost.start()

    def cut(self):
        self.note("the cable of web-2 is cut")
        self.world.network.cut("web-2")

    def heal(self):
        self.note("it is healed")
        self.world.network.heal("web-2")

    def kill_the_aggregator(self):
        time.sleep(self.draw.uniform(0, 3))
        self.killed = self.leading()
        self.note(f"{self.killed.name}, which tells, is killed")
        self.killed.kill()
        self.kills += 1

    def kill_the_other_first(self):
        """The one that stands by is killed and comes back, and does not know yet what was told when the teller goes."""
        killed = self.leading()
        other = next(watch for watch in self.watches if watch is not killed)
        self.note(f"{other.name}, which stands by, is killed and started again, and {killed.name} is killed")
        other.kill()
        time.sleep(self.draw.uniform(0, 1))
        other.start(wait=False)
        time.sleep(self.draw.uniform(0, 1.5))
        killed.kill()
        self.killed = killed

    def start_the_aggregator(self):
        self.note(f"{self.killed.name} is started again")
        self.killed.start(wait=False)

    def kill_an_agent(self):
        time.sleep(self.draw.uniform(0, 1))
        self.note("web-3 is killed")
        self.agents[2].kill()

    def start_the_agent(self):
        self.note("web-3 is started again")
        self.agents[2].start(wait=False)

    def tell(self):
        plot = [
            (6, self.lose_the_stream_s_leader), (9, self.cut), (14, self.kill_the_aggregator),
            (18, self.bring_the_server_back), (19, self.start_the_aggregator), (29, self.heal),
            (31, self.kill_an_agent), (33, self.kill_the_aggregator), (35, self.start_the_agent),
            (47, self.start_the_aggregator), (51, self.kill_the_other_first), (58, self.start_the_aggregator),
            (60, self.lose_the_stream_s_leader), (61, self.kill_the_aggregator), (65, self.bring_the_server_back),
            (66, self.start_the_aggregator),
        ]
        print(f"    seed {self.world.seed}")
        traffic = Traffic(self.logs, RATE, self.world.seed)
        traffic.start()
        self.began = time.monotonic()
        for second, act in plot:
            time.sleep(max(0, self.began + second - time.monotonic()))
            act()
        time.sleep(4)
        traffic.end()
        self.note(f"{sum(written(self.logs).values())} errors are written")


def every_error_is_counted_once_by_both_aggregators_whatever_is_killed_or_cut(world):
    world.story = story = Story(world)
    story.tell()
    for watch in story.watches:
        all_is_counted(watch, story.logs)
    # What comes twice comes late.
    time.sleep(2)
    story.note("all is counted")
    for watch in story.watches:
        all_is_counted(watch, story.logs, 0)
        lost = watch.total("ocrwatch_fleet_messages_total", 'fate="lost"') + watch.total("ocrwatch_late_total")
        assert not lost, f"{watch.name} says that {lost:.0f} are lost or late"


def each_alert_is_told_once_although_the_teller_was_killed(world):
    story = world.story
    begun = fired(changed(story.watches[0]))
    assert sum(begun.values()) > 60, begun
    same("the other aggregator", fired(changed(story.watches[1])), begun)

    def rest():
        told, _ = told_once(story.watches)
        return begun.keys() <= told.keys()
    until("every alert is told", rest, 30)
    told, again = told_once(story.watches)
    print(f"    {sum(told.values())} told, {len(story.watches[0].told())} and {len(story.watches[1].told())} times; "
          f"{again} came again under the same id")
    same("told", told, begun)


def the_alerts_are_those_of_a_backtest_over_all_logs(world):
    story = world.story
    # Nobody waits until no late line can change them: the aggregators were away for as long.
    for watch in story.watches:
        watch.stop()
        watch.ahead_s = SETTLED_S
        watch.start()
    until_ = datetime.now(timezone.utc) + timedelta(seconds=SETTLED_S)
    should = would_change(world, story.logs, story.rules, until_)
    assert len(should) > 120, should
    print(f"    {sum(fired(should).values())} alerts of {len({rule for rule, _, _ in should})} rules")
    for watch in story.watches:
        def settled():
            changes = changed(watch)
            return exact(fired(changes)) == exact(fired(should)) and still_fire(changes) == still_fire(should)
        with suppress(TimeoutError):
            until("it is settled", settled, 20)
        same(f"fired at {watch.name}", exact(fired(changed(watch))), exact(fired(should)))
        same(f"fire still at {watch.name}", still_fire(changed(watch)), still_fire(should))


def exact(alerts):
    """Those that do not hang on which of two hosts is read first: a row that a success of another host ends may have
    been an alert for a moment, until that success was read."""
    rows = ("row", "aksk-lockout")
    return Counter({(rule, labels): times for (rule, labels), times in alerts.items()
                    if rule not in rows or dict(labels)["credential"] not in SUCCEEDING})


CHAOS = [
    every_error_is_counted_once_by_both_aggregators_whatever_is_killed_or_cut,
    each_alert_is_told_once_although_the_teller_was_killed,
    the_alerts_are_those_of_a_backtest_over_all_logs,
]
