"""urllib3 DEBUG and http.client's own dump in front of the application's line."""

import http.client
import logging
import sys

import requests

import client as shared

logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(asctime)s %(levelname)s %(name)s %(message)s")
http.client.HTTPConnection.debuglevel = 1
log = logging.getLogger("ocr.client")
session = requests.Session()
for index in range(shared.CALLS):
    response = session.post(shared.url("id-card"), headers={"X-Auth-Token": shared.TOKEN}, json={"image": shared.IMAGE}, timeout=30)
    if not response.ok:
        error = response.json()
        log.error("id-card failed, error_code=%s, error_msg=%s", error.get("error_code"), error.get("error_msg"))
    sys.stdout.flush()
    shared.mark()
