"""repr(e) loses everything; some services print the fields beside it."""

import logging

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(level=logging.DEBUG, format="[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
logging.getLogger("urllib3").setLevel(logging.WARNING)
log = logging.getLogger("app")
ocr = shared.sdk()
failures = []
for index in range(shared.CALLS):
    try:
        shared.recognize(ocr, index)
    except exceptions.ServiceResponseException as e:
        failures.append(e)
        log.warning("call %d raised %r", index, e)
        if index % 2:
            log.error("ocr error: code=%s msg=%s status=%s request_id=%s", e.error_code, e.error_msg, e.status_code, e.request_id)
        if index % 4 == 3:
            log.error("last failures: %r", failures[-4:])
    shared.mark()
