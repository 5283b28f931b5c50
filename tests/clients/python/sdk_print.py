"""The vendor's sample: print() of the exception or of its four fields, on bare lines and without a time."""

import client as shared
from huaweicloudsdkcore.exceptions import exceptions

ocr = shared.sdk()
for index in range(shared.CALLS):
    try:
        response = shared.recognize(ocr, index)
        print(response)
    except exceptions.ClientRequestException as e:
        if index % 2:
            print(e)
        else:
            print(e.status_code)
            print(e.request_id)
            print(e.error_code)
            print(e.error_msg)
    except exceptions.ServerResponseException as e:
        print(f"[{e.status_code}] {e.error_code}: {e.error_msg} ({e.request_id})")
    shared.mark()
