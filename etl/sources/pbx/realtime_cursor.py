"""Decides which rows of a queue_log table are read next, so that none is lost that becomes visible late.

In: the table, the place reached, and what is waited for. Out: the next rows in order, and the place after them.
The rule it guards: a gap in the row numbers is first waited for, then watched; a row without a number is known by its
content and how often it was seen; a table that was made anew is noticed, never passed over in silence.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from etl.sources.files.lines_again import STEP_SECONDS as STEP_BACK_SECONDS
from etl.sources.pbx.asterisk_times import epoch_of_call, epoch_of_text
from etl.sources.pbx.queue_events import ANSWER, ENDS, ENTRY, RESTART, RINGS, WRAP_UP
from etl.sources.pbx.realtime_rows import order_of
from etl.sources.pbx.realtime_table import OpenTable, TableRow

MOST_GAPS = 500
STEP_SECONDS = 900
FOLD_SECONDS = 7200  # clocks put back by at most two hours
_ORDER = (
    RESTART,
    "ADDMEMBER",
    "UNPAUSEALL",
    "UNPAUSE",
    "PAUSEALL",
    "PAUSE",
    ENTRY,
    *RINGS,
    ANSWER,
    *ENDS,
    WRAP_UP,
    "REMOVEMEMBER",
)


@dataclass(frozen=True)
class Place:
    """How far the table was read: the last row's number and content; without numbers, the time to read on from."""

    number: int = 0
    row_key: str = ""
    from_time: str = ""

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        return json.dumps({"version": 1, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Place:
        """Reads `to_text`; raises ValueError with what was found where it is not one."""
        data = _json(text)
        try:
            place = cls(**data)
        except TypeError as error:
            raise ValueError(f"it cannot be read: {error!r}") from error
        if not (
            type(place.number) is int
            and 0 <= place.number < 2**63
            and isinstance(place.row_key, str)
            and isinstance(place.from_time, str)
        ):
            raise ValueError(f"its place is {data!r}, expected a row's number and texts")
        return place


@dataclass(frozen=True)
class Progress:
    """What is carried on: unfinished sessions, gaps (first, last, seen at), rows seen at the edge, checks of the zone."""

    sessions_text: str = ""
    gaps: tuple[tuple[int, int, int], ...] = ()
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)
    differences: tuple[int, ...] = ()

    def to_text(self) -> str:
        """As JSON text, for the cursor's row."""
        return json.dumps({"version": 1, **asdict(self)}, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Progress:
        """Reads `to_text`; raises ValueError with what was found where it is not one."""
        data = _json(text)
        try:
            return cls(
                sessions_text=str(data.get("sessions_text", "")),
                gaps=tuple((int(first), int(last), int(at)) for first, last, at in data.get("gaps", ())),
                seen={
                    str(key): (str(time), int(count)) for key, (time, count) in data.get("seen", {}).items()
                },
                differences=tuple(int(number) for number in data.get("differences", ())),
            )
        except (AttributeError, TypeError) as error:
            raise ValueError(f"it cannot be read: {error!r}") from error


def _json(text: str) -> dict[str, Any]:
    if not text:
        return {}
    try:
        data = json.loads(text)
        version = data.pop("version")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it cannot be read: {error!r}") from error
    if version != 1:
        raise ValueError(f"its version is {version!r}, expected 1")
    return dict(data)


@dataclass(frozen=True)
class Found:
    """The next rows, the place and progress after them, what is to be noticed, and whether the table is another one."""

    rows: list[TableRow]
    place: Place
    progress: Progress
    notice: str | None = None
    starts_anew: bool = False


@dataclass(frozen=True)
class _Edge:
    """By what it is decided how long rows may become visible late: this computer's clock and the newest event."""

    zone: ZoneInfo
    now: int
    newest_at: int
    settle_seconds: int
    look_back_seconds: int

    def instant_of(self, row: TableRow, time_column: str, call_id_column: str) -> int:
        """When the row says it was written; 0 where it says nothing that can be read."""
        not_before = epoch_of_call(row.texts.get(call_id_column))
        try:
            return epoch_of_text(
                row.texts.get(time_column), self.zone, not_before=not_before, near=self.newest_at
            )
        except ValueError:
            return 0


def next_rows(
    table: OpenTable,
    place: Place,
    progress: Progress,
    *,
    zone: ZoneInfo,
    now: int,
    newest_at: int,
    settle_seconds: int,
    look_back_seconds: int,
    most_rows: int,
) -> Found:
    """At the most `most_rows` rows that were not read yet, in order, and the place after them."""
    edge = _Edge(zone, now, newest_at, settle_seconds, look_back_seconds)
    if not table.columns.id:
        return _by_time(table, place, progress, edge, most_rows=most_rows)
    notice = _made_anew(table, place)
    if notice:
        place, progress = Place(), replace(progress, gaps=())
    behind = [(first, last) for first, last, _ in progress.gaps if last <= place.number]
    late = table.within(behind)[:most_rows]
    if late:
        told = (
            f"{len(late)} rows of {table.columns.table} became visible over {settle_seconds} s after later ones; events "
            "told out of order may be refused. Raise settle_seconds."
        )
        taken = {row.number for row in late}
        return Found(late, place, replace(progress, gaps=_without(progress.gaps, taken)), told)
    # Forgotten only now, after one look behind its time: the looks may lie minutes apart.
    gaps = tuple(gap for gap in progress.gaps if now - gap[2] <= settle_seconds + look_back_seconds)
    progress = replace(progress, gaps=gaps)
    found = _in_order(table.after(place.number, most_rows=most_rows), table, place, progress, edge)
    # Where the row read last is gone, old ones were taken out, or all of them were put back with new numbers.
    is_gone = place.number > 0 and bool(found.rows) and not table.within([(place.number, place.number)])
    return replace(found, notice=notice, starts_anew=notice is not None or is_gone)


def told_again(
    table: OpenTable, rows: list[TableRow], events: pl.DataFrame, *, newest_at: int, last_at: int
) -> list[int]:
    """Which of the rows (from 0) go back in time and stand, word for word, under a smaller number already.

    events: seq and event_at of those that tell their instant; newest_at: the newest instant that was read before;
    last_at: that of the row before them, which may have gone back in time already.
    """
    if not table.columns.id:
        return []
    highest = pl.max_horizontal(pl.col("event_at").cum_max(), newest_at)
    back = events.with_columns(highest=highest).filter(pl.col("event_at") < highest - STEP_BACK_SECONDS)
    if last_at < newest_at - STEP_BACK_SECONDS:
        begin, edge_at = 0, newest_at
    elif back.is_empty():
        return []
    else:
        begin, edge_at = back["seq"][0], max(back["highest"].to_list())
    late = set(events.filter(pl.col("event_at") > edge_at)["seq"].to_list())
    asked = [seq for seq in range(begin, len(rows)) if seq not in late]
    times = sorted({text for seq in asked if (text := rows[seq].texts.get(table.columns.time))})
    stood = {_key(row) for row in table.of_times(times, before=rows[begin].number)}
    return [seq for seq in asked if _key(rows[seq]) in stood]


def _made_anew(table: OpenTable, place: Place) -> str | None:
    """What is wrong where the table is not the one that was read before; null where it is."""
    if place.number == 0:
        return None
    greatest = table.greatest_number()
    same = table.within([(place.number, place.number)])
    if greatest is None or (greatest >= place.number and all(_key(row) == place.row_key for row in same)):
        return None
    return (
        f"{table.columns.table}: the row that was read last (number {place.number}) is another one now or the greatest "
        f"number is smaller ({greatest}): the table was emptied or made anew. Reading begins again at its first row; "
        "rows loaded already do not count twice."
    )


def _in_order(rows: list[TableRow], table: OpenTable, place: Place, progress: Progress, edge: _Edge) -> Found:
    """The rows up to the first gap that is still waited for; every fresh gap is noted, so that all wait at once."""
    known = {first: at for first, _, at in progress.gaps}
    gaps = [gap for gap in progress.gaps if gap[1] <= place.number][
        -MOST_GAPS:
    ]  # those ahead must not be forgotten
    before, taken, waits = place.number, 0, False
    for row in rows:
        if row.number > before + 1:
            written_at = edge.instant_of(row, table.columns.time, table.columns.call_id)
            is_fresh = written_at > edge.now - edge.look_back_seconds - edge.settle_seconds
            seen_at = known.get(before + 1, edge.now)
            if is_fresh:
                gaps.append((before + 1, row.number - 1, seen_at))
            waits = waits or (is_fresh and edge.now - seen_at < edge.settle_seconds)
        before = row.number
        taken += not waits
    after = replace(place, number=rows[taken - 1].number, row_key=_key(rows[taken - 1])) if taken else place
    return Found(rows[:taken], after, replace(progress, gaps=tuple(gaps)))


def _without(gaps: tuple[tuple[int, int, int], ...], taken: set[int]) -> tuple[tuple[int, int, int], ...]:
    """The gaps without the numbers that were filled."""
    rest: list[tuple[int, int, int]] = []
    for first, last, at in gaps:
        start = first
        for number in sorted(number for number in taken if first <= number <= last):
            if number > start:
                rest.append((start, number - 1, at))
            start = number + 1
        if start <= last:
            rest.append((start, last, at))
    return tuple(rest)


def _by_time(table: OpenTable, place: Place, progress: Progress, edge: _Edge, *, most_rows: int) -> Found:
    """Rows without a number: those from the stored time on, without the ones seen, up to those still too young."""
    columns = table.columns
    seen = Counter({key: count for key, (_, count) in progress.seen.items()})
    new = _unseen(table, place.from_time, seen, most_rows=most_rows)
    in_order = replace(edge, newest_at=0)  # the order of local times says nothing of the hour told twice
    instants = {id(row): in_order.instant_of(row, columns.time, columns.call_id) for row in new}
    new.sort(key=lambda row: (instants[id(row)], *order_of(row, columns, _ORDER)))
    taken: list[TableRow] = []
    newest_at = min(edge.newest_at, edge.now)
    for row in new[:most_rows]:
        written_at = instants[id(row)]
        if 0 <= edge.now - written_at < edge.settle_seconds:
            break
        taken.append(row)
        newest_at = max(newest_at, min(written_at, edge.now))  # a clock ahead must not skip rows to come
    if not taken:
        return Found([], place, progress)
    start = max(place.from_time, _earliest(taken, table, edge, newest_at))
    remembered = dict(progress.seen)
    for row in taken:
        key = _key(row)
        remembered[key] = (row.texts.get(columns.time) or "", remembered.get(key, ("", 0))[1] + 1)
    kept = {key: entry for key, entry in remembered.items() if entry[0] >= start}
    return Found(taken, replace(place, from_time=start), replace(progress, seen=kept))


def _unseen(table: OpenTable, from_time: str, seen: Counter[str], *, most_rows: int) -> list[TableRow]:
    """Rows from the time on that were not seen, some at least where there are any; of one time all or none."""
    limit, time = most_rows + seen.total(), table.columns.time
    while True:
        fetched = table.from_time(from_time, most_rows=limit)
        is_all = len(fetched) < limit
        met: Counter[str] = Counter()
        new: list[TableRow] = []
        for row in fetched:
            key = _key(row)
            met[key] += 1
            is_cut = not is_all and row.texts.get(time) == fetched[-1].texts.get(time)
            if met[key] > seen[key] and not is_cut:
                new.append(row)
        if new or is_all:
            return new
        limit *= 2


def _earliest(taken: list[TableRow], table: OpenTable, edge: _Edge, newest_at: int) -> str:
    """The least time, as the table writes it, that a row can still get: on the autumn night clocks go back."""
    since = newest_at - edge.look_back_seconds - edge.settle_seconds
    if (taken[-1].texts.get(table.columns.time) or "").replace(".", "").isdigit():
        return str(since)
    instants = range(since, since + FOLD_SECONDS + 1, STEP_SECONDS)
    return min(f"{datetime.fromtimestamp(instant, edge.zone):%Y-%m-%d %H:%M:%S}" for instant in instants)


def _key(row: TableRow) -> str:
    """What a row holds, as a short key."""
    whole = json.dumps(row.texts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(whole.encode(errors="replace")).hexdigest()[:16]
