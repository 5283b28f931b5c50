#!/bin/sh
# util-linux logger: the raw body as the message, by the local socket or (with a second argument) as RFC 5424 by UDP or TCP.
set -eu
index=0
while [ "$index" -lt "$OCR_CALLS" ]; do
    index=$((index + 1))
    body=$(curl -sS -X POST "$OCR_ENDPOINT/v2/$OCR_PROJECT_ID/ocr/id-card" -H "X-Auth-Token: $OCR_TOKEN" \
        -H 'Content-Type: application/json' -d '{"image":"iVBORw0KGgo="}')
    case $1 in
    local) logger -u "$OCR_SYSLOG" -t ocr-cron -i -p user.err -- "$body" ;;
    rfc5424) logger -n 127.0.0.1 -P "$OCR_SYSLOG_PORT" -T --rfc5424 -t ocr-cron -p user.err --id=$$ -- "$body" ;;
    stderr) logger -s --no-act --rfc5424 -t ocr-cron -p user.err --id=$$ -- "$body" ;;
    esac
    sleep 0.02
done
