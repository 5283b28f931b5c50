"""What the Python clients share: the SDK's client, images, and marks."""

import base64
import os
import sys
import urllib.request

ENDPOINT = os.environ["OCR_ENDPOINT"]
PROJECT_ID = os.environ["OCR_PROJECT_ID"]
CALLS = int(os.environ["OCR_CALLS"])
ACCESS_KEY = os.environ["HUAWEICLOUD_SDK_AK"]
SECRET_KEY = os.environ["HUAWEICLOUD_SDK_SK"]
TOKEN = os.environ["OCR_TOKEN"]
IMAGE = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(120))).decode()
APIS = ("general-text", "id-card", "vat-invoice", "web-image")


def mark():
    """Tell the server how long the output is now. Every logger here writes to the one file behind stdout and stderr."""
    sys.stdout.flush()
    sys.stderr.flush()
    size = os.fstat(1).st_size
    urllib.request.urlopen(f"{os.environ['OCR_CONTROL']}/mark?size={size}", timeout=10).read()


def sdk(**builder):
    from huaweicloudsdkcore.auth.credentials import BasicCredentials
    from huaweicloudsdkcore.http.http_config import HttpConfig
    from huaweicloudsdkocr.v1 import OcrClient

    config = HttpConfig.get_default_config()
    config.ssl_ca_cert = os.environ.get("SSL_CERT_FILE")
    made = (OcrClient.new_builder()
            .with_http_config(config)
            .with_credentials(BasicCredentials(ACCESS_KEY, SECRET_KEY, PROJECT_ID))
            .with_endpoints([ENDPOINT]))
    for name, arguments in builder.items():
        made = getattr(made, name)(**arguments)
    return made.build()


def request_for(api):
    from huaweicloudsdkocr.v1 import model
    from huaweicloudsdkocr import v1

    name = {"general-text": "GeneralText", "id-card": "IdCard", "vat-invoice": "VatInvoice", "web-image": "WebImage"}[api]
    request = getattr(v1, f"Recognize{name}Request")()
    request.body = getattr(v1, f"{name}RequestBody")(image=IMAGE)
    return request


def recognize(client, index):
    """The index-th call, on one API after another."""
    api = APIS[index % len(APIS)]
    return getattr(client, "recognize_" + api.replace("-", "_"))(request_for(api))


def url(api):
    return f"{ENDPOINT}/v2/{PROJECT_ID}/ocr/{api}"
