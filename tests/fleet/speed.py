"""How much goes through a fleet on this machine, and how soon it is decided about.

Owns the figures that `docs/fleet.md` and `docs/fleet-arithmetic.md` show. Judges none of them. Fails with
`TimeoutError` where something does not arrive at all.

Servers, publishers and aggregator share the machine's processors: what is printed is what all of them together do.
"""

import asyncio
import copy
import json
import statistics
import time
from datetime import datetime, timezone
from pathlib import Path

from broker import Broker, until
from member import Member
from traffic import ERRORS, Log
from verdict import counted, rows
from wire import Wire, at, messages

AGENTS = 1_000
UNDER_WAY = 256
PROBE = ("OCR", "AIS.9999", "A code of nobody.", 400)


def measure(world):
    for replicas, names in ((1, ["nats-1"]), (3, ["nats-1", "nats-2", "nats-3"])):
        print(f"\n{len(names)} server{'s' * (len(names) > 1)}, {replicas} cop{'ies' if replicas > 1 else 'y'} of the stream", flush=True)
        begin(world, names, replicas)
        form = a_real_message(world)
        stored(world, form)
        taken(world, form, 40_000, 1)
        taken(world, form, 400_000, 200)
        latency(world, 100)
        many(world, form, seconds=20, rate=1)
        many(world, form, seconds=20, rate=3)


def begin(world, names, replicas):
    world.room()
    world.serve(Broker(world.network, world.home / "broker", names))
    world.watch = Member(world, "watch-1", "aggregator", fleet=f"replicas = {replicas}").start()
    world.log = Log(world.home / "logs", "web-1", 1, 10)
    world.agent = Member(world, "web-1", "agent", world.log).start()
    until("the stream is there", lambda: "OCRWATCH" in world.broker.streams())
    world.address, world.sent = world.broker.nodes[0].address, 0


def a_real_message(world):
    """What the real agent publishes of one error: subject and message."""
    world.log.error(*ERRORS[0])
    until("an error is published", lambda: state(world)["messages"])
    subject, head, body = at(world.address, lambda wire: messages(wire, "OCRWATCH", 1, 1))[0]
    stored_bytes = state(world)["bytes"]
    find = json.dumps(json.loads(body)["finds"][0], separators=(",", ":"))
    world.sent = 1
    print(f"  a message with one find: {stored_bytes} bytes in the stream, {len(body)} its body, {len(find)} the find, {len(head)} its head")
    return subject, json.loads(body)


def state(world):
    return world.broker.streams()["OCRWATCH"]["state"]


class Simulated:
    """What one machine publishes that is not there: messages of the real form, numbered as a life of its own."""

    def __init__(self, form, name):
        self.subject, pattern = form
        self.message, self.number = copy.deepcopy(pattern), 0
        self.message.update(machine=name, life=f"simulated-{name}")
        self.find = self.message["finds"][0]

    def next(self, finds):
        """Subject, id and body of the next message."""
        self.number += 1
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+00:00"
        self.find["error"]["at"] = now
        self.message.update(number=self.number, finds=[self.find] * finds)
        body = json.dumps(self.message, separators=(",", ":")).encode()
        return self.subject, f"{self.message['machine']}/{self.number}", body


async def pour(wire, simulated, count, finds):
    """Publishes as fast as the stream stores, so many under way as an agent has at most."""
    under_way = set()
    for _ in range(count):
        subject, name, body = simulated.next(finds)
        under_way.add(wire.ask(subject, body, {"Nats-Msg-Id": name}))
        if len(under_way) >= UNDER_WAY:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            assert all(b'"error"' not in answer.result() for answer in done)
    await asyncio.gather(*under_way)


def stored(world, form):
    """What the stream stores, the aggregator at rest."""
    world.watch.kill()
    for finds, count in ((1, 30_000), (200, 600)):
        simulated = Simulated(form, f"stored-{finds}")
        before, began = state(world)["bytes"], time.monotonic()
        at(world.address, lambda wire: pour(wire, simulated, count, finds))
        took = time.monotonic() - began
        mb = (state(world)["bytes"] - before) / 1e6
        world.sent += finds * count
        print(f"  stored: {count / took:,.0f} messages/s with {finds} find{'s' * (finds > 1)} each, {mb / took:.1f} MB/s", flush=True)
    world.watch.start()
    until("all is taken", lambda: total(world) >= world.sent, 300)


