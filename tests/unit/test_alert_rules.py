"""An alert fires when it must, once, and never for the wrong reason: laws over whatever is measured."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.watch.alert_steps import Change, Reading, Standing, State, Terms, step, verdict

BEGIN = datetime(2026, 3, 11, 9, 0, tzinfo=UTC)
STEP_SECONDS = 30
ABOVE = Terms(is_above=True, threshold_value=300, clear_value=240, minimum_count=2, hold_seconds=60)
BELOW = Terms(is_above=False, threshold_value=0.8, clear_value=0.85, minimum_count=20, hold_seconds=60)
UNKNOWN = Reading(None, 0, False)


def walk(
    terms: Terms, readings: list[Reading], *, seconds: list[int] | None = None
) -> list[tuple[datetime, Standing, tuple[Change, ...]]]:
    """The standing after each reading, 30 seconds apart unless told otherwise."""
    at, standing, found = BEGIN, Standing("quiet", BEGIN), []
    for place, reading in enumerate(readings):
        at += timedelta(seconds=seconds[place] if seconds else STEP_SECONDS)
        standing, changes = step(standing, reading, terms, at=at, longest_step_seconds=150)
        found.append((at, standing, changes))
    return found


def states(terms: Terms, values: Sequence[float | None], *, n: int = 30) -> list[State]:
    return [standing.state for _, standing, _ in walk(terms, [Reading(v, n, True) for v in values])]


def test_an_alert_goes_its_way_from_quiet_to_quiet() -> None:
    values = [200.0, 301, 301, 301, 250, 240, 240, 240]
    #                  hold: 0   30   60 s; 250 lies between; clearing: 0  30  60 s
    assert states(ABOVE, values) == [
        "quiet", "pending", "pending", "firing", "firing", "clearing", "clearing", "quiet",
    ]  # fmt: skip


def test_the_threshold_itself_has_not_been_passed_and_the_clear_one_itself_clears() -> None:
    assert [verdict(Reading(v, 2, True), ABOVE) for v in (300, 300.1, 240, 240.1)] == [
        "between", "passed", "clear", "between",
    ]  # fmt: skip
    assert [verdict(Reading(v, 20, True), BELOW) for v in (0.8, 0.799, 0.85, 0.849)] == [
        "between", "passed", "clear", "between",
    ]  # fmt: skip


def test_one_good_reading_starts_the_hold_anew() -> None:
    assert states(ABOVE, [301, 301, 300, 301, 301, 301]) == [
        "pending", "pending", "quiet", "pending", "pending", "firing",
    ]  # fmt: skip


def test_a_hold_runs_only_while_it_is_seen() -> None:
    """30 s seen, an hour without data, then 30 s seen: it fires after the second 30 s, not at the first reading after."""
    bad = Reading(400, 5, True)
    readings = [bad, bad, UNKNOWN, UNKNOWN, bad, bad]
    seconds = [30, 30, 30, 3600, 30, 30]
    found = walk(ABOVE, readings, seconds=seconds)
    assert [standing.state for _, standing, _ in found] == [
        "pending", "pending", "pending", "pending", "pending", "firing",
    ]  # fmt: skip
    assert [changes for _, _, changes in found] == [
        ("pending",), (), ("no data",), (), ("data again",), ("fired",),
    ]  # fmt: skip


def test_a_loader_that_was_away_gives_no_hold() -> None:
    """Two readings an hour apart, both past the threshold, show nothing of the hour between them."""
    bad = Reading(400, 5, True)
    found = walk(ABOVE, [bad, bad, bad, bad], seconds=[30, 3600, 30, 30])
    assert [standing.state for _, standing, _ in found] == ["pending", "pending", "pending", "firing"]


def test_without_data_a_firing_alert_does_not_end() -> None:
    bad, good = Reading(400, 5, True), Reading(10, 5, True)
    found = walk(ABOVE, [bad, bad, bad, *[UNKNOWN] * 20, good, good, good])
    assert found[-4][1].state == "firing"
    assert found[-1][1].state == "quiet"


def test_an_acknowledged_alert_that_comes_back_while_it_clears_stays_acknowledged() -> None:
    at = BEGIN + timedelta(seconds=30)
    standing = Standing(
        "clearing", BEGIN, known_at=BEGIN, fired_at=BEGIN, acknowledged_at=BEGIN, firing_number=4
    )
    found, changes = step(standing, Reading(400, 5, True), ABOVE, at=at, longest_step_seconds=150)
    assert (found.state, found.firing_number, changes) == ("acknowledged", 4, ("fired again",))


def test_a_rule_without_a_hold_fires_and_ends_at_once() -> None:
    terms = Terms(is_above=True, threshold_value=300, clear_value=240, minimum_count=0, hold_seconds=0)
    assert states(terms, [301, 250, 240]) == ["firing", "firing", "quiet"]


measured = st.builds(
    Reading,
    value=st.one_of(st.none(), st.floats(0, 600, allow_nan=False)),
    n=st.integers(0, 5),
    is_known=st.booleans(),
)
gaps = st.integers(1, 600)
histories = st.lists(st.tuples(measured, gaps), max_size=60)
holds = st.sampled_from([0, 30, 60, 300])


def terms_of(hold_seconds: int) -> Terms:
    return Terms(True, 300, 240, 2, hold_seconds)


@given(histories, holds)
def test_it_fires_only_past_the_threshold_with_enough_volume_and_fresh_data(
    history: list[tuple[Reading, int]], hold_seconds: int
) -> None:
    terms = terms_of(hold_seconds)
    found = walk(terms, [reading for reading, _ in history], seconds=[gap for _, gap in history])
    for (reading, _), (_, _, changes) in zip(history, found, strict=True):
        if "fired" in changes:
            assert reading.is_known
            assert reading.n >= terms.minimum_count
            assert reading.value is not None
            assert reading.value > terms.threshold_value


@given(histories, holds)
def test_it_fires_only_after_the_hold_was_seen_without_a_break(
    history: list[tuple[Reading, int]], hold_seconds: int
) -> None:
    """The time seen: steps between two known readings in a row that both lie past the threshold and are no gap."""
    terms = terms_of(hold_seconds)
    found = walk(terms, [reading for reading, _ in history], seconds=[gap for _, gap in history])
    seen, was_passed, was_known = 0, False, True
    for (reading, gap), (_, _, changes) in zip(history, found, strict=True):
        if reading.is_known:
            is_passed = verdict(reading, terms) == "passed"
            seen = seen + (gap if was_known and was_passed and gap <= 150 else 0) if is_passed else 0
            was_passed = is_passed
        was_known = reading.is_known
        if "fired" in changes:
            assert seen >= hold_seconds


@given(histories, holds)
def test_between_two_firings_the_alert_was_clear_for_the_hold(
    history: list[tuple[Reading, int]], hold_seconds: int
) -> None:
    terms = terms_of(hold_seconds)
    found = walk(terms, [reading for reading, _ in history], seconds=[gap for _, gap in history])
    has_ended, clear_seen, was_clear, was_known = True, 0, False, True
    for (reading, gap), (_, standing, changes) in zip(history, found, strict=True):
        if reading.is_known:
            is_clear = verdict(reading, terms) == "clear"
            clear_seen = (
                clear_seen + (gap if was_known and was_clear and gap <= 150 else 0) if is_clear else 0
            )
            was_clear = is_clear
        was_known = reading.is_known
        if "ended" in changes:
            assert clear_seen >= hold_seconds
            has_ended = True
        if "fired" in changes:
            assert has_ended
            has_ended = False
        assert standing.is_up is not has_ended


@given(st.lists(st.floats(240, 300, exclude_min=True), max_size=40), st.booleans())
def test_within_the_hysteresis_nothing_moves(values: list[float], is_up: bool) -> None:
    standing = Standing(
        "firing" if is_up else "quiet", BEGIN, known_at=BEGIN, fired_at=BEGIN if is_up else None
    )
    at = BEGIN
    for value in values:
        at += timedelta(seconds=STEP_SECONDS)
        standing, changes = step(standing, Reading(value, 5, True), ABOVE, at=at, longest_step_seconds=150)
        assert changes == ()
    assert standing.state == ("firing" if is_up else "quiet")


@given(histories)
def test_without_fresh_data_neither_firing_nor_ending_happens(history: list[tuple[Reading, int]]) -> None:
    found = walk(ABOVE, [reading for reading, _ in history], seconds=[gap for _, gap in history])
    before: State = "quiet"
    for (reading, _), (_, standing, changes) in zip(history, found, strict=True):
        if not reading.is_known:
            assert standing.state == before
            assert set(changes) <= {"no data"}
        before = standing.state


@pytest.mark.parametrize("value", [0.0, 299.0, 300.0])
def test_a_value_that_never_passes_never_fires(value: float) -> None:
    assert set(states(ABOVE, [value] * 50)) == {"quiet"}
