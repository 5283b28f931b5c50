#!/bin/sh
# A cron job: body and status in a line of its own making; every third body pretty-printed by jq, every fourth through set -x.
set -eu
index=0
while [ "$index" -lt "$OCR_CALLS" ]; do
    index=$((index + 1))
    status=$(curl -sS -o "$OCR_SCRATCH/body" -w '%{http_code}' -X POST "$OCR_ENDPOINT/v2/$OCR_PROJECT_ID/ocr/id-card" \
        -H "X-Auth-Token: $OCR_TOKEN" -H 'Content-Type: application/json' -d '{"image":"iVBORw0KGgo="}')
    body=$(cat "$OCR_SCRATCH/body")
    now=$(date '+%F %T %z')
    case $((index % 4)) in
    0) (set -x; : "$body") ;;
    1) echo "$now ocr-cron[$$]: HTTP $status $body" ;;
    2) echo "$now ocr-cron[$$]: HTTP $status"; jq . "$OCR_SCRATCH/body" ;;
    3) echo "$now ocr-cron[$$]: $(jq -r '.error_code + ": " + .error_msg' "$OCR_SCRATCH/body")" ;;
    esac
    curl -sS "$OCR_CONTROL/mark?size=$(stat -c %s "$OCR_OUTPUT")"
done
