"""The page Reports: what comes by itself, what was made, and a report as it was made."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.reports import report_desk, report_requests, report_view
from dashboard.reports.report_figures import ReportError
from dashboard.ui import clock, desk

Run = Callable[..., AppTest]
MADE_AT = datetime(2026, 3, 11, 4, 30, tzinfo=UTC)  # 06:30 in Tallinn

REPORT = {
    "report_id": 7,
    "schedule_id": 1,
    "first_date": date(2026, 3, 10),
    "last_date": date(2026, 3, 10),
    "asked_at": MADE_AT,
    "made_at": MADE_AT,
    "sent_at": None,
    "definition_number": 2,
    "state_name": "made",
    "kind_name": "daily",
    "report_name": "Daily <b>report</b>",
    "address_text": "",
    "recipients_text": "",
    "viewer_name": "schedule",
    "headline_text": "On target: 84.0% were answered within 20 s, 80% were promised.",
    "error_text": None,
    "send_error_text": None,
    "content_bytes_count": 90_000,
}
TYPES: dict[str, Any] = {
    "made_at": pl.Datetime("us", "UTC"),
    "sent_at": pl.Datetime("us", "UTC"),
    "headline_text": pl.String,
    "error_text": pl.String,
    "send_error_text": pl.String,
}
SCHEDULE = {
    "schedule_id": 1,
    "made_at": MADE_AT,
    "ended_at": None,
    "due_seconds": 6 * 3600 + 30 * 60,
    "kind_name": "weekly",
    "schedule_name": "Board of directors",
    "address_text": "queue=1&hours=business",
    "recipients_text": "anna@example.com",
    "viewer_name": "local",
    "newest_last_date": date(2026, 3, 8),
}
NAMES = {"kind_name": ["queue"], "name_id": [1], "name_text": ["Sales"]}


def reports(**changes: Any) -> Callable[..., pl.DataFrame]:
    return lambda _connection, **_given: pl.DataFrame([REPORT | changes], schema_overrides=TYPES)


def schedules(**changes: Any) -> Callable[..., pl.DataFrame]:
    types: dict[str, Any] = {"ended_at": pl.Datetime("us", "UTC"), "newest_last_date": pl.Date}
    return lambda _connection: pl.DataFrame([SCHEDULE | changes], schema_overrides=types)


@pytest.fixture
def drawn(floor: Any) -> Any:
    floor.answer(
        reports=reports(),
        report_schedules=schedules(),
        report_content=lambda _connection, **_given: pl.DataFrame(
            {"report_id": [7], "content_text": ["<!doctype html><p>whole"]}
        ),
        call_names=lambda _connection: pl.DataFrame(NAMES),
        saved_views=lambda _connection, **_given: pl.DataFrame(
            schema={
                "view_id": pl.Int64,
                "view_name": pl.String,
                "address_text": pl.String,
                "is_start": pl.Boolean,
            }
        ),
    )
    return floor


def blocks(at: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def table(at: AppTest, title: str) -> dict[str, Any]:
    return next(one for one in blocks(at) if one["kind"] == "table" and one["title"] == title)


def test_what_comes_by_itself_stands_with_its_time_its_view_and_its_readers(
    drawn: Any, run_page: Run
) -> None:
    at = run_page("reports")
    assert not at.exception
    (row,) = table(at, "Scheduled")["rows"]
    assert row["cells"][0] == "Board of directors"
    assert row["cells"][1] == "Mondays at 06:30, for the week before"
    assert row["cells"][2] == "queue Sales; business hours only"
    assert row["cells"][3] == "anna@example.com"
    assert row["cells"][5]["word"] == "active"


def test_a_report_leads_to_itself_and_tells_its_headline(drawn: Any, run_page: Run) -> None:
    at = run_page("reports")
    (row,) = table(at, "Made so far")["rows"]
    assert row["cells"][0] == {"text": "Daily <b>report</b>", "here": "?report=7"}
    assert row["cells"][2].startswith("On target: 84.0%")
    assert row["cells"][4]["word"] == "made"


def test_an_opened_report_stands_whole_with_its_file(drawn: Any, run_page: Run) -> None:
    at = run_page("reports", report="7")
    assert not at.exception
    (frame,) = at.get("iframe")
    assert frame.proto.srcdoc == "<!doctype html><p>whole"
    assert [one.proto.label for one in at.get("download_button")] == ["Save as a file"]


def test_a_report_that_is_not_there_says_so(drawn: Any, run_page: Run) -> None:
    at = run_page("reports", report="8")
    assert not at.exception
    assert "There is no such report." in [one.get("title") for one in blocks(at)]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"state_name": "asked"}, "waits for the loader"),
        ({"state_name": "making"}, "is being made"),
        ({"state_name": "failed", "error_text": "No."}, "could not be made"),
        ({"recipients_text": "a@b.example"}, "waits to be sent"),
        ({"recipients_text": "a@b.example", "sent_at": MADE_AT}, "sent"),
        ({"recipients_text": "a@b.example", "send_error_text": "Refused."}, "made, not sent"),
    ],
)
def test_every_state_has_its_word(changes: dict[str, Any], word: str) -> None:
    assert report_view.state_of(REPORT | changes)["word"] == word


def test_a_report_that_failed_says_why_and_can_be_tried_again(drawn: Any, run_page: Run) -> None:
    drawn.answer(reports=reports(state_name="failed", error_text="The disk is full."))
    at = run_page("reports", report="7")
    notice = next(
        one for one in blocks(at) if one["kind"] == "notice" and one["title"].startswith("This report")
    )
    assert notice["body"] == "The disk is full."
    assert "Try again" in [button.label for button in at.button]


def test_without_any_report_the_page_says_how_to_get_one(drawn: Any, run_page: Run) -> None:
    drawn.answer(
        reports=lambda _connection, **_given: pl.DataFrame([REPORT], schema_overrides=TYPES).clear(),
        report_schedules=lambda _connection: pl.DataFrame([SCHEDULE]).clear(),
    )
    at = run_page("reports")
    assert not at.exception
    assert table(at, "Made so far")["nothing"].startswith("None yet. Make one now")
    assert table(at, "Scheduled")["nothing"].startswith("None yet. Set one up")


def test_making_one_now_asks_for_the_newest_days_and_what_is_chosen(
    drawn: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(
        desk, "change", lambda _viewer, _name, _work, **values: asked.append(values["asked"]) or 7
    )
    at = run_page("reports", queue="1", kind="weekly")
    at.button(key="report-make").click().run()
    assert not at.exception
    (one,) = asked
    # Wednesday, 11 March 2026: the week before ran from Monday the 2nd to Sunday the 8th
    assert (one.kind_name, one.first_date, one.last_date) == ("weekly", date(2026, 3, 2), date(2026, 3, 8))
    assert one.address_text == "queue=1"


def test_a_schedule_can_be_ended_and_taken_up_again(
    drawn: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    monkeypatch.setattr(
        desk, "change", lambda _viewer, _name, _work, **values: done.append(values["ended_at"])
    )
    run_page("reports").button(key="schedule-1").click().run()
    drawn.answer(report_schedules=schedules(ended_at=MADE_AT))
    run_page("reports").button(key="schedule-1").click().run()
    assert done == [clock.now(), None]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        ("anna@example.com", ("anna@example.com",)),
        (" anna@example.com,bo@example.com;\nanna@example.com ", ("anna@example.com", "bo@example.com")),
    ],
)
def test_addresses_are_read_each_once(text: str, addresses: tuple[str, ...]) -> None:
    assert report_requests.recipients_of(text) == addresses


@pytest.mark.parametrize("text", ["anna", "anna@", "a b@example.com", "<anna@example.com>", "a@b, c"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ReportError, match=r"is no e-mail address, expected one such as anna@example.com"):
        report_requests.recipients_of(text)


def test_a_report_takes_the_view_without_its_days_and_never_an_agent() -> None:
    from dashboard.filters import filters_of

    chosen = filters_of(
        {"period": "7_days", "queue": "4", "agent": "9", "group": "", "compare": "before"},
        today=date(2026, 3, 11),
    )
    assert report_desk.address_of(chosen) == "queue=4&group="
