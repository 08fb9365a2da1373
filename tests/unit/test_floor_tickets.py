"""The help desk of the simulated floor: tickets that live as tickets do, linked to real calls of the log."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl.simulation.floor_log import tickets_path, write_floor
from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_tickets import GROUPS, login

UNTIL = datetime(2026, 11, 18, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("floor") / "queue_log"
    write_floor(log, seed=7, days=10, until=UNTIL)
    return log


@pytest.fixture(scope="module")
def lines(floor: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tickets_path(floor).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def lives(lines: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        found[line["ticket"]].append(line)
    return found


def test_the_export_is_in_the_order_of_time_and_never_ahead_of_it(lines: list[dict[str, Any]]) -> None:
    times = [line["time"] for line in lines]
    assert times == sorted(times)
    assert max(times) < UNTIL.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_every_ticket_begins_with_its_creation_and_numbers_its_changes(
    lives: dict[str, list[dict[str, Any]]],
) -> None:
    assert len(lives) > 500
    for changes in lives.values():
        numbers = [change["number"] for change in changes]
        assert numbers[0] == 1
        assert len(set(numbers)) == len(numbers)
        assert [change["change"] == "created" for change in changes] == [True] + [False] * (len(changes) - 1)


def test_tickets_of_calls_name_a_call_that_the_log_has_with_its_caller_and_agent(
    floor: Path, lives: dict[str, list[dict[str, Any]]]
) -> None:
    callers, agents = {}, {}
    for line in floor.read_text(encoding="utf-8").splitlines():
        _, call_id, _, agent, verb, *rest = line.split("|")
        if verb == "ENTERQUEUE":
            callers[call_id] = rest[1]
        elif verb.startswith("COMPLETE"):
            agents[call_id] = agent
    names = {login(number): agent.name for number, agent in enumerate(AGENTS)}
    linked = [changes[0] for changes in lives.values() if changes[0]["call"]]
    assert len(linked) > 100
    for created in linked:
        assert (created["customer"] or "anonymous") == callers[created["call"]]
        assert names[created["who"]] == agents[created["call"]]


def test_a_reply_comes_from_somebody_who_has_the_ticket_and_solving_follows_it(
    lives: dict[str, list[dict[str, Any]]],
) -> None:
    groups = {names[0] for names in GROUPS.values()}
    for changes in lives.values():
        holder, status = None, "new"
        for change in changes:
            if change["change"] == "agent":
                holder = change["who"]
            elif change["change"] == "reply":
                assert change["who"] == holder
                assert status != "closed"
            elif change["change"] == "group":
                assert change["to"] in groups
            elif change["change"] == "status":
                status = change["to"]


def test_the_desk_is_like_a_real_one(lives: dict[str, list[dict[str, Any]]]) -> None:
    first_replies, solved, reopened = [], 0, 0
    week_ago = UNTIL - timedelta(days=7)
    for changes in lives.values():
        at = {change["change"]: datetime.fromisoformat(change["time"]) for change in reversed(changes)}
        if at["created"] > week_ago:
            continue
        assert "reply" in at, "a week is enough for a first reply"
        first_replies.append((at["reply"] - at["created"]).total_seconds())
        states = [change["to"] for change in changes if change["change"] == "status"]
        solved += "solved" in states
        reopened += states.count("solved") > 1
    first_replies.sort()
    assert 600 < first_replies[len(first_replies) // 2] < 8 * 3600
    assert solved > 0.85 * len(first_replies)
    assert 0.01 < reopened / solved < 0.15
