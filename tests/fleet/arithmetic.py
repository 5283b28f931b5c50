#!/usr/bin/env python3
"""Beyond these machines: what a fleet asks of its agents, its broker and its aggregators.

usage: tests/fleet/arithmetic.py [NAME=VALUE]…   prints the tables of docs/fleet-arithmetic.md under other assumptions
       tests/fleet/arithmetic.py --write         writes them into the page
       tests/fleet/arithmetic.py --check         whether the page shows what is printed; exit code 1 if not

Names are those of the assumptions' table. Measured figures are assumptions, too: measure yours, and put them in.
"""

import random
import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "fleet-arithmetic.md"

# Name: value, what it is, where it comes from.
ASSUMPTIONS = {
    "hosts": (10_000, "machines with an agent", "asked"),
    "lines_per_s": (1_000, "lines that each of them writes in a second", "asked"),
    "line_bytes": (200, "bytes of a line", "`benches/logs.py`: 130 to 270"),
    "success_share": (0.0, "share of lines that show a call that succeeded", "no access log is followed; see below"),
    "codes_mixed": (4, "codes that come by turns, equally often; in a storm it is one", "assumed"),
    "find_bytes": (350, "bytes of a find in a message", "measured, `tests/fleet/run --speed`"),
    "message_bytes": (470, "bytes of a message beside its finds: subject, id, machine, source, what the stream adds", "measured, the same"),
    "finds_per_message_max": (300, "finds that fit into a message: 256 KiB, each counted with 512 bytes more", "`fleet/packing.rs`"),
    "agent_commit_s": (1.0, "seconds between two commits of an agent, which close its messages", "`daemon`"),
    "agent_errors_per_s": (50_000, "errors that an agent's processor finds in a second", "`benches/README.md`, dense log"),
    "agent_buffer_mib": (256, "`buffer_max`", "default"),
    "replicas": (3, "`replicas`", "recommended"),
    "stream_messages_per_s": (12_000, "messages a second that one replicated stream stores", "measured, three servers on two busy cores; larger machines below"),
    "stream_mb_per_s": (60, "megabytes a second of the same", "measured, the same"),
    "aggregator_finds_per_s": (110_000, "finds a second from the stream to the commit", "measured, two busy cores"),
    "aggregator_messages_per_s": (20_000, "messages a second, where each has one find", "measured, the same"),
    "headroom": (0.5, "share of what something can do that it is asked to", "assumed"),
    "group_bytes": (459, "memory of a group with one occurrence", "`benches/README.md`"),
    "groups": (100_000, "groups that are known", "limit of the engine"),
    "machine_bytes": (1_000, "memory of a machine that was heard of", "`fleet/intake.rs`, estimated"),
    "connection_kib": (50, "memory of a connection at the broker", "measured, 1,000 simulated agents"),
    "disk_tb": (1.0, "TB of each server's disk for the stream", "assumed; `retention` is 7 days"),
    "storm_minutes": (30, "how long a storm lasts", "assumed"),
    "keys": (200, "access keys of the fleet, the n-th used by 1/n as many calls as the first", "assumed"),
}
# Share of lines that are errors, and what that is.
SHARES = [(0.0001, "0.01 %, a good day"), (0.01, "1 %, a bad one"), (1.0, "100 %, a storm")]


