"""How the tests size themselves: laws few or many, kinds by turns, and nothing that is left out for good."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws import examples, law
from tests.torture.campaign import (
    LONG_VARIABLE,
    SEED_VARIABLE,
    campaign_of_the_environment,
    has_turn,
)

NAMES = tuple("abcdefghijk")


def days_of(monkeypatch: pytest.MonkeyPatch, *, short: int, days: int, first: int = 0) -> list[set[str]]:
    """Which names have their turn on so many days, one after the other."""
    found = []
    for day in range(738_000, 738_000 + days):
        monkeypatch.setenv(SEED_VARIABLE, str(day))
        found.append({name for name in NAMES if has_turn(name, NAMES, short=short, first=first)})
    return found


@pytest.mark.parametrize("short", [1, 2, 3, 4, 11])
def test_every_kind_has_its_turn_within_days(monkeypatch: pytest.MonkeyPatch, short: int) -> None:
    monkeypatch.delenv(LONG_VARIABLE, raising=False)
    found = days_of(monkeypatch, short=short, days=-(-len(NAMES) // short))
    assert [len(day) for day in found] == [short] * len(found)
    assert set().union(*found) == set(NAMES)


def test_two_promises_take_different_kinds_on_the_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LONG_VARIABLE, raising=False)
    pairs = zip(
        days_of(monkeypatch, short=3, days=11), days_of(monkeypatch, short=3, days=11, first=3), strict=True
    )
    assert [one & other for one, other in pairs] == [set()] * 11


def test_the_campaign_leaves_no_kind_out_and_tries_laws_thousands_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(LONG_VARIABLE, "long")
    assert days_of(monkeypatch, short=1, days=1) == [set(NAMES)]
    assert (examples(60), examples(8, long=500)) == (2_000, 500)
    monkeypatch.delenv(LONG_VARIABLE)
    assert (examples(60), examples(8, long=500)) == (60, 8)


def test_a_law_is_marked_and_tells_on_how_many_examples_it_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LONG_VARIABLE, raising=False)
    seen = []

    @law(7)
    @given(st.integers())
    def holds(number: int) -> None:
        seen.append(number)

    holds()
    (mark,) = (mark for mark in holds.pytestmark if mark.name == "law")  # type: ignore[attr-defined]
    assert mark.args[0].examples_count == len(seen) == 7


def test_a_law_that_draws_nothing_is_refused() -> None:
    with pytest.raises(TypeError, match=r"draws no examples, expected @given below @law"):

        @law(7)
        def draws_nothing() -> None: ...


@pytest.mark.by_turns(2)
@pytest.mark.parametrize("name", NAMES)
def test_of_the_cases_of_a_marked_test_so_many_are_taken(request: pytest.FixtureRequest, name: str) -> None:
    cases = [one for one in request.session.items if one.name.startswith(request.node.name.partition("[")[0])]
    taken = [one for one in cases if one.get_closest_marker("skip") is None]
    assert request.node in taken
    is_whole = len(cases) == len(NAMES) and not campaign_of_the_environment().is_long
    assert len(taken) == (2 if is_whole else len(cases))
