"""A web server on this machine for tests of API readers: answers as the test says, and misbehaves on request.

with web_server(lambda request: Answer({"tickets": []})) as base_url:
    WebClient(base_url, most_per_second=1000).get_json("tickets", {"page": 1})
    assert base_url.requests[0].query == {"page": "1"}
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """One question as the server got it; number counts from 1, at is the server's monotonic clock."""

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the server gives back. value: bytes as they are, everything else as JSON.

    is_gzip: packed; length: Content-Length in place of the right one; cut_at: the connection breaks after so many
    bytes of the body; drip_seconds: between every `drip_bytes` bytes; drips_headers: these too; hangs: seconds
    of silence before anything.
    """

    value: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_gzip: bool = False
    length: int | None = None
    cut_at: int | None = None
    drip_seconds: float = 0.0
    drip_bytes: int = 1
    drips_headers: bool = False
    hangs_seconds: float = 0.0

    def body(self) -> bytes:
        body = self.value if isinstance(self.value, bytes) else json.dumps(self.value).encode()
        return gzip.compress(body) if self.is_gzip else body


class BaseUrl(str):
    """The address of the running server, with every question that it has been asked."""

    requests: list[Request]


@contextmanager
def web_server(handler: Callable[[Request], Answer | Any]) -> Iterator[BaseUrl]:
    """Serves on a free port of 127.0.0.1 for the length of the block; `handler` answers, one question at a time.

    A handler may return an Answer, or a JSON value; what it raises fails the test at the end of the block.
    """
    requests: list[Request] = []
    faults: list[BaseException] = []
    lock, is_over = threading.Lock(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every second answer waits 40 ms for an acknowledgement

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            at = time.monotonic()
            parts = urlsplit(self.path)
            with lock:
                headers = {name.lower(): value for name, value in self.headers.items()}
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                request = Request(len(requests) + 1, self.command, parts.path, query, headers, body, at)
                requests.append(request)
                try:
                    found = handler(request)
                except Exception as fault:  # noqa: BLE001 - told to the test at the end of the block
                    faults.append(fault)
                    found = Answer({"error": repr(fault)}, 400)
            with suppress(OSError):  # whoever asked has gone
                self._write(found if isinstance(found, Answer) else Answer(found))

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

        def _write(self, answer: Answer) -> None:
            if is_over.wait(answer.hangs_seconds):
                return
            body = answer.body()
            headers = {"Content-Type": "application/json", **answer.headers}
            headers["Content-Length"] = str(len(body) if answer.length is None else answer.length)
            if answer.is_gzip:
                headers["Content-Encoding"] = "gzip"
            head = f"HTTP/1.1 {answer.status} Answer\r\n"
            head += "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
            whole = head.encode()
            if not (answer.drip_seconds and answer.drips_headers):
                self.wfile.write(whole)
                whole = b""
            self._drip(whole + body[: answer.cut_at], answer)
            if answer.cut_at is not None:
                linger = struct.pack("ii", 1, 0)  # a reset, not a tidy end
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

        def _drip(self, data: bytes, answer: Answer) -> None:
            step = answer.drip_bytes if answer.drip_seconds else max(len(data), 1)
            for start in range(0, len(data), step):
                self.wfile.write(data[start : start + step])
                if answer.drip_seconds and is_over.wait(answer.drip_seconds):
                    return

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no fault of the server."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    base_url = BaseUrl(f"http://127.0.0.1:{server.server_port}")
    base_url.requests = requests
    try:
        yield base_url
    finally:
        is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()
    if faults:
        raise faults[0]
