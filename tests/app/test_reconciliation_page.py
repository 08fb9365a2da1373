"""Reconciliation: everything adds up and says so, a gap stands in red with its next step, every number leads to its rows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from dashboard.definitions import balance_queries, balance_view, flow_view
from dashboard.filters import OWN_DAYS, filters_of
from sql.warehouse import UTC_INSTANT
from tests.app.conftest import ZONE, frame
from tests.app.test_pages import Run, block, blocks

START = datetime(2026, 3, 9, 22, tzinfo=UTC)  # 10 March begins in Tallinn
OUTCOMES = balance_queries.OUTCOMES
TOO_OLD = "Some of these days are too old to be shown row by row"


def interval(place: int, **counts: int) -> dict[str, Any]:
    """One quarter of an hour; what is not given is 0, and the rollups say what the facts say."""
    names = [
        "offered", *OUTCOMES, "queued_before", "left", *(f"left_{name}" for name in balance_queries.KINDS),
        "offered_earlier", "left_later", "queued_after",
    ]  # fmt: skip
    row = {f"{name}_calls": counts.get(name, 0) for name in names}
    rolled = {
        f"rolled_{name}_calls": counts.get(f"rolled_{name}", counts.get(name, 0))
        for name in ("offered", *OUTCOMES)
    }
    at = START + timedelta(minutes=15 * place)
    gaps = {f"{name}_gap_calls": counts.get(f"{name}_gap", 0) for name in ("outcome", "rollup", "border")}
    return {"interval_start_at": at, "interval_end_at": at + timedelta(minutes=15), **row, **rolled, **gaps}


WHOLE = [
    interval(40, offered=5, answered=4, abandoned=1, left=4, left_answered=3, left_abandoned=1, left_later=1,
             queued_after=1),
    interval(41, queued_before=1, offered=2, answered=1, callback=1, left=3, left_answered=2, left_callback=1,
             offered_earlier=1),
    interval(42),
]  # fmt: skip


def source_days(_connection: object, **_window: datetime) -> pl.DataFrame:
    plain = {
        "run_count": 3,
        "failed_run_count": 0,
        "read_rows": 10,
        "loaded_rows": 8,
        "unchanged_rows": 1,
        "rejected_rows": 1,
    }
    compared = {
        "origin_rows": 100, "warehouse_rows": 99, "agreed_rows": 98, "missing_rows": 1, "differing_rows": 1,
        "mended_rows": 2, "surplus_rows": 0, "outcome_name": "mended", "reason_text": "One call was missing.",
    }  # fmt: skip
    rows = [
        {"source_name": "pbx", "day_date": date(2026, 3, 10), **plain, "open_rejected_rows": 1, **compared,
         "unexplained_rows": 0},
        {"source_name": "desk", "day_date": date(2026, 3, 10), **plain, "open_rejected_rows": 0,
         **dict.fromkeys(compared), "unexplained_rows": 0},
    ]  # fmt: skip
    return frame(*rows)


def refused(_connection: object, **_given: Any) -> pl.DataFrame:
    return frame(
        {"reject_id": 1, "source_name": "pbx", "run_id": 7, "rejected_at": START, "place_text": "queue_log:17",
         "reason_text": "The time is no number.", "raw_text": "=cmd|<script>"}
    )  # fmt: skip


def contacts(_connection: object, **_given: Any) -> pl.DataFrame:
    names = {"source_name": "pbx", "contact_id": "c 1&2", "queue_name": "Sales", "agent_name": None}
    row = {**names, "offered_at": START, "left_at": None, "outcome_name": "waiting"}
    types = {name: UTC_INSTANT if name.endswith("_at") else pl.String for name in row}
    return pl.DataFrame([row], schema=types)


@pytest.fixture
def balanced(floor: Any) -> Any:
    floor.answer(
        balance_intervals=lambda _c, **_given: frame(*WHOLE),
        balance_days=lambda _c, **_given: frame(*WHOLE),
        balance_sources=source_days,
        balance_rows=contacts,
        refused_rows=refused,
    )
    return floor


def tables(at: Any) -> dict[str, dict[str, Any]]:
    assert not at.exception
    return {found["label"]: found for found in blocks(at) if found["kind"] == "table"}


def text(cell: Any) -> str:
    return str(cell.get("text", cell.get("word"))) if isinstance(cell, dict) else str(cell)


def test_a_day_that_adds_up_says_so_in_its_first_sentence(balanced: Any, run_page: Run) -> None:
    at = run_page("reconciliation")
    notice = block(at, "notice")
    assert (notice["tone"], notice["title"]) == (
        "good", "Everything adds up: 7 contacts came in, and what became of each is known.",
    )  # fmt: skip
    assert "in each of 3 quarters of an hour" in notice["body"]
    lines = block(at, "equations")["lines"]
    told = [" ".join(f"{term['sign']} {term['value']}" for term in line["terms"]).strip() for line in lines]
    assert told[0] == "7 = 5 + 1 + 1 + 0 + 0 + 0 + 0 + 0" == told[1]
    assert told[2] == "0 + 7 = 7 + 0"
    assert {line["status"]["word"] for line in lines} == {"adds up"}


def test_every_number_leads_to_its_contacts_and_a_zero_to_none(balanced: Any, run_page: Run) -> None:
    at = run_page("reconciliation")
    terms = block(at, "equations")["lines"][0]["terms"]
    assert terms[0]["here"] == "contacts?of=offered_calls&period=yesterday"
    assert terms[4]["here"] is None
    row = tables(at)["Offered and what became of it"]["rows"][0]["cells"]  # the newest: 10:15
    assert (text(row[0]), text(row[1]), text(row[4])) == ("10:15", "2", "1")
    assert "of=callback_calls" in row[4]["here"]
    assert "start=2026-03-10T08%3A15%3A00%2B00%3A00" in row[4]["here"]
    assert row[3] == "0"
    border = tables(at)["The same contacts by when they left"]["rows"][0]["cells"]
    assert [text(cell) for cell in border] == [
        "10:15",
        "1",
        "2",
        "3",
        "2",
        "0",
        "1",
        "0",
        "1",
        "0",
        "adds up",
    ]
    assert border[3]["here"].startswith("?period=yesterday&rows=left&start=")
    assert border[4]["here"].endswith("&only=answered")


@pytest.mark.parametrize(
    ("spoiled", "label", "place"),
    [
        ({"rolled_answered": 9, "rollup_gap": 5}, "Offered and what became of it", -1),
        ({"outcome_gap": 1}, "Offered and what became of it", -1),
        ({"border_gap": -2}, "The same contacts by when they left", -1),
    ],
)
def test_a_gap_stands_in_red_with_its_size_and_the_next_step(
    balanced: Any, run_page: Run, spoiled: dict[str, int], label: str, place: int
) -> None:
    rows = [*WHOLE[1:], interval(43, offered=4, answered=4, left=4, **spoiled)]
    balanced.answer(balance_intervals=lambda _c, **_given: frame(*rows))
    at = run_page("reconciliation")
    notice = block(at, "notice")
    assert notice["tone"] == "off"
    assert "floorboard db check --repair" in notice["body"]
    red = [row for row in tables(at)[label]["rows"] if row["tone"] == "off"]
    assert [text(row["cells"][0]) for row in red] == ["10:45"]
    assert red[0]["cells"][place]["tone"] == "off"
    size = max(abs(value) for name, value in spoiled.items() if name.endswith("_gap"))
    assert red[0]["cells"][place]["word"].startswith(f"{size} do")


def test_several_days_are_proven_by_day_and_without_the_picture(balanced: Any, run_page: Run) -> None:
    at = run_page("reconciliation", period="7_days")
    assert "on each of 3 days" in block(at, "notice")["body"]
    assert not [found for found in blocks(at) if found.get("title") == "In and out"]
    assert tables(at)["Offered and what became of it"]["columns"][0]["label"] == "Day"


def test_more_days_than_can_be_proven_are_said_to_be_left_out(balanced: Any, run_page: Run) -> None:
    at = run_page("reconciliation", period="90_days")
    assert block(at, "notice")["title"] == "Only the last 31 days of the period are proven here."
    told = [found["title"] for found in blocks(at) if found["kind"] == "notice"]
    assert TOO_OLD not in told  # the drawn rows are whole from 1 February on, and these days begin on the 8th


def test_where_rows_of_the_proven_days_are_deleted_it_is_said(balanced: Any, run_page: Run) -> None:
    own = {"period": OWN_DAYS, "from": "2026-01-30", "to": "2026-02-20"}
    told = [found for found in blocks(run_page("reconciliation", **own)) if found["kind"] == "notice"]
    assert told[0]["title"] == TOO_OLD
    assert "Calls from Sun, 1 Feb 2026 on" in re.sub(r"\s", " ", told[0]["body"])


def test_a_day_without_contacts_says_what_to_do(balanced: Any, run_page: Run) -> None:
    balanced.answer(balance_intervals=lambda _c, **_given: frame(interval(1), interval(2)))
    at = run_page("reconciliation")
    notice = block(at, "notice")
    assert notice["page"]
    assert notice["title"] == "No contact came in these days."


def test_the_contacts_behind_a_border_are_listed_with_the_number_that_was_followed(
    balanced: Any, run_page: Run
) -> None:
    table = tables(run_page("reconciliation", rows="left"))
    found = table["7 contacts that left"]
    assert found["rows"][0]["cells"][0]["here"] == "contacts?contact=c+1%262&source=pbx"
    assert found["lead"].endswith("The first 1 are listed.")


@pytest.mark.parametrize(
    "address",
    [{"rows": "everything"}, {"rows": "left", "start": "yesterday"}, {"rows": "left", "start": "1990-01-01T00:00+00:00"},
     {"source": "pbx"}, {"source": "pbx", "day": "never"}],
)  # fmt: skip
def test_an_address_that_names_nothing_does_no_harm(
    balanced: Any, run_page: Run, address: dict[str, str]
) -> None:
    at = run_page("reconciliation", **address)
    assert not at.exception
    assert block(at, "equations")


def test_the_source_stands_beside_with_its_refused_rows(balanced: Any, run_page: Run) -> None:
    at = run_page("reconciliation", source="pbx", day="2026-03-10")
    rows = {text(row["cells"][1]): row["cells"] for row in tables(at)["What each source delivered"]["rows"]}
    assert [text(cell) for cell in rows["pbx"][2:]] == ["10", "8", "1", "1", "1"]
    assert rows["pbx"][6]["here"] == "?period=yesterday&source=pbx&day=2026-03-10"
    [compared] = tables(at)["Ours beside the source's own count"]["rows"]  # the desk was not compared
    assert [text(cell) for cell in compared["cells"][3:]] == [
        "100",
        "98",
        "1",
        "1",
        "2",
        "0",
        "One call was missing.",
    ]
    assert tables(at)["Refused rows"]["rows"][0]["cells"][4] == "=cmd|<script>"


def test_the_picture_shows_the_counts_of_the_tables() -> None:
    found = flow_view.flow_frame(frame(*WHOLE), zone_name=ZONE)
    assert found["label_text"].to_list() == ["10:00", "10:15"]
    assert found["offered_calls"].to_list() == [5, 2]
    assert found["answered_below_calls"].to_list() == [-3, -2]
    assert found["elsewhere_below_calls"].to_list() == [0, -1]
    assert found["lost_below_calls"].to_list() == [-1, 0]
    assert found["queued_after_calls"].to_list() == [1, 0]


def test_the_sums_of_several_rows_keep_the_first_and_the_last_border() -> None:
    row = balance_view.totals(frame(*WHOLE))
    assert (row["queued_before_calls"], row["queued_after_calls"], row["left_calls"]) == (0, 0, 7)
    assert balance_view.gap(row) == 0
    assert not balance_view.is_quiet(row)


def test_gaps_of_opposite_signs_do_not_make_each_other_vanish() -> None:
    rows = frame(interval(1, offered=1, border_gap=1), interval(2, offered=1, border_gap=-1))
    assert balance_view.gap(balance_view.totals(rows)) == 2


def test_a_link_keeps_the_view() -> None:
    chosen = filters_of({"period": "yesterday", "queue": "2"}, today=date(2026, 3, 11))
    line = balance_view.equations(balance_view.totals(frame(*WHOLE)), chosen)["lines"][0]
    assert line["terms"][0]["here"] == "contacts?of=offered_calls&period=yesterday&queue=2"
