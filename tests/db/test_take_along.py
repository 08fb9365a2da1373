"""`floorboard ask --output`: the answer of a question as a file that tells what it is."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import floorboard
from floorboard.terminal import FrontDoorError
from sql import metrics
from tests.db.test_records import call, tell

WINDOW = ("--from", "2026-11-20T00:00:00+02:00", "--to", "2026-11-21T00:00:00+02:00")


@pytest.fixture
def asked(engine: sa.Engine, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    tell(engine, {"calls": [call()]}, name="pbx")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("FLOORBOARD_NOW", "2026-11-22T12:00:00+02:00")
    return tmp_path


def ask(folder: Path, name: str) -> Path:
    found = CliRunner().invoke(
        floorboard.app, ["ask", "queue_totals", *WINDOW, "--output", str(folder / name)]
    )
    assert found.exit_code == 0, found.output
    return folder / name


def test_the_same_answer_stands_in_all_three_files(asked: Path) -> None:
    from_csv = pl.read_csv(ask(asked, "a.csv"))
    from_sheet = pl.read_excel(ask(asked, "a.xlsx"), sheet_name="Data")
    from_parquet = pl.read_parquet(ask(asked, "a.parquet"))
    names = ["queue_name", "offered_calls", "answered_calls"]
    assert (
        from_csv.select(names).rows() == from_sheet.select(names).rows() == from_parquet.select(names).rows()
    )
    assert from_csv["definition_version"].to_list() == [metrics.definition_version()] * from_csv.height
    told = pl.read_parquet_metadata(asked / "a.parquet")
    assert told["floorboard.title"] == "queue_totals"
    assert told["floorboard.view"].startswith("window_start = 2026-11-20T00:00:00+02:00, window_end =")
    assert told["floorboard.time_zone"] == "Europe/Tallinn"
    assert told["floorboard.made_at"] == "2026-11-22T12:00:00+02:00"


def test_another_ending_is_refused_with_those_that_are_known(asked: Path) -> None:
    found = CliRunner().invoke(floorboard.app, ["ask", "queues", "--output", str(asked / "a.txt")])
    assert isinstance(found.exception, FrontDoorError)
    assert 'found the ending ".txt", expected one of .csv, .xlsx, .parquet' in str(found.exception)
    assert not (asked / "a.txt").exists()


def test_a_folder_that_is_not_there_is_told(asked: Path) -> None:
    found = CliRunner().invoke(floorboard.app, ["ask", "queues", "--output", str(asked / "none" / "a.csv")])
    assert isinstance(found.exception, FrontDoorError)
    assert "cannot be written" in str(found.exception)
