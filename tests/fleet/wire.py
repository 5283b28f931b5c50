"""As much of a NATS client as the tests need: it speaks the text protocol.

Owns one connection. Must not know what it carries. Fails with `OSError` where there is none, and with `AssertionError`
where the broker refuses something.
"""

import asyncio
import base64
import itertools
import json


class Wire:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.inbox, self.numbers, self.waiting = f"_INBOX.{id(self):x}", itertools.count(1), {}
        self.refused, self.patience_s = [], 10

    @classmethod
    async def open(cls, address, name, **login):
        reader, writer = await asyncio.open_connection(address, 4222)
        wire = cls(reader, writer)
        await reader.readline()  # What the server says of itself.
        hello = {"name": name, "verbose": False, "pedantic": False, "headers": True, "lang": "python", "version": "0", **login}
        writer.write(f"CONNECT {json.dumps(hello)}\r\nSUB {wire.inbox}.* 1\r\nPING\r\n".encode())
        await writer.drain()
        wire.ready = asyncio.get_running_loop().create_future()
        wire.listening = asyncio.create_task(wire.listen())
        await asyncio.wait_for(wire.ready, 10)
        return wire

    async def listen(self):
        while line := await self.reader.readline():
            words = line.split()
            kind = words[0] if words else b""
            if kind == b"PING":
                self.writer.write(b"PONG\r\n")
            elif kind == b"PONG":
                self.ready.done() or self.ready.set_result(None)
            elif kind in (b"MSG", b"HMSG"):
                body = (await self.reader.readexactly(int(words[-1]) + 2))[:-2]
                head = int(words[-2]) if kind == b"HMSG" else 0
                answer = self.waiting.pop(words[1].decode(), None)
                if answer and not answer.done():
                    answer.set_result(body[head:])
            elif kind == b"-ERR":
                self.refused.append(line.decode().strip())

    def publish(self, subject, payload, headers=None, answer_to=""):
        """Hands a message to the connection; `drain` waits until it may take more."""
        head = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"NATS/1.0\r\n{head}\r\n".encode() if head else b""
        sizes = f"{len(head)} {len(head) + len(payload)}" if head else f"{len(payload)}"
        line = f"{'HPUB' if head else 'PUB'} {subject} {answer_to + ' ' if answer_to else ''}{sizes}\r\n"
        self.writer.write(line.encode() + head + payload + b"\r\n")

    def ask(self, subject, payload=b"", headers=None):
        """A future of the answer."""
        answer_to = f"{self.inbox}.{next(self.numbers)}"
        self.waiting[answer_to] = asyncio.get_running_loop().create_future()
        self.publish(subject, payload, headers, answer_to)
        return self.waiting[answer_to]

    async def api(self, subject, **request):
        question = self.ask(f"$JS.API.{subject}", json.dumps(request).encode())
        answer = json.loads(await asyncio.wait_for(question, self.patience_s))
        assert "error" not in answer, (subject, answer["error"])
        return answer

    async def close(self):
        await self.writer.drain()
        self.listening.cancel()
        self.writer.close()


def at(address, act, patience_s=10):
    """Runs something on a connection of its own; what comes of it."""
    async def run():
        wire = await Wire.open(address, "test")
        wire.patience_s = patience_s
        try:
            return await act(wire)
        finally:
            await wire.close()
    return asyncio.run(run())


async def messages(wire, stream, first=1, at_most=10_000):
    """Every message of a stream from a sequence on: subject, headers as text, body."""
    found = []
    for sequence in range(first, first + at_most):
        try:
            message = (await wire.api(f"STREAM.MSG.GET.{stream}", seq=sequence))["message"]
        except AssertionError:
            break
        head, body = (base64.b64decode(message.get(key, "")).decode(errors="replace") for key in ("hdrs", "data"))
        found.append((message["subject"], head, body))
    return found
