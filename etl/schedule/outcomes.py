"""What became of one start of a job, in a form that crosses from one process to another and into one line of the log.

In: the summary of a load, or what ended it. Out: an Outcome, and its line: key=value, one line per run.
Rule: a line of the log holds counts, names of sources and masked sentences, never what a source delivered.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from etl import LoadError
from etl.load import RunSummary
from sql.warehouse import WarehouseError

_PLAIN = re.compile(r"[\w.:+/-]+")


@dataclass(frozen=True)
class Outcome:
    """How a start ended: succeeded, failed, stopped (asked to, between two batches) or taken (by another process)."""

    outcome_name: str
    seconds: float = 0.0
    batches: int = 0
    read_rows: int = 0
    loaded_rows: int = 0
    unchanged_rows: int = 0
    rejected_rows: int = 0
    first_run_id: int | None = None
    last_run_id: int | None = None
    notices: tuple[str, ...] = ()
    error_text: str | None = None
    is_noted: bool = False
    """Whether the load has written its failure into the ledger itself."""
    wait_seconds: float | None = None
    """Where another process has the slot: until the next one begins."""

    def as_message(self) -> dict[str, Any]:
        """The outcome as JSON takes it."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Outcome:
        """The outcome that another process told."""
        return cls(**{**message, "notices": tuple(message["notices"])})

    def line(self, source_name: str) -> str:
        """One line for the log: key=value, texts with spaces in quotes."""
        runs = None
        if self.first_run_id is not None:
            is_one = self.first_run_id == self.last_run_id
            runs = str(self.first_run_id) if is_one else f"{self.first_run_id}-{self.last_run_id}"
        told: dict[str, object] = {
            "event": "run",
            "source": source_name,
            "outcome": self.outcome_name,
            "runs": runs,
            "batches": self.batches,
            "read_rows": self.read_rows,
            "loaded_rows": self.loaded_rows,
            "unchanged_rows": self.unchanged_rows,
            "rejected_rows": self.rejected_rows,
            "seconds": f"{self.seconds:.3f}",
            "notice": "; ".join(self.notices) or None,
            "error": self.error_text,
        }
        return " ".join(f"{key}={_word(value)}" for key, value in told.items() if value is not None)


def of_summary(summary: RunSummary, *, outcome_name: str, seconds: float) -> Outcome:
    """The outcome of a load that did not fail."""
    runs = summary.run_ids
    return Outcome(
        outcome_name,
        seconds=seconds,
        batches=summary.batches,
        read_rows=summary.read_rows,
        loaded_rows=summary.loaded_rows,
        unchanged_rows=summary.unchanged_rows,
        rejected_rows=summary.rejected_rows,
        first_run_id=runs[0] if runs else None,
        last_run_id=runs[-1] if runs else None,
        notices=tuple(summary.notices),
    )


def of_failure(error: Exception, *, seconds: float, is_noted: bool) -> Outcome:
    """The outcome of a start that failed. A fault of the program is told by its kind only: its text may hold rows.

    is_noted: whether whoever fell over a fault of the program writes it into the ledger; a LoadError says so itself.
    """
    is_known = isinstance(error, LoadError | WarehouseError)
    return Outcome(
        "failed",
        seconds=seconds,
        error_text=str(error) if is_known else type(error).__name__,
        is_noted=error.is_noted if isinstance(error, LoadError) else is_noted and not is_away(error),
    )


def is_away(error: BaseException) -> bool:
    """Whether the warehouse was gone, so that the failure could not be written down."""
    cause = error.__cause__
    if isinstance(cause, WarehouseError):
        cause = cause.__cause__
    if not isinstance(cause, DBAPIError):
        return False
    return cause.connection_invalidated or getattr(cause.orig, "sqlstate", None) is None


def _word(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)
