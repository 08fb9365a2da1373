"""A local server that behaves like Asterisk's manager, its misbehaviour included, and the recorded events of a real one.

It speaks the protocol over real sockets: banner, challenge, login, QueueStatus, CoreShowChannels, Ping. What it is told
to tell (`tell`) changes its own floor too, so that a snapshot is right at every moment, also for who was away.
"""

from __future__ import annotations

import gzip
import hashlib
import random
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from etl.sources.asterisk_ami import AmiReader

Block = list[tuple[str, str]]
SECRET = "a-real-looking-9f3c"
BANNER = b"Asterisk Call Manager/13.0.0\r\n"


def block(event: str, **headers: object) -> Block:
    """An event; the headers in Asterisk's spelling."""
    return [("Event", event), *((name, str(value)) for name, value in headers.items())]


def value(told: Block, name: str) -> str:
    return next((found for key, found in told if key == name), "")


def encoded(told: Block) -> bytes:
    return "".join(f"{name}: {found}\r\n" for name, found in told).encode() + b"\r\n"


@dataclass
class PbxFloor:
    """What the PBX itself knows, for its answers to QueueStatus and CoreShowChannels."""

    members: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    waiting: dict[tuple[str, str], tuple[int, dict[str, str]]] = field(default_factory=dict)
    channels: dict[str, dict[str, str]] = field(default_factory=dict)

    def change(self, at: int, told: Block) -> None:
        event, headers = value(told, "Event"), dict(told)
        member, call = (headers.get("Queue", ""), headers.get("MemberName", "")), headers.get("Uniqueid", "")
        if event == "QueueCallerJoin":
            self.waiting[(headers["Queue"], call)] = (at, headers)
            self.channels.setdefault(call, {"Channel": headers.get("Channel", ""), "BridgeId": ""})
        elif event == "QueueCallerLeave":
            self.waiting.pop((headers["Queue"], call), None)
        elif event in ("AgentConnect", "AgentComplete"):
            known = self.members.setdefault(member, {"Location": headers.get("Interface", "")})
            known["InCall"] = "1" if event == "AgentConnect" else "0"
        elif event in ("QueueMemberPause", "QueueMemberStatus", "QueueMemberAdded"):
            known = self.members.setdefault(member, {"Location": headers.get("Interface", "")})
            names = ("Paused", "PausedReason", "LastPause", "LoginTime", "InCall")
            known.update({name: headers[name] for name in names if name in headers})
        elif event == "QueueMemberRemoved":
            self.members.pop(member, None)
        elif event == "Newchannel":
            self.channels[call] = {"Channel": headers["Channel"], "BridgeId": ""}
        elif event == "Hangup":
            self.channels.pop(call, None)
        elif event in ("BridgeEnter", "BridgeLeave") and call in self.channels:
            self.channels[call]["BridgeId"] = headers["BridgeUniqueid"] if event == "BridgeEnter" else ""

    def queue_status(self, at: int) -> Iterator[Block]:
        for queue in sorted({name for name, _ in [*self.members, *self.waiting]}):
            yield block("QueueParams", Queue=queue, Max=0, Calls=len(self.waiting))
            for (of_queue, name), known in self.members.items():
                if of_queue == queue:
                    yield block(
                        "QueueMember", Queue=queue, Name=name, **{"InCall": "0", "Paused": "0"} | known
                    )
            mine = [(call, told) for (of_queue, call), told in self.waiting.items() if of_queue == queue]
            for position, (call, (joined_at, headers)) in enumerate(mine, start=1):
                yield block("QueueEntry", Queue=queue, Position=position, Uniqueid=call, Wait=at - joined_at,
                            CallerIDNum=headers.get("CallerIDNum", "unknown"))  # fmt: skip

    def core_show_channels(self) -> Iterator[Block]:
        for call, known in self.channels.items():
            yield block(
                "CoreShowChannel", Uniqueid=call, Channel=known["Channel"], BridgeId=known["BridgeId"]
            )


