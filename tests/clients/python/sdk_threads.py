"""Eight threads, one log: lines of many calls interleave, and different threads fail with the same code."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(stream=sys.stdout, level=logging.INFO,
                    format="%(asctime)s %(levelname)5s --- [%(threadName)s] %(name)s : %(message)s")
log = logging.getLogger("ocr.pool")
outer = logging.getLogger("ocr.batch")
ocr = shared.sdk()


def work(index):
    try:
        shared.recognize(ocr, index)
    except exceptions.SdkException as e:
        log.warning("page %d: %s", index, e)
        if index % 2:
            outer.error("batch item %d rejected, cause: %s", index, e)


with ThreadPoolExecutor(8, thread_name_prefix="ocr") as pool:
    list(pool.map(work, range(shared.CALLS)))
shared.mark()
