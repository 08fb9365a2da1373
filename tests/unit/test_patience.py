"""How long a load goes on trying: only what can pass by itself, a little longer each time, and not for ever."""

from __future__ import annotations

import pytest

from etl.load import DEADLINE_SECONDS
from etl.patience import MOST_TRIES, Patience
from sql.warehouse import LOADER, REFUSE_ROWS, RETRY, RETRY_SMALLER, TELL, WAIT, Fault, WarehouseError


class Time:
    """A clock that only the sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)


def longest(_low: float, high: float) -> float:
    return high


def failing(fault: Fault) -> WarehouseError:
    error = WarehouseError("The warehouse does not answer.")
    error.fault = fault
    return error


def patience(time: Time) -> Patience:
    return Patience(clock=lambda: time.now, sleep=time.sleep, chance=longest)


@pytest.mark.parametrize("fault", [RETRY, RETRY_SMALLER])
def test_what_can_pass_is_tried_again_after_ever_longer_waits(fault: Fault) -> None:
    time = Time()
    patient = patience(time)
    for _ in range(MOST_TRIES):
        patient.bear(failing(fault))
    assert time.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]
    with pytest.raises(WarehouseError, match="does not answer"):
        patient.bear(failing(fault))


@pytest.mark.parametrize("fault", [WAIT, TELL, REFUSE_ROWS])
def test_what_needs_a_person_or_is_the_rows_fault_is_told_at_once(fault: Fault) -> None:
    time = Time()
    with pytest.raises(WarehouseError):
        patience(time).bear(failing(fault))
    assert time.slept == []


def test_a_step_ahead_makes_it_whole_again() -> None:
    time = Time()
    patient = patience(time)
    for step in range(50):  # fifty restarts, with a batch between each two
        patient.step(step)
        patient.bear(failing(RETRY))
    assert set(time.slept) == {0.2}


def test_after_a_minute_without_a_step_it_is_enough_however_few_the_tries() -> None:
    time = Time()
    patient = patience(time)
    time.now = 60.0  # as after a batch that a silent network held for its whole deadline
    with pytest.raises(WarehouseError):
        patient.bear(failing(RETRY))


def test_what_took_too_long_is_tried_with_less_however_long_it_took() -> None:
    """A statement is cancelled after five minutes: were that enough, the same batch would be cancelled for ever."""
    time = Time()
    patient = patience(time)
    for _ in range(MOST_TRIES):
        time.now += 300.0
        patient.bear(failing(RETRY_SMALLER))
    with pytest.raises(WarehouseError):
        patient.bear(failing(RETRY_SMALLER))


def test_the_server_cancels_a_statement_before_the_client_gives_up_the_batch() -> None:
    """Only what the server cancels is tried with less at a time; the wait for another loader's turn comes on top."""
    statement_seconds = int(dict(one.split("=") for one in LOADER.settings)["statement_timeout"]) / 1000
    turn_seconds = 240.0  # lock_timeout of ops.wait_for_turn
    assert turn_seconds + statement_seconds <= DEADLINE_SECONDS