class AmiServer:
    """The manager of one PBX. `at` is its clock, which the test sets; it stands still otherwise."""

    def __init__(self, *, at: int = 1_795_309_870, cut: random.Random | None = None) -> None:
        self.at, self.floor, self._cut = at, PbxFloor(), cut
        self.banner, self.secret = BANNER, SECRET
        self.answers_pings, self.tells_channels, self.tells_timestamps, self.uptime = True, True, True, 0
        self.actions: list[dict[str, str]] = []
        self.told_rows = 0  # events since the last connection, snapshot included
        self.logins = 0
        self.tls: ssl.SSLContext | None = None
        self._sessions: list[socket.socket] = []
        self._lock = threading.RLock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def tell(self, *told: Block, at: int | None = None, lost: bool = False) -> None:
        """Lets it happen over there; who is connected hears of it (unless the bytes are lost on the way)."""
        with self._lock:
            self.at = self.at if at is None else max(self.at, at)
            for event in told:
                self.floor.change(self.at, event)
                stamp = [("Timestamp", f"{self.at}.250000")] if self.tells_timestamps else []
                if not lost:
                    rest = [pair for pair in event[1:] if pair[0] != "Privilege"]
                    self.raw(encoded([event[0], ("Privilege", "agent,all"), *stamp, *rest]))

    def raw(self, data: bytes) -> None:
        """Sends bytes as they are to everybody who is in, cut anywhere where the test asked for that."""
        with self._lock:
            for session in list(self._sessions):
                with suppress(OSError):
                    self._send(session, data)

    @property
    def sessions(self) -> int:
        """How many are in."""
        return len(self._sessions)

    def drop(self) -> None:
        """Cuts every connection."""
        with self._lock:
            for session in self._sessions:
                with suppress(OSError):
                    session.shutdown(socket.SHUT_RDWR)
                session.close()
            self._sessions.clear()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in self._threads:
            thread.join(5)

    def _send(self, session: socket.socket, data: bytes) -> None:
        while self._cut is not None and len(data) > 1:
            size = self._cut.randint(1, 4000)
            session.sendall(data[:size])
            data = data[size:]
        session.sendall(data)

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(plain,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        try:
            session = self.tls.wrap_socket(plain, server_side=True) if self.tls else plain
            session.sendall(self.banner)
            with session, session.makefile("rb") as lines:
                action: dict[str, str] = {}
                for line in lines:
                    name, _, found = line.decode().rstrip("\r\n").partition(": ")
                    if name:
                        action[name] = found
                    elif action:
                        self.actions.append(action)
                        with self._lock:
                            self._answer(session, action)
                        action = {}
        except (OSError, ValueError):
            plain.close()
        finally:
            with self._lock:
                self._sessions = [kept for kept in self._sessions if kept.fileno() != -1]

    def _answer(self, session: socket.socket, action: dict[str, str]) -> None:
        asked = action["Action"]
        mine = [("ActionID", action["ActionID"])] if "ActionID" in action else []
        if asked == "Challenge":
            self._send(session, encoded([("Response", "Success"), *mine, ("Challenge", "231794")]))
        elif asked == "Login":
            key = hashlib.md5(f"231794{self.secret}".encode(), usedforsecurity=False).hexdigest()
            if action.get("Key") != key and action.get("Secret") != self.secret:
                refused = [("Response", "Error"), *mine, ("Message", "Authentication failed")]
                self._send(session, encoded(refused))
                session.shutdown(socket.SHUT_RDWR)
                return
            self.logins, self.told_rows = self.logins + 1, 0
            self._sessions.append(session)
            self._send(
                session, encoded([("Response", "Success"), *mine, ("Message", "Authentication accepted")])
            )
            if self.uptime:
                self._send(session, encoded(block("FullyBooted", Uptime=self.uptime, Status="Fully Booted")))
        elif asked == "Ping" and self.answers_pings:
            self._send(session, encoded([("Response", "Success"), ("Ping", "Pong")]))
        elif asked == "CoreShowChannels" and not self.tells_channels:
            self._send(session, encoded([("Response", "Error"), *mine, ("Message", "Permission denied")]))
        elif asked in ("QueueStatus", "CoreShowChannels"):
            is_status = asked == "QueueStatus"
            told = list(self.floor.queue_status(self.at) if is_status else self.floor.core_show_channels())
            self._send(session, encoded([("Response", "Success"), *mine, ("EventList", "start")]))
            for event in (*told, block(f"{asked}Complete", ListItems=len(told))):
                self._send(session, encoded([*event, *mine]))


@contextmanager
def ami_server(**options: object) -> Iterator[AmiServer]:
    server = AmiServer(**options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()


def until(is_so: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Waits until it is so; fails when it never is."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.005)


def recorded(folder: Path) -> list[tuple[int, Block]]:
    """The events of the real PBX, each with its second: that of the same event in its queue_log, else of the one before.

    The recording holds no Timestamp headers; the log tells when the same things happened in the same PBX.
    """
    text = gzip.decompress((folder / "ami_events.raw.gz").read_bytes()).decode()
    *whole, _cut_off = text.split("\r\n\r\n")
    blocks: list[Block] = []
    for part in whole[1:]:  # the first holds the banner and the answer to the login
        pairs = (line.partition(":") for line in part.split("\r\n"))
        blocks.append([(name, rest.strip()) for name, _, rest in pairs])
    seconds: dict[tuple[str, ...], list[int]] = {}
    for line in (folder / "queue_log").read_text().splitlines():
        epoch, call, queue, agent, verb = line.split("|")[:5]
        who = (call, queue) if call != "NONE" else (agent, queue)
        seconds.setdefault((_SAME.get(verb, verb), *who), []).append(int(epoch))
    timed, at = list[tuple[int, Block]](), 1_795_309_870
    talks: dict[tuple[str, str], str] = {}  # a completion leaves the caller out where his line was gone
    for told in blocks:
        event = value(told, "Event")
        verb = (
            "UNPAUSE" if event == "QueueMemberPause" and value(told, "Paused") == "0" else _VERBS.get(event)
        )
        member = (value(told, "MemberName"), value(told, "Queue"))
        if event == "AgentConnect":
            talks[member] = value(told, "Uniqueid")
        who = member[0] if event == "QueueMemberPause" else value(told, "Uniqueid") or talks.get(member, "")
        known = seconds.get((verb, who, value(told, "Queue")), []) if verb else []
        at = max(at, known.pop(0)) if known else at
        timed.append((at, told))
    return timed


_SAME = {"COMPLETEAGENT": "END", "COMPLETECALLER": "END", "RINGCANCELED": "RING", "RINGNOANSWER": "RING"}
_VERBS = {
    "QueueCallerJoin": "ENTERQUEUE", "AgentConnect": "CONNECT", "AgentComplete": "END", "QueueCallerAbandon": "ABANDON",
    "AgentRingNoAnswer": "RING", "QueueMemberPause": "PAUSE",
}  # fmt: skip


def replayed(timed: list[tuple[int, Block]], server: AmiServer) -> list[tuple[int, Block]]:
    """The live events of a recording; its first snapshot becomes the server's own knowledge instead."""
    live = []
    for at, told in timed:
        event, headers = value(told, "Event"), dict(told)
        if event == "QueueMember":
            kept = ("Location", "Paused", "PausedReason", "InCall", "LoginTime", "LastPause")
            server.floor.members.setdefault(
                (headers["Queue"], headers["Name"]), {name: headers[name] for name in kept}
            )
        elif event and event not in ("QueueParams", "QueueEntry", "QueueStatusComplete"):
            live.append((at, told))
    return live


class Watched(AmiReader):
    """The reader, and which marks it has heard: so a test knows that everything sent before has arrived."""

    def __init__(self, *given: object, **options: object) -> None:
        self.marks: set[str] = set()
        super().__init__(*given, **options)  # type: ignore[arg-type]

    def sift(self, headers: dict[str, str]) -> dict[str, str] | None:
        self.marks.add(headers.get("userevent", ""))
        return super().sift(headers)


_MARKS = count(1)


def caught_up(server: AmiServer, reader: Watched) -> None:
    """Waits until the reader has heard everything that the server has told, on a whole connection."""
    mark = f"mark {next(_MARKS)}"
    asked_at = -1.0

    def is_heard() -> bool:
        nonlocal asked_at
        if mark not in reader.marks and time.monotonic() - asked_at > 0.2:
            asked_at = time.monotonic()
            server.raw(encoded(block("UserEvent", UserEvent=mark)))
        return mark in reader.marks and reader._line.down_seconds() == 0

    until(is_heard)
