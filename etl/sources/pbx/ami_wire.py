"""Speaks Asterisk's manager protocol: keeps a connection to a PBX open and hears everything that it tells.

In: an address with a user and his secret. Out: what was told, in order and numbered, until the listener forgets it.
The rule it guards: nothing told is lost while it waits to be loaded, a lost connection is made again by itself, and
after every connection the whole floor is asked for anew. The secret goes into no message, log or name.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import tenacity

from etl import LoadError

BANNER = "Asterisk Call Manager"
LONGEST_LINE = 65_536
MOST_LINES = 2_000  # of one block; an answer to a command may be long, an event is not
MOST_WAITING = 200_000  # told and not yet loaded; beyond it the floor is asked for anew instead
CONNECT_SECONDS = 10.0
PING_SECONDS = 15.0
SILENCE_SECONDS = 45.0  # three pings without any word: the connection is dead
MOST_BACK_OFF_SECONDS = 30.0
AGAIN_SECONDS = (
    600.0  # so often the whole floor is asked for on a sound connection too: what was missed does not stay
)
REFUSED_SECONDS = 60.0  # a refused login is not tried often: guards against intruders would shut us out
SNAPSHOT = "(snapshot)"  # the mark before the answers that tell the whole floor
ASKED = ("CoreShowChannels", "QueueStatus")  # in this order: the last one's end is the snapshot's end
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.()#/ -]{0,79}")
_REPEATED = frozenset({"output", "variable", "chanvariable"})

Headers = dict[str, str]
"""One block: the names of its headers in lower case, each with its value."""


class WireError(LoadError):
    """The PBX cannot be reached, or speaks otherwise than expected."""


class RefusedError(WireError):
    """The PBX does not let us in."""


class Decoder:
    """Takes bytes as they come, cut anywhere, and gives whole blocks: headers, and what is wrong with them."""

    def __init__(self) -> None:
        self._rest = b""
        self._lines: list[str] = []
        self._fault: str | None = None
        self._is_overlong = False
        self.banner: str | None = None

    def feed(self, data: bytes) -> Iterator[tuple[Headers, str | None]]:
        """The blocks that are whole now. The very first line is the banner; a fault says what a block breaks."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._is_overlong or len(line) > LONGEST_LINE:
                self._is_overlong = False
                self._fault = f"a line of more than {LONGEST_LINE} bytes; expected a header"
                continue
            text = _decoded(line.removesuffix(b"\r"))
            if self.banner is None:
                if text:
                    self.banner = text
            elif text:
                self._add(text)
            elif self._lines or self._fault:
                yield _headers(self._lines, self._fault)
                self._lines, self._fault = [], None
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._is_overlong = b"", True

    def _add(self, text: str) -> None:
        if len(self._lines) < MOST_LINES:
            self._lines.append(text)
        else:
            self._fault = f"more than {MOST_LINES} lines; expected a blank line after a block"


def _decoded(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _headers(lines: list[str], fault: str | None) -> tuple[Headers, str | None]:
    """One block. A header twice, or a line that is none, means that a value held a line break: it is not believed."""
    headers: Headers = {}
    for line in lines:
        key, colon, value = line.partition(":")
        name = key.lower()
        if not colon or not _KEY.fullmatch(key):
            is_output = headers.get("response", "").lower() == "follows"
            fault = fault or (None if is_output else "a line that is no header; expected 'Name: value'")
        elif name in headers:
            twice = name.partition("(")[0] not in _REPEATED
            fault = fault or (f"the header {key} twice; expected it once" if twice else None)
        else:
            headers[name] = value.strip()
    if "event" not in headers and "response" not in headers:
        fault = fault or "neither an Event nor a Response; expected one of them"
    return headers, fault


@dataclass(frozen=True)
class Address:
    """Where the PBX listens, who we are there, and how the line is protected."""

    host: str
    port: int
    user_name: str
    secret: str = field(repr=False)
    is_encrypted: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True)
class Heard:
    """One block that is of use: its number on this line, when it came (seconds of `Line.clock`), its fault."""

    number: int
    heard_at: float
    headers: Headers
    fault: str | None = None


