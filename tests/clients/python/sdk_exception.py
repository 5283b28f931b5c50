"""logger.exception: the message, then two chained tracebacks of which the last line repeats the error."""

import logging

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(level=logging.INFO, format="%(asctime)s,%(process)d %(levelname)-8s %(name)s:%(lineno)d %(message)s",
                    datefmt="%Y-%m-%dT%H:%M:%S%z")
log = logging.getLogger("ocr.worker")
ocr = shared.sdk()


def work(index):
    try:
        shared.recognize(ocr, index)
    except exceptions.ClientRequestException as e:
        if index % 3 == 0:
            log.exception("page %d failed", index)
        elif index % 3 == 1:
            log.exception("page %d failed: %s", index, e)
        else:
            raise RuntimeError(f"page {index} not recognised") from e


for index in range(shared.CALLS):
    try:
        work(index)
    except Exception:
        log.critical("giving up on page %d", index, exc_info=True)
    shared.mark()
