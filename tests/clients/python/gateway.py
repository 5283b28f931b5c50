"""A small OCR gateway that lives through the two hours of `gateway_day`: the log of README's first example.

The calls, the errors and the texts are real; only the clock is the scenario's: a record's time is the scripted
second plus a made-up duration of the call, so that two hours pass in seconds.
"""

import logging
import os
import random
import sys
import threading
import time
from datetime import datetime, timedelta, timezone

import requests
import tenacity

sys.path.insert(0, os.environ["OCR_SCENARIOS"])
import client as shared  # noqa: E402
import scenarios  # noqa: E402
from huaweicloudsdkcore.exceptions import exceptions  # noqa: E402

START = datetime(2026, 11, 23, 8, 30, 0, tzinfo=timezone(timedelta(hours=8)))
now = {"scripted": 0.0, "since": time.monotonic()}


class Stamp(logging.Formatter):
    def formatTime(self, record, datefmt=None):
        at = START + timedelta(seconds=now["scripted"] + time.monotonic() - now["since"])
        return at.isoformat(timespec="milliseconds")


def set_clock(seconds):
    now.update(scripted=max(seconds, now["scripted"] + 0.05), since=time.monotonic())


def wait(seconds):
    """Tenacity's sleep: the scripted clock moves, nobody waits."""
    set_clock(now["scripted"] + time.monotonic() - now["since"] + seconds)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(Stamp("%(asctime)s %(levelname)-7s [%(threadName)s] %(name)s: %(message)s"))
logging.basicConfig(level=logging.INFO, handlers=[handler])
log, retry_log, proxy_log = (logging.getLogger(name) for name in ("gateway.ocr", "gateway.retry", "gateway.webimage"))
batch_log = logging.getLogger("gateway.batch")
durations = random.Random(20261123)


def before_sleep(state):
    retry_log.warning("try %d of 3 failed, next in %.0f s: %s", state.attempt_number, state.next_action.sleep, state.outcome.exception())


def is_transient(error):
    return isinstance(error, exceptions.ServiceResponseException) and (error.status_code >= 500 or error.status_code == 429)


@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(2), reraise=True, sleep=wait, before_sleep=before_sleep,
                retry=tenacity.retry_if_exception(is_transient))
def recognize(ocr, api):
    wait(durations.uniform(0.18, 0.9))
    return getattr(ocr, "recognize_" + api.replace("-", "_"))(shared.request_for(api))


def by_sdk(ocr, job, api):
    try:
        result = recognize(ocr, api)
    except exceptions.ServerResponseException:
        log.exception("job %s (%s) failed after 3 tries", job, api)
    except exceptions.ServiceResponseException as e:
        log.error("job %s (%s) failed: %s", job, api, e)
        if api == "vat-invoice":
            batch_log.error("batch of job %s stopped at its first page: %s", job, e)
    else:
        words = [block.words for block in result.result.words_block_list] if api == "general-text" else []
        log.info("job %s (%s) done%s", job, api, f", text: {words}" if len(words) > 2 else "")


def by_token(job, api):
    wait(durations.uniform(0.18, 0.9))
    response = requests.post(shared.url(api), headers={"X-Auth-Token": shared.TOKEN}, json={"image": shared.IMAGE}, timeout=30)
    if response.ok:
        proxy_log.info("job %s (%s) done", job, api)
        return
    proxy_log.error("POST %s -> %d %s", response.url, response.status_code, response.text.strip())


def main():
    logging.getLogger("gateway").info("ocr-gateway 2.4.1 starting, endpoint %s, access key %s", shared.ENDPOINT, shared.ACCESS_KEY)
    logging.getLogger("gateway").info("retrying HTTP 429 and 5xx up to 3 times")
    shared.mark()
    ocr = shared.sdk()
    for number, (seconds, api, _) in enumerate(scenarios.gateway_day(), 1):
        set_clock(seconds)
        job = f"{20260 + number:05d}"
        if seconds == 4960:
            proxy_log.info("new token obtained, valid for 24 h")
        if seconds == 4330:
            logging.getLogger("gateway").warning("credentials reloaded from the vault")
        work = (by_token, (job, api)) if api == "web-image" else (by_sdk, (ocr, job, api))
        worker = threading.Thread(target=work[0], args=work[1], name=f"worker-{number % 3 + 1}")
        worker.start()
        worker.join()
        shared.mark()
    logging.getLogger("gateway").info("shift ends")


main()
