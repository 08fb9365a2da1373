"""The floor of this second, asked once for everybody who looks, however many tabs are open.

In: a function that asks all live questions for one instant. Out: the newest snapshot, at once.
The rule it guards: a page never waits for the warehouse to draw what is already known, a failure reaches
every page that asks together with the last good answers, and nobody asks the warehouse while nobody looks.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from sql.rights import SessionError
from sql.warehouse import RETRY, SwitchedOffError, WarehouseError

EVERY_SECONDS = 1.5
LEAST_SECONDS = 0.5  # between two askings, however often something changes
IDLE_SECONDS = 30.0
FIRST_ANSWER_SECONDS = 5.8  # a little more than the warehouse is given to answer
GOOD_ANSWERS = 128
QUIET_SECONDS = 2.0  # whoever has just heard nothing does not make the next one wait
NEXT_ANSWER_SECONDS = 2.0  # then what was known before somebody looked away is shown with its age
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answers of the live questions, by name, all of one instant; failure says why there are no newer ones."""

    taken_at: datetime
    answers: Mapping[str, pl.DataFrame]
    failure: WarehouseError | None = None


Heard = Callable[[Snapshot | Exception], None]


class Poller:
    """Keeps one snapshot fresh in a thread of its own, as long as somebody subscribes or asked within the last half
    minute.

    It asks every 1.5 seconds, and at once when it is woken. Where the asking raises SessionError, nobody is left who may
    see the answers: it forgets them and stops at once.
    """

    def __init__(
        self,
        ask: Callable[[], Snapshot],
        *,
        every_seconds: float = EVERY_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._ask = ask
        self._every_seconds = every_seconds
        self._idle_seconds = idle_seconds
        self._changed = threading.Condition()
        self._found: Snapshot | Exception | None = None
        self._good: Snapshot | None = None
        self._asked_at = 0.0
        self._is_running = False
        self._is_woken = False
        self._heard: dict[object, Heard] = {}

    @property
    def is_running(self) -> bool:
        """Whether it asks the warehouse at present."""
        return self._is_running

    def latest(self) -> Snapshot:
        """The newest snapshot; the first call waits for it.

        While the warehouse fails it is the last good one with its failure; without one, what the asking raised is
        raised.
        """
        with self._changed:
            self._asked_at = time.monotonic()
            self._begin()
            wait = FIRST_ANSWER_SECONDS if self._good is None else NEXT_ANSWER_SECONDS
            is_answered = self._changed.wait_for(lambda: self._found is not None, timeout=wait)
            told = self._told(self._found if is_answered else _silence(wait))
        if isinstance(told, Exception):
            raise told
        return told

    def subscribe(self, heard: Heard) -> Callable[[], None]:
        """Tells `heard` every answer from now on, in this poller's thread; gives back what ends it.

        An answer is what `latest` would give, or the exception that it would raise. After a SessionError nothing more
        is heard until somebody who may see the answers looks again, and wakes it.
        """
        place = object()
        with self._changed:
            self._heard[place] = heard
            self._begin()

        def leave() -> None:
            with self._changed:
                self._heard.pop(place, None)

        return leave

    def wake(self) -> None:
        """Asks now, as something has changed; however often it is called, at most twice a second."""
        with self._changed:
            if self._heard:
                self._begin()
            self._is_woken = True
            self._changed.notify_all()

    def _begin(self) -> None:
        if not self._is_running:
            self._is_running, self._found = True, None
            threading.Thread(target=self._run, name="floorboard-live", daemon=True).start()

    def _told(self, found: Snapshot | Exception | None) -> Snapshot | Exception:
        """What somebody who asks is given, or has raised."""
        if isinstance(found, SessionError):
            return SessionError(str(found))
        if isinstance(found, WarehouseError):
            return again(found) if self._good is None else replace(self._good, failure=found)
        if isinstance(found, Exception):
            error = RuntimeError("The live questions could not be asked.")
            error.__cause__ = found
            return error
        assert found is not None  # there is an answer before anybody is told one
        return found

    def _run(self) -> None:
        while True:
            began_at = time.monotonic()
            found: Snapshot | Exception
            try:
                found = self._ask()
            except Exception as error:  # noqa: BLE001 - handed to every page that asks, which raises it
                found = error
            is_over = isinstance(found, SessionError)
            with self._changed:
                self._found = found
                self._good = None if is_over else found if isinstance(found, Snapshot) else self._good
                told, hearers = self._told(found), list(self._heard.values())
                self._changed.notify_all()
                is_idle = not hearers and time.monotonic() - self._asked_at > self._idle_seconds
                if is_over or is_idle:
                    self._is_running = False
            for heard in hearers:
                _tell(heard, told)
            if is_over or is_idle:
                return
            self._rest(began_at)

    def _rest(self, began_at: float) -> None:
        """Until the next turn, or until somebody wakes it; two askings begin at least half a second apart."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_woken, timeout=self._every_seconds)
            is_woken = self._is_woken
        if is_woken:
            time.sleep(max(0.0, began_at + LEAST_SECONDS - time.monotonic()))
        with self._changed:
            self._is_woken = False  # what changes from here on is seen by the asking, or wakes it again


class LastGood:
    """The last good answer to each of the questions asked last, for while the warehouse does not answer."""

    def __init__(self, *, most_answers: int = GOOD_ANSWERS) -> None:
        self._most_answers = most_answers
        self._answers: OrderedDict[Hashable, pl.DataFrame] = OrderedDict()
        self._lock = threading.Lock()
        self._failure: WarehouseError | None = None
        self._quiet_until = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether somebody has just heard nothing: then the next one does not wait."""
        return self._failure is not None and time.monotonic() < self._quiet_until

    def heard_nothing(self, error: WarehouseError) -> None:
        """The warehouse did not answer somebody: for two seconds nobody else waits for it."""
        with self._lock:
            if error.is_transient and time.monotonic() >= self._quiet_until:
                self._failure, self._quiet_until = error, time.monotonic() + QUIET_SECONDS

    def of(self, key: Hashable, ask: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """What `ask` answers now, or, where the warehouse fails, what it answered last under this key.

        Raises WarehouseError where it never did. The key holds the viewer's scope; whoever has no session any more is
        answered nothing, also nothing that was known before.
        """
        try:
            if self._failure is not None and time.monotonic() < self._quiet_until:
                raise again(self._failure)
            found = ask()
        except SessionError:  # over or revoked: what was answered before is not theirs any more
            raise
        except SwitchedOffError:  # what was answered before does not exist for a single agent any more
            with self._lock:
                self._answers.pop(key, None)
            raise
        except WarehouseError as error:
            self.heard_nothing(error)
            with self._lock:
                known = self._answers.get(key)
            if known is None:
                raise
            return known
        with self._lock:
            self._answers[key] = found
            self._answers.move_to_end(key)
            while len(self._answers) > self._most_answers:
                self._answers.popitem(last=False)
        return found


def again(error: WarehouseError) -> WarehouseError:
    """The same failure for one more page: an exception that several threads raise would grow without end."""
    if isinstance(error, SwitchedOffError):
        return SwitchedOffError(error.family_names)
    fresh = WarehouseError(str(error))
    fresh.__cause__, fresh.fault = error.__cause__, error.fault
    return fresh


def _tell(heard: Heard, told: Snapshot | Exception) -> None:
    try:
        heard(told)
    except Exception:  # noqa: BLE001 - one who cannot hear does not keep the answer from the others
        _LOG.exception("An answer of the live questions could not be handed on.")


def _silence(seconds: float) -> WarehouseError:
    error = WarehouseError(
        f"The warehouse has not answered within {seconds:.0f} seconds. "
        "See that Postgres runs; `floorboard doctor` tells more."
    )
    error.__cause__, error.fault = TimeoutError(), RETRY
    return error
