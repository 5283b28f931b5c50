"""What the loopback service answers, by name. Codes and messages are those of the documented error table; HTTP statuses
are not documented for most codes and are chosen here."""

PROJECT_ID = "0123456789abcdef0123456789abcdef"
ACCESS_KEY = "OCRWATCHCANARYAK0001"
SECRET_KEY = "ocrwatch-canary-sk-000000000000000000000000"
TOKEN = "MIIocrwatchcanarytoken" + "0000" * 16 + "=="
AUTHORIZATION_MESSAGE = "ocrwatchcanaryauthorizationmessage" + "A0b1" * 40 + "=="
HOST = "ocr.cn-north-4.myhuaweicloud.com"

DOCUMENTED = [
    ("AIS.0101", 400, "The input parameter is invalid."),
    ("AIS.0102", 400, "The image format is not supported."),
    ("AIS.0103", 400, "The image size does not meet the requirements."),
    ("AIS.0104", 400, "The image is not supported or the image quality is poor."),
    ("AIS.0105", 500, "Recognition failed."),
    ("ModelArts.0203", 401, "Invalid token."),
    ("ModelArts.4101", 401, "Token header cannot be empty."),
    ("ModelArts.4102", 401, "Parse Token error."),
    ("ModelArts.4103", 401, "Invalid Token header."),
    ("ModelArts.4104", 413, "Invalid Request Content Length."),
    ("ModelArts.4105", 400, "The JSON format of the input data is incorrect."),
    ("ModelArts.4106", 403, "Invalid authorization request."),
    ("ModelArts.4107", 500, "Get user temp ak sk error."),
    ("ModelArts.4201", 400, "Request url need service id."),
    ("ModelArts.4202", 400, "Request url format invalid."),
    ("ModelArts.4203", 403, "Access denied! You do not have permission."),
    ("ModelArts.4204", 403, "Request api error! The API recognize_id_card is not subscribed."),
    ("ModelArts.4301", 500, "Have error when get ai-service admin token."),
    ("ModelArts.4302", 502, "Gateway forwarding error."),
    ("ModelArts.4401", 429, "Max concurrency error."),
    ("ModelArts.4402", 504, "Backend service timeout error."),
    ("ModelArts.4403", 503, "Backend service unavailable error."),
    ("ModelArts.4502", 502, "Backend service response error."),
    ("ModelArts.4503", 404, "Backend service found error."),
    ("ModelArts.4504", 404, "Backend service api not found."),
    ("ModelArts.4505", 500, "Backend service internal error."),
    ("ModelArts.4506", 404, "SubService service found error."),
    ("ModelArts.4508", 503, "Service not start."),
    ("ModelArts.4601", 400, "The URL is not allowed."),
    ("ModelArts.4603", 400, "Obtaining the file from the URL failed."),
    ("ModelArts.4702", 400, "Query Obs agency failed."),
    ("ModelArts.4703", 400, "The Obs URL is invalid."),
    ("ModelArts.4704", 400, "Obtaining the file from the OBS failed."),
    ("ModelArts.4705", 400, "The file stored on the OBS is oversized."),
    ("ModelArts.4706", 404, "The Obs file is not exist."),
    ("APIG.0101", 404, "The API does not exist or has not been published in the environment."),
    ("APIG.0201", 504, "Backend timeout."),
]

CANONICAL = (
    "POST|/v2/{p}/ocr/general-text/||content-type:application/json|host:{h}|user-agent:huaweicloud-usdk-python%2F3.0|"
    "x-project-id:{p}|x-sdk-date:20261123T083000Z||content-type;host;user-agent;x-project-id;x-sdk-date|"
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
).format(p=PROJECT_ID, h=HOST)

IAM = "Incorrect IAM authentication information"
DECRYPT = ("APIG.0301", 401, IAM + ": decrypt token fail")
EXPIRED = ("APIG.0301", 401, IAM + ": token expires, expires_at: 2026-11-23T01:00:00.000000Z")
SIGNATURE = ("APIG.0301", 401, IAM + ": verify aksk signature fail, canonicalRequest:" + CANONICAL)
UNKNOWN_KEY = ("APIG.0301", 401, IAM + ": Get secretKey failed,ak:" + ACCESS_KEY + ",err:ak not exist")
NO_TOKEN = ("APIG.0301", 401, IAM + ": x-auth-token not found")
THROTTLED = ("APIG.0308", 429,
             "The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute")