class Fleet:
    """The assumptions, and what follows from them by multiplication."""

    def __init__(self, changed):
        for name, (value, _, _) in ASSUMPTIONS.items():
            setattr(self, name, type(value)(changed.get(name, value)))

    def finds_of_host(self, share):
        return self.lines_per_s * min(1.0, share + self.success_share)

    def finds_per_message(self, share):
        """Finds that follow each other under one subject before a commit closes the message."""
        in_commit = max(1.0, self.finds_of_host(share) * self.agent_commit_s)
        codes = 1 if share >= 1 else self.codes_mixed + (self.success_share > 0)
        # A row of equals among k that come by chance is k / (k - 1) long.
        row = in_commit if codes == 1 else codes / (codes - 1)
        return min(in_commit, row, self.finds_per_message_max)

    def load(self, share):
        """Finds, messages and bytes a second of all hosts."""
        finds = self.hosts * self.finds_of_host(share)
        messages = finds / self.finds_per_message(share)
        return finds, messages, finds * self.find_bytes + messages * self.message_bytes

    def streams(self, share):
        """How many streams it takes, and what of a stream decides that."""
        _, messages, size = self.load(share)
        by_messages = messages / (self.stream_messages_per_s * self.headroom)
        by_bytes = size / (self.stream_mb_per_s * 1e6 * self.headroom)
        return max(by_messages, by_bytes, 0.0), "messages" if by_messages > by_bytes else "bytes"

    def aggregators(self, share):
        """How many partitions it takes, each with an aggregator of its own."""
        finds, messages, _ = self.load(share)
        return max(finds / self.aggregator_finds_per_s, messages / self.aggregator_messages_per_s) / self.headroom


def number(value):
    """A number as a reader takes it in: three digits that count."""
    if value >= 100:
        rounded = round(value, 2 - len(str(int(value))) + 1)
        return f"{int(rounded):,}"
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def size(value):
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            return f"{number(value)} {unit}"
        value /= 1000


