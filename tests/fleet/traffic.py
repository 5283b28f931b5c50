"""What the applications of a fleet write into their logs, and what stands in them by then.

Owns the logs and the count of what was written. Must not know who reads them. Nothing here fails but the disk.

Every line has a millisecond of its own over the whole fleet, so that nothing hangs on which of two comes first, and
every error a request of its own, so that none is taken for the repeat of another.
"""

import random
import threading
import time
from collections import Counter
from datetime import datetime, timezone

PROJECT = "0123456789abcdef0123456789abcdef"
HOST = "ocr.cn-north-4.myhuaweicloud.com"
SIGNATURE = "Incorrect IAM authentication information: verify aksk signature fail"
# Module, code, message, status.
ERRORS = [
    ("OCR", "AIS.0104", "The image is not supported or the image quality is poor.", 400),
    ("OCR", "AIS.0103", "The image size does not meet the requirements.", 400),
    ("APIG", "APIG.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute", 429),
    ("APIG", "APIG.0201", "Backend timeout.", 504),
    ("Platform", "ModelArts.4106", "Invalid authorization request.", 403),
    ("Platform", "ModelArts.4603", "Obtaining the file from the URL failed.", 400),
]
KEYS = ["HPUA0123456789ABCDBC", "HPUB0123456789ABCDBD", "HPUC0123456789ABCDBE"]
# As they are shown; calls with these succeed now and then, with any other one never.
SUCCEEDING = ["HPUB****BD", "HPUC****BE"]
MOMENT_S = 4
GATEWAY = [error for error in ERRORS if error[0] == "APIG"]


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"


class Log:
    """The log of one host, by a clock that is so many seconds ahead."""

    def __init__(self, folder, machine, number, of, ahead_s=0):
        # Called as an aggregator calls the source, so that a backtest over the files speaks of the same ones.
        self.path = folder / f"app@{machine}"
        self.machine, self.number, self.of, self.ahead_s = machine, number, of, ahead_s
        self.out = open(self.path, "ab", buffering=0)
        self.counts, self.requests, self.last_ms = Counter(), 0, 0

    def now(self):
        """The next millisecond that is this host's own."""
        wall_ms = int((time.time() + self.ahead_s) * 1000)
        own = wall_ms - wall_ms % self.of + self.number
        self.last_ms = own if own > self.last_ms else self.last_ms + self.of
        return datetime.fromtimestamp(self.last_ms / 1000, timezone.utc)

    def error(self, module, code, message, status, key=KEYS[0]):
        self.requests += 1
        request = f"{self.number:08x}{self.requests:024x}"
        line = (f"{stamp(self.now())} ERROR [worker-1] gateway.ocr: ak={key} general-text failed: HTTP {status} "
                f'{{"error_code":"{code}","error_msg":"{message}","request_id":"{request}"}}\n')
        self.counts[module, code] += 1
        self.out.write(line.encode())

    def lockout(self, key=KEYS[0]):
        self.error("APIG", "APIG.0301", SIGNATURE, 401, key)

    def success(self, key=KEYS[0]):
        self.out.write(
            f"{stamp(self.now())} INFO httpx ak={key} HTTP Request: POST https://{HOST}/v2/{PROJECT}/ocr/general-text "
            '"HTTP/1.1 200 OK"\n'.encode())

    def filler(self, number):
        self.out.write(f"{stamp(self.now())} INFO [worker-2] gateway.ocr: job {number} (id-card) done\n".encode())


class Traffic(threading.Thread):
    """Errors of several codes and keys, calls that succeed, and lines that say nothing, at a steady rate."""

    def __init__(self, logs, rate, seed):
        super().__init__(daemon=True)
        self.logs, self.rate, self.draw = logs, rate, random.Random(seed)
        self.over = threading.Event()

    def key_of_the_moment(self, number):
        """One that is used for some seconds on all hosts, so that alerts begin all the time."""
        moment = int(number / self.rate / MOMENT_S)
        letters = chr(65 + moment // 26) + chr(65 + moment % 26)
        return f"HP{letters}0123456789ABCD{letters}"

    def line(self, log, number):
        key = self.draw.choice([*KEYS, self.key_of_the_moment(number)])
        succeeds = key in KEYS[1:]
        drawn = self.draw.random() * (1 if key in KEYS else 0.5)
        if drawn < 0.25:
            log.error(*self.draw.choice(ERRORS if succeeds else GATEWAY), key)
        elif drawn < 0.33:
            log.lockout(key)
        elif drawn < 0.40 and succeeds:
            log.success(key)
        else:
            log.filler(number)

    def run(self):
        began, number = time.monotonic(), 0
        while not self.over.is_set():
            for log in self.logs:
                self.line(log, number)
            number += 1
            wait = began + number / self.rate - time.monotonic()
            if wait > 0:
                self.over.wait(wait)

    def end(self):
        self.over.set()
        self.join()


def written(logs):
    """How many errors stand in the logs, by machine, module and code."""
    return Counter({(log.machine, *kind): count for log in logs for kind, count in log.counts.items()})

