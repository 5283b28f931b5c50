"""loguru: coloured console form with variable values (diagnose), or serialize=True."""

import sys

from loguru import logger

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logger.remove()
if "json" in sys.argv[1:]:
    logger.add(sys.stdout, serialize=True, diagnose=False)
else:
    logger.add(sys.stdout, colorize=True, diagnose=True, backtrace=False)
ocr = shared.sdk()


def work(index):
    return shared.recognize(ocr, index)


for index in range(shared.CALLS):
    try:
        work(index)
    except exceptions.SdkException as e:
        if index % 3 == 2:
            logger.opt(exception=True).error("page {} failed", index)
        else:
            logger.error("page {} failed: {}", index, e)
    shared.mark()
