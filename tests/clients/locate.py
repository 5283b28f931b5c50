#!/usr/bin/env python3
"""Makes NAME.truth.jsonl from a capture and the server's journal. Knows nothing of ocrwatch.

    locate.py NAME.log [--start REGEX] [--unmarked]
    locate.py NAME.log --from SOURCE.log [--parts] [--skip-empty]

The bytes between two marks belong to the requests journaled between the same two marks. Within them a line is an entry
when the event's code stands on it as a token. A request id or an HTTP status is an entry's only if it is printed in the
same record (records begin where --start matches; a line that is nothing but a code is its own record). A line with an SDK exception's name and
one of the table's fixed messages, in a record without any code, is an inferred entry. Codes that belong to no event of their
stretch are prose or recognised text; they are listed on stderr to be looked at, and give no entry.

--unmarked: no marks (threads, syslog). A line belongs to the event whose request id it prints; lines without one belong to the
events that no id named, in order, one line each.
--from: the lines of SOURCE.log, one by one, in another wrapping; --parts follows the 16 KiB parts of wrap.py.
"""

import argparse
import bisect
import json
import pathlib
import re
import sys
from urllib.parse import unquote

import scenarios

CODE = re.compile(r"(?<![A-Za-z])(?:AIS|ModelArts|APIGW?)\.[0-9]{4,5}(?![0-9])|(?<=\\n)(?:AIS|ModelArts|APIGW?)\.[0-9]{4,5}(?![0-9])"
                  r"|(?<=\x1b\[35m)(?:AIS|ModelArts|APIGW?)\.[0-9]{4,5}(?![0-9])")
START = (r"^(?:\x1b\[[0-9;]*m)*(?:\[?[0-9]{4}[-/][0-9]{2}[-/][0-9]{2}|[A-Z]+:[0-9]{4}-|\{\"|time=\"|[A-Z][a-z]{2} [ 0-9]?[0-9], [0-9]{4} |"
         r"[A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:|<[0-9]+>1 |== |\[[0-9]{2}-[A-Z][a-z]{2}-|\+ : )")
EXCEPTION = r"(?:Client|Server)(?:Request|Response)Exception(?:\x1b\[[0-9;]*m)*"
FIXED = {message for code, _, message in scenarios.DOCUMENTED if code != "ModelArts.4204"}


def status_in(text, status):
    shapes = (r"status_?code\W{1,6}%d\b", r"http_?status(?:code)?\W{1,6}%d\b", r"\bstatus\W{1,4}%d\b", r"HTTP/[0-9.]+ %d\b", r"\bHTTP %d\b",
              r"\b%d (?:Client|Server) Error", r"error '%d ", r"Error code: %d\b", r"-> %d\b", r"answered %d ", r"\(%d, [0-9a-f]{32}\)", r"^\[%d\] ")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return any(re.search(shape % status, plain, re.I | re.M) for shape in shapes)


