"""str(e) through the standard logging module, as most services do it."""

import logging

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(threadName)s] %(name)s - %(message)s")
log = logging.getLogger("ocr.service")
ocr = shared.sdk()
for index in range(shared.CALLS):
    try:
        shared.recognize(ocr, index)
        log.info("job %d: recognised", index)
    except exceptions.SdkException as e:
        log.error("job %d: recognition failed: %s", index, e)
    shared.mark()
