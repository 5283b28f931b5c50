"""Plain requests with a token: the body as text, dict, bytes, pretty or compact JSON."""

import json
import logging

import requests

import client as shared

logging.basicConfig(level=logging.INFO, format="%(levelname)s:%(asctime)s:%(name)s:%(message)s")
log = logging.getLogger("ocr")
session = requests.Session()
session.headers["X-Auth-Token"] = shared.TOKEN
log.info("starting, X-Auth-Token: %s", shared.TOKEN)
for index in range(shared.CALLS):
    api = shared.APIS[index % 4]
    response = session.post(shared.url(api), json={"image": shared.IMAGE}, timeout=30)
    shape = index % 7
    if shape == 0:
        log.error("%s -> %d: %s", shared.url(api), response.status_code, response.text)
    elif shape == 1:
        log.error("ocr %s answered %s", api, response.json())
    elif shape == 2:
        log.error("ocr %s answered %r", api, response.content)
    elif shape == 3:
        log.error("ocr %s answered\n%s", api, json.dumps(response.json(), indent=2))
    elif shape == 4:
        log.error("ocr %s answered %s", api, json.dumps(response.json()))
    elif shape == 5:
        print(response.text)
    else:
        try:
            response.raise_for_status()
        except requests.HTTPError as e:
            log.error("%s; body=%r; headers=%s", e, e.response.text, dict(e.response.headers))
    shared.mark()
