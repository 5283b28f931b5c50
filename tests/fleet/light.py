"""Facts about what an agent costs its host."""

import os
import shutil
import time
from pathlib import Path

from lockout import three_hosts
from member import Member
from traffic import Log, Traffic
from verdict import all_is_counted

# What it has resident, the pages of its program among it.
RESIDENT_MIB = 15
RATE = 500


class Group:
    """A control group with a bound of memory, below our own, in whichever hierarchy there is; none if none may be made."""

    def __init__(self, bytes_max):
        self.folder = None
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, names, path = line.split(":", 2)
            if "memory" in names.split(","):
                mount, bound = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
            elif not names and Path("/sys/fs/cgroup/cgroup.controllers").exists():
                mount, bound = "/sys/fs/cgroup", "memory.max"
            else:
                continue
            folder = Path(f"{mount}{path}".rstrip("/"), f"ocrwatch-fleet-{time.time_ns()}")
            try:
                folder.mkdir()
                (folder / bound).write_text(str(bytes_max))
                self.folder = folder
                return
            except OSError:
                if folder.exists():
                    folder.rmdir()

    @property
    def entered(self):
        """What stands before a command that is to run in it."""
        return ["sh", "-c", f'echo $$ >"{self.folder}/cgroup.procs" && exec "$@"', "sh"]

    def end(self):
        for _ in range(50):
            try:
                return self.folder.rmdir()
            except OSError:
                time.sleep(0.1)


def an_agent_does_its_work_in_less_than_15_mib(world):
    _, agents, [watch] = three_hosts(world)
    group = Group(RESIDENT_MIB << 20)
    if not group.folder:
        print("    not asked: no control group can be made here")
        return
    log = Log(world.home / "logs", "web-4", 4, 10)
    agent = Member(world, log.machine, "agent", log)
    # A file that nobody else has in memory: its pages are this agent's alone.
    program = shutil.copy(world.agent, world.home)
    with open(program) as copy:
        os.fsync(copy.fileno())
        os.posix_fadvise(copy.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    agent.command = [program]
    try:
        agent.start(entered=group.entered)
        traffic = Traffic([log], RATE, world.seed)
        traffic.start()
        time.sleep(6)
        traffic.end()
        all_is_counted(watch, [log], 30)
        sizes = {kind: agent.memory_kib(kind) / 1024 for kind in ("VmRSS", "RssAnon", "RssFile")}
        free = max(agent.memory_kib("VmRSS") / 1024 for agent in agents)
        print(f"    {', '.join(f'{kind} {size:.1f} MiB' for kind, size in sizes.items())}; VmRSS {free:.1f} where nothing bounds it")
        assert agent.process.poll() is None, "it was ended for its memory"
        assert max(sizes["VmRSS"], free) < RESIDENT_MIB, sizes
    finally:
        agent.kill()
        group.end()


LIGHT = [an_agent_does_its_work_in_less_than_15_mib]
