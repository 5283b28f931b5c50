"""Logs that are made up: a day with everything in it, one that means harm, and one without end. Always the same."""

import math
import random
import tomllib
from datetime import datetime, timedelta, timezone
from pathlib import Path

CATALOGUE = Path(__file__).parents[2] / "rules/catalogue/huaweicloud-ocr.toml"
SAMPLE = Path(__file__).parents[1] / "data/ocr-gateway.log"
ZONE = timezone(timedelta(hours=8))
DAY = datetime(2026, 11, 24, tzinfo=ZONE)
UNKNOWN = [f"ModelArts.99{number:02}" for number in range(1, 8)] + ["AIS.0999", "AIS.0998", "APIG.0999", "APIGW.0301"]
APIS = ["general-text", "id-card", "vat-invoice", "web-image", "passport"]


def documented():
    """Each documented code with its messages as the service fills them in, one for each cause."""
    messages = {}
    for entry in tomllib.loads(CATALOGUE.read_text())["entry"]:
        message = entry.get("patterns", [entry.get("message", "")])[0]
        for field, value in {"{any}": "user", "{limit}": "60", "{period}": "1 minute", "{api}": "ocr_vat_invoice"}.items():
            message = message.replace(field, value)
        causes = [f"{message.rstrip('.')}: {cause['text']}" for cause in entry.get("cause", [])]
        messages[entry["code"]] = causes or [message]
    return messages


def failure(at, number, code, message, request):
    """What a client's logger prints of a call that failed."""
    stamp = at.isoformat(timespec="milliseconds")
    return (f"{stamp} ERROR   [worker-{number % 4}] gateway.ocr: job {20000 + number} ({APIS[number % len(APIS)]}) failed: "
            f"ClientRequestException - {{status_code:400,request_id:{request},error_code:{code},error_msg:{message},"
            f"encoded_authorization_message:None }}")


def day(errors=6000):
    """The lines of a day in which every documented code and some unknown ones come, most of them seldom."""
    draw = random.Random(7)
    messages = documented()
    codes = list(messages) + UNKNOWN
    told = []
    for _ in range(errors):
        # Images fail all day, more of them at noon; whatever else is wrong comes in its own hour.
        minute = min(1439, max(0, draw.gauss(780, 300)))
        told.append((minute, draw.choice(["AIS.0101", "AIS.0102", "AIS.0103", "AIS.0104", "AIS.0105"])))
    for place, code in enumerate(codes):
        begins = 1300 * math.modf(place * 0.618)[0]
        told += [(begins + draw.expovariate(1 / 20), code) for _ in range(draw.choice([1, 2, 5, 12, 40]))]
    told += [(600 + draw.random() * 20, "APIG.0308") for _ in range(400)]
    told += [(900 + step / 10, "APIG.0301") for step in range(12)]
    lines = []
    for number, (minute, code) in enumerate(sorted(told)):
        at = DAY + timedelta(milliseconds=round(min(minute, 1439.9) * 60_000))
        said = messages.get(code, ["What is new is not documented."])
        request = f"{draw.getrandbits(128):032x}"
        line = failure(at, number, code, said[number % len(said)], request)
        lines.append(line)
        if number % 40 == 0:
            lines.append(line.replace("gateway.ocr", "gateway.batch"))
        if number % 3 == 0:
            lines.append(f"{at.isoformat(timespec='milliseconds')} INFO    [worker-1] gateway.ocr: job {number} done")
    return "\n".join(lines) + "\n"


# What somebody may get into a log who wants it to be more than text. The word shows that it was found.
HARM = {
    "script": "<script>alert('harm-script')</script>",
    "close": "</script><script>alert('harm-close')</script>",
    "style": "</style><style>body{display:none}</style>harm-style",
    "comment": "<!-- harm-comment --> --> <!--",
    "image": "<img src=x onerror=alert('harm-image')>",
    "svg": "<svg onload=alert('harm-svg')><a xlink:href='javascript:alert(1)'>",
    "quotes": "\" onmouseover=\"alert('harm-quotes')\" x='",
    "attribute": "' autofocus onfocus='alert(1)' harm-attribute",
    "address": "javascript:alert('harm-address') data:text/html,<b>x</b>",
    "template": "${alert('harm-template')} {{ harm }} {% harm %} #{harm}",
    "entity": "&lt;harm-entity&gt; &amp;amp; &#60;b&#62; &quot;",
    "bidi": "harm-bidi \u202egnp.exe\u2066 \u200b\u200f\ufeff",
    "ansi": "harm-ansi \x1b[31mred\x1b[0m \x1b]8;;http://a.example\x07link\x1b]8;;\x07 \x9b2J",
    "control": "harm-control \x00\x08\x07\x7f\x85\u2028\u2029",
    "form": "<form action=http://a.example><input name=harm-form></form><base href=http://a.example><meta http-equiv=refresh content=0>",
    "astral": "harm-astral \U0001f4a5 \ufdd0 \ufffe",
}


def hostile():
    """A log in which every field that a page shows says something that means harm, as bytes."""
    lines = []
    at = DAY
    for number, text in enumerate(HARM.values()):
        for code, message in [("AIS.0101", text), ("APIG.0301", f"Incorrect IAM authentication information: verify aksk signature fail {text}"),
                              ("ModelArts.4204", f"Request api error! The API {text} is not subscribed."), (f"AIS.09{number:02}", text)]:
            at += timedelta(seconds=20)
            line = failure(at, number, code, message, text)
            lines.append(line.replace("gateway.ocr: job", f"gateway.ocr: {text} job").encode())
    at += timedelta(seconds=20)
    long = failure(at, 1, "AIS.0104", "<b>" * 350_000, "harm-long")
    return b"\n".join([*lines, long.encode(), b"\xff\xfe<b>harm-bytes</b> \xc3\x28"]) + b"\n"


# As an attribute of a file's name, which a report shows too.
HOSTILE_NAME = "<img src=x onerror=alert('harm-name')>\"'&.log"


def flood(path, occurrences, codes_max=50):
    """Writes a log of so many occurrences over ten days, as fast as a disk takes it."""
    messages = documented()
    codes = (list(messages) + UNKNOWN)[:codes_max]
    block = 100
    with open(path, "w", encoding="utf-8", buffering=1 << 20) as log:
        for first in range(0, occurrences, block):
            at = DAY + timedelta(days=10 * first / occurrences)
            # A block is of one instant; ids differ, or all but one would be repeats.
            prefix = at.isoformat(timespec="milliseconds") + " ERROR [w] gateway: failed: ClientRequestException - {status_code:400,request_id:"
            log.writelines(
                f"{prefix}{number:032x},error_code:{(code := codes[number % len(codes)])},"
                f"error_msg:{messages.get(code, ['New.'])[0]},encoded_authorization_message:None }}\n"
                for number in range(first, min(first + block, occurrences)))
