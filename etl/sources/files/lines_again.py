"""Tells which lines of a log stand there a second time, because an old copy was written on to its end.

In: the lines of a piece with their instants, the lines that stand before them, and how far the log was read.
Out: for each line whether it is passed over, and what must be remembered for the next piece.
The rule it guards: a line is passed over only where time steps back, and only if it stands, word for word, before that
place; a clock that was set back writes lines that stand nowhere before, and each of them is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from etl.sources.files.line_blocks import lines_of

STEP_SECONDS = (
    1  # a log is written in the order of its whole seconds, but where two lines are written at once
)
MOST_STRANGE_LINES = 200  # after so many new lines in a row the clock was set back: nothing is told again
OLDER_SECONDS = 3600  # so long before a line the file must end that cannot hold it
Earlier = Callable[[int | None, int], Iterator[list[bytes]]]
"""The lines before a piece, some at a time: of older files those that may hold a line of the instant or a later one (all
files where none is given), of its own file those before the second number, a byte."""


@dataclass(frozen=True)
class Past:
    """What is remembered of a file. newest_at: the newest instant that was read of it.

    again_from: the byte from which on lines are looked up since time stepped back there, -1 where none are;
    strange_lines: how many lines in a row since then stood nowhere before.
    """

    newest_at: int = 0
    again_from: int = -1
    strange_lines: int = 0

    def fault(self) -> str | None:
        """What is wrong with it where nobody can have written it."""
        whole = (self.newest_at, self.again_from, self.strange_lines)
        if all(isinstance(number, int) and number >= -1 for number in whole):
            return None
        return f"what it remembers of the file is {whole!r}, expected whole numbers"


@dataclass
class LinesAgain:
    """The lines of one piece, asked for in their order. start: the byte of the file at which the first one begins."""

    past: Past
    data: bytes
    start: int
    earlier: Earlier
    file_name: str
    is_overlong: bool = False
    passed_lines: int = 0
    _taken: int = 0
    _begin: int = 0
    _least_at: int | None = None
    _before: set[bytes] | None = None
    _is_whole: bool = False

    @cached_property
    def lines(self) -> list[bytes]:
        """The lines of the piece without their ends."""
        return lines_of(self.data, overlong=self.is_overlong)

    def is_passed(self, at: int | None) -> bool:
        """Whether the next line stood before and is not taken again. at: its instant, None where it tells none."""
        number, past = self._taken, self.past
        self._taken += 1
        if past.again_from < 0:
            if at is None or at >= past.newest_at - STEP_SECONDS:
                self.past = past if at is None else Past(max(at, past.newest_at))
                return False
            self._step_back(number)
        elif at is not None and at > past.newest_at + STEP_SECONDS:
            self.past = Past(at)
            return False
        if self._stood_before(number, at):
            self.passed_lines += 1
            self.past = replace(self.past, strange_lines=0)
            return True
        self.past = replace(self.past, strange_lines=self.past.strange_lines + 1)
        if self.past.strange_lines >= MOST_STRANGE_LINES:
            self.past = Past(self.past.newest_at if at is None else at)
        return False

    def all_passed(self, ages: pl.DataFrame) -> list[int]:
        """Which lines of the piece are passed over (from 0). ages: seq and event_at of those that tell their instant."""
        newest_at = self.past.newest_at
        highest = pl.max_horizontal(pl.col("event_at").cum_max(), newest_at)
        told = ages.select(
            steps_back=(pl.col("event_at") < highest - STEP_SECONDS).any(), newest_at=pl.col("event_at").max()
        ).row(0)
        if self.past.again_from < 0 and not told[0]:
            self.past = Past(max(newest_at, told[1] or 0))
            return []
        instants = dict(ages.select("seq", "event_at").iter_rows())
        return [number for number in range(len(self.lines)) if self.is_passed(instants.get(number))]

    @property
    def notice(self) -> str | None:
        """What is to be said of the lines that were passed over."""
        if not self.passed_lines:
            return None
        return (
            f"{self.file_name}: {self.passed_lines} lines that go back in time stand there or in an older file before, word "
            "for word: an old copy was written on to the log. They are passed over; nothing counts twice."
        )

    def _step_back(self, number: int) -> None:
        """From this line of the piece on, lines are looked up among those before it."""
        start = self.start + sum(map(len, self.lines[:number])) + number
        self.past = Past(self.past.newest_at, start)
        if self._before is not None and self._is_whole:
            self._before.update(self.lines[self._begin : number])
        else:  # what stands between an earlier step back and this piece is not in it
            self._before = None
        self._begin = number

    def _stood_before(self, number: int, at: int | None) -> bool:
        """Whether the line of the piece stands before the place at which time stepped back."""
        if self._before is None or (at is not None and self._least_at is not None and at < self._least_at):
            self._least_at = None if at is None else at - OLDER_SECONDS
            wanted = frozenset(self.lines)
            self._before, self._is_whole = set(self.lines[: self._begin]), self.past.again_from >= self.start
            for lines in self.earlier(self._least_at, self.past.again_from):
                self._before.update(filter(wanted.__contains__, lines))
        return self.lines[number] in self._before
