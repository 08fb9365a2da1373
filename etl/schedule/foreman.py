"""Has a source loaded by a process of its own, and ends that process when it shows no progress any more.

In: what to do, and how long nothing may be heard. Out: how it ended. Rule: a load that hangs - in a connection
that fell silent, in a file that never comes to an end - holds up nothing but itself, and the next start finds a
fresh process. What it had not committed is rolled back by the warehouse and read again.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from etl.schedule.outcomes import Outcome
from etl.schedule.worker import COMMAND, ROOT, Errand
from etl.supervise import PARENT_VARIABLE

START_SECONDS = 60.0
_all: set[subprocess.Popen[str]] = set()


@dataclass
class _Company:
    """A worker that was started: its process, and what it says."""

    process: subprocess.Popen[str]
    said: queue.SimpleQueue[dict[str, Any] | None]
    begun_at: float
    is_ready: bool = False


class Foreman:
    """Whoever sees to one worker; asked by one thread at a time, stopped by any."""

    def __init__(self, name: str, errand: Errand, *, command: tuple[str, ...] = COMMAND) -> None:
        self.name, self._errand, self._command = name, errand, command
        self._worker: _Company | None = None
        self._lock = threading.Lock()
        self._is_stopping = False
        self._last_words = ""

    @property
    def process_number(self) -> int | None:
        """The number of the worker's process; null where none runs."""
        worker = self._worker
        return worker.process.pid if worker else None

    def is_ready(self) -> bool:
        """Whether `ask` would not have to wait for the worker's start; starts it where none runs."""
        try:
            worker = self._at_hand()
        except _EndedError:
            return True  # `ask` tells
        if worker is None or worker.is_ready or time.monotonic() - worker.begun_at > START_SECONDS:
            return True
        with suppress(queue.Empty):
            message = worker.said.get_nowait()
            if message is None:
                worker.said.put(None)
            worker.is_ready = message is not None
            return True
        return False

    def ask(self, request: Mapping[str, Any], *, deadline_seconds: float) -> Outcome:
        """Has it done; a failed outcome where nothing is heard for `deadline_seconds`, or where the worker ends."""
        began_at = time.monotonic()
        try:
            worker = self._at_hand()
            if worker is None:
                return Outcome("stopped")
            self._last_words = ""
            if not worker.is_ready:
                _next(worker, worker.begun_at + START_SECONDS - time.monotonic())
                worker.is_ready = True
            self._write(worker, request)
            heard_at = time.monotonic()
            while True:
                message = _next(worker, heard_at + deadline_seconds - time.monotonic())
                if message["said"] == "ended":
                    return Outcome.from_message(message["outcome"])
                heard_at = time.monotonic()
        except TimeoutError:
            has_begun = self._worker is not None and self._worker.is_ready
            self.kill()
            sentence = (
                f"Nothing was read and no batch was loaded for {deadline_seconds:,.0f} s, so the load was ended; the "
                "next one begins anew where the last batch stood. Look at the origin and the network to it; where it "
                "is only slow, raise deadline_seconds."
                if has_begun
                else f"The process that loads was not ready within {START_SECONDS:,.0f} s, so it was ended; the next load "
                "starts a new one. This machine is short of time or memory: look what else runs on it."
            )
        except _EndedError as error:
            sentence = self._last_words or (
                f"The process that loads ended by itself ({error}); the next load starts a new one."
            )
            self.kill()
        return Outcome("failed", seconds=time.monotonic() - began_at, error_text=sentence)

    def pause(self) -> None:
        """Lets the running load end after its batch; the worker stays, with what its reader holds."""
        if (worker := self._worker) is not None:
            with suppress(_EndedError):
                self._write(worker, {"do": "pause"})

    def leave(self) -> None:
        """Lets the worker end after its batch; the next `ask` starts a new one."""
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            _ask_to_end(worker.process)

    def stop(self) -> None:
        """Lets the worker end after its batch, and starts no other."""
        self._is_stopping = True
        if (worker := self._worker) is not None:
            _ask_to_end(worker.process)

    def kill(self, last_words: str = "") -> None:
        """Ends the worker at once; `last_words` say why, to whoever waits for its work."""
        self._last_words = last_words
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            _end_now(worker.process)

    def _at_hand(self) -> _Company | None:
        """The worker, started where none runs; null where there shall be none any more."""
        with self._lock:
            if self._worker is not None and self._worker.process.poll() is None:
                return self._worker
            if self._is_stopping:
                return None
            worker = self._worker = self._started()
        self._write_line(worker, self._errand.as_line())
        return worker

    def _started(self) -> _Company:
        path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, PARENT_VARIABLE: str(os.getpid())},
            text=True,
            encoding="utf-8",
            process_group=0,
        )
        worker = _Company(process, queue.SimpleQueue(), time.monotonic())
        _all.add(process)
        threading.Thread(target=_listen, args=(worker,), name=f"hears {self.name}", daemon=True).start()
        return worker

    def _write(self, worker: _Company, request: Mapping[str, Any]) -> None:
        self._write_line(worker, json.dumps(dict(request), ensure_ascii=False))

    def _write_line(self, worker: _Company, line: str) -> None:
        assert worker.process.stdin is not None
        try:
            worker.process.stdin.write(line + "\n")
            worker.process.stdin.flush()
        except (OSError, ValueError):  # a broken pipe, or closed by us
            raise _EndedError(_ending(worker.process)) from None


class _EndedError(Exception):
    """The worker is gone; the message says how it ended."""


def see_off(seconds: float) -> None:
    """Waits until every worker of this process that was let go has ended; whoever does not is ended after so long."""
    ends_at = time.monotonic() + seconds
    for process in list(_all):
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, ends_at - time.monotonic()))
        _end_now(process)


def end_all_at_once() -> None:
    """Ends every worker of this process; for a second Ctrl-C."""
    for process in list(_all):
        _end_now(process)


def _next(worker: _Company, seconds: float) -> dict[str, Any]:
    try:
        message = worker.said.get(
            timeout=max(seconds, 1.0)
        )  # after a stop of this process, what was said waits in the pipe
    except queue.Empty:
        raise TimeoutError from None
    if message is None:
        raise _EndedError(_ending(worker.process))
    return message


def _listen(worker: _Company) -> None:
    """Takes down what the worker says, to the end; then buries it."""
    assert worker.process.stdout is not None
    with worker.process.stdout as lines:
        for line in lines:
            worker.said.put(json.loads(line))
    worker.process.wait()
    _all.discard(worker.process)
    worker.said.put(None)


def _ask_to_end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        process.terminate()
    assert process.stdin is not None
    with suppress(OSError, ValueError):
        process.stdin.close()


def _end_now(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.stdin is not None
    with suppress(OSError, ValueError):
        process.stdin.close()


def _ending(process: subprocess.Popen[str]) -> str:
    with suppress(subprocess.TimeoutExpired):
        code = process.wait(1.0)
        if code >= 0:
            return f"exit code {code}"
        with suppress(ValueError):
            return signal.Signals(-code).name
    return "no exit code"
