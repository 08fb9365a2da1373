"""Keeps a few processes together: they start as one, stop as one, and none outlives the others.

In: the command line of each process, in the order in which they must stop. Out: the first one to end unasked.
Rule: whatever ends this process - Ctrl-C, a closed terminal, even kill -9 - its children end too.
"""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

PARENT_VARIABLE = "FLOORBOARD_PARENT_PID"
GRACE_SECONDS = 25.0
_LOG_LIMIT_BYTES = 5_000_000
_PR_SET_PDEATHSIG = 1


class SuperviseError(Exception):
    """Processes cannot start or go on together; the message is one sentence fit for a terminal."""


class Stopping(BaseException):
    """Somebody asked this process to stop; raised between two pieces of work. No failure, so no Exception."""


class StopRequest:
    """Whether a stop was asked for by Ctrl-C, SIGTERM or a closed terminal."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def check(self) -> None:
        """Raises Stopping once a stop was asked for."""
        if self.event.is_set():
            raise Stopping


@dataclass
class Child:
    """One process of the company, and the file that takes down what it says."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    may_end: bool = False

    def last_words(self) -> str:
        """The last line that the process wrote; empty when it said nothing."""
        with suppress(OSError):
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return lines[-1].strip() if lines else ""
        return ""


class Company:
    """The processes that stay together; they stop in the order in which they were started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []

    def start(
        self, name: str, command: list[str], *, environment: Mapping[str, str], may_end: bool = False
    ) -> Child:
        """Starts one process in its own process group; call it from the main thread only.

        may_end: it has something to do once, and its end is the end of nothing else.
        (Linux ends the children of a thread that ends, not only those of a process.)
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"{name}.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env={**os.environ, **environment, PARENT_VARIABLE: str(os.getpid())},
                process_group=0,
            )
        child = Child(name, process, log, may_end)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raises SuperviseError when a process has ended that nobody asked to end."""
        for child in self.children:
            code = child.process.poll()
            if code is not None and not child.may_end:
                words = child.last_words()
                last = f" Its last words: {words}" if words else ""
                raise SuperviseError(
                    f"The {child.name} ended by itself ({_ending(code)}), so everything else stops too. "
                    f"See {child.log}.{last}"
                )

    def stop(self) -> None:
        """Asks every process to end, one after the other; kills one that outlasts the time of grace."""
        for child in self.children:
            if child.process.poll() is None:
                child.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(GRACE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Ends at once whatever is left, with its own children."""
        for child in self.children:
            if child.may_end and child.process.poll() is not None:
                continue  # it ended long ago, and its number may be somebody else's by now
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(5)
        self.children.clear()


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


@contextmanager
def stop_on_signals(*at_once: Callable[[], object]) -> Iterator[StopRequest]:
    """Within it Ctrl-C, SIGTERM and hang-up are requests; the second one calls `at_once`, the third ends."""
    request = StopRequest()
    taken: list[int] = []

    def take(number: int, _frame: FrameType | None) -> None:
        taken.append(number)
        if len(taken) == 2:
            for act in at_once:
                act()
        if len(taken) > (2 if at_once else 1):
            os._exit(128 + number)
        request.event.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, take) for number in numbers}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def only_one(lock: Path, *, what: str, address: str) -> Iterator[None]:
    """Holds the lock of `what`; SuperviseError naming process and address when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            pid, _, other = file.read().strip().partition(" ")
            raise SuperviseError(
                f"{what} already runs (process {pid or 'unknown'}, {other or 'address not known yet'}). "
                "Open that address, or stop it with Ctrl-C; a second one needs a FLOORBOARD_HOME of its own."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()} {address}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def lock_holder(lock: Path) -> str | None:
    """Process and address of whoever holds the lock, such as "812 http://127.0.0.1:8501"; None when free."""
    try:
        with lock.open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return file.read().strip() or "unknown"
    except FileNotFoundError:
        return None
    return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on the host."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def warn_of_open_host(host: str, port: int, tell: Callable[[str], None]) -> None:
    """Tells, where other machines can reach the pages, who is asked to sign in there and who is not."""
    if not is_loopback(host):
        tell(
            f"Warning: port {port} on {host} can be reached from other machines. A site asks everybody to sign in there "
            '(docs/sign-in.md); a demo, and a site with [sign_in] kind = "open", show every page to whoever reaches them.'
        )


def refuse_taken_port(host: str, port: int) -> None:
    """SuperviseError when nothing can listen on that address, or when the host is left empty."""
    if not host.strip():  # for a socket, no address means all of them
        raise SuperviseError(
            'The host is empty, expected an address to listen on; write --host 127.0.0.1, or "0.0.0.0" for '
            "every address of this machine."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SuperviseError(
                f"Port {port} on {host} cannot be used ({reason}). "
                "Stop the program that has it, or choose another one with --port."
            ) from None


def answers(url: str) -> bool:
    """Whether something at the address answers with success within a second."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=1.0) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def stay_with_parent() -> None:
    """Called by a child at its start: from then on it ends when the process that started it is gone."""
    named = os.environ.pop(PARENT_VARIABLE, "")
    if not named.isdigit():
        return
    parent = int(named)
    is_told = False
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            is_set = ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM) == 0
            is_told = is_set and os.getppid() == parent
    threading.Thread(target=_watch, args=(parent, is_told), name="parent-watch", daemon=True).start()


def _watch(parent: int, is_told: bool) -> None:
    """Polls too, for systems without a parent-death signal and for a parent that died before it was set.

    Where the system tells of the death, nothing is said twice: the second signal would end this process in the middle of
    its end, with the database that it was about to stop.
    """
    while os.getppid() == parent:
        time.sleep(0.5)
    if not is_told:
        os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
