"""Sees to it that one interval of a job has one effect, however many processes try to work in it.

In: a job and how often it runs. Out: a slot that is ours, taken in the transaction that begins the work, or SlotTaken.
Rule: slots stand on the warehouse's clock, the only one that all processes share; a lock may be lost, a slot may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from sql import warehouse

LONGEST_SILENCE_SECONDS = 120.0


class SlotTaken(BaseException):
    """Another process has begun this job in the present interval; the next one begins in `wait_seconds`.

    No failure, so no Exception.
    """

    def __init__(self, wait_seconds: float) -> None:
        super().__init__(f"the slot is taken; the next one begins in {wait_seconds:.1f} s")
        self.wait_seconds = wait_seconds


@dataclass(frozen=True)
class Slot:
    """What a job says when it begins: its name, its interval, who works, and since when it has rested (null: unknown)."""

    job_name: str
    every_seconds: int
    process_name: str
    rest_seconds: float | None = None


class Turn:
    """One start of a job: it takes its slot once, however often its first transaction has to be tried."""

    def __init__(self, slot: Slot | None) -> None:
        self._slot = slot
        self.is_begun = False
        """Set by whoever has committed the transaction in which the slot was taken."""
        self._has_tried = False

    def begin(self, connection: sa.Connection, *, now: datetime) -> None:
        """Takes the slot in the connection's transaction, if there is one to take; SlotTaken where somebody has it."""
        if self._slot is not None and not self.is_begun:
            is_again, self._has_tried = self._has_tried, True
            take(connection, self._slot, now=now, is_again=is_again)


def take(connection: sa.Connection, slot: Slot, *, now: datetime, is_again: bool = False) -> None:
    """Takes the slot in the connection's transaction; SlotTaken where somebody has it.

    is_again: the same start has tried before and lost the warehouse; where the commit took place after all, the slot that
    this process has is the one that it took. A long time in which nobody began the job becomes a row of the ledger, dated
    `now`: no start is left out in silence.
    """
    is_taken, wait_seconds, silence_seconds, is_own = warehouse.one_row(
        connection,
        "merge/slot_take",
        job_name=slot.job_name,
        every_seconds=slot.every_seconds,
        process_name=slot.process_name,
    )
    if not is_taken and is_again and is_own:
        return
    if not is_taken:
        raise SlotTaken(float(wait_seconds))
    if sentence := left_out(slot, silence_seconds):
        warehouse.execute(
            connection, "merge/failed_starts", source_name=slot.job_name, failed_at=now, error_text=sentence
        )


def left_out(slot: Slot, silence_seconds: float | None) -> str | None:
    """The sentence for the starts that nobody made; null where none is missing, or a long run was at work."""
    known = [value for value in (silence_seconds, slot.rest_seconds) if value is not None]
    if silence_seconds is None or min(known) <= max(LONGEST_SILENCE_SECONDS, 3 * slot.every_seconds):
        return None
    starts = int(min(known) // slot.every_seconds)
    return (
        f"{starts:,} starts were left out: for {min(known):,.0f} s no load of this source could begin. "
        "No loader ran, or it found no warehouse; what was written meanwhile is read now."
    )
