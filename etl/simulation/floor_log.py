"""The log of the simulated floor: written like a telephone system's, first its history, then live.

In: a path, a seed, the days of history, and a clock. Out: that file, first its history, then one line at its
second, rotated as a real site does; the exports `<log>-tickets.jsonl`, `-surveys.jsonl` and their like in
the same way; beside them `<log>.floor.json` (where the simulation stands) and `<log>.floor.lock`. It knows
nothing of who reads them.
The rule it guards: the log depends on nothing but the seed, the time zone and the first start. A floor that
was stopped, killed or late continues byte for byte as if it had never stopped: it goes back to its last
checkpoint (a simulated midnight, UTC), plays the day again, compares it with the log, and writes on.
"""

import fcntl
import gzip
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl import LoadError
from etl.simulation.floor import DAY, Floor

FIRST_MONDAY = 4 * DAY  # 1970-01-05: weeks are counted from here
ROTATE_BYTES = 50_000_000
KEEP_FILES = 8
STATE_VERSION = 1
LONGEST_NAP_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class FloorClock:
    """The simulated clock: `simulated_at` when the real one was at `real_at`, `speed` times as fast."""

    real_at: datetime
    simulated_at: datetime
    speed: float

    def instant(self, now: datetime) -> datetime:
        """The simulated instant (UTC) at the real instant `now`."""
        return (self.simulated_at + (now - self.real_at) * self.speed).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class FloorSummary:
    """What the history came to: its span, the lines and bytes that this call wrote, and the floor's clock."""

    started_at: datetime
    live_at: datetime
    written_lines: int
    written_bytes: int
    clock: FloorClock


@dataclass(slots=True)
class _State:
    seed: int
    time_zone: str
    begin: int  # first second of the history
    live: int  # first second that is live
    real_at: float
    simulated_at: float
    speed: float | None  # null until it first goes live
    file_begin: int  # no line of the current file is older than this second
    checkpoint: int  # all lines before this second ...
    checkpoint_bytes: int = 0  # ... are the first so many bytes of the current file
    floor: dict[str, Any] | None = None  # null before the first checkpoint
    checkpoint_tickets_bytes: int = 0  # the same of the help desk's export
    checkpoint_surveys_bytes: int = 0  # of the survey tool's
    checkpoint_reviews_bytes: int = 0  # of the listeners'
    checkpoint_recordings_bytes: int = 0  # of the recorder's
    checkpoint_visits_bytes: int = 0  # of the menus' and bots'
    checkpoint_attempts_bytes: int = 0  # of the dialler's
    version: int = STATE_VERSION

    @property
    def clock(self) -> FloorClock:
        real, simulated = (
            datetime.fromtimestamp(self.real_at, UTC),
            datetime.fromtimestamp(self.simulated_at, UTC),
        )
        return FloorClock(real, simulated, self.speed or 1.0)


EXPORTS = ("tickets", "surveys", "reviews", "recordings", "visits", "attempts")


def export_path(path: Path, name: str) -> Path:
    """The export of that name that lies beside the log of that path."""
    return path.with_name(f"{path.name}-{name}.jsonl")


def tickets_path(path: Path) -> Path:
    """The help desk's export that lies beside the log of that path."""
    return export_path(path, "tickets")


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _load(path: Path) -> _State | None:
    place = _beside(path, ".floor.json")
    try:
        found = json.loads(place.read_bytes())
        if found["version"] != STATE_VERSION:
            raise ValueError(f"version {found['version']}")
        return _State(**found)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise LoadError(
            f"{place} does not describe a simulated floor of version {STATE_VERSION} ({error}). "
            f"Delete it and {path} to start a new floor."
        ) from error


