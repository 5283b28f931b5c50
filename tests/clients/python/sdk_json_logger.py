"""python-json-logger, with and without \\u escapes."""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

log = logging.getLogger("ocr")
log.setLevel(logging.INFO)
handlers = []
for ascii_only in (True, False):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", json_ensure_ascii=ascii_only,
                                       timestamp=not ascii_only))
    handlers.append(handler)
ocr = shared.sdk()
for index in range(shared.CALLS):
    log.handlers = [handlers[index % 2]]
    try:
        shared.recognize(ocr, index)
    except exceptions.ServiceResponseException as e:
        if index % 4 == 0:
            log.error("识别失败: %s", e)
        elif index % 4 == 1:
            log.error("recognition failed", extra={"error_code": e.error_code, "error_msg": e.error_msg,
                                                   "http_status": e.status_code, "request_id": e.request_id})
        elif index % 4 == 2:
            log.exception("recognition failed")
        else:
            log.error({"event": "ocr_error", "detail": str(e), "endpoint": shared.ENDPOINT})
    shared.mark()
