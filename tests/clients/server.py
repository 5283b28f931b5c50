#!/usr/bin/env python3
"""A loopback stand-in for the OCR service: it answers what a scenario says and journals what it answered.

Two listeners on 127.0.0.1: the service (optionally TLS) and a plain control port. Every POST to the service takes the
scenario's next answer; when none is left the answer is a success. The control port serves `GET /mark?size=N`, by which
a client says how many bytes its output has so far. Requests and marks go to one journal in the order they happened, so
that the bytes between two marks belong to the requests between the same two marks: the truth files rest on this and
on nothing that ocrwatch computes.

The first line on stdout is `PORT CONTROL_PORT`.
"""

import argparse
import json
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import scenarios

GATEWAY_HTML = (
    "<html>\r\n<head><title>{0} {1}</title></head>\r\n<body>\r\n<center><h1>{0} {1}</h1></center>\r\n"
    "<hr><center>api-gateway</center>\r\n</body>\r\n</html>\r\n"
)
REASONS = {400: "Bad Request", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def body_of(answer, request_id):
    """The body and its content type for one answer of a scenario."""
    code, message, wire = answer.get("code"), answer.get("message"), answer["wire"]
    flat = {"error_msg": message, "error_code": code}
    nested = {"code": code, "message": message}
    if wire == "flat":
        return compact(flat), "application/json"
    if wire == "code-first":
        return compact({"error_code": code, "error_msg": message}), "application/json"
    if wire == "pretty":
        return '{ \n    "error_msg": %s, \n    "error_code": %s \n}' % (
            json.dumps(message, ensure_ascii=False), json.dumps(code)), "application/json"
    if wire == "gateway":
        return compact({**flat, "request_id": request_id}) + "\n", "application/json"
    if wire == "nested":
        return compact({"error": nested}), "application/json"
    if wire == "nested-flat":
        error = {**nested, "param": None, "type": "BadRequest"}
        return compact({"error": error, **{"error_code": code, "error_msg": message},
                        "span_id": request_id[:16]}), "application/json"
    if wire == "camel":
        return compact({"errorCode": code, "errorMsg": message}), "application/json"
    if wire == "code-only":
        return compact({"error_code": code}), "application/json"
    if wire == "forbidden":
        return compact({**flat, "encoded_authorization_message": scenarios.AUTHORIZATION_MESSAGE}), "application/json"
    if wire == "sse":
        return "data: " + compact(flat) + "\n\n", "text/event-stream"
    if wire == "html":
        status = answer["status"]
        return GATEWAY_HTML.format(status, REASONS.get(status, "Error")), "text/html"
    if wire == "ok":
        return compact(answer["result"]), "application/json"
    raise ValueError(f"unknown wire variant {wire!r}")


class State:
    def __init__(self, answers, journal_path):
        self.lock = threading.Lock()
        self.answers = list(answers)
        self.journal = open(journal_path, "w", encoding="utf-8")
        self.sequence = 0

    def write(self, entry):
        self.journal.write(json.dumps(entry, ensure_ascii=False) + "\n")
        self.journal.flush()

    def next_answer(self, path):
        with self.lock:
            answer = self.answers.pop(0) if self.answers else scenarios.success()
            self.sequence += 1
            request_id = answer.get("request_id") or uuid.uuid4().hex
            self.write({
                "sequence": self.sequence, "at": time.time(), "path": path, "request_id": request_id,
                "code": answer.get("code"), "message": answer.get("message"), "status": answer["status"],
                "wire": answer["wire"],
            })
            return answer, request_id

    def mark(self, size):
        with self.lock:
            self.write({"mark": size})


class Service(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one segment: else each answer waits 40 ms for a delayed acknowledgement
    server_version = "api-gateway"
    sys_version = ""
    state = None

    def log_message(self, *_):
        pass

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer, request_id = self.state.next_answer(self.path)
        body, content_type = body_of(answer, request_id)
        data = body.encode()
        self.send_response(answer["status"])
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        if answer.get("request_id_header", True):
            self.send_header("X-Request-Id", request_id)
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()


class Control(BaseHTTPRequestHandler):
    state = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path != "/mark":
            self.send_error(404)
            return
        self.state.mark(int(parse_qs(url.query)["size"][0]))
        self.send_response(204)
        self.end_headers()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", required=True, help="a name from scenarios.py")
    parser.add_argument("--journal", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--certificate", help="PEM file with certificate and key; without it the service speaks plain HTTP")
    arguments = parser.parse_args()
    state = State(scenarios.named(arguments.scenario), arguments.journal)
    Service.state = Control.state = state
    service = ThreadingHTTPServer(("127.0.0.1", arguments.port), Service)
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
        service.socket = context.wrap_socket(service.socket, server_side=True)
    control = ThreadingHTTPServer(("127.0.0.1", 0), Control)
    print(service.server_address[1], control.server_address[1], flush=True)
    threading.Thread(target=control.serve_forever, daemon=True).start()
    try:
        service.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
