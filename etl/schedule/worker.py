"""The process that loads one source: it keeps the source's reader from load to load and does as it is told.

In: lines of JSON on standard input, the first with the settings and the warehouse's address. Out: lines of JSON on
standard output: signs of life, each batch, and how each load ended; what else is printed goes to standard error.
Rule: it ends with whoever started it, and a stop lets the running batch commit.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from etl import LoadError, signs
from etl.config import Settings
from etl.load import BatchSummary, Readers, RunSummary, run_source
from etl.schedule import nightly
from etl.schedule.clock import environment_clock
from etl.schedule.outcomes import Outcome, of_failure, of_summary
from etl.schedule.slots import Slot, SlotTaken
from etl.sources import SourceSettings
from etl.supervise import Stopping, stay_with_parent
from sql.warehouse import WarehouseError, open_engine

PULSE_SECONDS = 1.0
COMMAND = (sys.executable, "-P", "-m", "etl.schedule.worker")
ROOT = Path(__file__).parents[2]
LOG_FORMAT = "%(asctime)s %(message)s"


@dataclass(frozen=True)
class Errand:
    """What a worker needs to know before the first load."""

    database_url: str
    settings: Settings

    def as_line(self) -> str:
        """The first line on its standard input; for a child of our own only: it holds what only we may read."""
        return json.dumps({"errand": base64.b64encode(pickle.dumps(self)).decode()})


class Worker:
    """One source, loaded when somebody says so."""

    def __init__(self, errand: Errand, tell: Callable[[dict[str, Any]], None]) -> None:
        self._engine = open_engine(errand.database_url)
        self._settings = errand.settings
        self._tell, self._now = tell, environment_clock()
        self._readers = Readers()
        self.pause, self.end = threading.Event(), threading.Event()
        """Set: the running load ends after its batch; `end` is never taken back."""
        self._sign_told = signs.last_sign()

    def load(self, source: SourceSettings, slot: Slot) -> Outcome:
        """One load of the source, in the slot if nobody has it."""
        summary = RunSummary()

        def heard(batch: BatchSummary) -> None:
            signs.alive()
            summary.add(batch)
            self._tell({"said": "batch"})
            if self.pause.is_set() or self.end.is_set():  # the batch is committed: the place to end
                raise Stopping

        began_at = time.monotonic()
        try:
            whole = run_source(
                self._engine, self._settings, source,
                now=self._now, until_idle=False, on_batch=heard, readers=self._readers, slot=slot,
            )  # fmt: skip
        except Stopping:
            return of_summary(summary, outcome_name="stopped", seconds=time.monotonic() - began_at)
        except SlotTaken as taken:
            return Outcome("taken", wait_seconds=taken.wait_seconds)
        return of_summary(whole, outcome_name="succeeded", seconds=time.monotonic() - began_at)

    def close_day(self, source: SourceSettings, work_name: str, day_date: date) -> Outcome:
        """What is due once a day, for one source and local day."""
        began_at = time.monotonic()
        words = nightly.work(work_name)(self._engine, self._settings, source, day_date, now=self._now)
        return Outcome("succeeded", seconds=time.monotonic() - began_at, notices=(words,) if words else ())

    def do(self, request: dict[str, Any]) -> Outcome:
        """What was asked for; a failure is an outcome too."""
        began_at = time.monotonic()
        signs.alive()
        is_load = request["do"] == "load"
        try:
            if is_load:
                return self.load(self._settings.source(request["source_name"]), Slot(**request["slot"]))
            source = nightly.source_of(self._settings, request["source_name"])
            return self.close_day(source, request["work_name"], date.fromisoformat(request["day_date"]))
        except Exception as error:
            # whatever it is, whoever started us must hear of it
            if not isinstance(error, LoadError | WarehouseError):
                logging.getLogger("floorboard.etl").error("%s", type(error).__name__, exc_info=error)
            return of_failure(error, seconds=time.monotonic() - began_at, is_noted=is_load)

    def pulse(self) -> None:
        """Tells, while it works, that something was read since it was told last."""
        while True:
            time.sleep(PULSE_SECONDS)
            if (sign := signs.last_sign()) != self._sign_told:
                self._sign_told = sign
                self._tell({"said": "alive"})

    def close(self) -> None:
        """Lets go of the reader and the warehouse."""
        self._readers.close()
        self._engine.dispose()


def main() -> None:
    """Works until standard input ends, or a signal asks for the end."""
    stay_with_parent()
    told = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not speak between the lines
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=LOG_FORMAT)
    saying = threading.Lock()

    def tell(message: dict[str, Any]) -> None:
        try:
            with saying:
                told.write(json.dumps(message, ensure_ascii=False) + "\n")
                told.flush()
        except BrokenPipeError:  # whoever started us is gone; the load itself goes on to the end of its batch
            worker.end.set()

    first = json.loads(sys.stdin.readline())
    worker = Worker(pickle.loads(base64.b64decode(first["errand"])), tell)
    requests: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    _end_on_signals(worker, requests)
    threading.Thread(target=_listen, args=(sys.stdin, requests, worker), daemon=True).start()
    threading.Thread(target=worker.pulse, name="pulse", daemon=True).start()
    tell({"said": "ready"})
    while (request := requests.get()) is not None:
        tell({"said": "ended", "outcome": worker.do(request).as_message()})
    worker.close()


def _listen(lines: IO[str], requests: SimpleQueue[dict[str, Any] | None], worker: Worker) -> None:
    """Takes down what is asked; a pause is heard at once, though a load runs."""
    for line in lines:
        request = json.loads(line)
        if request["do"] == "pause":
            worker.pause.set()
            continue
        worker.pause.clear()
        requests.put(request)
    worker.end.set()
    requests.put(None)


def _end_on_signals(worker: Worker, requests: SimpleQueue[dict[str, Any] | None]) -> None:
    """SIGTERM and hang-up ask for the end after the batch; Ctrl-C is for whoever started us."""

    def end(_number: int, _frame: object) -> None:
        worker.end.set()
        requests.put(None)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
    os._exit(0)  # a thread waits on standard input: an ordinary end would wait for its lock
