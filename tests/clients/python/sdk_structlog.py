"""structlog: key=value console (coloured), or JSON with formatted tracebacks."""

import sys

import structlog

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

shape = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc="json" in sys.argv[1:])]
if "json" in sys.argv[1:]:
    shape += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
else:
    shape += [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)]
structlog.configure(processors=shape, logger_factory=structlog.PrintLoggerFactory(sys.stdout))
log = structlog.get_logger().bind(service="ocr-gateway", region="cn-north-4")
ocr = shared.sdk()
for index in range(shared.CALLS):
    try:
        shared.recognize(ocr, index)
    except exceptions.ServiceResponseException as e:
        if index % 3 == 0:
            log.error("ocr_failed", error=str(e), page=index)
        elif index % 3 == 1:
            log.error("ocr_failed", error_code=e.error_code, error_msg=e.error_msg, status_code=e.status_code, request_id=e.request_id)
        else:
            log.exception("ocr_failed", page=index)
    shared.mark()
