"""Retries by tenacity, which prints each failed try, and the error at last. A retry is another event."""

import logging

import tenacity

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
log = logging.getLogger("ocr.retry")
ocr = shared.sdk()


@tenacity.retry(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(0.15), reraise=True,
                before_sleep=tenacity.before_sleep_log(log, logging.WARNING))
def attempt(index):
    return shared.recognize(ocr, index)


for index in range(shared.CALLS):
    try:
        attempt(index)
        log.info("page %d recognised", index)
    except exceptions.SdkException as e:
        log.error("page %d failed for good: %s", index, e)
    shared.mark()
