"""Log lines with the request's image in them: longer than a container runtime's 16 KiB, the error behind the image.

The shown length of the image moves the runtime's cut over the body: before the body, into the key, at each side
of the code and into it."""

import logging
import sys

import requests

import client as shared

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("ocr.debug")
logging.getLogger("urllib3").setLevel(logging.WARNING)
PART = 16 * 1024
HEAD_BYTES = len("2026-11-23 16:00:00,000 ERROR ocr.debug request {'image': ''} answered 400 ")
CUTS = (-400, -8, 0, 1, 4, 5, 9, 12)
for index in range(shared.CALLS):
    response = requests.post(shared.url("web-image"), headers={"X-Auth-Token": shared.TOKEN}, json={"image": shared.IMAGE * 120}, timeout=30)
    text = response.text.strip()
    shown = PART - HEAD_BYTES - text.index(response.json()["error_code"]) - CUTS[index % len(CUTS)]
    log.error("request {'image': '%s'} answered %s %s", (shared.IMAGE * 120)[:shown], response.status_code, text)
    shared.mark()
