"""The SDK's own access log (with_stream_log) in front of the application's line."""

import logging
import sys

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s.%(msecs)03d|%(levelname)s|%(name)s|%(message)s",
                    datefmt="%Y/%m/%d %H:%M:%S")
log = logging.getLogger("gateway")
ocr = shared.sdk(with_stream_log={"stream": sys.stdout, "log_level": logging.INFO})
for index in range(shared.CALLS):
    try:
        shared.recognize(ocr, index)
        log.info("done")
    except exceptions.SdkException as e:
        log.error("%s", e)
    shared.mark()
