"""Facts about a broker that is away for a while."""

import time

from broker import until
from lockout import three_hosts
from member import Member
from traffic import ERRORS, Log, Traffic
from verdict import all_is_counted

# More than is read within the second that lies between two looks at the buffer.
STORM = 80_000


def what_is_found_while_the_broker_is_away_waits_and_comes_once(world):
    logs, agents, [watch] = three_hosts(world)
    traffic = Traffic(logs, 20, world.seed)
    traffic.start()
    time.sleep(1.5)
    world.broker.stop()
    time.sleep(3)
    agents[0].kill()
    agents[0].start()
    agents[1].stop()
    agents[1].start()
    time.sleep(2)
    world.broker.start()
    time.sleep(1)
    traffic.end()
    all_is_counted(watch, logs)


def a_full_buffer_lets_the_log_wait_and_nothing_is_lost(world):
    logs, _, [watch] = three_hosts(world)
    world.broker.stop()
    log = Log(world.home / "logs", "web-4", 4, 10)
    agent = Member(world, "web-4", "agent", log, fleet='buffer_max = "1MiB"').start()
    for number in range(STORM):
        log.error(*ERRORS[number % len(ERRORS)])
    size = log.path.stat().st_size

    until("it says that its buffer is full", lambda: agent.total("ocrwatch_fleet_full"))

    def waiting():
        return agent.total("ocrwatch_fleet_waiting_bytes")
    before = -1
    while before != (before := waiting()):
        time.sleep(2)
    unread = agent.total("ocrwatch_source_lag_bytes")
    print(f"    {before / 2**20:.1f} MiB wait in the state, {unread / 2**20:.1f} MiB of {size / 2**20:.1f} in the log")
    assert unread > 0, "all was read although the buffer holds less"
    world.broker.start()
    all_is_counted(watch, [log], 90)


OUTAGE = [
    what_is_found_while_the_broker_is_away_waits_and_comes_once,
    a_full_buffer_lets_the_log_wait_and_nothing_is_lost,
]
