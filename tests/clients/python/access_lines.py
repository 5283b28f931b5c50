"""What three HTTP clients print of each call by themselves: the SDK's access log, urllib3's debug line, httpx' INFO line."""

import logging
import ssl
import sys

import httpx
import requests

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
logging.getLogger("urllib3").setLevel(logging.DEBUG)
log = logging.getLogger("ocr.client")
ocr = shared.sdk(with_stream_log={"stream": sys.stdout, "log_level": logging.INFO})
plain = requests.Session()
modern = httpx.Client(verify=ssl.create_default_context())
headers = {"X-Auth-Token": shared.TOKEN}
for index in range(shared.CALLS):
    api = shared.APIS[index % len(shared.APIS)]
    body = {"image": shared.IMAGE}
    if index % 3 == 0:
        try:
            shared.recognize(ocr, index)
        except exceptions.SdkException as e:
            log.error("%s failed: %s", api, e)
    else:
        session = plain if index % 3 == 1 else modern
        response = session.post(shared.url(api), json=body, headers=headers)
        if response.status_code >= 400:
            log.error("%s failed: %s", api, response.text)
    shared.mark()
