#!/usr/bin/env python3
"""Writes a captured stdout as a container runtime would have written it. Docker and containerd cannot run where the
captures are made, so this is the one layer that is imitated; the text inside is the client's own.

    wrap.py docker < NAME.log > NAME.docker.log      json-file driver: Go's JSON escaping, parts of 16 KiB
    wrap.py cri    < NAME.log > NAME.cri.log         <RFC 3339 nano> stdout F|P text, parts of 16 KiB
    wrap.py filebeat …                               one document per line that is not empty, as filebeat's file output writes it

Stamps count up from the time the capture was written. A part of docker's ends without `\\n` in `log`; a part of CRI's is marked
P. Parts are cut by bytes: what is left of a split UTF-8 sequence becomes U+FFFD for docker, as in Go's encoder.
"""

import json
import os
import sys
from datetime import datetime, timedelta, timezone

PART_BYTES = 16 * 1024


def go_json(text):
    quoted = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        quoted = quoted.replace(character, "\\u%04x" % ord(character))
    return quoted.replace("\\b", "\\u0008").replace("\\f", "\\u000c")


def parts(data):
    """(bytes of a part, whether the line ends with it)"""
    for line in data.split(b"\n")[:-1] if data.endswith(b"\n") else data.split(b"\n"):
        while len(line) > PART_BYTES:
            yield line[:PART_BYTES], False
            line = line[PART_BYTES:]
        yield line, True


def docker(part, last, stamp):
    text = part.decode("utf-8", "replace") + ("\n" if last else "")
    return '{"log":%s,"stream":"stdout","time":"%s"}' % (go_json(text), stamp)


def cri(part, last, stamp):
    return f"{stamp} stdout {'F' if last else 'P'} ".encode() + part


def filebeat(part, last, stamp):
    text = part.decode("utf-8", "replace")
    return ('{"@timestamp":"%sZ","@metadata":{"beat":"filebeat","type":"_doc","version":"8.11.1"},"log":{"offset":0,'
            '"file":{"path":"/var/log/ocr-gateway/app.log"}},"message":%s,"input":{"type":"filestream"},"agent":{"type":"filebeat",'
            '"version":"8.11.1"},"ecs":{"version":"8.0.0"},"host":{"name":"ocr-gw-01"}}' % (stamp[:23], go_json(text)))


def main():
    form = {"docker": docker, "cri": cri, "filebeat": filebeat}[sys.argv[1]]
    data = sys.stdin.buffer.read()
    start = datetime.fromtimestamp(int(os.fstat(0).st_mtime), timezone.utc)
    wanted = [(part, last) for part, last in parts(data) if part.strip() or form is not filebeat]
    for index, (part, last) in enumerate(wanted):
        at = start + timedelta(milliseconds=7 * index)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "%03dZ" % (index * 37 % 1000)
        line = form(part, last, stamp)
        sys.stdout.buffer.write((line if isinstance(line, bytes) else line.encode()) + b"\n")


if __name__ == "__main__":
    main()
