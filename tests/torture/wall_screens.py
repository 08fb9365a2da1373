"""Screens in front of walls that really run: each holds one stream open and remembers what it was told, and when.

In: the address of a dashboard, and the sessions that the screens have. Out: for each screen its messages, and its end.
The rule it guards: a screen only listens: whatever it is told came over its own line.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from dashboard.door.sessions import COOKIE

MOST_LINE_BYTES = 4 * 1024 * 1024


@dataclass
class Told:
    """One message: its name, when it came, and, where it is asked for, what it said."""

    name: str
    at: float
    data: dict[str, Any]


@dataclass
class ScreenOnWall:
    """One open stream; `status` is the first line of the answer."""

    address: str
    token: str
    query: str = "boards=floor"
    told: list[Told] = field(default_factory=list)
    status: str = ""
    ended_at: float | None = None
    task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Asks for the stream and listens from now on."""
        self.task = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        parts = urlsplit(self.address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=MOST_LINE_BYTES)
        try:
            writer.write(request_of(self.address, self.token, self.query))
            name = ""
            async for line in reader:
                if not self.status:
                    self.status = line.decode().strip()
                elif line.startswith(b"event: "):
                    name = line[7:].decode().strip()
                elif line.startswith(b"data: ") and name:
                    is_read = name != "board" or not self.named("board")
                    self.told.append(Told(name, time.monotonic(), json.loads(line[6:]) if is_read else {}))
        except ConnectionResetError:
            pass  # an end like any other; when it came is what counts
        finally:
            self.ended_at = time.monotonic()
            writer.close()

    def named(self, name: str, *, since: float = 0.0) -> list[Told]:
        """Its messages of that name from then on."""
        return [one for one in self.told if one.name == name and one.at >= since]

    @property
    def longest_silence_seconds(self) -> float:
        """The longest time between two messages."""
        times = [one.at for one in self.told]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)


def request_of(address: str, token: str, query: str) -> bytes:
    """The request for a stream, as a browser sends it."""
    return (
        f"GET /wall/stream?{query} HTTP/1.1\r\nHost: {urlsplit(address).netloc}\r\nAccept: text/event-stream\r\n"
        f"Cookie: {COOKIE}={token}\r\n\r\n"
    ).encode()


def deaf_screen(address: str, token: str) -> socket.socket:
    """A screen that asks for its stream and then takes nothing of it, as one whose browser hangs."""
    parts = urlsplit(address)
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    found.connect((parts.hostname or "", parts.port or 0))
    found.sendall(request_of(address, token, "boards=floor"))
    return found
