#!/bin/sh
# curl -i: response headers, a blank line, the body.
set -eu
index=0
while [ "$index" -lt "$OCR_CALLS" ]; do
    index=$((index + 1))
    printf '== %s page %d\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$index"
    curl -sS -i --http1.1 -X POST "$OCR_ENDPOINT/v2/$OCR_PROJECT_ID/ocr/general-text" -H "X-Auth-Token: $OCR_TOKEN" \
        -H 'Content-Type: application/json' -d '{"image":"iVBORw0KGgo="}' >"$OCR_SCRATCH/answer"
    cat "$OCR_SCRATCH/answer"
    echo
    curl -sS "$OCR_CONTROL/mark?size=$(stat -c %s "$OCR_OUTPUT")"
done
