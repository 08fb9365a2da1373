"""The page Agents and teams on a real warehouse: its figures, its sections, the day as lanes, and views of drawn frames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qsl

import polars as pl
import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import filters as filter_module
from dashboard.people import (
    agent_deed_view,
    agent_lane_view,
    agent_queries,
    agent_sections,
    agent_service_view,
    agent_time_view,
    agent_view,
)
from tests.app.test_ticket_pages import blocks, table, tiles, use
from tests.db.test_agent_measures import DAY, change, h, states, talk
from tests.db.test_agent_schedules import shifts
from tests.db.test_records import call, tell
from tests.db.test_ticket_questions import STORY, events

Run = Callable[..., AppTest]
MONDAY = {"from": "2026-03-02", "to": "2026-03-02"}
VIEW = filter_module.filters_of(MONDAY, today=date(2026, 3, 3))


@pytest.fixture
def told(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> sa.Engine:
    """Monday of mari (team Day) and jaan (no team): calls, states, a shift with lunch, and a story of tickets."""
    tell(
        engine,
        {"ticket_events": events(STORY)},
        {
            "calls": [
                call(),
                talk(2, 11, 90, hold_seconds=30, wrap_up_seconds=60, transfer_kind_name="blind"),
                talk(3, 12, 500, direction_name="outbound"),
                talk(4, 10.5, 30, agent_name="jaan"),
            ],
            "agent_states": [
                *states(
                    "mari",
                    (9, "available"),
                    (11, "on_contact"),
                    (11.1, "wrap_up"),
                    (12.5, "paused", "Lunch"),
                    (13, "available"),
                    (17, "signed_out"),
                ),
                *states("jaan", (10, "available"), (14, "signed_out")),
            ],
            "shifts": shifts("mari", (9, 17, "work"), (12.5, 13, "lunch")),
        },
    )
    change(
        engine,
        "insert into warehouse.teams (team_id, team_name) values (1, 'Day')",
        "update warehouse.agents set team_id = 1 where agent_name = 'mari'",
    )
    use(engine, monkeypatch)
    return engine


def lanes(at: AppTest) -> dict[str, Any]:
    return next(block for block in blocks(at) if block["kind"] == "lanes")


@pytest.mark.parametrize("view", agent_sections.SECTIONS)
def test_every_section_stands_with_its_rows(told: sa.Engine, run_page: Run, view: str) -> None:
    found = blocks(run_page("agents", **MONDAY, view=view))
    filled = [block for block in found if block["kind"] in ("table", "lanes") and block["rows"]]
    assert filled
    assert not [block for block in found if block["kind"] == "notice" and block["page"]]


def test_agents_stand_by_name_in_calls_and_tickets(told: sa.Engine, run_page: Run) -> None:
    at = run_page("agents", **MONDAY)
    jaan, mari = table(at, "Agents")
    assert [row[0]["text"] for row in (jaan, mari)] == ["jaan", "mari"]
    assert [row[1] for row in (jaan, mari)] == ["No team", "Day"]
    assert [row[2]["text"] for row in (jaan, mari)] == ["1", "2"]
    # (240 + 90 + 30 + 60) / 2 = 3:30, of which talk 165 s, hold 15 s, wrap-up 30 s; the outbound call is no part of it.
    assert mari[3]["text"] == "3:30"
    assert [part["text"] for part in mari[3]["parts"]] == ["talk 2:45", "hold 15 s", "wrap-up 30 s"]
    assert [part["share"] for part in mari[3]["parts"]] == pytest.approx([330 / 420, 30 / 420, 60 / 420])
    assert (mari[6]["text"], mari[7]["text"], mari[8], mari[9]["text"]) == (
        "50.0%", "1", "0", "1"
    )  # transfers, blind, attended, outbound  # fmt: skip
    teams = table(at, "Teams")
    assert [row[0]["text"] if isinstance(row[0], dict) else row[0] for row in teams] == ["Day", "No team"]
    found = tiles(at)
    assert (found["handled_calls"]["value"], found["resolved_tickets"]["value"]) == ("3", "2")
    apart, campaigns = found["handled_calls"]["more"]
    assert apart == "apart: 1 outbound from queues' own calls, 0 internal"
    assert campaigns["here"].startswith("ways?period=")
    assert "section=campaigns" in campaigns["here"]


def test_the_average_of_no_contact_is_unknown_and_not_0(told: sa.Engine) -> None:
    with told.connect() as connection:
        afternoon = agent_queries.agent_totals(connection, window_start=h(13), window_end=h(17), as_of=h(18))
    made = agent_view.agent_tiles(agent_view.together(afternoon), None, VIEW, whose={})
    values = {tile["key"]: tile["value"] for tile in made}
    assert (values["handled_calls"], values["average_handle_time_seconds"]) == ("0", "–")


def test_who_did_nothing_stands_behind_a_line_with_what_is_assigned() -> None:
    done = (
        "signed_in_seconds",
        "handled_calls",
        "outbound_calls",
        "internal_calls",
        "resolved_tickets",
        "reply_count",
    )
    nothing = dict.fromkeys((*done, "blind_transferred_calls", "attended_transferred_calls"), 0)
    idle = {"agent_id": 7, "agent_name": "kai", "team_name": "Day", "assigned_tickets": 2, **nothing}
    block = agent_view.agent_table(
        pl.DataFrame([idle]), filters=filter_module.filters_of({}, today=date(2026, 3, 9))
    )
    assert block["rows"] == []
    assert block["folded"]["label"] == "1 without work in this period"
    assert [(item["text"], item["more"]) for item in block["folded"]["items"]] == [
        ("kai", "2 tickets assigned")
    ]


def test_numbers_lead_to_the_calls_behind_them(told: sa.Engine, run_page: Run) -> None:
    mari = table(run_page("agents", **MONDAY), "Agents")[1]
    page, _, asked = mari[2]["here"].partition("?")
    address = dict(parse_qsl(asked))
    assert page == "contacts"
    assert address | {"agent": "n"} == {
        "of": "handled_calls",
        "period": "days",
        **MONDAY,
        "by": "answer",
        "agent": "n",
    }


def test_another_order_is_offered_and_the_largest_comes_first(told: sa.Engine, run_page: Run) -> None:
    rows = table(run_page("agents", **MONDAY, order="handled_calls"), "Agents")
    assert [row[0]["text"] for row in rows] == ["mari", "jaan"]


def test_a_comparison_stands_beside_each_figure(told: sa.Engine, run_page: Run) -> None:
    at = run_page("agents", **{"from": "2026-03-03", "to": "2026-03-03"}, compare="before")
    assert tiles(at)["handled_calls"]["more"][0].endswith("before: 3")


def test_a_team_can_be_chosen(told: sa.Engine, run_page: Run) -> None:
    rows = table(run_page("agents", **MONDAY, team="1"), "Agents")
    assert [row[0]["text"] for row in rows] == ["mari"]


def test_a_name_leads_to_the_day_of_that_agent(told: sa.Engine, run_page: Run) -> None:
    mari = table(run_page("agents", **MONDAY), "Agents")[1][0]
    at = run_page("agents", **dict(parse_qsl(mari["here"][1:])))
    assert next(block for block in blocks(at) if block["kind"] == "section")["title"] == "mari"
    assert "10:01:00" in [row[0] for row in table(at, "The day")]
    block = lanes(at)
    [lane] = block["rows"]
    # The lane runs from 9:00 to 17:00, eight hours: the pause lies from 3.5 to 4 hours.
    pause = next(part for part in lane["parts"] if part["state"] == "paused")
    assert (pause["left"], pause["width"]) == (100 * 3.5 / 8, 100 * 0.5 / 8)
    assert pause["text"] == "Paused, Lunch: 12:30–13:00 (30:00)"
    assert [ghost["kind"] for ghost in lane["ghosts"]] == ["work", "planned_off"]
    assert lane["note"] == "shift 09:00–17:00"
    assert [mark["direction"] for mark in lane["marks"]] == ["inbound", "inbound", "outbound"]
    assert ["paused", "Lunch"] in [[row[1]["state"], row[2]] for row in table(at, "States in words")]


def test_one_hour_can_be_looked_at_closer(told: sa.Engine, run_page: Run) -> None:
    block = lanes(run_page("agents", **MONDAY, view="day", hour="h2"))  # the lanes begin at 9:00
    assert block["span_seconds"] == 3600
    assert [tick["label"] for tick in block["ticks"]][:2] == ["11:00", "11:10"]
    mari = next(row for row in block["rows"] if row["label"] == "mari")
    assert [(part["state"], part["from"], part["to"]) for part in mari["parts"]] == [
        ("on_contact", 0, 360),
        ("wrap_up", 360, 3600),
    ]


def test_a_queue_narrows_calls_and_says_that_it_does_not_narrow_time(told: sa.Engine, run_page: Run) -> None:
    at = run_page("agents", **MONDAY, view="time", queue="1")
    assert "Time is not split by queue or channel." in [block.get("title") for block in blocks(at)]


def test_a_day_without_work_says_so(told: sa.Engine, run_page: Run) -> None:
    quiet = {"from": "2026-02-20", "to": "2026-02-20"}
    titles = [block.get("title") for block in blocks(run_page("agents", **quiet))]
    assert "No work in this time." in titles
    assert lanes(run_page("agents", **quiet, view="day"))["rows"] == []


def test_without_a_schedule_the_section_says_what_to_load(told: sa.Engine, run_page: Run) -> None:
    change(told, "delete from warehouse.shifts")
    found = blocks(run_page("agents", **MONDAY, view="schedule"))
    assert "Load shifts" in next(block for block in found if block.get("label") == "Schedule")["nothing"]
    assert not [block for block in found if block["kind"] == "tiles"]


def test_a_deed_has_a_shape_and_a_word() -> None:
    deeds = [
        ("call", "answered"),
        ("call", "outbound"),
        ("ticket", "reply"),
        ("ticket", "solved"),
        ("ticket", "on_hold"),
    ]
    found = [agent_deed_view.deed_word(*deed) for deed in deeds]
    assert [deed["word"] for deed in found] == [
        "Call",
        "Outbound call",
        "Reply",
        "Ticket solved",
        "Set to on hold",
    ]
    assert len({deed["shape"] for deed in found}) == 4


@pytest.mark.parametrize(
    ("value", "tone", "word"),
    [
        (None, "none", "Unknown"),
        (0.70, "near", "below 75%"),
        (0.75, "good", "inside the band"),
        (0.85, "good", "inside the band"),
        (0.86, "off", "above 85%: too busy"),
    ],
)
def test_occupancy_has_two_sides_and_too_high_is_a_warning(value: float | None, tone: str, word: str) -> None:
    found = agent_view.occupancy_status(value)
    assert (found["tone"], found["word"]) == (tone, word)


def test_few_answers_are_weighed_by_nobody() -> None:
    assert agent_service_view.lower_bound_text(0, 0) == "–"
    assert agent_service_view.lower_bound_text(3, 3) == "too few"
    assert (
        agent_service_view.lower_bound_text(9, 10) == "59.6%"
    )  # Wilson at 95 %: (0.9 + 0.192 - 0.2346...) / 1.384


def test_csat_is_ordered_by_what_is_at_least_true() -> None:
    service = pl.DataFrame(
        {
            "agent_id": [1, 2, 3],
            "agent_name": ["few", "many", "some"],
            "csat_satisfied_count": [3, 80, 9],
            "csat_count": [3, 100, 10],
        }
    )
    assert agent_service_view.ordered(service, "csat")["agent_name"].to_list() == ["many", "some", "few"]
    assert agent_service_view.ordered(service, "name")["agent_name"].to_list() == ["few", "many", "some"]


def test_a_pause_stands_against_the_median_of_all_who_were_there() -> None:
    totals = pl.DataFrame(
        {"agent_id": [1, 2, 3], "agent_name": ["a", "b", "c"], "signed_in_seconds": [1, 1, 1]}
    )
    pauses = pl.DataFrame(
        {
            "agent_id": [1, 2],
            "reason_name": ["Lunch", "Lunch"],
            "paused_seconds": [3600, 1800],
            "pause_count": [2, 1],
        }
    )
    rows = agent_time_view.pause_table(pauses, totals, filters=VIEW)["rows"]
    assert [row["cells"][5] for row in rows] == ["30 min"] * 2  # the median of 0, 1800 and 3600 s
    assert [row["cells"][6] for row in rows] == ["+30 min", "about the same"]


def test_a_pause_that_began_before_the_window_has_no_length_of_each() -> None:
    totals = pl.DataFrame({"agent_id": [1], "agent_name": ["a"], "signed_in_seconds": [3600]})
    pauses = pl.DataFrame(
        {"agent_id": [1], "reason_name": ["Night"], "paused_seconds": [3600], "pause_count": [0]}
    )
    [row] = agent_time_view.pause_table(pauses, totals, filters=VIEW)["rows"]
    assert row["cells"][3:5] == ["0", "–"]  # an hour of none is unknown


def frames(*drawn: tuple[float, float, str]) -> pl.DataFrame:
    rows = [
        {
            "agent_id": 1,
            "agent_name": "mari",
            "state_name": state,
            "reason_name": None,
            "queue_name": None,
            "started_at": h(one),
            "ended_at": h(two),
            "is_open": False,
        }
        for one, two, state in drawn
    ]
    return pl.DataFrame(rows)


def no_shifts() -> pl.DataFrame:
    names = {
        "agent_id": pl.Int64,
        "agent_name": pl.String,
        "activity_name": pl.String,
        "kind_name": pl.String,
    }
    return pl.DataFrame(schema=names | dict.fromkeys(("started_at", "ended_at"), pl.Datetime("us", "UTC")))


def test_a_night_shift_is_drawn_to_its_end_and_no_further() -> None:
    night = frames(
        (22, 23, "available"), (23, 26, "on_contact"), (26, 30.2, "available"), (33, 35, "available")
    )
    day = agent_lane_view.whole_day(date(2026, 3, 2), "Europe/Tallinn")
    assert day == (DAY, DAY + timedelta(days=1))
    span = agent_lane_view.with_night(day, night, no_shifts())
    assert span == (h(0), h(31))  # signed out at 6:12; what begins at 9:00 is another day's
    assert agent_lane_view.trimmed(span, agent_lane_view.within(night, span), no_shifts()) == (h(22), h(31))


def test_what_is_too_narrow_to_be_seen_joins_what_lies_before_it() -> None:
    states_ = frames(
        (9, 10, "available"),
        (10, 10.001, "ringing"),
        (10.001, 12, "on_contact"),
        (12, 12.001, "wrap_up"),
        (12.5, 13, "paused"),
    )
    block = agent_lane_view.lanes_block(
        states_,
        no_shifts(),
        None,
        span=(h(9), h(17)),
        midnight=h(24),
        as_of=h(20),
        zone_name="Europe/Tallinn",
        filters=VIEW,
        title="Day",
    )
    assert [part["state"] for part in block["rows"][0]["parts"]] == ["available", "on_contact", "paused"]
    assert "Ringing" in block["rows"][0]["spoken"]  # it still stands in words


def test_the_clock_of_a_lane_leaps_with_the_place() -> None:
    start, end = agent_lane_view.whole_day(date(2026, 3, 29), "Europe/Tallinn")
    clock = agent_lane_view.Clock((start, end), "Europe/Tallinn")
    assert clock.seconds == 23 * 3600
    assert clock.local() == {"start_seconds": 0, "fold_seconds": 3 * 3600, "shift_seconds": 3600}
    labels = agent_lane_view.hours((start, end), "Europe/Tallinn")
    assert (labels["h2"], labels["h3"]) == ("02:00–04:00", "04:00–05:00")
    autumn = agent_lane_view.hours(
        agent_lane_view.whole_day(date(2026, 10, 25), "Europe/Tallinn"), "Europe/Tallinn"
    )
    assert len(autumn) == 1 + 25
    assert len(set(autumn.values())) == len(autumn)
