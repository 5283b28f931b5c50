#!/usr/bin/env python3
"""The pictures of the README: each is what a program really says, in a browser with fonts of its own.

    pictures.py PROGRAM DIR [WORD]…    with words only the pictures whose names have one of them

Fonts, sizes, languages and the log are always the same; only a new look changes a picture.
"""

import argparse
import email
import email.policy
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import ansi
import logs
from browser import Browser
from running import Run, until

BYTES_MAX = 150_000
COLOURS = 128

MAIL = """
[[receiver]]
name = "team"
[receiver.email]
to = ["team@example.test"]
from = "ocrwatch@example.test"
sendmail = ["/bin/sh", "-c", "cat >mail.eml"]
"""


NOON = datetime(2026, 11, 24, 12, 0, tzinfo=logs.ZONE)

SCENE = """
timezone = "Asia/Shanghai"

[http]
listen = "127.0.0.1:{port}"
{token}

[[source]]
name = "ocr-gateway"
files = ["app.log"]
start = "beginning"

[[receiver]]
name = "on-call"
command = {{ run = ["/bin/sh", "-c", "cat >> told"] }}

[[receiver]]
name = "team"
language = "zh"
command = {{ run = ["/bin/sh", "-c", "cat >> told"] }}

[[route]]
name = "all"
receiver = "on-call"
group_wait = "0s"
continue = true

[[route]]
name = "team"
receiver = "team"
group_wait = "0s"
"""


class Studio:
    """Where pictures are taken."""

    def __init__(self, program, folder, browser, into):
        self.program = program
        self.folder = folder
        self.browser = browser
        self.into = into
        shutil.copy(logs.SAMPLE, folder / "ocr-gateway.log")

    def run(self, *arguments):
        """What the program prints."""
        done = subprocess.run([self.program, *arguments], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def page(self, name, text):
        """The address of a page with this text."""
        path = self.folder / f"{name}.html"
        path.write_text(text)
        return path.as_uri()

    def take(self, name, page, **options):
        """A picture of few colours, small enough for a README."""
        path = self.into / f"{name}.png"
        page.screenshot(path=path, animations="disabled", caret="hide", **options)
        subprocess.run(["pngquant", "--force", "--strip", "--nofs", "--speed=1", "--output", path, str(COLOURS), path], check=True)
        size = path.stat().st_size
        print(f"  {path.name}: {size} bytes", flush=True)
        assert size <= BYTES_MAX, f"{path} has {size} bytes"

    def report(self):
        """The address of the sample's report."""
        self.run("report", "--quiet", "-o", "report.html", "ocr-gateway.log")
        return (self.folder / "report.html").as_uri()


def report(studio):
    with studio.browser.open(studio.report(), width=1120, height=1556) as (page, _):
        studio.take("report", page)


def report_phone(studio):
    with studio.browser.open(studio.report(), width=390, height=844, scale=2) as (page, _):
        studio.take("report-phone", page)


def terminal(studio):
    said = studio.run("report", "--quiet", "--color", "always", "--width", "100", "ocr-gateway.log")
    with studio.browser.open(studio.page("terminal", ansi.page_of(said, 54)), width=900) as (page, _):
        box = page.locator("pre").bounding_box()
        studio.take("terminal", page, clip=box, full_page=True)


def mail(studio):
    (studio.folder / "ocrwatch.toml").write_text(MAIL)
    studio.run("report", "--quiet", "--config", "ocrwatch.toml", "--email", "team@example.test", "ocr-gateway.log")
    sent = email.message_from_bytes((studio.folder / "mail.eml").read_bytes(), policy=email.policy.default)
    body = sent.get_body(["html"]).get_content()
    with studio.browser.open(studio.page("mail", body), width=760, height=900) as (page, _):
        studio.take("mail", page)


def live(studio):
    run = Run(studio.program, studio.folder / "live", configuration=SCENE, clock=NOON)
    for minute in range(55, 4, -3):
        at = NOON - timedelta(minutes=minute)
        run.fail("AIS.0104", "The image is not supported or the image quality is poor.", minute * 7 % 4, at)
        run.fail("ModelArts.4402", "Backend service timeout error.", minute % 3, at + timedelta(seconds=40))
    run.fail("ModelArts.4204", "Request api error! The API ocr_vat_invoice is not subscribed.", 5, NOON - timedelta(minutes=3))
    run.fail("APIG.0301", "Incorrect IAM authentication information: verify aksk signature fail", 9, NOON - timedelta(minutes=1))
    with run:
        def firing():
            return {alert["rule"] for alert in run.ask("/api/v1/alerts")["alerts"] if alert["state"] == "firing"}

        until("both fire", lambda: firing() >= {"aksk-lockout", "api-not-subscribed"})
        until("all is told", lambda: all(one["sent"] and not one["waiting"] for one in run.ask("/api/v1/status")["receivers"]))
        run.ask("/api/v1/silences", {"match": {"rule": "backend-timeout"}, "author": "night shift",
                                     "reason": "the provider knows, ticket 4711", "for": "4h"})
        with studio.browser.open(run.address, width=1280, height=1000, secret=run.secret) as (page, _):
            page.locator("#link.live").wait_for()
            page.locator("article.card").nth(1).wait_for()
            page.get_by_text("ticket 4711").wait_for()
            legend = page.locator("section[aria-labelledby=h-timeline] .legend").bounding_box()
            studio.take("live", page, full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": legend["y"] + 40})


PICTURES = [report, report_phone, live, terminal, mail]


def main():
    """Takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("into", type=Path)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="ocrwatch-pictures-"))
    browser = None
    try:
        browser = Browser(folder, sans="Inter")
        studio = Studio(options.program.resolve(strict=True), folder, browser, options.into.resolve())
        for picture in PICTURES:
            if not options.words or any(word in picture.__name__ for word in options.words):
                picture(studio)
    finally:
        if browser:
            browser.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
