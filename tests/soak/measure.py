"""What a run under load costs and how fast it is, and whether that stays as it was.

Owns the figures and the verdict. Must not write to any log. Fails with what the program's HTTP answers fail with.
"""

import os
import statistics
import time
from pathlib import Path

PROBE = "AIS.9999"
TICKS = os.sysconf("SC_CLK_TCK")
LATENCY_S_MAX = 30
# What the last third may have more than the minutes before it.
GROWTH_MAX = 1.15


class Measured:
    def __init__(self, service, csv):
        self.service, self.minutes, self.latencies_ms = service, [], []
        self.csv = open(csv, "w") if csv else None
        self.cpu_before, self.probes = 0.0, 0

    def latency(self, probe):
        """Milliseconds from a line's write to its being counted, the answer of /metrics included."""
        began = time.monotonic()
        probe()
        self.probes += 1
        while self.service.total("ocrwatch_errors_total", PROBE) < self.probes:
            if time.monotonic() - began > LATENCY_S_MAX:
                break
            time.sleep(0.005)
        self.latencies_ms.append((time.monotonic() - began) * 1000)

    def minute(self, number, written):
        process = Path(f"/proc/{self.service.process.pid}")
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / TICKS
        status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        now = {
            "minute": number,
            "rss_mib": int(status["VmRSS"].split()[0]) / 1024,
            "peak_mib": int(status["VmHWM"].split()[0]) / 1024,
            "handles": len(os.listdir(process / "fd")),
            "cpu_percent": (cpu_s - self.cpu_before) / 0.6,
            "latency_ms": statistics.median(self.latencies_ms or [0]),
            "latency_ms_max": max(self.latencies_ms or [0]),
            "counted": self.service.total("ocrwatch_errors_total"),
            "written": written["errors"],
            "mails": self.service.mail.count(),
            "waiting": self.service.total("ocrwatch_outbox_waiting"),
        }
        self.cpu_before = cpu_s
        self.latencies_ms.clear()
        self.minutes.append(now)
        print(" ".join(f"{name}={value:.0f}" for name, value in now.items()), flush=True)
        if self.csv:
            head = ",".join(now) + "\n" if len(self.minutes) == 1 else ""
            self.csv.write(head + ",".join(f"{value:.1f}" for value in now.values()) + "\n")
            self.csv.flush()


def settled(service, written, seconds=120):
    """Waits until all is counted and told."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        counted, waiting = service.total("ocrwatch_errors_total"), service.total("ocrwatch_outbox_waiting")
        if counted >= written and waiting == 0:
            break
        time.sleep(1)
    return counted, waiting


def judge(measured, load, service):
    """What did not stay flat or was lost, in words."""
    faults = []
    written = load.written["errors"]
    counted, waiting = settled(service, written)
    if counted != written:
        faults.append(f"{written} errors were written and {counted:.0f} counted")
    if waiting:
        faults.append(f"{waiting:.0f} notifications still wait")
    dead = sum(row["state"] == "dead" for row in service.outbox()["notifications"])
    if dead:
        faults.append(f"{dead} notifications are dead")
    for name in ("ocrwatch_lost_bytes_total", "ocrwatch_possibly_lost_total", "ocrwatch_commit_failures_total"):
        if value := service.total(name):
            faults.append(f"{name} is {value:.0f}")
    if not service.mail.count():
        faults.append("no mail came")
    # What the storm needed stays with the run; a leak shows behind it, too.
    minutes = len(measured.minutes)
    first, last = measured.minutes[minutes // 2 + 1 : 2 * minutes // 3] or measured.minutes[:1], measured.minutes[2 * minutes // 3 :]
    for name in ("rss_mib", "handles", "latency_ms", "cpu_percent"):
        before, after = (statistics.median(minute[name] for minute in part) for part in (first, last))
        print(f"{name}: {before:.1f} between the storm and the last third, {after:.1f} in it")
        if after > before * GROWTH_MAX and after - before > 1:
            faults.append(f"{name} grew from {before:.1f} to {after:.1f}")
    print(f"{load.written['bytes'] / 1e9:.1f} GB, {written} errors, {service.mail.count()} mails, {load.written['late_pieces']} late writes")
    return faults