def time(seconds):
    for unit, length in (("days", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{number(seconds / length)} {unit}"
    return f"{number(seconds)} s"


def table(head, rows):
    align = [":---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (head, align, *rows))


def assumptions(fleet):
    rows = [(f"`{name}`", number(getattr(fleet, name)) if getattr(fleet, name) else "0", what, source)
            for name, (_, what, source) in ASSUMPTIONS.items()]
    lines = table(("Name", "Value", "What", "From"), rows).splitlines()
    lines[1] = "| :--- | ---: | :--- | :--- |"
    return "\n".join(lines)


def agent(fleet):
    rows = []
    for share, name in SHARES:
        finds = fleet.finds_of_host(share)
        _, _, bytes_ = fleet.load(share)
        own = bytes_ / fleet.hosts
        rows.append((name, number(finds), f"{number(100 * finds / fleet.agent_errors_per_s)} %", size(own),
                     time(fleet.agent_buffer_mib * 2**20 / own)))
    return table(("Lines that are errors", "finds a second", "of a processor", "published a second", "until the buffer is full, without a broker"), rows)


def broker(fleet):
    rows = []
    for share, name in SHARES:
        finds, messages, bytes_ = fleet.load(share)
        streams, by = fleet.streams(share)
        rows.append((name, number(finds), number(messages), size(bytes_), size(bytes_ * (fleet.replicas - 1)),
                     time(fleet.disk_tb * 1e12 / bytes_), number(max(1, -(-streams // 1))), by))
    head = ("Lines that are errors", "finds/s", "messages/s", "into the broker, a second", "between its servers",
            f"{number(fleet.disk_tb)} TB of a server's disk would hold", "streams needed", "because of")
    memory = size(fleet.hosts * fleet.connection_kib * 1024)
    return f"{table(head, rows)}\n\nTheir {number(fleet.hosts)} connections are {memory} of memory, over all servers."


def aggregator(fleet):
    rows = []
    for share, name in SHARES:
        needed = fleet.aggregators(share)
        rows.append((name, number(max(1, -(-needed // 1))), f"{number(100 * needed)} %"))
    memory = fleet.groups * fleet.group_bytes + fleet.hosts * fleet.machine_bytes
    return "\n".join([table(("Lines that are errors", "partitions", "of one aggregator's share"), rows), "",
                      f"Memory of each: {number(fleet.groups)} groups and {number(fleet.hosts)} machines are {size(memory)}, beside the 20 MB of any run."])


def skew(fleet):
    """Keys drawn over partitions: the fullest one's share, against an even one."""
    weights = [1 / rank for rank in range(1, fleet.keys + 1)]
    total, draw, rows = sum(weights), random.Random(7), []
    for partitions in (1, 2, 4, 8, 16, 32):
        fullest = []
        for _ in range(200):
            loads = [0.0] * partitions
            for weight in weights:
                loads[draw.randrange(partitions)] += weight / total
            fullest.append(max(loads))
        fullest.sort()
        middle = fullest[len(fullest) // 2]
        rows.append((partitions, f"{100 / partitions:.0f} %", f"{100 * middle:.0f} %", f"{1 / middle:.1f}"))
    head = ("Partitions", "even share", "the fullest one's", "what all together carry, in aggregators")
    return table(head, rows) + f"\n\nThe first key alone is {100 / total:.0f} % of all calls, and is never spread."


def storm(fleet, striken, capacity_broker, capacity_aggregators):
    """Second by second: a share of the hosts logs nothing but errors for a while, and then what it logged before.

    Hosts are alike, so each kind is one; the broker gives every host its turn, an aggregator takes what the stream
    holds in its order.
    """
    bad, calm = fleet.hosts * striken, fleet.hosts * (1 - striken)
    quiet = fleet.finds_of_host(SHARES[0][0])
    buffer_finds = fleet.agent_buffer_mib * 2**20 / fleet.find_bytes
    waiting = stream = 0.0
    log_most = stream_most = 0.0
    second, end = 0, fleet.storm_minutes * 60
    while second < end or waiting > bad or stream > capacity_aggregators:
        second += 1
        if second > 30 * 86_400:
            return None
        waiting += bad * (fleet.lines_per_s if second <= end else quiet)
        passed = min(waiting, max(0.0, capacity_broker - calm * quiet))
        waiting -= passed
        stream += passed + calm * quiet
        stream = max(0.0, stream - capacity_aggregators)
        log_most = max(log_most, waiting / bad - buffer_finds)
        stream_most = max(stream_most, stream)
    return max(0.0, log_most) * fleet.line_bytes, stream_most / capacity_aggregators, second


def storms(fleet):
    rows = []
    broker_finds = min(fleet.stream_messages_per_s * fleet.finds_per_message(1.0), fleet.stream_mb_per_s * 1e6 / (fleet.find_bytes + fleet.message_bytes / fleet.finds_per_message(1.0)))
    for striken, name in ((0.01, "1 of 100"), (0.1, "1 of 10"), (1.0, "all")):
        for aggregators in (1, 4):
            result = storm(fleet, striken, broker_finds, aggregators * fleet.aggregator_finds_per_s)
            if result is None:
                rows.append((name, aggregators, "more than a month", "", ""))
                continue
            log, behind, drained = result
            rows.append((name, aggregators, size(log), time(behind), time(drained)))
    return (f"One stream takes {number(broker_finds)} finds a second of one code. "
            f"The storm lasts {fleet.storm_minutes} minutes.\n\n"
            + table(("Hosts in the storm", "aggregators", "of each log waits unread, at most", "all others are decided about later by", "all is counted after"), rows))


TABLES = {"assumptions": assumptions, "agent": agent, "broker": broker, "aggregator": aggregator, "skew": skew, "storm": storms}


def filled(page, fleet):
    """The page with every table anew."""
    for name, make in TABLES.items():
        mark = re.compile(rf"(<!-- {name} -->\n)(?:(?!<!-- ).)*(<!-- end -->)", re.S)
        assert mark.search(page), f"the page has no place for {name}"
        page = mark.sub(lambda found: found[1] + make(fleet) + "\n" + found[2], page)
    return page


def main(words):
    if words in (["--write"], ["--check"]):
        page = PAGE.read_text()
        anew = filled(page, Fleet({}))
        if words == ["--write"]:
            PAGE.write_text(anew)
        elif anew != page:
            sys.exit(f"docs/{PAGE.name} does not show what is printed\nhint: tests/fleet/arithmetic.py --write")
        return
    changed = dict(word.partition("=")[::2] for word in words)
    if unknown := changed.keys() - ASSUMPTIONS.keys():
        sys.exit(f"no assumption: {', '.join(unknown)}\n{__doc__}")
    fleet = Fleet(changed)
    for name, make in TABLES.items():
        print(f"## {name}\n\n{make(fleet)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
