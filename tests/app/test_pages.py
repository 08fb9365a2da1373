"""Each page with data, empty, with old data, and without a database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy.exc import ProgrammingError
from streamlit.testing.v1 import AppTest

from dashboard import access, queries, state_view
from dashboard.ui import layout, visit
from sql.warehouse import WarehouseError

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)  # the drawn floor's instant
PAGES = ("live_floor", "queues", "service_level", "data_health")
Run = Callable[..., AppTest]


def blocks(at: AppTest) -> list[dict[str, Any]]:
    """The blocks of a page in their order, as the browser gets them."""
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def list_of(at: AppTest, label: str) -> Any:
    """The list of that label among the controls of a page."""
    return next(found for found in at.selectbox if found.label == label)


def table(at: AppTest, label: str) -> dict[str, Any]:
    return next(found for found in blocks(at) if found["kind"] == "table" and found["label"] == label)


def text_of(cell: Any) -> str:
    """What a cell says, whether or not it leads on."""
    return str(cell["text"] if isinstance(cell, dict) and "text" in cell else cell)


def block(at: AppTest, kind: str) -> dict[str, Any]:
    return next(found for found in blocks(at) if found["kind"] == kind)


def tile(at: AppTest, key: str, kind: str = "tiles") -> dict[str, Any]:
    return next(found for found in block(at, kind)["tiles"] if found["key"] == key)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_with_data_shows_it_without_an_error(floor: Any, run_page: Run, name: str) -> None:
    at = run_page(name)
    assert not at.exception
    head = block(at, "head")
    assert (head["site"], head["clock"], head["fresh"]["text"]) == ("Harbour", "14:00", "Data 4 s old")
    assert not [found for found in blocks(at) if found["kind"] == "notice" and found["page"]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_an_empty_warehouse_says_how_to_fill_it(floor: Any, run_page: Run, name: str) -> None:
    floor.be_empty("live_queues", "live_agents", "queues", "source_health", "sites")
    at = run_page(name)
    notice = block(at, "notice")
    assert not at.exception
    assert notice["page"]
    assert any("floorboard demo" in step for step in notice["steps"])
    assert block(at, "head")["fresh"]["text"] == "No data yet"


@pytest.mark.parametrize("name", PAGES)
def test_old_data_is_marked_as_old(floor: Any, run_page: Run, name: str) -> None:
    floor.be_late(840)
    at = run_page(name)
    assert block(at, "head")["fresh"]["text"] == "Data 14 min old"
    assert block(at, "head")["fresh"]["tone"] == "off"
    assert block(at, "notice")["title"] == "pbx is silent"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_a_database_says_what_to_set(
    monkeypatch: pytest.MonkeyPatch, run_page: Run, name: str
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    at = run_page(name)
    notice = block(at, "notice")
    assert not at.exception
    assert notice["title"] == "No database is connected."
    assert any("DATABASE_URL" in step for step in notice["steps"])
    advice = " ".join([notice["title"], notice["body"], *notice["steps"]])
    assert (advice.count("floorboard demo"), advice.count("DATABASE_URL")) == (1, 1)  # each said once


@pytest.mark.parametrize("name", PAGES)
def test_a_database_that_is_down_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, run_page: Run, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://wall:s3cret-word@127.0.0.1:1/none")
    at = run_page(name)
    assert not at.exception
    assert block(at, "notice")["title"] == "The database does not answer."
    shown = json.dumps(blocks(at))
    assert not [found for found in ("s3cret-word", "127.0.0.1", "wall", "port 1") if found in shown]


@pytest.mark.parametrize("name", PAGES)
def test_the_reason_of_a_failure_goes_to_the_log(
    floor: Any, run_page: Run, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    def refuse(*_args: object, **_values: object) -> None:
        raise WarehouseError("The warehouse could not answer (at 127.0.0.1, port 5432).") from OSError()

    floor.monkeypatch.setattr(layout, "_told", {})
    floor.monkeypatch.setitem(queries.QUESTIONS, "sites", refuse)
    assert "127.0.0.1" not in json.dumps(blocks(run_page(name)))
    told = [record.getMessage() for record in caplog.records if record.name == "dashboard.ui.layout"]
    assert len(told) == 1  # not at every try
    assert "127.0.0.1, port 5432" in told[0]


def test_a_database_without_tables_asks_for_the_migration(floor: Any, run_page: Run) -> None:
    class MissingError(Exception):
        sqlstate = "42P01"

    def refuse(*_args: object, **_values: object) -> None:
        raise WarehouseError("The warehouse has not been set up yet.") from ProgrammingError(
            "", {}, MissingError()
        )

    floor.monkeypatch.setitem(queries.QUESTIONS, "sites", refuse)
    assert block(run_page("live_floor"), "notice")["steps"][0] == "Run `floorboard db migrate`."


def test_the_live_floor_tells_value_target_threshold_n_and_formula(floor: Any, run_page: Run) -> None:
    found = tile(run_page("live_floor"), "service_level", "floor")
    assert found["value"] == "86.6%"  # (90 + 39 + 0) / (99 + 50 + 0)
    assert found["status"]["word"] == "On target"
    assert found["more"] == "target 80% within 20 s · n = 149 · of offered, short abandons left out"


def test_queues_stand_by_name_and_the_late_one_is_marked(floor: Any, run_page: Run) -> None:
    queues = block(run_page("live_floor"), "floor")["queues"]
    assert [queue["name"] for queue in queues] == ["<b>Billing</b> [x](http://evil)", "Sales", "Вопросы"]
    late = queues[1]
    assert (late["waiting"], late["is_late"], late["past_threshold"]) == ("2", True, "over 20 s")
    assert late["oldest"] == {"at": (int(NOON.timestamp()) - 95) * 1000, "text": "1:35"}


def test_a_queue_without_calls_shows_a_dash_and_never_zero_percent(floor: Any, run_page: Run) -> None:
    quiet = block(run_page("live_floor"), "floor")["queues"][2]
    assert (quiet["level"], quiet["share"], quiet["status"]["word"]) == ("–", None, "No calls yet")
    assert [fact["here"] for fact in quiet["facts"]] == [None] * 4, "there are no rows behind a dash"


def test_the_last_minutes_carry_their_n(floor: Any, run_page: Run) -> None:
    facts = block(run_page("live_floor"), "floor")["queues"][1]["facts"]
    assert [(fact["label"], fact.get("n")) for fact in facts[:2]] == [
        ("last 15 min", "n = 4"),
        ("last 30 min", "n = 9"),
    ]


def test_a_card_tells_who_rings_where_somebody_does(floor: Any, run_page: Run) -> None:
    quiet, busy, _ = block(run_page("live_floor"), "floor")["queues"]
    assert [mark["word"] for mark in busy["crew"]][:2] == ["1 ringing", "1 available"]
    assert next(mark["word"] for mark in quiet["crew"]) == "1 available"


def test_a_queue_whose_name_cannot_be_seen_still_has_one(floor: Any, run_page: Run) -> None:
    def unseen(_connection: object, **_values: object) -> pl.DataFrame:
        found: pl.DataFrame = floor.answers["live_queues"](None, as_of=NOON)
        return found.with_columns(queue_name=pl.lit("\u200b\u2060"))

    plain = floor.answers["call_names"]
    floor.answer(
        live_queues=unseen,
        queues=unseen,
        call_names=lambda connection: plain(connection).with_columns(
            pl.when(pl.col("kind_name") == "queue")
            .then(pl.lit("\u200b\u2060"))
            .otherwise("name_text")
            .alias("name_text")
        ),
    )
    assert {queue["name"] for queue in block(run_page("live_floor"), "floor")["queues"]} == {"(no name)"}
    assert list_of(run_page("service_level"), "Queue").options == ["All", *["(no name)"] * 3]


def use_two_formulas(floor: Any) -> None:
    def no_common(name: str) -> Callable[..., pl.DataFrame]:
        def answer(*args: object, **values: object) -> pl.DataFrame:
            found: pl.DataFrame = floor.answers[name](*args, **values)
            return found.with_columns(
                service_level_formula_name=pl.lit(None, pl.String),
                service_level_ratio=pl.lit(None, pl.Float64),
            )

        return answer

    floor.answer(**{name: no_common(name) for name in ("live_totals", "queue_together", "queue_intervals")})


def test_unlike_formulas_leave_the_day_without_figures_it_does_not_have(floor: Any, run_page: Run) -> None:
    use_two_formulas(floor)
    at = run_page("service_level")
    level = tile(at, "service_level")
    assert (level["value"], level["more"]) == ("–", "target 80% within 20 s · formulas differ by queue")
    assert tile(at, "intervals")["value"] == "–"
    assert block(at, "notice")["title"] == "Queues use different formulas; choose a queue"
    assert "on target" not in [found["word"] for found in block(at, "section")["legend"]]
    rows = table(at, "Service level by interval")["rows"]
    assert {row["cells"][2]["word"] for row in rows} == {"Formulas differ"}


def test_unlike_formulas_are_explained_for_the_page_they_stand_on(floor: Any, run_page: Run) -> None:
    use_two_formulas(floor)
    live = tile(run_page("live_floor"), "service_level", "floor")
    assert "n =" not in live["more"]
    assert "each queue's card shows its own" in live["tip"]
    assert "Choose a queue" in tile(run_page("service_level"), "service_level")["tip"]


def test_a_day_with_one_formula_is_drawn(floor: Any, run_page: Run) -> None:
    assert run_page("service_level").get("vega_lite_chart")


def test_agents_are_grouped_by_state_with_shape_and_word(floor: Any, run_page: Run) -> None:
    groups = block(run_page("live_floor"), "floor")["groups"]
    assert [(group["title"], group["shape"]) for group in groups] == [
        ("On contact · 1", "square"),
        ("Available · 1", "circle"),
        ("Paused · 1", "bars"),
    ]
    assert groups[2]["agents"][0]["what"] == "Lunch"


def test_filters_come_from_the_address(floor: Any, run_page: Run) -> None:
    found = block(run_page("live_floor", state="paused", queue="SALES"), "floor")
    assert [group["state"] for group in found["groups"]] == ["paused"]
    assert [queue["name"] for queue in found["queues"]] == ["Sales"]


def test_an_unknown_filter_counts_as_none_and_leaves_the_address(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor", state="' or 1=1 --", queue="e")
    assert len(block(at, "floor")["groups"]) == 3
    assert at.query_params == {"queue": "e"}
    at = run_page("service_level", queue="9999")
    assert list_of(at, "Queue").value == "all"
    assert "“queue=9999” cannot be shown" in block(at, "notice")["body"]


def test_choosing_a_state_is_kept_in_the_address(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor")
    at.button_group[0].set_value("available").run()
    assert [group["state"] for group in block(at, "floor")["groups"]] == ["available"]
    assert at.query_params["state"] == "available"


def test_the_day_is_summed_before_it_is_divided(floor: Any, run_page: Run) -> None:
    at = run_page("service_level")
    level = tile(at, "service_level")
    assert level["value"] == "72.5%"  # (9 + 12 + 8) / (10 + 20 + 10)
    assert "n = 40" in level["more"]
    assert level["status"]["word"] == "Below target"
    intervals = tile(at, "intervals")
    assert (intervals["value"], intervals["unit"]) == ("2", "of 3")


def test_the_worst_interval_is_marked(floor: Any, run_page: Run) -> None:
    rows = table(run_page("service_level"), "Service level by interval")["rows"]
    assert [row["cells"][0] for row in rows] == ["11:00", "10:00", "09:00"]  # the newest first
    assert [row["tone"] for row in rows] == ["none", "off", "none"]
    assert rows[1]["cells"][2]["word"] == "Among the worst three"


def test_the_service_level_page_opens_on_today_and_shows_another_day_by_its_address(
    floor: Any, run_page: Run
) -> None:
    assert block(run_page("service_level"), "section")["title"] == "Wed, 11 Mar 2026"
    at = run_page("service_level", **{"from": "2026-03-10", "to": "2026-03-10"})
    assert block(at, "section")["title"] == "Tue, 10 Mar 2026"


@pytest.mark.parametrize("asked", ["2027-01-01", "tomorrow", "0001-01-01"])
def test_a_day_that_cannot_be_shown_counts_as_today(floor: Any, run_page: Run, asked: str) -> None:
    at = run_page("service_level", **{"from": asked, "to": asked})
    assert block(at, "section")["title"] == "Wed, 11 Mar 2026"


def test_a_day_without_calls_has_no_service_level(floor: Any, run_page: Run) -> None:
    at = run_page("service_level", **{"from": "2026-03-09", "to": "2026-03-09"})
    assert block(at, "notice")["title"] == "No call on Mon, 9 Mar 2026."
    assert "tiles" not in [found["kind"] for found in blocks(at)]


def test_one_queue_can_be_chosen_by_the_address(floor: Any, run_page: Run) -> None:
    at = run_page("service_level", queue="1")
    assert not at.exception
    assert list_of(at, "Queue").value == "=1"


def test_data_health_shows_refused_rows_word_for_word(floor: Any, run_page: Run) -> None:
    at = run_page("data_health")
    tables = [found for found in blocks(at) if found["kind"] == "table"]
    assert [found["label"] for found in tables] == [
        "Outages",
        "Comparisons with the origins",
        "How long rows are kept",
        "Reasons for refused rows",
        "Rows tried again",
        "Refused rows",
        "Runs of the loader",
        "Events read but not used",
    ]
    assert tables[2]["rows"][0]["cells"] == [
        "Calls: stays in queues, links, attempts, recordings, self-service, follow-ups",
        "6 months",
        "Sun, 1 Feb 2026",
        "11 Mar, 07:00:00",
        "1,234",
    ]
    assert tables[5]["rows"][0]["cells"][-1] == "=cmd|'/c calc'!A1|<script>"
    assert block(at, "notice")["title"] == "1 row was refused"


def test_refused_rows_come_with_the_command_that_loads_them(floor: Any, run_page: Run) -> None:
    assert "`floorboard etl replay --source pbx`" in block(run_page("data_health"), "notice")["body"]


def test_a_source_that_cannot_be_read_comes_first(floor: Any, run_page: Run) -> None:
    floor.be_late(840, error="The file is gone.")
    notice = block(run_page("data_health"), "notice")
    assert notice["title"] == "pbx cannot be read"
    assert notice["body"].startswith("The file is gone.")


def test_the_entry_shows_the_live_floor_first(floor: Any) -> None:
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    assert not at.exception
    assert block(at, "head")["title"] == "Live floor"
    assert block(at, "frame")["section"] == "Floor"  # the menu that is marked


def test_an_unforeseen_error_is_one_sentence(floor: Any) -> None:
    def fail(*_args: object, **_values: object) -> None:
        raise RuntimeError("postgresql://wall:s3cret-word@db/x")

    floor.monkeypatch.setattr("dashboard.ui.choices.search", fail)
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30).run()
    assert not at.exception
    assert "This page could not be drawn." in [found.get("title") for found in blocks(at)]
    assert "s3cret-word" not in json.dumps(blocks(at))


def test_no_answer_crosses_from_one_scope_to_another(floor: Any, run_page: Run) -> None:
    asked: list[str] = []
    original = access.transaction
    others = set(threading.enumerate())  # pollers of tests before this one may still be asking

    def watched(engine: Any, viewer: access.Viewer) -> Any:
        if threading.current_thread() not in others:
            asked.append(viewer.scope_name)
        return original(engine, viewer)

    floor.monkeypatch.setattr(access, "transaction", watched)
    run_page("live_floor")
    other = access.Viewer(viewer_name="b", scope_name="team")
    floor.monkeypatch.setattr(visit, "viewer", lambda: other)
    run_page("live_floor")
    assert {"everyone", "team"} == set(asked)


def test_the_age_on_a_page_is_that_of_the_sources_it_shows() -> None:
    health = pl.DataFrame(
        {
            "source_name": ["pbx", "helpdesk", "costs"],
            "newest_event_age_seconds": [3, 600, 90_000],
            "stale_after_seconds": [300, 3_600, 86_400],
            "is_stale": [False, False, True],
            "has_calls": [True, False, False],
            "has_tickets": [False, True, False],
        }
    )
    ages = {about: state_view.of_interest(health, about) for about in ("calls", "tickets", "everything")}
    assert [ages[about]["source_name"].to_list() for about in ages] == [
        ["pbx"],
        ["helpdesk"],
        ["pbx", "helpdesk", "costs"],
    ]
    loader = pl.DataFrame({"is_silent": [False], "beat_age_seconds": [3]})
    assert state_view.freshness(ages["calls"], loader=loader)["text"] == "Data 3 s old"
    rota = ages["everything"].with_columns(stale_after_seconds=pl.Series([10, 3_600, 31_536_000]))
    assert (
        state_view.freshness(rota, loader=loader)["text"] == "Data 3 s old"
    )  # 3 of 10 s is further behind than a day of a year
    dialler = ages["everything"].with_columns(
        newest_event_age_seconds=pl.Series([60, 90, 26_100]), is_stale=pl.lit(False)
    )  # 60 of 300 s, and 7 h 15 min of a day: well, yet nobody may take the one for the other
    assert state_view.freshness(dialler, loader=loader) == {
        **{"tone": "good", "shape": "circle", "word": ""}, "text": "Data 1 min old · costs 7 h 15 min",
    }  # fmt: skip
    assert state_view.of_interest(health.with_columns(has_calls=pl.lit(False)), "calls").height == 3
