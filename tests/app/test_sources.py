"""The Sources page and its desk for files, and the buttons of Data health, on answers drawn by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.loading import loader_requests
from dashboard.loading.loader_requests import RequestError
from tests.app.conftest import NOW, frame
from tests.app.test_pages import block, blocks

Run = Callable[..., AppTest]
LOOK = {
    "facts_name": "calls",
    "all_facts": ["calls", "tickets"],
    "is_guess": True,
    "confidence_ratio": 0.87,
    "missing": [],
    "warnings": ["start: day and month could be exchanged."],
    "table": {
        "name": "calls",
        "kind": "file",
        "path": "calls.csv",
        "facts": "calls",
        "fields": {
            "offered_at": {"column": "start", "format": ["%d.%m.%Y %H:%M"], "zone": "UTC"},
            "queue_name": {"constant": "Sales"},
            "wait_seconds": {"column": "wait", "unit": "minutes"},
            "outcome_name": {"column": "end", "values": {"HANG": "abandoned", "OK": "answered"}},
        },
    },
    "toml_text": '[[sources]]\nname = "calls"\n',
    "counts": {"read_rows": 5, "mapped_rows": 3, "rejected_rows": 1, "row_passed_over_by_a_filter": 1},
    "is_whole": True,
    "mapped": {
        "columns": ["offered_at", "wait_seconds", "outcome_name"],
        "instants": ["offered_at"],
        "rows": [
            ["2026-03-11T09:00:00+00:00", 75, "answered"],
            ["2026-03-11T09:01:00+00:00", None, "abandoned"],
        ],
    },
    "refused": [
        {"reason": "found 'x', expected a number", "rows": 1, "place": "calls.csv:4", "raw": "<script>"}
    ],
    "columns": [
        {"name": "start", "samples": ["11.03.2026 11:00"]},
        {"name": "wait", "samples": ["1.25", "2"]},
        {"name": "end", "samples": ["HANG", "OK"]},
        {"name": "<b>odd</b>", "samples": []},
    ],
    "fields": [
        {"name": "talk_seconds", "kind": "seconds", "words": [], "is_needed": False},
        {"name": "wait_seconds", "kind": "seconds", "words": [], "is_needed": False},
        {"name": "outcome_name", "kind": "choice", "words": ["abandoned", "answered"], "is_needed": False},
        {"name": "offered_at", "kind": "instant", "words": [], "is_needed": True},
        {"name": "queue_name", "kind": "text", "words": [], "is_needed": True},
    ],
    "units": {"seconds": ["seconds", "minutes"], "instant": ["epoch_seconds"]},
}


def upload_row(**changes: Any) -> dict[str, Any]:
    return {
        "upload_id": 7,
        "uploaded_at": NOW,
        "ended_at": None,
        "look_number": 2,
        "viewer_name": "mari",
        "file_name": "calls.csv",
        "source_name": "upload: calls.csv",
        "state_name": "ready",
        "file_bytes_count": 12_345,
        "read_rows": None,
        "loaded_rows": None,
        "unchanged_rows": None,
        "rejected_rows": None,
        "mapping_text": '[[sources]]\nname = "calls"\n',
        "preview_text": json.dumps(LOOK),
        "error_text": None,
        **changes,
    }


class Desk:
    """The uploads as drawn, and the requests that a page makes."""

    def __init__(self, floor: Any) -> None:
        self.floor, self.asked = floor, list[tuple[str, dict[str, Any]]]()
        for name in ("ask_look", "ask_load", "discard_upload", "ask_replay"):
            floor.monkeypatch.setattr(loader_requests, name, self.note(name))
        self.show(upload_row())

    def note(self, name: str) -> Callable[..., None]:
        def ask(_connection: object, **values: Any) -> None:
            self.asked.append((name, values))
            if name == "ask_look":
                self.show(upload_row(state_name="waiting"))

        return ask

    def show(self, *rows: dict[str, Any]) -> None:
        def uploads(_connection: object, *, as_of: object) -> pl.DataFrame:
            kept = [name for name in upload_row() if name not in ("mapping_text", "preview_text")]
            return frame(*(rows or [upload_row()])).select(kept).head(len(rows))

        def upload(_connection: object, *, upload_id: int) -> pl.DataFrame:
            return frame(*(rows or [upload_row()])).filter(pl.col("upload_id") == upload_id)

        self.floor.answer(uploads=uploads, upload=upload)


@pytest.fixture
def desk(floor: Any) -> Desk:
    return Desk(floor)


def titles(at: AppTest) -> list[str]:
    return [found.get("title") or found.get("label", "") for found in blocks(at)]


def table(at: AppTest, label: str) -> dict[str, Any]:
    return next(found for found in blocks(at) if found.get("label") == label)


def test_the_page_shows_the_sources_and_the_files(desk: Desk, run_page: Run) -> None:
    at = run_page("sources")
    assert not at.exception
    (source,) = table(at, "Sources")["rows"]
    assert [source["cells"][place] for place in (0, 2, 3, 4, 5)] == [
        "pbx",
        "4 s ago",
        "1 s ago",
        "in 2 s",
        "10",
    ]
    assert source["cells"][1]["word"] == "Fresh"
    assert source["cells"][7] == "Asterisk queue log · every 2 s · path: /var/log/asterisk/queue_log"
    (file,) = table(at, "Uploaded files")["rows"]
    assert file["cells"][0] == {"text": "calls.csv", "here": "?upload=7"}
    assert file["cells"][1]["word"] == "Waits for your decision"
    assert len(at.file_uploader) == 1


def test_an_empty_warehouse_can_be_filled_by_a_file(desk: Desk, run_page: Run) -> None:
    desk.floor.be_empty("live_queues", "live_agents", "queues", "source_health", "sites", "sources")
    desk.show()
    at = run_page("sources")
    assert not at.exception
    assert len(at.file_uploader) == 1
    assert "A file can be uploaded below" in table(at, "Sources")["nothing"]


def test_without_a_warehouse_there_is_nothing_to_upload_to(
    monkeypatch: pytest.MonkeyPatch, run_page: Run
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    at = run_page("sources")
    assert not at.exception
    assert block(at, "notice")["title"] == "No database is connected."
    assert not at.file_uploader


@pytest.mark.parametrize("age", [None, 300])
def test_a_loader_that_does_not_run_is_said_first(desk: Desk, run_page: Run, age: int | None) -> None:
    desk.floor.answer(
        loader=lambda _connection, *, as_of: frame(
            {"started_at": None, "beat_at": None, "beat_age_seconds": age, "is_silent": True}
        )
    )
    at = run_page("sources")
    notice = block(at, "notice")
    assert notice["title"] == "The loader does not run, so nothing new arrives."
    assert "floorboard etl run" in notice["body"]
    cells = table(at, "Sources")["rows"][0]["cells"]
    assert (cells[1]["word"], cells[4]) == ("Not read", "–")  # nobody knows when it is read next


@pytest.mark.parametrize("error", ["The file is gone.", None])
def test_a_source_stands_here_as_it_stands_on_data_health(
    desk: Desk, run_page: Run, error: str | None
) -> None:
    answer = desk.floor.answers["source_health"]

    def told(connection: object, *, as_of: Any) -> pl.DataFrame:
        found: pl.DataFrame = answer(connection, as_of=as_of)
        return found.with_columns(last_error_text=pl.lit("It was away."), error_text=pl.lit(error, pl.String))

    desk.floor.answer(source_health=told)
    at = run_page("sources")
    state = table(at, "Sources")["rows"][0]["cells"][1]["word"]
    there = next(found for found in blocks(run_page("data_health")) if found["kind"] == "sources")
    assert there["cards"][0]["status"]["word"] == state == ("Reading failed" if error else "Fresh")
    notices = [found["title"] for found in blocks(at) if found["kind"] == "notice"]
    assert notices == (["pbx cannot be read"] if error else [])


def test_a_dropped_file_goes_to_the_loader_and_opens(
    desk: Desk, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: dict[str, Any] = {}

    def one_row(_connection: object, name: str, **values: Any) -> tuple[int]:
        taken.update(values)
        return (7,)

    monkeypatch.setattr(loader_requests, "one_row", one_row)
    at = run_page("sources")
    at.file_uploader[0].set_value(("calls.csv", b"a,b\n1,2\n", "text/csv")).run()
    assert not at.exception
    assert (taken["file_name"], taken["content"], taken["viewer_name"]) == (
        "calls.csv",
        b"a,b\n1,2\n",
        "local",
    )
    assert at.query_params["upload"] in ("7", ["7"])


def test_a_file_that_is_none_is_refused_with_a_sentence(desk: Desk, run_page: Run) -> None:
    at = run_page("sources")
    at.file_uploader[0].set_value(("calls.csv", b"%PDF-1.7 ...", "text/csv")).run()
    assert not at.exception
    assert "is a PDF by its content" in block(at, "notice")["body"]
    assert "upload" not in at.query_params


def test_an_opened_file_shows_what_would_become_of_it(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    assert not at.exception
    tiles = {tile["key"]: tile for tile in block(at, "tiles")["tiles"]}
    assert (tiles["facts"]["value"], tiles["facts"]["more"]) == ("Calls", "guessed, 87.0% sure")
    assert [tiles[name]["value"] for name in ("read", "mapped", "refused")] == ["5", "3", "1"]
    first = table(at, "The first rows as they would be loaded")["rows"][0]["cells"]
    assert first == ["11 Mar 2026, 11:00:00", "1:15", "answered"]  # 09:00 UTC in Tallinn; 75 s
    assert table(at, "What would be refused")["rows"][0]["cells"][-1] == "<script>"
    (doubt,) = table(at, "Look at these before you load")["rows"]
    assert doubt["cells"] == ["start", "Day and month could be exchanged."]
    assert "Sources" not in [found.get("label") for found in blocks(at)]


def test_the_button_asks_for_the_very_look_that_is_shown(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    at.button(key="load").click().run()
    assert desk.asked == [("ask_load", {"upload_id": 7, "look_number": 2, "at": NOW})]


def test_a_request_that_came_too_late_is_said(desk: Desk, run_page: Run) -> None:
    def late(_connection: object, **_values: Any) -> None:
        raise RequestError("This upload has changed meanwhile.")

    desk.floor.monkeypatch.setattr(loader_requests, "ask_load", late)
    at = run_page("sources", upload="7")
    at.button(key="load").click().run()
    assert "This upload has changed meanwhile." in [found.get("body") for found in blocks(at)]


def test_a_changed_mapping_keeps_what_was_not_changed(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    at.selectbox(key="column-7-2-wait_seconds").set_value("end")
    at.selectbox(key="how-7-2-wait_seconds").set_value("")
    at.selectbox(key="column-7-2-talk_seconds").set_value("wait")
    at.text_input(key="how-7-2-outcome_name").set_value("HANG = timed_out; A=B = answered")
    at.selectbox(key="zone-7-2").set_value("Europe/Paris")
    next(button for button in at.button if button.label == "Look again").click().run()
    ((name, values),) = desk.asked
    assert (name, values["upload_id"], values["look_number"]) == ("ask_look", 7, 2)
    assert values["wanted"]["table"] == {
        **LOOK["table"],  # type: ignore[dict-item]
        "time_zone": "Europe/Paris",
        "fields": {
            "offered_at": {"column": "start", "format": ["%d.%m.%Y %H:%M"], "zone": "UTC"},
            "queue_name": {"constant": "Sales"},
            "wait_seconds": {"column": "end"},
            "outcome_name": {"column": "end", "values": {"HANG": "timed_out", "A=B": "answered"}},
            "talk_seconds": {"column": "wait"},
        },
    }


def test_what_the_rows_are_can_be_changed(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    at.selectbox(key="facts-7-2").set_value("tickets").run()
    assert desk.asked[0][1]["wanted"] == {"facts": "tickets"}


def test_the_lines_can_be_changed_as_text(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    at.text_area(key="toml-7-2").set_value("[[sources]]\nfacts = 'calls'")
    next(button for button in at.button if button.label == "Look again with these lines").click().run()
    assert desk.asked[0][1]["wanted"] == {"toml": "[[sources]]\nfacts = 'calls'"}


@pytest.mark.parametrize(
    ("changes", "title", "can_load"),
    [
        ({"state_name": "waiting"}, "calls.csv is being looked at", False),
        ({"state_name": "loading", "read_rows": 1200}, "calls.csv is being loaded", False),
        (
            {
                "state_name": "loaded",
                "read_rows": 5,
                "loaded_rows": 3,
                "unchanged_rows": 1,
                "rejected_rows": 1,
            },
            "calls.csv is loaded",
            False,
        ),
        ({"state_name": "discarded"}, "calls.csv was discarded", False),
        (
            {"state_name": "unfit", "mapping_text": None, "error_text": "The mapping cannot be used."},
            "calls.csv needs you",
            False,
        ),
        ({"state_name": "failed", "error_text": "The disk is full."}, "calls.csv could not be loaded", True),
        (
            {"state_name": "unfit", "preview_text": None, "mapping_text": None, "error_text": "No rows."},
            "calls.csv needs you",
            False,
        ),
    ],
)
def test_every_state_of_an_upload_has_its_sentence(
    desk: Desk, run_page: Run, changes: dict[str, Any], title: str, can_load: bool
) -> None:
    desk.show(upload_row(**changes))
    at = run_page("sources", upload="7")
    assert not at.exception
    assert title in titles(at)
    assert ("load" in [button.key for button in at.button]) == can_load


def test_a_loaded_file_accounts_for_every_row(desk: Desk, run_page: Run) -> None:
    counted = {"read_rows": 5, "loaded_rows": 3, "unchanged_rows": 1, "rejected_rows": 1}
    desk.show(upload_row(state_name="loaded", preview_text=None, **counted))
    at = run_page("sources", upload="7")
    body = block(at, "notice")["body"]
    assert body.startswith("5 rows read = 3 loaded + 1 unchanged + 1 refused.")
    assert at.code[0].value.startswith("[[sources]]")


@pytest.mark.parametrize("asked", ["8", "1 or 1=1", "-1", "٣", "9" * 40])
def test_an_upload_that_is_not_there_is_no_error(desk: Desk, run_page: Run, asked: str) -> None:
    at = run_page("sources", upload=asked)
    assert not at.exception
    is_number = asked == "8"
    assert ("There is no such upload any more." in titles(at)) == is_number
    assert bool(at.file_uploader) != is_number


def test_the_way_back_leaves_the_address(desk: Desk, run_page: Run) -> None:
    at = run_page("sources", upload="7")
    at.button(key="back").click().run()
    assert "upload" not in at.query_params
    assert len(at.file_uploader) == 1


def test_refused_rows_can_be_tried_again_by_a_button(desk: Desk, run_page: Run) -> None:
    at = run_page("data_health")
    button = at.button(key="try-pbx")
    assert button.label == "Try 1 row of pbx again"
    button.click().run()
    assert not at.exception
    expected = {"source_name": "pbx", "viewer_name": "local", "at": NOW}
    assert desk.asked == [("ask_replay", expected)]
    (outcome,) = table(at, "Rows tried again")["rows"]
    assert (outcome["cells"][2]["word"], outcome["cells"][3:5]) == ("Some still refused", ["2", "1"])


def test_a_source_that_is_being_tried_waits(desk: Desk, run_page: Run) -> None:
    answer = desk.floor.answers["replays"]
    desk.floor.answer(
        replays=lambda connection, *, as_of: answer(connection, as_of=as_of).with_columns(
            done_at=pl.lit(None, pl.Datetime("us", "UTC"))
        )
    )
    at = run_page("data_health")
    assert at.button(key="try-pbx").disabled
    assert table(at, "Rows tried again")["rows"][0]["cells"][2]["word"] == "Is being read"


def test_the_name_of_a_source_is_no_markup_on_its_button(desk: Desk, run_page: Run) -> None:
    answer = desk.floor.answers["reject_reasons"]
    desk.floor.answer(
        reject_reasons=lambda connection, *, as_of: answer(connection, as_of=as_of).with_columns(
            source_name=pl.lit("![](http://t/) :material/home: $x$")
        )
    )
    label = next(button.label for button in run_page("data_health").button if button.key.startswith("try-"))
    assert r"\!\[\]\(http\:\/\/t\/\) \:material\/home\: \$x\$" in label


def test_reasons_that_differ_in_values_only_stand_together(desk: Desk, run_page: Run) -> None:
    answer = desk.floor.answers["reject_reasons"]
    desk.floor.answer(
        reject_reasons=lambda connection, *, as_of: answer(connection, as_of=as_of).with_columns(
            has_other_values=pl.lit(True), reject_rows=pl.lit(9, pl.Int64)
        )
    )
    (row,) = table(run_page("data_health"), "Reasons for refused rows")["rows"]
    assert row["cells"][0] == "The time is no number. (and others like it with other values)"
    assert row["cells"][-1] == "queue_log:17  =cmd|'/c calc'!A1|<script>"


def test_a_mapping_that_is_not_whole_says_what_is_missing(desk: Desk, run_page: Run) -> None:
    look = {**LOOK, "missing": [["talk_seconds", "wait_seconds"]], "counts": {}, "confidence_ratio": 0.2}
    look |= {"mapped": {"columns": [], "instants": [], "rows": []}, "refused": []}
    desk.show(upload_row(state_name="unfit", mapping_text=None, preview_text=json.dumps(look)))
    at = run_page("sources", upload="7")
    assert not at.exception
    (tile,) = block(at, "tiles")["tiles"]
    assert (tile["status"]["word"], tile["more"]) == (
        "Not whole yet",
        "hardly more than a guess; say below what the rows are",
    )
    doubts = table(at, "Look at these before you load")["rows"]
    assert (
        doubts[0]["cells"][1] == "Talk (seconds) or Wait (seconds) is needed, and no column seems to be it."
    )
    assert "column-7-2-talk_seconds" in [box.key for box in at.selectbox[:6]]
    assert "load" not in [button.key for button in at.button]
