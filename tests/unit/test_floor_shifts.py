"""The rota of the simulated floor: the same for the same seed, told once per day, planned to five minutes."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from etl.simulation.floor_plan import AGENTS, shifts_of
from etl.simulation.floor_shifts import rota, write_shifts

ZONE = ZoneInfo("Europe/Tallinn")
MONDAY = date(2026, 3, 2)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_day_is_written_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "shifts.jsonl"
    first = write_shifts(path, first=MONDAY, last=MONDAY + timedelta(days=2), zone=ZONE, seed=1)
    assert first == len(rows(path)) > 0
    assert write_shifts(path, first=MONDAY, last=MONDAY + timedelta(days=2), zone=ZONE, seed=1) == 0
    more = write_shifts(path, first=MONDAY, last=MONDAY + timedelta(days=3), zone=ZONE, seed=1)
    assert {row["id"][:10] for row in rows(path)[-more:]} == {"2026-03-05"}
    assert len({row["id"] for row in rows(path)}) == len(rows(path))


def test_everybody_who_works_on_the_floor_is_on_the_rota_and_whoever_is_ill_or_on_leave_is_not_on_the_floor() -> (
    None
):
    for number in range(14):
        day = MONDAY + timedelta(days=number)
        told = list(rota(day, ZONE, 1))
        at_work = {AGENTS[shift.agent].name for shift in shifts_of(day, ZONE, 1)}
        away = {row["who"] for row in told if row["what"] in ("sick", "leave")}
        assert {row["who"] for row in told if row["what"] == "work"} - away == at_work


def test_a_night_shift_ends_on_the_next_day_and_breaks_lie_within_their_shift() -> None:
    for row in rota(MONDAY, ZONE, 1):
        begin, end = (datetime.fromisoformat(str(row[name])) for name in ("from", "to"))
        assert begin < end <= begin + timedelta(hours=12)
        assert begin.minute % 5 == 0
    nights = [row for row in rota(MONDAY, ZONE, 1) if row["what"] == "work" and "T20:45" in str(row["from"])]
    assert nights
    assert all(str(row["to"]).startswith("2026-03-03T07:30") for row in nights)
