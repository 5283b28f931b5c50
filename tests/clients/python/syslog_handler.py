"""SysLogHandler to the local socket: one datagram per record, tracebacks included."""

import logging
import logging.handlers
import os
import time

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

handler = logging.handlers.SysLogHandler(os.environ["OCR_SYSLOG"])
handler.ident = "ocr-gateway[%d]: " % os.getpid()
handler.append_nul = False
handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
log = logging.getLogger("ocr")
log.setLevel(logging.INFO)
log.addHandler(handler)
ocr = shared.sdk()
for index in range(shared.CALLS):
    try:
        shared.recognize(ocr, index)
        log.info("page %d recognised", index)
    except exceptions.ServiceResponseException as e:
        if index % 3 == 0:
            log.exception("page %d failed", index)
        elif index % 3 == 1:
            log.error("page %d failed: %s", index, e)
        else:
            log.error('{"event": "ocr_failed", "error_code": "%s", "error_msg": "%s"}', e.error_code, e.error_msg)
    time.sleep(0.02)