def decodings(text):
    """The text as it is and with escapes undone: octal, percent, and up to five layers of backslashes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    yield text
    yield unquote(text)
    text = re.sub(r"#([0-7]{3})", lambda m: chr(int(m[1], 8)), text)
    for _ in range(5):
        yield text
        single = {"n": "\n", "t": "\t", "r": "\r"}
        text = re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))",
                      lambda m: chr(int(m[1] or m[2], 16)) if m[1] or m[2] else single.get(m[3], m[3]), text, flags=re.S)


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


def printed(message, text):
    return any(squeezed(message) in squeezed(decoded) for decoded in decodings(text))


class Log:
    def __init__(self, path):
        self.data = path.read_bytes()
        self.starts = [0] + [i + 1 for i, byte in enumerate(self.data) if byte == 10]
        if self.starts[-1] == len(self.data):
            self.starts.pop()
        self.lines = [self.data[a:b].decode("utf-8", "replace").rstrip("\n")
                      for a, b in zip(self.starts, self.starts[1:] + [len(self.data)])]

    def line_at(self, offset):
        """0-based line on which the byte stands."""
        return bisect.bisect_right(self.starts, offset) - 1


def stretches(journal, log):
    """(first line, end line, events) between marks."""
    begin, events = 0, []
    for entry in journal:
        if "mark" in entry:
            end = min(entry["mark"], len(log.data))
            if end > begin:
                yield log.line_at(begin), log.line_at(end - 1) + 1, events
            begin, events = end, []
        else:
            events = events + [entry]
    if begin < len(log.data):
        yield log.line_at(begin), len(log.lines), events


def record_of(log, line, first, end, start):
    if CODE.fullmatch(log.lines[line].strip()):
        return line, line + 1
    top = line
    while top > first and not start.match(log.lines[top]):
        top -= 1
    bottom = line + 1
    while bottom < end and not start.match(log.lines[bottom]):
        bottom += 1
    return top, bottom


def entry_for(log, line, event, record, around, inferred=False):
    text = "\n".join(log.lines[record[0]:record[1]])
    made = {"line": line + 1, "code": event["code"]}
    if event["message"] is not None:
        if printed(event["message"], around):
            made["message"] = event["message"]
        else:
            print(f"  line {line + 1}: {event['code']} is printed without its message", file=sys.stderr)
    if event["request_id"] in text:
        made["request_id"] = event["request_id"]
    if status_in(text, event["status"]):
        made["http_status"] = event["status"]
    return {**made, "repeat": False, "inferred": inferred, "sequence": event["sequence"]}


def marked(log, journal, start):
    for first, end, events in stretches(journal, log):
        failures = [event for event in events if event["code"]]
        around = "\n".join(log.lines[first:end])
        seen = {}
        for line in range(first, end):
            for code in dict.fromkeys(CODE.findall(log.lines[line])):
                if any(event["code"] == code for event in failures):
                    seen.setdefault(code, []).append(line)
                else:
                    print(f"  line {line + 1}: {code} belongs to no event here: {log.lines[line][:110]!r}", file=sys.stderr)
        for code, lines in seen.items():
            same = [event for event in failures if event["code"] == code]
            if len(lines) % len(same):
                raise SystemExit(f"{len(lines)} lines for {len(same)} events with {code} in lines {first + 1} to {end}")
            each = len(lines) // len(same)
            for index, line in enumerate(lines):
                named = [event for event in same if event["request_id"] in log.lines[line]]
                event = named[0] if named else same[index // each]
                yield entry_for(log, line, event, record_of(log, line, first, end, start), around)
        coded = [record_of(log, line, first, end, start) for lines in seen.values() for line in lines]
        for event in failures:
            if event["message"] not in FIXED:
                continue
            shape = re.compile(EXCEPTION + r":(?:\x1b\[[0-9;]*m)* " + re.escape(event["message"]))
            for line in range(first, end):
                record = record_of(log, line, first, end, start)
                if shape.search(log.lines[line]) and record not in coded:
                    yield entry_for(log, line, event, record, around, inferred=True)


def unmarked(log, journal):
    events = [entry for entry in journal if entry.get("code")]
    hits = [(line, code) for line, text in enumerate(log.lines) for code in dict.fromkeys(CODE.findall(text))]
    by_id = {event["request_id"]: event for event in events}
    found, left = [], []
    for line, code in hits:
        named = [request_id for request_id in re.findall(r"[0-9a-f]{32}", log.lines[line]) if request_id in by_id]
        if named:
            assert by_id[named[0]]["code"] == code, (line, code)
            found.append((line, by_id[named[0]]))
        else:
            left.append((line, code))
    taken = {event["sequence"] for _, event in found}
    waiting = [event for event in events if event["sequence"] not in taken]
    for line, code in left:
        event = next((event for event in waiting if event["code"] == code), None)
        if event is None:
            print(f"  line {line + 1}: {code} belongs to no event: {log.lines[line][:110]!r}", file=sys.stderr)
            continue
        waiting.remove(event)
        found.append((line, event))
    for event in waiting:
        print(f"  {event['code']} (request {event['sequence']}) is nowhere", file=sys.stderr)
    for line, event in found:
        yield entry_for(log, line, event, (line, line + 1), log.lines[line])


def mapped(log, source, truth, parts, skip_empty):
    """Lines of the source in another wrapping: each one line, or as many as it has parts, or none if it is empty."""
    part_bytes = 16 * 1024
    where, at = [], 0
    for text in source.lines:
        where.append(at)
        size = len(text.encode())
        at += 0 if skip_empty and not text.strip() else max(1, -(-size // part_bytes)) if parts else 1
    if at != len(log.lines):
        raise SystemExit(f"{at} lines expected from the source, {len(log.lines)} found")
    for entry in truth:
        text = source.lines[entry["line"] - 1]
        code_at = text.find(entry["code"])
        part = len(text[:code_at].encode()) // part_bytes if parts and code_at >= 0 else 0
        yield {**entry, "line": where[entry["line"] - 1] + part + 1}


def with_repeats(entries):
    first = set()
    for entry in sorted(entries, key=lambda entry: entry["line"]):
        entry["repeat"] = entry["sequence"] in first
        first.add(entry["sequence"])
        yield entry


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=pathlib.Path)
    parser.add_argument("--journal", type=pathlib.Path)
    parser.add_argument("--start", default=START)
    parser.add_argument("--unmarked", action="store_true")
    parser.add_argument("--from", dest="source", type=pathlib.Path)
    parser.add_argument("--parts", action="store_true")
    parser.add_argument("--skip-empty", action="store_true")
    arguments = parser.parse_args()
    log = Log(arguments.log)
    print(arguments.log.name, file=sys.stderr)
    truth_path = arguments.log.with_suffix(".truth.jsonl")
    if arguments.source:
        truth = [json.loads(line) for line in arguments.source.with_suffix(".truth.jsonl").read_text().splitlines()]
        entries = list(mapped(log, Log(arguments.source), truth, arguments.parts, arguments.skip_empty))
    else:
        journal_path = arguments.journal or arguments.log.with_suffix(".journal")
        journal = [json.loads(line) for line in journal_path.read_text().splitlines()]
        found = unmarked(log, journal) if arguments.unmarked else marked(log, journal, re.compile(arguments.start))
        entries = list(with_repeats(found))
        for entry in entries:
            del entry["sequence"]
    truth_path.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries))
    print(f"  {len(entries)} entries", file=sys.stderr)


if __name__ == "__main__":
    main()