THROTTLED_API = ("APIG.0308", 429,
                 "The throttling threshold has been reached: policy api over ratelimit,limit:100,time:1 minute.")
GATEWAY = [DECRYPT, EXPIRED, SIGNATURE, UNKNOWN_KEY, NO_TOKEN, THROTTLED, THROTTLED_API]

OTHER_TABLES = [
    ("APIGW.0101", 404, "The API does not exist or has not been published in the environment"),
    ("APIGW.0301", 401, IAM + ": decrypt token fail"),
    ("APIGW.0308", 429, "The throttling threshold has been reached: policy ip over ratelimit,limit:50,time:1 minute"),
    ("AIS.0121", 400, "The recognition area is not configured in the template."),
    ("AIS.0122", 400, "Two or more same-side ID cards."),
    ("ModelArts.6201", 403, "Account frozen."),
]

AWKWARD = [
    ("AIS.0101", 400, 'The input parameter is invalid. Missing parameter "image" or "url".'),
    ("AIS.0101", 400, "The input parameter is invalid: {'side': 'middle', 'expected': ['front', 'back']}"),
    ("AIS.0103", 400, "The image size does not meet the requirements.\nwidth: 12 px, height: 9 px\nmin: 15 px"),
    ("AIS.0104", 400, "图片不支持或图像质量差，请检查 <image> 参数 & 重试"),
    ("ModelArts.4603", 400, "Obtaining the file from the URL failed. url=https://img.example.com/a%20b.png?x=1&y=<2>"),
    ("ModelArts.4204", 403, "Request api error! The API ocr_vat_invoice is not subscribed."),
    ("AIS.0105", 500, "Recognition failed.\tbackend: C:\\ocr\\engine, it's down"),
]


def answer(entry, wire="flat", **more):
    code, status, message = entry
    return {"code": code, "status": status, "message": message, "wire": wire, **more}


def success(words=("VAT INVOICE", "No. 01234567")):
    blocks = [{"words": w, "confidence": 0.97, "location": [[10, 20], [90, 20], [90, 40], [10, 40]]} for w in words]
    return {"status": 200, "wire": "ok",
            "result": {"result": {"direction": 0, "words_block_count": len(blocks), "words_block_list": blocks}}}


def scanned():
    """Recognised text that quotes error codes: a scan of a printed manual. Not an error."""
    return success(("Error code", "AIS.0101", "The input parameter is invalid.", '{"error_code":"AIS.0104"}',
                    "APIG.0301 Incorrect IAM authentication information"))


def wire_of(entry, index):
    if entry[0].startswith("APIG"):
        return "gateway"
    return ("flat", "code-first")[index % 2]


def mixed(entries):
    return [answer(entry, wire_of(entry, index)) for index, entry in enumerate(entries)]


def catalogue():
    return mixed(DOCUMENTED + GATEWAY + OTHER_TABLES)


def few():
    by_code = {entry[0]: entry for entry in DOCUMENTED}
    return mixed([by_code["AIS.0101"], by_code["AIS.0104"], by_code["ModelArts.4204"], SIGNATURE, by_code["ModelArts.0203"],
                  THROTTLED, by_code["AIS.0104"], by_code["ModelArts.4402"], by_code["APIG.0101"], EXPIRED,
                  by_code["AIS.0105"], by_code["ModelArts.4704"]])


def fixed():
    """Messages that stand word for word in the documented table: what an inference can rest on."""
    chosen = ("AIS.0101", "AIS.0102", "AIS.0103", "AIS.0104", "AIS.0105", "ModelArts.0203", "ModelArts.4101", "ModelArts.4106",
              "ModelArts.4203", "ModelArts.4401", "ModelArts.4402", "ModelArts.4505", "ModelArts.4603", "ModelArts.4705", "APIG.0101")
    return mixed([entry for entry in DOCUMENTED if entry[0] in chosen])


def awkward():
    return mixed(AWKWARD + [SIGNATURE, UNKNOWN_KEY])


def variants():
    first = DOCUMENTED[0]
    return [
        answer(first, "flat"), answer(DOCUMENTED[3], "code-first"), answer(DOCUMENTED[1], "pretty"),
        answer(DECRYPT, "gateway"), answer(DOCUMENTED[5], "nested"), answer(DOCUMENTED[19], "nested-flat"),
        answer(DOCUMENTED[2], "camel"), answer(("APIG.0602", 400, None), "code-only"), answer(DOCUMENTED[15], "forbidden"),
        answer((None, 502, None), "html"), answer(first, "flat", request_id_header=False),
        answer(DOCUMENTED[4], "pretty"), answer(THROTTLED, "gateway"), answer(DOCUMENTED[20], "nested"),
        answer((None, 503, None), "html"), answer(DOCUMENTED[16], "code-first"),
    ]


