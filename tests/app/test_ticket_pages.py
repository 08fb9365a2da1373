"""The pages Tickets and Agents and teams on a real warehouse: with a story, without a ticket, without a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import board, charts, export
from dashboard.tickets import ticket_trend_view, ticket_view
from dashboard.ui import moments
from tests.db.test_records import ask, call, tell
from tests.db.test_ticket_questions import STORY, change, events, h

Run = Callable[..., AppTest]
SECTIONS = ("today", "backlog", "sla", "ageing", "trends", "answers")


def blocks(at: AppTest) -> list[dict[str, Any]]:
    assert not at.exception, at.exception
    return [json.loads(element.proto.json) for element in at.get("bidi_component")]


def said(tile: dict[str, Any]) -> str:
    """The small print of a tile, whether or not its parts lead on."""
    more = tile["more"]
    return (
        more
        if isinstance(more, str)
        else " · ".join(one if isinstance(one, str) else one["text"] for one in more)
    )


def tiles(at: AppTest) -> dict[str, dict[str, Any]]:
    found = next(block for block in blocks(at) if block["kind"] == "tiles")
    return {tile["key"]: tile for tile in found["tiles"]}


def table(at: AppTest, label: str) -> list[list[Any]]:
    found = next(block for block in blocks(at) if block.get("label") == label)
    return [row["cells"] for row in found["rows"]]


def use(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", h(36).isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: engine)


@pytest.fixture
def told(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """The story, one call, a promise of four hours, and two addresses of tickets: one of the web, one that is none."""
    change(
        engine,
        "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
        "values ('Four hours', 'first_reply', 14400, false, '2020-01-01')",
    )
    links = [
        {"ticket_id": ticket, "created_at": h(hour), "url_text": url, "topic_name": "=cmd|'/c calc'!A1"}
        for ticket, hour, url in (("B", 1, "https://help/B"), ("D", 30, "javascript:alert(1)"))
    ]
    tell(engine, {"tickets": links}, {"ticket_events": events(STORY)}, {"calls": [call()]})
    change(engine, "insert into warehouse.teams (team_name) values ('Day')",
           "update warehouse.agents set team_id = 1 where agent_name = 'mari'")  # fmt: skip
    use(engine, monkeypatch)
    return engine


@pytest.mark.parametrize("view", SECTIONS)
def test_every_section_stands_with_its_figures(told: sa.Engine, run_page: Run, view: str) -> None:
    at = run_page("tickets", view=view)
    assert tiles(at)
    assert [block for block in blocks(at) if block["kind"] == "table" and block["rows"]]
    assert not [block for block in blocks(at) if block["kind"] == "notice" and block["page"]]


def test_today_stands_against_yesterday_at_the_same_time(told: sa.Engine, run_page: Run) -> None:
    found = tiles(run_page("tickets"))
    assert (found["created_tickets"]["value"], said(found["created_tickets"])) == ("1", "yesterday by now: 3")
    assert (found["resolved_tickets"]["value"], found["resolved_tickets"]["unit"]) == ("0", "−2")
    assert (found["backlog_tickets"]["value"], said(found["backlog_tickets"])) == ("3", "yesterday by now: 1")
    assert (found["owed_tickets"]["value"], said(found["owed_tickets"])) == ("2", "oldest for 10 h")
    promises = found["sla_attainment_ratio"]
    assert (promises["value"], promises["status"]["word"]) == (
        "0%",
        "1 overdue",
    )  # open and overdue is missed
    assert said(promises).startswith("0 of 1 met · 1 missed · 1 of them still open")
    assert promises["label"] == "Promises due today, kept (SLA)"
    assert found["reopened_tickets"]["label"] == "Solved, then opened again"


def test_a_figure_opens_its_tickets_and_a_share_begins_with_those_that_count(
    told: sa.Engine, run_page: Run
) -> None:
    promises = tiles(run_page("tickets", view="sla"))["sla_attainment_ratio"]
    assert said(promises).startswith("3 of 4 met")  # A, B and C got their reply in time, D waits
    found = blocks(run_page("contacts", **dict(parse_qsl(promises["here"].partition("?")[2]))))
    number = next(block for block in found if block["kind"] == "number")
    assert (number["value"], number["parts"]) == (
        promises["value"],
        [{"label": "Promises met of promises due", "value": "3 of 4"}, {"label": "Rows", "value": "4"}],
    )
    rows = next(block for block in found if block["kind"] == "table")
    assert [row["cells"][1]["word"] for row in rows["rows"]] == ["yes", "yes", "yes", "no"]
    assert "Channel" not in [column["label"] for column in rows["columns"]]  # no ticket of the story has one
    titles = [block["title"] for block in found if block["kind"] == "section"]
    assert [title.replace("\N{THIN SPACE}", " ") for title in titles] == ["25 Feb – 3 Mar 2026"]


def test_a_tickets_journey_tells_what_happened_to_it_and_where_that_was_read(
    told: sa.Engine, run_page: Run
) -> None:
    raised = [*STORY, ("B", 27, "priority", "low", "mari"), ("B", 28, "priority", "high", "jaan")]
    tell(told, {"ticket_events": events(raised)[-2:]})
    [ticket] = [
        cells[0]
        for cells in table(run_page("tickets", view="ageing"), "Oldest tickets")
        if cells[0]["text"] == "B"
    ]
    journey = run_page("contacts", **dict(parse_qsl(ticket["here"].partition("?")[2])))
    label = "What happened to ticket B"
    [found] = [block for block in blocks(journey) if block.get("label") == label]
    assert found["lead"] == "10 changes · escalated once"
    last = table(journey, label)[-1]
    assert (last[1], last[2], last[3], last[4]["word"], last[5]) == (
        "Priority",
        "Low",
        "High",
        "Escalated",
        "jaan",
    )
    assert last[6].startswith("no. ")  # its load
    [leg] = next(block for block in blocks(journey) if block["kind"] == "journey")["legs"]
    origin = {pair["label"]: pair["value"] for pair in leg["origin"]}
    assert (origin["Source"], origin["Id there"]) == ("records", "B")
    assert origin["Load"].startswith("no. ")


def test_what_stands_at_an_instant_says_so_over_its_list(told: sa.Engine, run_page: Run) -> None:
    noon = run_page("tickets", view="backlog", day="2026-03-02", time="12:00", group="Support")
    address = dict(parse_qsl(tiles(noon)["backlog_tickets"]["here"].partition("?")[2]))
    found = blocks(run_page("contacts", **address, status="new"))
    [title] = [block["title"] for block in found if block["kind"] == "section"]
    assert title == "As it stood at 2 Mar 2026, 12:00:00; group Support; status: New"


def test_the_backlog_can_be_asked_for_any_hour_of_any_day(told: sa.Engine, run_page: Run) -> None:
    assert tiles(run_page("tickets", view="backlog"))["backlog_tickets"]["value"] == "3"
    monday = run_page("tickets", view="backlog", day="2026-03-02")
    assert tiles(monday)["backlog_tickets"]["value"] == "1"  # at its end
    noon = run_page("tickets", view="backlog", day="2026-03-02", time="12:00")  # hour 2 of the story
    assert tiles(noon)["backlog_tickets"]["value"] == "3"
    assert "2 Mar 2026, 12:00:00" in tiles(noon)["backlog_tickets"]["more"]


def test_filters_come_from_the_address_and_unknown_ones_leave_it(told: sa.Engine, run_page: Run) -> None:
    support = run_page("tickets", view="backlog", group="Support")
    assert tiles(support)["backlog_tickets"]["value"] == "1"
    without = run_page("tickets", view="backlog", group="-")
    assert tiles(without)["backlog_tickets"]["value"] == "1"  # D
    unknown = run_page("tickets", view="backlog", group="' or 1=1 --", priority="<b>")
    assert tiles(unknown)["backlog_tickets"]["value"] == "3"
    assert set(unknown.query_params) == {"view"}


def test_a_view_of_tickets_is_kept_with_all_that_its_address_says(told: sa.Engine, run_page: Run) -> None:
    """Also what the bar of other pages has words of its own for: group, channel and kind of hours."""
    chosen = {"view": "trends", "group": "Support", "hours": "business", "days": "28"}
    page = run_page("tickets", **chosen)
    page.text_input(key="view-name").set_value("Support")
    page.button(key="view-save").click().run()
    kept = "select page_name, address_text from ops.saved_views"
    assert ask(told, kept) == [("tickets", "view=trends&group=Support&hours=business&days=28")]
    page.button(key="view-start").click().run()
    assert {key: "".join(value) for key, value in run_page("tickets").query_params.items()} == chosen


def test_a_ticket_leads_to_its_source_only_by_an_address_of_the_web(told: sa.Engine, run_page: Run) -> None:
    first, *_, last = table(run_page("tickets", view="ageing"), "Oldest tickets")
    assert first[-1] == {"text": "records", "href": "https://help/B"}
    assert last[-1] == "records"  # javascript: is no address of the web
    assert first[0] == {"text": "B", "here": "contacts?contact=B&source=records"}  # its journey


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JAVASCRIPT://x",
        "data:text/html,x",
        "//evil",
        "https://",
        "https://[",
        "",
        None,
    ],
)
def test_what_is_no_address_of_the_web_stays_text(address: str | None) -> None:
    assert board.linked("7", address) == "7"


def test_the_kind_of_hours_is_told_and_unknown_is_a_dash_with_its_reason(
    told: sa.Engine, run_page: Run
) -> None:
    found = tiles(run_page("tickets", view="trends", hours="business"))
    reply = found["average_first_reply_business_seconds"]
    assert (reply["value"], reply["label"]) == ("–", "First reply (business hours)")
    assert "none with a timetable" in reply["tip"]
    calendar = tiles(run_page("tickets", view="trends"))["average_first_reply_seconds"]
    assert (calendar["value"], calendar["unit"], calendar["more"]) == (
        "1 h",
        "50 min",
        "average of 3 tickets",
    )  # 5.5 / 3


def test_both_charts_of_the_trends_are_drawn(told: sa.Engine, run_page: Run) -> None:
    assert len(run_page("tickets", view="trends").get("vega_lite_chart")) == 2


def test_a_file_tells_its_instant_and_version_and_holds_no_formula(told: sa.Engine) -> None:
    drawn = pl.DataFrame({"ticket_id": ["7"], "topic_name": ["=cmd|'/c calc'!A1"]})
    text = export.csv_bytes(ticket_view.export_frame(drawn, as_of=h(0)), zone_name="Europe/Tallinn").decode(
        "utf-8-sig"
    )
    header, row = text.splitlines()
    assert header == "as_of_at,definition_version,ticket_id,topic_name"
    assert row.endswith(",7,'=cmd|'/c calc'!A1")


def test_where_nothing_was_promised_nothing_is_called_kept(told: sa.Engine, run_page: Run) -> None:
    change(told, "delete from warehouse.ticket_targets")
    promises = tiles(run_page("tickets", view="sla"))["sla_attainment_ratio"]
    assert (promises["value"], promises["status"]["word"], promises["share"]) == (
        "–",
        "Nothing promised",
        None,
    )


@pytest.mark.parametrize("name", ["tickets", "agents"])
def test_a_database_that_is_down_is_said_without_its_address(
    monkeypatch: pytest.MonkeyPatch, run_page: Run, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://wall:s3cret-word@127.0.0.1:1/none")
    found = blocks(run_page(name))
    assert "The database does not answer." in [block.get("title") for block in found]
    assert "s3cret-word" not in json.dumps(found)


@pytest.mark.parametrize("name", ["tickets", "agents"])
def test_an_empty_warehouse_asks_for_its_first_source(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run, name: str
) -> None:
    use(engine, monkeypatch)
    titles = [block.get("title") for block in blocks(run_page(name))]
    assert "The floor is ready. Nobody has walked in yet." in titles


def test_a_floor_without_a_ticket_system_says_how_to_add_one(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run
) -> None:
    tell(engine, {"calls": [call()]})
    use(engine, monkeypatch)
    notice = next(
        block for block in blocks(run_page("tickets")) if block["kind"] == "notice" and block["page"]
    )
    assert notice["title"] == "No ticket system is read yet."
    assert "`docs/sources`" in notice["steps"][0]


def test_a_silent_source_is_named_above_the_figures(told: sa.Engine, run_page: Run) -> None:
    titles = [block.get("title") for block in blocks(run_page("tickets"))]
    assert titles.index("records is silent") < titles.index("Next due")


def test_all_choices_survive_names_that_look_like_them() -> None:
    names = pl.DataFrame({"kind_name": ["group"] * 3, "value_name": ["", "*x", "all"]})
    assert ticket_view.choices(names, "group") == {
        "*": "All groups",
        "*x": "*x",
        "all": "all",
        "-": "No group",
    }
    assert [ticket_view.chosen(value) for value in ("*", "-", "all")] == [None, "", "all"]


def test_the_flow_is_drawn_to_both_sides_of_zero() -> None:
    days = pl.DataFrame(
        {
            "day_date": [h(0).date(), h(24).date()],
            "created_tickets": [7, 2],
            "resolved_tickets": [3, 9],
            "backlog_tickets": [10, 3],
        }
    )
    frame = ticket_trend_view.chart_frame(days)
    assert frame["solved_below_tickets"].to_list() == [-3, -9]
    drawn = charts.ticket_flow(frame, ticket_trend_view.chart_texts(), theme_name="dark").to_dict()
    scales = [layer["encoding"]["y"]["scale"]["domain"] for layer in drawn["layer"]]
    assert scales == [pytest.approx([-9 * 1.06, 9 * 1.06])] * 3
    left = charts.ticket_backlog_days(frame, ticket_trend_view.chart_texts(), theme_name="light").to_dict()
    assert left["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, pytest.approx(11)]
