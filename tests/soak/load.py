"""What is written: a log that grows and is rotated, a storm, a probe each second.

Owns the files and what was written to them. Must not know how it is read. Fails with `CalledProcessError` where logrotate does.
"""

import subprocess
import time
from datetime import datetime, timezone

from measure import PROBE

PLACEHOLDER = b"2000-01-01T00:00:00"
PIECES = 10
STORM_S, STORM_RATE = 10, 100_000
LOGROTATE = "{log} {{ \n rotate 2 \n nocompress \n create 0644 root root \n size 1 \n}}\n"


def stamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S").encode()


def error(number, kind=b"AIS.0104", text=b"The image is not supported or the image quality is poor."):
    return (b'%s.000Z ERROR [worker-3] gateway.ocr: HTTP 400 {"error_code":"%s","error_msg":"%s","request_id":"%032x"}\n'
            % (PLACEHOLDER, kind, text, number))


def fillers(size_bytes):
    lines, size = [], 0
    while size < size_bytes:
        lines.append(b"%s.000Z INFO  [worker-%d] gateway.ocr: job %06d (id-card) done in 412 ms, 12 fields\n"
                     % (PLACEHOLDER, len(lines) % 8, len(lines)))
        size += len(lines[-1])
    return lines


class Load:
    def __init__(self, home, rate_mb, measured):
        self.logs, self.measured = home / "logs", measured
        self.log = self.logs / "app.log"
        self.written = {"errors": 0, "bytes": 0, "late_pieces": 0}
        lines = fillers(rate_mb * 1_000_000 // PIECES)
        self.blocks = [b"".join(lines[at : at + 1000]) for at in range(0, len(lines), 1000)]
        self.rotation, self.state = home / "logrotate.conf", home / "logrotate.state"
        self.rotation.write_text(LOGROTATE.format(log=self.log))
        self.log.touch()
        self.out = open(self.log, "ab", buffering=0)

    def piece(self):
        parts = []
        for block in self.blocks:
            parts += [block, error(self.written["errors"])]
            self.written["errors"] += 1
        text = b"".join(parts).replace(PLACEHOLDER, stamp())
        self.out.write(text)
        self.written["bytes"] += len(text)

    def rotate(self):
        subprocess.run(["logrotate", "-f", "-s", str(self.state), str(self.rotation)], check=True)
        # As an application that opens its log anew when it is told to.
        self.out.close()
        self.out = open(self.log, "ab", buffering=0)

    def storm(self):
        """One second of it."""
        first = self.written["errors"]
        errors = [error(number, b"ModelArts.4106", b"Invalid authorization request.") for number in range(first, first + STORM_RATE)]
        self.written["errors"] += STORM_RATE
        with open(self.logs / "storm.log", "ab", buffering=0) as out:
            out.write(b"".join(errors).replace(PLACEHOLDER, stamp()))

    def probe(self):
        number = self.written["errors"]
        self.written["errors"] += 1
        with open(self.logs / "probe.log", "ab", buffering=0) as out:
            out.write(error(number, PROBE.encode(), b"A code of nobody.").replace(PLACEHOLDER, stamp()))

    def run(self, minutes, mail):
        began, seconds = time.monotonic(), minutes * 60
        storm_at = seconds // 2
        for second in range(seconds):
            if second == seconds // 3:
                mail.stop()
            if second == 2 * seconds // 3:
                mail.start()
            if second and second % 60 == 0:
                self.rotate()
                self.measured.minute(second // 60, self.written)
            if storm_at <= second < storm_at + STORM_S:
                self.storm()
            elif second % 5 == 0:
                self.measured.latency(self.probe)
            for piece in range(PIECES):
                wait = began + second + piece / PIECES - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                else:
                    self.written["late_pieces"] += wait < -1
                self.piece()
        self.measured.minute(minutes, self.written)