def retries():
    """Per call: failures, then a success or one failure more. The client gives up after three tries."""
    by_code = {entry[0]: entry for entry in DOCUMENTED}
    throttled, timeout, failed = THROTTLED, by_code["ModelArts.4402"], by_code["AIS.0105"]
    calls = [[throttled, None], [throttled, throttled, throttled], [timeout, None], [failed, failed, None],
             [timeout, timeout, timeout], [by_code["ModelArts.4401"], throttled, None], [None], [failed, failed, failed]]
    return [success() if entry is None else answer(entry, wire_of(entry, 0)) for call in calls for entry in call]


def threads():
    by_code = {entry[0]: entry for entry in DOCUMENTED}
    cycle = [by_code["AIS.0104"], by_code["AIS.0104"], THROTTLED, by_code["AIS.0101"], by_code["AIS.0104"], by_code["ModelArts.4401"]]
    return mixed(cycle * 8)


def successes():
    by_code = {entry[0]: entry for entry in DOCUMENTED}
    return [success(), scanned(), answer(by_code["AIS.0104"]), scanned(), success(), answer(by_code["AIS.0101"], "code-first"),
            scanned(), scanned(), answer(THROTTLED, "gateway"), success()]


def by(code):
    return mixed([entry for entry in DOCUMENTED if entry[0] == code])[0]


def gateway(entry):
    return answer(entry, "gateway")


def gateway_day():
    """The two hours of tests/data/ocr-gateway.log: (seconds since the start, API, what the service answers try by try).

    Quality errors of a bad scanner, a throttled burst, an API that is not subscribed, a key pair that was changed on one side
    only (nine failures in a row: locked out), a token that ran out, slow backends and a proxy's 502."""
    ok, text, card, invoice, token = success(), "general-text", "id-card", "vat-invoice", "web-image"
    not_subscribed = gateway(("ModelArts.4204", 403, "Request api error! The API ocr_vat_invoice is not subscribed."))
    html = answer((None, 502, None), "html")
    limit = gateway(THROTTLED)
    day = [(t, (text, text, card)[t % 3], [ok]) for t in range(20, 7140, 85) if not 3900 <= t <= 4400]
    day += [(t, card, [by(code)]) for t, code in ((412, "AIS.0104"), (455, "AIS.0104"), (498, "AIS.0103"), (540, "AIS.0104"),
                                                 (583, "AIS.0102"), (700, "AIS.0104"), (742, "AIS.0104"), (5410, "AIS.0104"))]
    day += [(1260, text, [by("AIS.0101")]), (1263, text, [by("AIS.0101")])]
    day += [(1815 + 3 * n, text, [limit, ok] if n % 3 else [limit, limit, limit]) for n in range(7)]
    day += [(2700 + 60 * n, invoice, [not_subscribed]) for n in range(5)]
    day += [(3905 + 14 * n, text, [gateway(SIGNATURE)]) for n in range(9)] + [(4330, text, [ok]), (4375, card, [ok])]
    day += [(4800, token, [ok]), (4860, token, [gateway(EXPIRED)]), (4890, token, [gateway(EXPIRED)]), (4960, token, [ok])]
    day += [(5600, text, [by("ModelArts.4402"), by("ModelArts.4402"), by("ModelArts.4402")]), (5640, text, [by("ModelArts.4402"), ok]),
            (5700, card, [html, ok]), (5760, text, [by("ModelArts.4401"), ok])]
    day += [(6105, card, [by("AIS.0105"), ok]), (6300, text, [by("AIS.0105"), by("AIS.0105"), by("AIS.0105")]), (6480, text, [scanned()])]
    return sorted(day, key=lambda step: step[0])


def gateway_answers():
    return [one for _, _, answers in gateway_day() for one in answers]


def named(name):
    makers = {"catalogue": catalogue, "few": few, "fixed": fixed, "awkward": awkward, "variants": variants, "retries": retries,
              "threads": threads, "successes": successes, "gateway": gateway_answers}
    if "+" in name:
        return [entry for part in name.split("+") for entry in named(part)]
    return makers[name]()
