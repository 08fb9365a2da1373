"""The parts of pages that need no page: downloads and the floor's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from dashboard import export
from dashboard.ui import clock

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
FORMULAS = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    '"=1',
    "'=1",
    "＝1+1",
    ";=1",
    "|x",
    "%0A=",
    "-5",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_can_act_as_a_formula(text: str) -> None:
    assert export.harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Sales", "Õnne Tamm", "李明", "3-day", "a=b", ""])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert export.harmless(text) == text


def test_numbers_stay_numbers_and_instants_carry_their_offset() -> None:
    frame = pl.DataFrame(
        {"gap_seconds": [-5], "level_ratio": [None], "queue_name": ["=x"], "started_at": [NOON]},
        schema_overrides={"level_ratio": pl.Float64},
    )
    written = export.csv_bytes(frame, zone_name="Europe/Tallinn").decode("utf-8-sig")
    assert written == ("gap_seconds,level_ratio,queue_name,started_at\n-5,,'=x,2026-03-14T14:00:00+02:00\n")


def test_the_clock_can_be_held_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-03-14T14:00:00+02:00")
    assert (clock.now(), clock.speed()) == (NOON, 0.0)


def test_the_demo_clock_runs_with_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOORBOARD_NOW", raising=False)
    wall = datetime.now(UTC) - timedelta(seconds=60)
    monkeypatch.setenv("FLOORBOARD_CLOCK", f"{NOON.isoformat()};{wall.isoformat()};10")
    passed = (clock.now() - NOON).total_seconds()
    assert 580 <= passed <= 640  # 60 wall seconds at ten times the speed, to the second
    assert clock.speed() == 10.0


def test_without_a_demo_the_clock_is_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOORBOARD_NOW", raising=False)
    monkeypatch.delenv("FLOORBOARD_CLOCK", raising=False)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
