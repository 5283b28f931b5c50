"""Mostly successes whose recognised text quotes error codes, beside help text, rules and metrics that name codes."""

import json
import logging
import sys

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
log = logging.getLogger("ocr.audit")
log.info("retry policy: codes that are retried are APIG.0308, ModelArts.4401 and ModelArts.4402; AIS.0101 to AIS.0104 are final")
log.info("rules loaded: [{'name': 'lockout', 'codes': ['APIG.0301']}, {'name': 'quality', 'codes': ['AIS.0103', 'AIS.0104']}]")
log.info('metrics: ocr_errors_total{code="AIS.0104",module="OCR"} 12 ocr_errors_total{code="APIG.0308",module="APIG"} 3')
log.info("see the error table: AIS.0105 means that the algorithm failed; contact support")
shared.mark()
ocr = shared.sdk()
for index in range(shared.CALLS):
    try:
        response = ocr.recognize_general_text(shared.request_for("general-text"))
        if index % 2:
            log.info("response: %s", response)
        else:
            log.info("words_block_list=%s", json.dumps(response.to_dict()["result"]["words_block_list"], ensure_ascii=False))
    except exceptions.SdkException as e:
        log.error("failed: %s", e)
    shared.mark()
