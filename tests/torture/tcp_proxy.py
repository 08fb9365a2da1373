"""A stretch of network that goes wrong on demand: it stands between a program and a server on this computer.

In: the server's address (a port of 127.0.0.1, or a socket's path; `PostgresProxy` takes them from a DATABASE_URL).
Out: a port of 127.0.0.1 that behaves as `mode` says, for bytes that are under way already as well as for new ones.
The rule it guards: what is held back in one mode is not lost when the mode ends, as on a real network, unless the
mode's own doing is to lose it.
"""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args
from urllib.parse import parse_qs, urlencode, urlsplit

Mode = Literal[
    "pass",  # as if it were not there
    "latency",  # every piece comes `latency_seconds` later
    "slow",  # `bytes_per_second` in each direction
    "refuse",  # new connections are refused, old ones go on
    "reset",  # all connections are broken at once (RST), new ones as soon as they come
    "blackhole",  # nothing comes through and nobody is told; what was sent arrives when it ends
    "cut_on_commit",  # the server commits, but its answer never comes: the connection breaks instead
    "half_close",  # the server's side says that it is done (FIN) and yet the connection stands
    "garbage",  # the server's answers are other bytes, as many
]
MODES: tuple[str, ...] = get_args(Mode)
PIECE_BYTES = 65_536
Address = tuple[str, int] | Path