class Line:
    """A connection to a PBX that is kept, and made again when it is lost, by a thread of its own.

    sift: what of a block is kept (nothing: null); it sees every block before anything is stored. Nothing heard is
    forgotten before `forget`.
    """

    def __init__(
        self,
        address: Address,
        sift: Callable[[Headers], Headers | None],
        *,
        clock: Callable[[], float] = time.monotonic,
        ping_seconds: float = PING_SECONDS,
        silence_seconds: float = SILENCE_SECONDS,
        again_seconds: float = AGAIN_SECONDS,
    ) -> None:
        self._address, self._sift, self.clock = address, sift, clock
        self._ping_seconds, self._silence_seconds = ping_seconds, silence_seconds
        self._again_seconds = again_seconds
        self._asked_at = 0.0
        self._waiting: deque[Heard] = deque()
        self._numbers = 0
        self._lock = threading.Condition()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._is_greeted = False
        self._down_since: float | None = clock()
        self._whole_through = 0.0
        self._notices: list[str] = []
        self.fault: WireError | None = None

    def open(self) -> None:
        """Begins to listen, unless it does already (a thread that a fault has ended is begun anew)."""
        if self._thread is None or not (self._thread.is_alive() or self._stop.is_set()):
            self._thread = threading.Thread(target=self._run, name="ami-line", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Hangs up and ends the thread; what was heard stays until it is forgotten."""
        self._stop.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(CONNECT_SECONDS)

    def heard(self) -> list[Heard]:
        """Everything that was told and not yet forgotten."""
        with self._lock:
            return list(self._waiting)

    def forget(self, number: int) -> None:
        """Lets go of everything up to that number: it is loaded."""
        with self._lock:
            while self._waiting and self._waiting[0].number <= number:
                self._waiting.popleft()

    def notices(self) -> list[str]:
        """What happened to the connection since this was last asked."""
        with self._lock:
            told, self._notices = self._notices, []
        return told

    def wait(self, seconds: float) -> None:
        """Waits until the whole floor has been told on this connection, but no longer than that."""
        with self._lock:
            self._lock.wait_for(lambda: self._down_since is None or self._is_refused(), seconds)

    def down_seconds(self) -> float:
        """For how long the floor has not been known whole; 0 while it is."""
        with self._lock:
            return 0.0 if self._down_since is None else self.clock() - self._down_since

    def silence(self) -> WireError:
        """Why the floor is not known although nothing went wrong: who listens there says nothing, or tells no queues."""
        place, waited = f"{self._address.host}:{self._address.port}", f"{self.down_seconds():.0f} s"
        if self._socket is None:
            what = "with TLS, no connection" if self._address.is_encrypted else "no connection"
            return WireError(
                f"{place}: {what} came to be within {waited}, expected Asterisk's manager there. Correct host, port and "
                "tls, or let this computer through the firewall."
            )
        if not self._is_greeted:
            return WireError(
                f"{place}: whoever listens there has said nothing for {waited}, expected '{BANNER}': another service "
                "listens there, or one that speaks TLS. Correct host, port and tls: the manager's is 5038, with TLS 5039."
            )
        return WireError(
            f"{place}: the PBX has not told its queues for {waited}, expected QueueStatus. See that app_queue is loaded "
            "over there."
        )

    def whole_through(self) -> float:
        """The last moment (of `clock`) at which the PBX was heard on a whole connection."""
        with self._lock:
            return self._whole_through

    def _is_refused(self) -> bool:
        return isinstance(self.fault, RefusedError)

    def _run(self) -> None:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(WireError),
            wait=_pause,
            stop=tenacity.stop_when_event_set(self._stop),
            sleep=tenacity.sleep_using_event(self._stop),
        )
        while not self._stop.is_set():
            with suppress(tenacity.RetryError):
                retrying(self._session)
            self._stop.wait(1.0)

    def _session(self) -> None:
        """One connection from its first byte to its end; WireError where it never came to be."""
        decoder, is_in = Decoder(), False
        try:
            with self._connected() as line:
                self._socket = line
                for headers, fault in self._blocks(line, decoder):
                    if is_in:
                        self._note(headers, fault)
                        if self.clock() - self._asked_at > self._again_seconds:
                            self._ask_for_the_floor(line)
                    elif is_in := self._let_in(line, headers):
                        self._ask_for_the_floor(line)
        except (OSError, WireError, UnicodeError) as error:  # a host that cannot be a name is a UnicodeError
            self._lost(error)
            if not is_in:
                raise self.fault or WireError(str(error)) from None

    def _connected(self) -> socket.socket:
        context = self._certificates() if self._address.is_encrypted else None
        plain = socket.create_connection((self._address.host, self._address.port), CONNECT_SECONDS)
        if context is None:
            return plain
        try:
            return context.wrap_socket(plain, server_hostname=self._address.host)
        except BaseException:
            plain.close()
            raise

    def _certificates(self) -> ssl.SSLContext:
        """What the PBX's certificate is checked by; WireError where the file in the settings is not to be used."""
        try:
            return ssl.create_default_context(cafile=self._address.ca_file)
        except OSError as error:
            raise WireError(
                f"the certificate in {self._address.ca_file} cannot be used ({error.strerror or error}), expected a "
                "file in PEM form; correct tls_ca_file"
            ) from None

    def _blocks(self, line: socket.socket, decoder: Decoder) -> Iterator[tuple[Headers, str | None]]:
        """Blocks as they come, with a ping where nothing else does; WireError at the end of the connection."""
        line.settimeout(min(1.0, self._ping_seconds / 2))
        last_heard = last_ping = self.clock()
        is_greeted = self._is_greeted = False
        while not self._stop.is_set():
            try:
                data = line.recv(65_536)
            except TimeoutError:
                data = None
            if data == b"":
                raise WireError("the PBX closed the connection")
            now = self.clock()
            if data:
                last_heard = now
                yield from decoder.feed(data)
                with self._lock:
                    self._whole_through = now if self._down_since is None else self._whole_through
                if not is_greeted and decoder.banner is not None:
                    is_greeted = self._is_greeted = self._greet(line, decoder.banner)
            if now - last_heard > self._silence_seconds:
                raise WireError(f"the PBX has been silent for {now - last_heard:.0f} s in spite of pings")
            if is_greeted and now - max(last_heard, last_ping) >= self._ping_seconds:
                last_ping = now
                self._send(line, Action="Ping")

    def _greet(self, line: socket.socket, banner: str) -> bool:
        if not banner.startswith(BANNER):
            raise WireError(
                f"found '{banner[:60]}' as its first words, expected '{BANNER}': another service listens there"
            )
        if self._address.is_encrypted:
            self._send(line, Action="Login", ActionID="login", Username=self._address.user_name,
                       Secret=self._address.secret, Events="system,agent,call")  # fmt: skip
        else:  # the secret itself never crosses an open network
            self._send(line, Action="Challenge", ActionID="challenge", AuthType="MD5")
        return True

    def _let_in(self, line: socket.socket, headers: Headers) -> bool:
        """Takes the answers to our greeting; whether we are in."""
        if "response" not in headers:
            return False
        if headers["response"].lower() != "success":
            reason = headers.get("message", "no reason given")[:100]
            raise RefusedError(
                f"the PBX refuses the login of '{self._address.user_name}' ({reason}). Check the user in manager.conf, "
                "his secret, and that his permit line allows this computer."
            )
        if "challenge" not in headers:
            return True
        # The protocol's own hash; it protects the secret on the way, nothing is stored under it.
        key = hashlib.md5((headers["challenge"] + self._address.secret).encode(), usedforsecurity=False)
        self._send(line, Action="Login", ActionID="login", AuthType="MD5", Username=self._address.user_name,
                   Key=key.hexdigest(), Events="system,agent,call")  # fmt: skip
        return False

    def _ask_for_the_floor(self, line: socket.socket) -> None:
        self._asked_at = self.clock()
        self._keep({"event": SNAPSHOT}, None)
        for action in ASKED:
            self._send(line, Action=action, ActionID=action)

    @staticmethod
    def _send(line: socket.socket, **headers: str) -> None:
        line.sendall("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n")

    def _note(self, headers: Headers, fault: str | None) -> None:
        answered = headers.get("actionid")
        if "response" in headers and "event" not in headers:
            if answered == ASKED[-1] and headers["response"].lower() == "error":
                reason = headers.get("message", "no reason given")[:100]
                raise WireError(
                    f"the PBX does not tell its queues ({reason}); expected an answer to QueueStatus. "
                    "Load app_queue over there"
                )
            return
        kept = self._sift(headers)
        if kept is not None:
            self._keep(kept, fault)
        if headers.get("event", "").lower() == f"{ASKED[-1]}Complete".lower():
            self._whole()

    def _keep(self, headers: Headers, fault: str | None) -> None:
        with self._lock:
            self._numbers += 1
            self._waiting.append(Heard(self._numbers, self.clock(), headers, fault))
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
                self._notices.append(
                    f"More than {MOST_WAITING} events waited to be loaded and were let go; the floor is asked for anew."
                )
                raise WireError("too much waits to be loaded")

    def _whole(self) -> None:
        with self._lock:
            if self._down_since is not None and self.fault is not None:
                self._notices.append(f"The PBX is heard again after {self.clock() - self._down_since:.0f} s.")
            self._down_since, self.fault, self._whole_through = None, None, self.clock()
            self._lock.notify_all()

    def _lost(self, error: OSError | WireError | UnicodeError) -> None:
        place = f"{self._address.host}:{self._address.port}"
        refused = RefusedError if isinstance(error, RefusedError) else WireError
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        reason = "that cannot be the name of a computer" if isinstance(error, UnicodeError) else reason
        with self._lock:
            self._down_since = self.clock() if self._down_since is None else self._down_since
            self.fault = refused(
                f"{place}: {reason.removesuffix('.')}; expected Asterisk's manager there. It is tried again by itself."
            )
            self._lock.notify_all()


def _pause(state: tenacity.RetryCallState) -> float:
    """How long to wait before the next try: twice as long each time, never in step with other listeners."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RefusedError):
        return REFUSED_SECONDS
    longest = min(MOST_BACK_OFF_SECONDS, 2.0 ** min(state.attempt_number - 1, 10))
    return longest * (0.5 + secrets.randbelow(500) / 1000)
