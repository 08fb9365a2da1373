"""One line of the log for each run, for programs and people, without what a source delivered."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy.exc import OperationalError

from etl import LoadError
from etl.load import BatchSummary, RunSummary
from etl.schedule.outcomes import Outcome, is_away, of_failure, of_summary
from etl.schedule.slots import Slot, left_out
from etl.schedule.tries import Tries

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def test_a_load_is_one_line_of_keys_and_values() -> None:
    summary = RunSummary()
    summary.add(BatchSummary(5, 3, 1, 1, NOW, None, 7))
    summary.add(BatchSummary(2, 2, 0, 0, NOW, "2 lines were cut", 9))
    outcome = of_summary(summary, outcome_name="succeeded", seconds=0.25)
    assert outcome.line("front desk") == (
        'event=run source="front desk" outcome=succeeded runs=7-9 batches=2 read_rows=7 loaded_rows=5 '
        'unchanged_rows=1 rejected_rows=1 seconds=0.250 notice="2 lines were cut"'
    )


def test_a_failure_says_why_and_a_fault_of_the_program_only_of_what_kind() -> None:
    error = LoadError("queue_log: not found\nexpected a file")
    error.is_noted = True
    known = of_failure(error, seconds=1.0, is_noted=True)
    assert known.line("pbx").endswith('seconds=1.000 error="queue_log: not found\\nexpected a file"')
    assert "\n" not in known.line("pbx")
    assert known.is_noted
    fault = of_failure(ValueError("+372 5551234"), seconds=1.0, is_noted=True)
    assert fault.error_text == "ValueError"


def test_a_failure_that_found_no_warehouse_is_not_noted_yet() -> None:
    lost = LoadError("away")
    lost.__cause__ = OperationalError("select 1", {}, psycopg.OperationalError("gone"))
    assert is_away(lost)
    assert not of_failure(lost, seconds=0.0, is_noted=True).is_noted
    assert not is_away(LoadError("the log is gone"))


def test_an_outcome_crosses_to_another_process_unchanged() -> None:
    outcome = Outcome("failed", seconds=1.5, batches=2, notices=("õ", "b"), error_text="x", wait_seconds=None)
    assert Outcome.from_message(json.loads(json.dumps(outcome.as_message()))) == outcome


@pytest.mark.parametrize(
    ("every_seconds", "silence_seconds", "rest_seconds", "starts"),
    [
        (2, None, None, None),  # the first start ever
        (2, 119.0, None, None),
        (2, 130.0, None, 65),
        (60, 170.0, None, None),  # three intervals are borne
        (60, 190.0, None, 3),
        (2, 500.0, 3.0, None),  # a long run has ended three seconds ago
        (2, 500.0, 200.0, 100),
        (2, -86_400.0, None, None),  # the warehouse's clock was set back
    ],
)
def test_starts_that_nobody_made_are_counted(
    every_seconds: int, silence_seconds: float | None, rest_seconds: float | None, starts: int | None
) -> None:
    sentence = left_out(Slot("pbx", every_seconds, "etl", rest_seconds), silence_seconds)
    assert (sentence is None) == (starts is None)
    assert sentence is None or sentence.startswith(f"{starts} starts were left out")


def test_the_pause_after_failures_doubles_up_to_a_minute_and_ends_with_the_first_success() -> None:
    tries = Tries()
    assert [tries.failed("pbx", 1) for _ in range(8)] == [2, 4, 8, 16, 32, 60, 60, 60]
    assert tries.is_early("pbx")
    assert not tries.is_early("other")
    tries.did_well("pbx")
    assert tries.failed("pbx", 300) == 300
