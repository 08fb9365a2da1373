"""Suggestions of who is who in two systems: likely pairs are found, unlikely ones are not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dashboard.organisation.organisation_joins import Suggestion, likeness, plain, suggestions


def key(agent_id: int, source: str, name: str, source_key: str | None = None) -> dict[str, Any]:
    return {"agent_id": agent_id, "source_name": source, "source_key": source_key or name, "agent_name": name}


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("Mari Kask", "mari kask", "same"),
        ("Õnne Tamm", "Onne TAMM", "same"),
        ("mari.kask@example.org", "Mari Kask", "same"),
        ("Kask, Mari", "Mari Kask", "order"),
        ("M. Kask", "Mari Kask", "initial"),
        ("mkask", "Mari Kask", "initial"),
        ("Mari Kaask", "Mari Kask", "near"),
        ("Вера Иванова", "вера иванова", "same"),
    ],
)
def test_likely_names_are_found(one: str, other: str, reason: str) -> None:
    pair = suggestions([key(1, "pbx", one), key(2, "desk", other)], kind="agent")
    assert [(each.from_id, each.to_id, each.reason_name) for each in pair] == [(2, 1, reason)]


@pytest.mark.parametrize(
    ("one", "other"),
    [("Agent 7", "Agent 8"), ("Mari Kask", "Jaan Kask"), ("Sales", "Support"), ("201", "202"), ("...", "???"),
     ("J. Kask", "Mari Kask")],
)  # fmt: skip
def test_unlikely_names_are_not(one: str, other: str) -> None:
    assert suggestions([key(1, "pbx", one), key(2, "desk", other)], kind="agent") == []


def test_two_of_one_system_are_never_suggested() -> None:
    assert suggestions([key(1, "pbx", "Mari Kask", "7"), key(2, "pbx", "Mari Kask", "8")], kind="agent") == []


def test_who_goes_goes_to_one_only() -> None:
    keys = [key(1, "pbx", "Mari Kask"), key(2, "desk", "Mari Kask"), key(3, "chat", "Mari Kaask")]
    assert suggestions(keys, kind="agent") == [
        Suggestion(2, 1, 1.0, "same"),
        Suggestion(3, 1, likeness("mari kask", "mari kaask")[0], "near"),
    ]


def test_who_is_joined_already_keeps_the_name() -> None:
    keys = [key(5, "pbx", "Mari Kask"), key(5, "chat", "mari"), key(2, "desk", "Mari Kask")]
    assert [(each.from_id, each.to_id) for each in suggestions(keys, kind="agent")] == [(2, 5)]


def test_a_name_is_compared_without_case_accents_and_domain() -> None:
    assert plain(" Jürgen.Müller@example.org ") == "jurgen muller"


def test_a_thousand_of_two_systems_are_compared_in_a_moment() -> None:
    names = [
        f"{first}{n} {last}{n % 37}"
        for n, (first, last) in enumerate([("mari", "kask"), ("jaan", "tamm")] * 500)
    ]
    keys = [key(n, "pbx", name) for n, name in enumerate(names)]
    keys += [key(5000 + n, "desk", name.title()) for n, name in enumerate(names)]
    start = time.process_time()  # however busy the machine is
    assert len(suggestions(keys, kind="agent")) == 200
    assert time.process_time() - start < 5
