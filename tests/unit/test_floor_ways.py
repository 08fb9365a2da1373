"""Menus, recordings and campaigns of the simulated floor: about as many as planned, linked to real calls, never ahead."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from etl.simulation.floor_log import EXPORTS, export_path, write_floor
from etl.simulation.floor_plan import AGENTS
from etl.simulation.floor_ways import CAMPAIGNS, RECORDED_RATIO

UNTIL = datetime(2026, 11, 18, 12, tzinfo=UTC)
Lines = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log = tmp_path_factory.mktemp("floor") / "queue_log"
    write_floor(log, seed=7, days=3, until=UNTIL)
    return log


@pytest.fixture(scope="module")
def told(floor: Path) -> Lines:
    return {
        name: [json.loads(line) for line in export_path(floor, name).read_text(encoding="utf-8").splitlines()]
        for name in EXPORTS
    }


def test_recordings_name_calls_of_the_log_with_the_agent_and_the_length_of_the_talk(
    floor: Path, told: Lines
) -> None:
    rows = [line.split("|") for line in floor.read_text(encoding="utf-8").splitlines()]
    ended = {
        row[1]: (row[3], int(row[0]))
        for row in rows
        if row[4] in ("COMPLETECALLER", "COMPLETEAGENT", "ATTENDEDTRANSFER")
    }
    completed = [row[1] for row in rows if row[4] in ("COMPLETECALLER", "COMPLETEAGENT")]
    found = told["recordings"]
    # four deviations of a share p of n: 4 x sqrt(p (1 - p) / n)
    slack = 4 * (RECORDED_RATIO * (1 - RECORDED_RATIO) / len(completed)) ** 0.5
    assert abs(len(found) / len(completed) - RECORDED_RATIO) < slack
    for line in found:
        agent, second = ended[line["call"]]
        assert line["agent"] == agent
        assert datetime.fromisoformat(line["to"]).timestamp() == second
        assert line["from"] < line["to"]


def test_a_campaign_sells_only_to_whom_an_agent_spoke_with(told: Lines) -> None:
    names = {agent.name for agent in AGENTS}
    outcomes = Counter(line["outcome"] for line in told["attempts"])
    assert {"connected", "no_answer", "busy", "machine", "abandoned"} <= outcomes.keys()
    assert {line["campaign"] for line in told["attempts"]} == {name for name, *_ in CAMPAIGNS}
    for line in told["attempts"]:
        is_connected = line["outcome"] == "connected"
        assert (line.get("agent") in names) == is_connected == ("talk" in line)
        assert not line.get("sold") or line["met"]
        assert line["customer"].startswith("+")


def test_a_visit_is_settled_passed_on_or_left_and_none_is_told_before_it_ended(told: Lines) -> None:
    assert {line["outcome"] for line in told["visits"]} == {"contained", "passed_on", "left"}
    assert {line["channel"] for line in told["visits"]} == {"menu", "bot", "page"}
    assert len({line["visit"] for line in told["visits"]}) == len(told["visits"])
    ends = [line["to"] for line in told["visits"]]
    assert ends == sorted(ends)
    assert ends[-1] < UNTIL.isoformat().replace("+00:00", "Z")
