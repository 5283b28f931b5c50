#!/usr/bin/env python3
"""The logs that `benches/speed` measures with. Always the same: sparse, dense, hostile, tiny, as large as one asks.

usage: logs.py KIND BYTES FILE
"""

import base64
import random
import sys
from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 23, 0, 0, 0, tzinfo=timezone.utc)
ERRORS = [
    ("AIS.0104", "The image is not supported or the image quality is poor.", 400),
    ("AIS.0103", "The image size does not meet the requirements.", 400),
    ("APIG.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute", 429),
    ("ModelArts.4106", "Invalid authorization request.", 403),
]
OTHERS = ["FRS.0304", "SMN.0001", "EPS.0002", "IAM.0011", "DIS.0101", "APIC.0106", "ROMA.0101", "IEF.0101"]
PROSE = [
    "the catalogue of AIS. codes is at the usual place, see ModelArts.Workspace for who may read it",
    "APIG. stands for API gateway; APIGW.domain and AIS.token are names of settings",
    "retrying, as documented for AIS.01xx and ModelArts.4xxx errors",
    "error_code and error_msg are set by the service, request_id by the gateway",
    "MAIS.0101x and x-APIG.0308-guide are pages, and AIS.010 is a prefix",
]


def stamp(number, step_ms=1):
    return (START + timedelta(milliseconds=number * step_ms)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def success(draw, number):
    took = draw.randrange(900)
    return (f"{stamp(number)} INFO  [worker-{number % 8}] gateway.ocr: job {draw.randrange(1_000_000)} (id-card) done in "
            f"{took} ms, {number % 20} fields, confidence 0.{took:03}\n")


def error(draw, number):
    job = draw.randrange(1_000_000)
    code, message, status = ERRORS[job % 4]
    return (f"{stamp(number)} ERROR [worker-{number % 8}] gateway.ocr: job {job} failed: HTTP {status} "
            f'{{"error_code":"{code}","error_msg":"{message}","request_id":"{draw.getrandbits(128):032x}"}}\n')


def every(apart):
    return lambda draw, number: (error if number % apart == apart // 2 else success)(draw, number)


def hostile(draw, number):
    kind = number % 3
    if kind == 0:
        image = base64.b64encode(draw.randbytes(draw.randrange(600, 6000))).decode()
        return f'{stamp(number)} DEBUG [worker-{number % 8}] gateway.ocr: request {{"image":"{image}","side":"front"}}\n'
    if kind == 1:
        other = draw.choice(OTHERS)
        return (f'{stamp(number)} ERROR [worker-{number % 8}] gateway.face: HTTP 400 {{"error_code":"{other}",'
                f'"error_msg":"Something else is wrong.","request_id":"{draw.getrandbits(128):032x}"}}\n')
    return f"{stamp(number)} INFO  [worker-{number % 8}] notes: {draw.choice(PROSE)}\n"


KINDS = {"sparse": every(1000), "dense": every(5), "hostile": hostile}


def write(kind, size_bytes, path):
    line, draw, written, number = KINDS[kind], random.Random(1), 0, 0
    with open(path, "w", encoding="ascii", buffering=1 << 20) as out:
        while written < size_bytes:
            written += out.write(line(draw, number))
            number += 1


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    write(sys.argv[1], int(sys.argv[2]), sys.argv[3])
