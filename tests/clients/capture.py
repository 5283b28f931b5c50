#!/usr/bin/env python3
"""Runs one client against the loopback service and keeps what it printed, with the server's journal beside it.

    capture.py --scenario few --out NAME.log [--calls N] [--stderr-only] -- COMMAND…

The client's stdout and stderr are one appended file; `--stderr-only` drops stdout. The environment tells the client
where the service is (OCR_ENDPOINT), where the marks go (OCR_CONTROL) and which fake credentials to use.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

import scenarios

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenario", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--calls", type=int)
    parser.add_argument("--stderr-only", action="store_true")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    out = pathlib.Path(arguments.out).resolve()
    journal = out.with_suffix(".journal")
    certificate = os.environ.get("OCR_CERTIFICATE")
    serve = [sys.executable, str(HERE / "server.py"), "--scenario", arguments.scenario, "--journal", str(journal)]
    if certificate:
        serve += ["--certificate", certificate, "--port", "443"]
    server = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        port, control = server.stdout.readline().split()
        endpoint = f"https://{scenarios.HOST}" if certificate else f"http://127.0.0.1:{port}"
        with tempfile.TemporaryDirectory() as scratch, open(out, "wb") as output:
            environment = {
                **os.environ, "OCR_ENDPOINT": endpoint, "OCR_CONTROL": f"http://127.0.0.1:{control}",
                "OCR_PROJECT_ID": scenarios.PROJECT_ID, "OCR_TOKEN": scenarios.TOKEN, "OCR_OUTPUT": str(out), "OCR_SCRATCH": scratch,
                "OCR_CALLS": str(arguments.calls or len(scenarios.named(arguments.scenario))),
                "HUAWEICLOUD_SDK_AK": scenarios.ACCESS_KEY, "HUAWEICLOUD_SDK_SK": scenarios.SECRET_KEY,
                "PYTHONUNBUFFERED": "1", "TZ": os.environ.get("TZ", "Asia/Shanghai"),
            }
            output_fd = os.open(out, os.O_WRONLY | os.O_APPEND)
            null = os.open(os.devnull, os.O_WRONLY)
            command = [part for part in arguments.command if part != "--"]
            done = subprocess.run(command, env=environment, stdout=null if arguments.stderr_only else output_fd, stderr=output_fd,
                                  stdin=subprocess.DEVNULL, timeout=300)
        print(f"{out.name}: exit {done.returncode}, {out.stat().st_size} bytes", file=sys.stderr)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
