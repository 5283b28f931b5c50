#!/usr/bin/env python3
"""Writes NAME.successes.jsonl of a capture whose clients print access lines: which lines tell of a success.

The journal says which requests succeeded and, by its marks, which bytes of the output belong to each; of those, the lines
with the request's path are it (the SDK and the urllib3 below it both print one). It shares nothing with ocrwatch.        locate_successes.py NAME.log
"""

import json
import pathlib
import sys

log = pathlib.Path(sys.argv[1])
output = log.read_bytes()
start, request, found = 0, None, []
for entry in map(json.loads, log.with_suffix(".journal").read_text().splitlines()):
    if "mark" not in entry:
        request = entry
        continue
    end = entry["mark"]
    if request and 200 <= request["status"] < 300:
        number = output[:start].count(b"\n")
        lines = output[start:end].splitlines()
        here = [number + index for index, line in enumerate(lines, 1) if request["path"].encode() in line]
        assert here, request
        api = request["path"].rsplit("/", 1)[1]
        found += [{"line": line, "http_status": request["status"], "api": api} for line in here]
    start, request = end, None
log.with_suffix(".successes.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in found))