def _save(path: Path, state: _State) -> None:
    place, draft = _beside(path, ".floor.json"), _beside(path, ".floor.json.new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file, ensure_ascii=False, separators=(",", ":"))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds the floor's lock, so that two of them never write one log; says what a failing disk means."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _beside(path, ".floor.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LoadError(
                    f"Another simulated floor is writing {path}. Stop it first, or name another file."
                ) from None
            yield
    except OSError as error:
        raise LoadError(
            f"The simulated floor cannot write {path} ({error}). Check the folder's rights and free space, "
            "then start again: it continues where it stopped."
        ) from error


class _Stream:
    """One file of the floor: knows which byte comes next, and what a stopped run has left beyond it."""

    def __init__(self, path: Path, size: int, state_path: Path) -> None:
        self.path, self.size, self.state_path = path, size, state_path
        self.written_lines = self.written_bytes = 0
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        held = os.fstat(self.descriptor).st_size
        if held < size:
            os.close(self.descriptor)
            raise self.changed(f"holds {held:,} bytes", f"at least {size:,}")
        self.tail = os.pread(self.descriptor, held - size, size)

    def close(self) -> None:
        """Closes the file."""
        os.close(self.descriptor)

    def changed(self, found: str, expected: str) -> LoadError:
        """What to say where the file is not as it was left."""
        return LoadError(
            f"{self.path} {found}, but the simulated floor has written {expected}: somebody else changed it. "
            f"Delete it and {self.state_path} to start a new floor."
        )

    def append(self, text: bytes) -> None:
        """Writes what is not there yet; what a stopped run has left there must be the same bytes."""
        self.size += len(text)
        if self.tail:
            both = min(len(self.tail), len(text))
            whole = self.tail.rfind(b"\n") + 1
            if text[:both] == self.tail[:both]:
                text, self.tail = text[both:], self.tail[both:]
            elif (
                text[:whole] == self.tail[:whole]
            ):  # only the half line at the end is torn: cut it off, write it anew
                os.ftruncate(self.descriptor, os.fstat(self.descriptor).st_size - len(self.tail) + whole)
                text, self.tail = text[whole:], b""
            else:
                raise self.changed(f"differs near byte {self.size - len(text):,}", "other lines there")
        self.written_lines += text.count(b"\n")
        self.written_bytes += len(text)
        while text:
            text = text[os.write(self.descriptor, text) :]


class _Recorder:
    """The floor and its files together: keeps the checkpoints, and begins a new log every week."""

    def __init__(self, path: Path, state: _State) -> None:
        self.path, self.state = path, state
        zone = _zone(state.time_zone)
        if state.floor is None:
            self.floor = Floor(state.seed, zone, state.begin)
        else:
            self.floor = Floor.restored(state.seed, zone, state.floor)
        self.reached = state.checkpoint  # everything before this second has been simulated
        self.before_lines = self.before_bytes = 0
        self._finish_rotation()
        self.log = self._opened(path, state.checkpoint_bytes)
        self.exports = {
            name: self._opened(export_path(path, name), getattr(state, f"checkpoint_{name}_bytes"))
            for name in EXPORTS
        }

    @property
    def written_lines(self) -> int:
        """How many lines of the log this run has written."""
        return self.before_lines + self.log.written_lines

    @property
    def written_bytes(self) -> int:
        """How many bytes of the log this run has written."""
        return self.before_bytes + self.log.written_bytes

    def _opened(self, path: Path, size: int) -> _Stream:
        return _Stream(path, size, _beside(self.path, ".floor.json"))

    def close(self) -> None:
        """Closes the files."""
        self.log.close()
        for stream in self.exports.values():
            stream.close()

    def step(self, limit: int) -> bool:
        """Goes on to the second `limit` or the next simulated midnight (UTC); true at `limit`."""
        goal = min(limit, (self.reached // DAY + 1) * DAY)
        if goal > self.reached:
            texts = self.floor.run(goal)
            for name, stream in self.exports.items():
                stream.append(getattr(texts, name))
            self.log.append(texts.log)
            self.reached = goal
            if goal % DAY == 0:
                self._checkpoint()
        return self.reached >= limit

    def next_at(self) -> int:
        """The second at which something happens next on the floor."""
        return int(self.floor.events[0][0])

    def _checkpoint(self) -> None:
        """Notes where the floor stands; a new week, or a log that has grown too large, begins a new file."""
        os.fsync(self.log.descriptor)
        for stream in self.exports.values():
            os.fsync(stream.descriptor)
        state, now = self.state, self.reached
        is_new_week = now > state.live and (now - FIRST_MONDAY) % (7 * DAY) == 0
        state.floor, state.checkpoint, state.checkpoint_bytes = self.floor.snapshot(), now, self.log.size
        for name, stream in self.exports.items():
            setattr(state, f"checkpoint_{name}_bytes", stream.size)
        is_turn = is_new_week or self.log.size >= ROTATE_BYTES
        if is_turn:
            if self.log.tail:
                raise self.log.changed("goes on past the end of its week", "no more than that week into it")
            state.file_begin, state.checkpoint_bytes = now, 0
        _save(self.path, state)
        if is_turn:
            self.before_lines, self.before_bytes = self.written_lines, self.written_bytes
            self.log.close()
            self._finish_rotation()
            self.log = self._opened(self.path, 0)

    def _finish_rotation(self) -> None:
        """Renames a log that is older than the file to be written; a kill may have come before the rename."""
        try:
            with self.path.open("rb") as file:
                first = file.readline().split(b"|")[0]
        except FileNotFoundError:
            return
        if first and int(first) < self.state.file_begin:
            _make_room(self.path, 1)
            self.path.replace(_beside(self.path, ".1"))


def _numbered(path: Path, number: int) -> Path:
    return _beside(path, ".1" if number == 1 else f".{number}.gz")


def _make_room(path: Path, number: int) -> None:
    """Frees the place of the n-th old log: moves the older ones on, the second and later ones compressed."""
    here, there = _numbered(path, number), _numbered(path, number + 1)
    if not here.exists():
        return
    if number == KEEP_FILES:
        here.unlink()
        return
    if number > 1:
        _make_room(path, number + 1)
        here.replace(there)
        return
    if there.exists() and gzip.decompress(there.read_bytes()) == here.read_bytes():
        here.unlink()  # a kill came between compressing and deleting
        return
    _make_room(path, number + 1)
    draft = _beside(path, ".floor.gz")
    with (
        here.open("rb") as source,
        draft.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
    draft.replace(there)
    here.unlink()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise LoadError(f"No time zone {name!r}: expected an IANA name such as 'Europe/Tallinn'.") from error


def _started(path: Path, seed: int) -> _State:
    state = _load(path)
    if state is None:
        raise LoadError(
            f"No simulated floor has been started at {path}. Write its history first (write_floor)."
        )
    if state.seed != seed:
        raise LoadError(
            f"The simulated floor at {path} was started with seed {state.seed}, not {seed}. "
            f"Use seed {state.seed}, or delete it and {_beside(path, '.floor.json')} to start a new floor."
        )
    return state


def write_floor(
    path: Path,
    *,
    seed: int,
    days: int,
    until: datetime,
    time_zone: str = "Europe/Tallinn",
    on_progress: Callable[[int, int], None] | None = None,
) -> FloorSummary:
    """Writes the history [until - days, until) of a new floor; one summary for the whole.

    `until` is the first live second, for good: calling it again for the same file (also after a kill in the
    middle) completes that first history and changes nothing else. `on_progress(days done, days in all)` is
    called at each simulated midnight. LoadError if `path` holds another log, seed or zone, or is in use.
    """
    if until.tzinfo is None or days < 1:
        raise LoadError(f"Expected an instant with a time zone and at least 1 day; found {until} and {days}.")
    _zone(time_zone)
    with _alone(path):
        state = _begun(path, seed, time_zone, int(until.timestamp()), days)
        recorder = _Recorder(path, state)
        try:
            while not recorder.step(state.live):
                if on_progress:
                    done = (recorder.reached - state.begin) // DAY
                    on_progress(done, (state.live - state.begin) // DAY)
        finally:
            recorder.close()
    started_at, live_at = (datetime.fromtimestamp(second, UTC) for second in (state.begin, state.live))
    return FloorSummary(started_at, live_at, recorder.written_lines, recorder.written_bytes, state.clock)


def _begun(path: Path, seed: int, time_zone: str, live: int, days: int) -> _State:
    """The state of the floor at `path`; a new one if there is none yet."""
    if _load(path) is None:
        if path.exists() and path.stat().st_size > 0:
            raise LoadError(f"{path} is not empty and not a simulated floor's. Name another file for it.")
        begin = live - days * DAY
        _save(path, _State(seed, time_zone, begin, live, live, live, None, begin, begin))
    state = _started(path, seed)
    if state.time_zone != time_zone:
        raise LoadError(
            f"The floor at {path} lives in {state.time_zone}, not {time_zone}. Use its time zone."
        )
    return state


def floor_clock(path: Path) -> FloorClock | None:
    """The simulated clock of the floor at `path`, for whoever shows it; null if there is no such floor."""
    state = _load(path)
    return None if state is None else state.clock


def follow_floor(
    path: Path,
    *,
    seed: int,
    speed: float = 1.0,
    stop: threading.Event,
    now: Callable[[], datetime],
) -> None:
    """Goes on live from where the log ends, each line at its second, until `stop` is set.

    A gap since the last run is filled at once. The simulated clock starts at the end of the history and runs
    `speed` times as fast as `now`; with another speed than last time it goes on from where it stands.
    LoadError if no floor was started at `path`, or with another seed, or if the log was changed by others.
    """
    if speed <= 0:
        raise LoadError(f"Expected a speed above 0; found {speed}.")
    with _alone(path):
        state = _started(path, seed)
        if state.speed != speed:
            if state.speed is not None:
                moment = now()
                state.simulated_at = state.clock.instant(moment).timestamp()
                state.real_at = moment.timestamp()
            state.speed = speed
            _save(path, state)
        clock, recorder = state.clock, _Recorder(path, state)
        try:
            while not stop.is_set():
                instant = clock.instant(now()).timestamp()
                if recorder.step(int(instant) + 1):
                    wait = (recorder.next_at() - instant) / speed
                    stop.wait(min(max(wait, 0.02), LONGEST_NAP_SECONDS))
        finally:
            recorder.close()