class TcpProxy:
    """Passes on to `upstream` what comes to its own port, in the way that its mode says."""

    def __init__(
        self,
        upstream: Address,
        *,
        latency_seconds: float = 0.1,
        bytes_per_second: int = 1000,
        seed: int = 1,
    ) -> None:
        self.latency_seconds, self.bytes_per_second = latency_seconds, bytes_per_second
        self.connections_count = 0
        """How many connections came so far."""
        self.lost_commits_count = 0
        """How many answers to a COMMIT were kept back so far."""
        self._upstream = upstream
        self._chance = random.Random(seed)
        self._mode: Mode = "pass"
        self._times: int | None = None
        self._changed = threading.Condition()
        self._pairs: set[_Pair] = set()
        self._is_closed = False
        self._listener: socket.socket | None = self._listening(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def mode(self) -> Mode:
        """How it behaves now."""
        return self._mode

    def set(self, mode: Mode, *, times: int | None = None) -> None:
        """Behaves like this from now on; `times` lets cut_on_commit go back to pass after so many commits."""
        with self._changed:
            was, self._mode, self._times = self._mode, mode, times
            self._changed.notify_all()
        if mode == "refuse" and self._listener is not None:
            listener, self._listener = self._listener, None
            listener.shutdown(socket.SHUT_RDWR)  # wakes the one who waits in accept
            listener.close()
        elif was == "refuse" and mode != "refuse":
            self._listener = self._listening(self.port)
        if mode == "reset":
            self.cut()
        if mode == "half_close":
            for pair in self._open_pairs():
                with suppress(OSError):
                    pair.client.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Breaks every connection that there is now (RST); the mode stays."""
        for pair in self._open_pairs():
            pair.reset()

    def close(self) -> None:
        """Ends it, and every connection through it."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.cut()

    def __enter__(self) -> TcpProxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_pairs(self) -> list[_Pair]:
        with self._changed:
            return list(self._pairs)

    def _listening(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=256)
        threading.Thread(target=self._accept, args=(listener,), name="proxy", daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while not self._is_closed:
            try:
                client, _ = listener.accept()
            except OSError:  # closed: the proxy refuses, or has ended
                return
            self.connections_count += 1
            if self._mode == "reset":
                _reset(client)
                continue
            threading.Thread(target=self._join, args=(client,), name="proxy", daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        """Opens the way to the server, once nothing is held back, and passes on in both directions."""
        if not self._wait_out_of("blackhole"):
            client.close()
            return
        try:
            server = _connect(self._upstream)
        except OSError:
            _reset(client)
            return
        pair = _Pair(client, server)
        with self._changed:
            self._pairs.add(pair)
        back = threading.Thread(target=self._pass_on, args=(pair, False), name="proxy", daemon=True)
        back.start()
        self._pass_on(pair, True)
        back.join()
        with self._changed:
            self._pairs.discard(pair)
        pair.close()

    def _pass_on(self, pair: _Pair, is_outward: bool) -> None:
        """Everything of one direction, until its sender ends or the connection breaks."""
        source, target = (pair.client, pair.server) if is_outward else (pair.server, pair.client)
        try:
            while piece := source.recv(PIECE_BYTES):
                if not self._wait_out_of("blackhole"):
                    break
                self._send(pair, target, piece, is_outward=is_outward)
            if not pair.is_broken:
                target.shutdown(socket.SHUT_WR)
        except OSError:  # broken by a mode, or by one of the two
            pair.reset()

    def _send(self, pair: _Pair, target: socket.socket, piece: bytes, *, is_outward: bool) -> None:
        mode = self._mode
        if mode == "latency":
            time.sleep(self.latency_seconds)
        elif mode == "slow":
            step = max(1, self.bytes_per_second // 20)
            for place in range(0, len(piece), step):
                target.sendall(piece[place : place + step])
                time.sleep(0.05)
            return
        elif mode == "garbage" and not is_outward:
            piece = self._chance.randbytes(len(piece))
        elif mode == "half_close" and not is_outward:
            target.shutdown(socket.SHUT_WR)
            return
        if is_outward:
            pair.is_committing = is_commit(piece)
        elif mode == "cut_on_commit" and pair.is_committing and self._takes_a_turn():
            pair.reset()
            return
        target.sendall(piece)

    def _takes_a_turn(self) -> bool:
        with self._changed:
            if self._mode != "cut_on_commit":
                return False
            self.lost_commits_count += 1
            if self._times is not None:
                self._times -= 1
                if self._times <= 0:
                    self._mode = "pass"
            return True

    def _wait_out_of(self, mode: Mode) -> bool:
        """Waits while the mode holds; whether the proxy still works afterwards."""
        with self._changed:
            self._changed.wait_for(lambda: self._mode != mode or self._is_closed)
            return not self._is_closed


class PostgresProxy(TcpProxy):
    """A proxy in front of the Postgres at a DATABASE_URL; `url` is the address of the same database through it."""

    def __init__(
        self,
        database_url: str,
        *,
        latency_seconds: float = 0.1,
        bytes_per_second: int = 1000,
        seed: int = 1,
    ) -> None:
        parts = urlsplit(database_url)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        host = options.pop("host", None) or parts.hostname or "127.0.0.1"
        port = int(options.pop("port", None) or parts.port or 5432)
        upstream: Address = Path(host) / f".s.PGSQL.{port}" if host.startswith("/") else (host, port)
        super().__init__(
            upstream, latency_seconds=latency_seconds, bytes_per_second=bytes_per_second, seed=seed
        )
        who, at_sign, _ = parts.netloc.rpartition("@")
        options |= {"sslmode": "disable", "gssencmode": "disable"}  # or nobody could see a COMMIT pass by
        where = f"{who}{at_sign}127.0.0.1:{self.port}"
        self.url = parts._replace(netloc=where, query=urlencode(options)).geturl()

    def __enter__(self) -> PostgresProxy:
        return self


class _Pair:
    """The two ends of one connection."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.is_committing = False
        self.is_broken = False

    def reset(self) -> None:
        """Breaks it towards the client (RST); the server learns it as well."""
        self.is_broken = True
        with suppress(OSError):
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end, how in ((self.client, socket.SHUT_RD), (self.server, socket.SHUT_RDWR)):
            with suppress(OSError):
                end.shutdown(how)  # wakes the one who waits for it
        self.client.close()

    def close(self) -> None:
        """Lets go of both ends."""
        self.client.close()
        self.server.close()


def is_commit(piece: bytes) -> bool:
    """Whether the last message that a client of Postgres sends in this piece asks for a COMMIT."""
    return piece.endswith(b"COMMIT\x00") and b"Q\x00\x00\x00\x0bCOMMIT\x00" in piece


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def _connect(upstream: Address) -> socket.socket:
    if not isinstance(upstream, Path):
        server = socket.create_connection(upstream, timeout=10)
        server.settimeout(None)
        return server
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(str(upstream))
    except OSError:
        server.close()
        raise
    return server
