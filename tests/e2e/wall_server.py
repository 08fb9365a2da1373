"""A small server of one wall, which tells its screens what a test wants and fails in the ways that networks fail.

In: payloads drawn by hand. Out: the product's own page and files, a stream, single answers, and a count of what was asked.
The rule it guards: what is tested is the browser's part alone, with the page that the product serves.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dashboard import board
from dashboard.wall import wall_routes
from dashboard.wall.address import Wall
from tests.e2e.conftest import ROOT

STATIC = ROOT / "dashboard" / "static"
KINDS = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
END = object()


@dataclass
class WallServer:
    """What the screens are told, and how the server behaves."""

    payload: dict[str, Any] = field(default_factory=dict)
    streams: list[queue.SimpleQueue[Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    posted: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False
    """Every request is answered with a 502, as a proxy does while the server starts anew."""
    is_black_hole: bool = False
    """Connections are taken and nothing is ever said on them."""
    has_streams: bool = True
    """Whether streams are let through, as some proxies do not."""
    beat_seconds: float = 1.0
    address: str = ""

    def show(self, payload: dict[str, Any]) -> None:
        """The board from now on, told to all screens."""
        self.payload = payload
        self.tell("board", payload)

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """One message to all screens."""
        for stream in list(self.streams):
            stream.put((name, data))

    def drop(self) -> None:
        """Ends all streams, as a network does that went away."""
        for stream in list(self.streams):
            stream.put(END)

    def paths(self, beginning: str) -> list[str]:
        """The requests that began so, in their order."""
        return [path for path in self.asked if path.startswith(beginning)]


def fresh(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as of this second; one of the past keeps its time."""
    if payload.get("is_past") or "frozen" in payload:
        return payload
    return {**payload, "now_ms": round(time.time() * 1000)}


def _handler(server: WallServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing on the console."""

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            server.asked.append(self.path)
            if path.startswith("/app/static/"):
                file = STATIC / path.removeprefix("/app/static/")
                self.answer(file.read_bytes(), KINDS.get(file.suffix, "text/plain"))
            elif self.is_away():
                return
            elif path == "/wall/show":
                self.answer(wall_routes.page(Wall(("floor",))).encode(), "text/html; charset=utf-8")
            elif path == "/wall/snapshot":
                self.answer(json.dumps(fresh(server.payload)).encode(), "application/json")
            elif path == "/wall/stream" and server.has_streams:
                self.stream()
            elif path == "/wall":
                self.answer(b"<!doctype html><title>Wall code</title>", "text/html")
            else:
                self.answer(b"{}", "application/json", 404)

        def do_POST(self) -> None:
            length = int(self.headers.get("content-length", "0"))
            server.posted.append(json.loads(self.rfile.read(length)))
            self.answer(b'{"sentence": "Acknowledged."}', "application/json")

        def is_away(self) -> bool:
            if server.is_down:
                self.answer(b"<h1>Bad gateway</h1>", "text/html", 502)
                return True
            while server.is_black_hole:
                time.sleep(0.05)
            return False

        def answer(self, body: bytes, kind: str, status: int = 200) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.send_header("cache-control", "no-store")
            self.end_headers()
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                return

        def stream(self) -> None:
            told: queue.SimpleQueue[Any] = queue.SimpleQueue()
            server.streams.append(told)
            at = parse_qs(urlsplit(self.path).query)
            hold = at.get("hold", [""])[0]
            try:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                first = dict(server.payload)
                if hold:
                    first = {**first, "board": {**first["board"], "name": hold}}
                self.say("board", fresh(first))
                while True:
                    try:
                        one = told.get(timeout=server.beat_seconds)
                    except queue.Empty:
                        one = ("beat", {"now_ms": round(time.time() * 1000), "age": server.payload["age"]})
                        if server.payload.get("is_past") or "frozen" in server.payload:
                            one[1]["now_ms"] = server.payload["now_ms"]
                    if one is END:
                        return
                    if not server.is_black_hole:
                        name, data = one
                        self.say(name, fresh(data) if name == "board" else data)
            except (BrokenPipeError, ConnectionResetError):
                return
            finally:
                server.streams.remove(told)

        def say(self, name: str, data: dict[str, Any]) -> None:
            self.wfile.write(f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()

    return Handler


@contextmanager
def wall_server() -> Iterator[WallServer]:
    """The server on a free port of this machine, until the block ends."""
    found = WallServer()

    class Threads(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A browser that leaves in the middle of an answer is no fault."""

    http = Threads(("127.0.0.1", 0), _handler(found))
    thread = threading.Thread(target=http.serve_forever, name="wall-server", daemon=True)
    thread.start()
    found.address = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield found
    finally:
        found.is_black_hole = False
        found.drop()
        http.shutdown()
        http.server_close()
        thread.join(5)


def asset() -> str:
    """The version of the files that the page names, as a payload tells it."""
    return board.asset_version()