def total(world):
    return sum(counted(world.watch).values())


def taken(world, form, finds, per_message):
    """What the aggregator takes from a stream that is ahead of it, to the commit."""
    world.watch.kill()
    simulated = Simulated(form, f"taken-{per_message}")
    at(world.address, lambda wire: pour(wire, simulated, finds // per_message, per_message))
    world.watch.start()
    before, began = total(world), time.monotonic()
    world.sent += finds
    until("all is taken", lambda: total(world) >= world.sent, 300)
    took, cpu = time.monotonic() - began, processor_s(world.watch)
    print(f"  taken in, decided and committed: {(world.sent - before) / took:,.0f} finds/s with {per_message} to a message, "
          f"{cpu / finds * 1e6:.1f} µs of a processor each", flush=True)


def processor_s(member):
    fields = Path(f"/proc/{member.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def latency(world, probes):
    """From the write of a line at an agent to the commit at the aggregator."""
    found = []
    for _ in range(probes):
        before, began = probes_seen(world), time.monotonic()
        world.log.error(*PROBE)
        world.sent += 1
        while probes_seen(world) == before:
            time.sleep(0.002)
            if time.monotonic() - began > 30:
                raise TimeoutError("a probe is not counted within 30 s")
        found.append((time.monotonic() - began) * 1000)
        time.sleep(0.05)
    said("line to commit", found)


def probes_seen(world):
    [(errors,)] = rows(world.watch, "SELECT coalesce(sum(errors), 0) FROM history WHERE code = 'AIS.9999'")
    return errors


def said(what, found_ms):
    percentiles = statistics.quantiles(found_ms, n=100)
    print(f"  {what}: median {percentiles[49]:.0f} ms, 99 of 100 within {percentiles[98]:.0f} ms, at most {max(found_ms):.0f} ms", flush=True)


def many(world, form, seconds, rate):
    """A thousand agents, each on a connection of its own and a message at a time, while probes are measured."""
    async def one(number, until_, waits):
        node = world.broker.nodes[number % len(world.broker.nodes)]
        simulated = Simulated(form, f"many-{rate}-{number}")
        wire = await Wire.open(node.address, f"agent {number}")
        await asyncio.sleep(number / AGENTS)
        while (began := time.monotonic()) < until_:
            subject, name, body = simulated.next(1)
            await wire.ask(subject, body, {"Nats-Msg-Id": name})
            waits.append((time.monotonic() - began) * 1000)
            await asyncio.sleep(max(0, began + 1 / rate - time.monotonic()))
        await wire.close()

    async def all_of_them():
        waits = []
        loop = asyncio.get_running_loop()
        until_ = time.monotonic() + seconds
        agents = asyncio.gather(*[one(number, until_, waits) for number in range(AGENTS)])
        await asyncio.sleep(4)
        connections = sum(node.asked("varz")["connections"] for node in world.broker.nodes)
        memory = [node.asked("varz")["mem"] / 2**20 for node in world.broker.nodes]
        await loop.run_in_executor(None, latency, world, 15)
        await agents
        return waits, connections, memory

    print(f"  {AGENTS:,} simulated agents, {rate} message{'s' * (rate > 1)} a second each", flush=True)
    before = [node.asked("varz")["mem"] / 2**20 for node in world.broker.nodes]
    waits, connections, memory = asyncio.run(all_of_them())
    world.sent += len(waits)
    until("all is taken", lambda: total(world) >= world.sent, 120)
    said("publish to stored", waits)
    assert total(world) == world.sent, f"{total(world)} instead of {world.sent}"
    print(f"  {len(waits) / seconds:,.0f} messages/s over {connections} connections, none lost or doubled; servers have "
          f"{', '.join(f'{mib:.0f} ({mib - had:+.0f})' for mib, had in zip(memory, before))} MiB, the aggregator {world.watch.look_at_memory() / 1024:.0f} MiB", flush=True)
