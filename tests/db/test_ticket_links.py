"""Back to the ticket: every figure of tickets on a page leads to a list that is as long, or adds up, as it says."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import board, queries, words
from dashboard.access import LOCAL_VIEWER
from dashboard.contacts import contact_sections, row_view
from dashboard.filters import Filters, filters_of
from dashboard.people import agent_sections, agent_ticket_view, agent_view
from dashboard.tickets import ticket_sections
from dashboard.tickets.ticket_sections import SECTIONS, Chosen
from dashboard.tickets.ticket_shown_view import Shown
from dashboard.ui import take_along
from dashboard.ways import way_view
from sql import metrics, warehouse
from tests.conftest import made_database, url_of
from tests.db.test_records import call, tell
from tests.db.test_ticket_questions import change, events, h

ZONE = "Europe/Tallinn"
NOW = h(150)
Row = dict[str, Any]
WINDOW = ("window_start", "window_end", "as_of")
Figure = tuple[str, str]  # what is shown, and the address behind it


class Page:
    """A page at an instant on a warehouse: what a section asks is asked here, what it shows is kept."""

    now, zone_name, site_name, viewer = NOW, ZONE, "Here", LOCAL_VIEWER
    today = words.local_day(NOW, ZONE)

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.blocks: list[Row] = []
        self.counted: dict[str, tuple[Row, Row]] = {}

    def calm(self, name: str, **given: Any) -> pl.DataFrame:
        with warehouse.connected(self.engine) as connection:
            return queries.QUESTIONS[name](connection, **given)

    def keep(self, block: Row, *, key: str) -> None:
        self.blocks.append(block)

    def count(self, address: str) -> tuple[Row, Row]:
        """What the list at this address adds up to, and what it was asked with, as the page Contacts reads it."""
        if address in self.counted:
            return self.counted[address]
        said = dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
        kind = contact_sections._kind(said["of"], said)
        assert kind == "tickets", address
        given = contact_sections._asked(kind, filters_of(said, today=self.today), said, self)  # type: ignore[arg-type]
        total = self.calm("ticket_rows_count", of_name=said["of"], **given).row(0, named=True)
        return self.counted.setdefault(address, (total, said | given))


def drawn_story(chance: random.Random) -> list[tuple[Any, ...]]:
    """Sixty tickets in six days that change group, priority, agent and status, are answered and rated at random."""
    story: list[tuple[Any, ...]] = []
    for number in range(60):
        ticket, hour = str(number), chance.uniform(0, 140)
        story.append((ticket, hour, "created", None, "requester"))
        for name, values in (("group", ("X", "Y", None)), ("priority", ("low", "normal", "urgent", None))):
            if (value := chance.choice(values)) is not None:
                story.append((ticket, hour, name, value, "system"))
        story.append((ticket, hour, "request", None, "requester"))
        for _ in range(chance.randint(0, 9)):
            hour += chance.expovariate(1 / 6)
            name = chance.choice(
                ("status", "status", "group", "priority", "request", "reply", "reply", "agent", "csat")
            )
            value = {
                "status": chance.choice(("open", "pending", "on_hold", "solved", "closed")),
                "group": chance.choice("XY"),
                "priority": chance.choice(("low", "high", "urgent")),
                "csat": chance.choice("2345"),
            }.get(name)
            who = chance.choice(("mari", "jaan")) if name in ("reply", "agent", "status") else "requester"
            story.append((ticket, hour, name, value, who))
    return story


@pytest.fixture(scope="module")
def told(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """One warehouse for all tests here: they only read."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        change(
            engine,
            "insert into warehouse.schedules values ('Office', 'Europe/Tallinn', true)",
            "insert into warehouse.business_hours select 'Office', n, 32400, 61200 from generate_series(0, 4) as n",
            "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
            "values ('Reply', 'first_reply', 14400, false, '2020-01-01'), ('Work', 'resolution', 36000, true, '2020-01-01')",
        )
        story = drawn_story(random.Random(7))
        made = [
            {"ticket_id": ticket, "created_at": h(hour), "channel_name": ("email", "web")[int(ticket) % 2]}
            for ticket, hour, name, *_ in story
            if name == "created" and int(ticket) % 3
        ]
        tell(
            engine,
            {"tickets": made},
            {"ticket_events": events(story)},
            {"calls": [call(), call("c2", agent_name="jaan")]},
        )
        change(
            engine,
            "insert into warehouse.teams (team_name) values ('Day')",
            "insert into warehouse.team_members select 1, agent_id, '2026-03-01', null from warehouse.agents "
            "where agent_name = 'mari'",
        )
        yield engine
        engine.dispose()


def figures(blocks: list[Row]) -> list[Figure]:
    """Every text that leads to a list of tickets, with its address."""
    found: list[Figure] = []

    def look(one: Any) -> None:
        if isinstance(one, list):
            for each in one:
                look(each)
        elif isinstance(one, dict):
            here = one.get("here") or ""
            if here.startswith("contacts?of="):
                text = (
                    one.get("text")
                    or one.get("word")
                    or f"{one.get('value', '')} {one.get('unit') or ''}".strip()
                )
                found.append((text, here))
            look([value for value in one.values() if isinstance(value, (list, dict))])

    look(blocks)
    return found


def of_text(text: str) -> list[int]:
    """The whole numbers that a text names."""
    return [
        int(n.replace("\N{NO-BREAK SPACE}", "").replace(",", ""))
        for n in re.findall(r"\d[\d,\u00a0]*(?![\d.]*[%.])", text)
    ]


def disagreement(page: Page, text: str, address: str) -> str | None:
    """In what a figure and its list differ; None where they agree."""
    total, said = page.count(address)
    n, counted = total["total_number"], total["counted_total_number"]
    record = next((one for one in metrics.metrics() if one.name == said["of"]), None)
    if said["of"].endswith("_seconds"):
        fits = row_view.number_text(said["of"], total) in text
    elif record is None:
        is_share = (
            words.ratio(n / page.count(address.replace(said["of"], "resolved_tickets"))[0]["total_number"])
            in text
            if "%" in text
            else False
        )
        fits = total["found_rows"] == n and (of_text(text)[:1] == [n] or is_share)
    else:
        parts = of_text(re.sub(r"[\d.]+%", "", text))
        fits = (
            words.ratio(counted / n if n else None) in text
            if "%" in text or not parts
            else parts[:2] == [counted, n]
        )
        fits = fits and (parts == [n] if "(" in text else True)
    return None if fits else f"{text!r} at {address}: {total}"


CHOSEN = [
    ({}, "calendar", None),
    ({"group_name": "X"}, "business", h(60)),
    ({"priority_name": "urgent", "channel_name": "web"}, "calendar", h(100.3)),
]
#  a figure that leads nowhere, and why
NO_LIST = {
    "Day": "the name of a day",
    "Within": "the promised time itself",
    "Share": "the share of the count beside it, which leads",
    "Median": "empty where nothing was measured",
}


@pytest.mark.by_turns(1)
@pytest.mark.parametrize(("narrowed", "hours", "instant"), CHOSEN)
def test_every_figure_of_the_page_leads_to_as_many_tickets_as_it_says(
    told: sa.Engine, monkeypatch: pytest.MonkeyPatch, narrowed: Row, hours: Any, instant: datetime | None
) -> None:
    every = {"group_name": None, "priority_name": None, "channel_name": None} | narrowed
    for name in ("_chart", "_download"):
        monkeypatch.setattr(ticket_sections, name, lambda *_given, **_more: None)
    monkeypatch.setattr(take_along, "theme_name", lambda: "light")
    seen: dict[str, int] = {}
    page = Page(told)
    monkeypatch.setattr(board, "show", page.keep)
    for view, section in SECTIONS.items():
        page.blocks.clear()
        section(page, Chosen(view, every, hours, 7, instant if view == "backlog" else None))  # type: ignore[arg-type]
        found = dict.fromkeys(figures(page.blocks))
        seen[view] = len(found)
        wrong = [fault for text, here in found if (fault := disagreement(page, text, here))]
        assert wrong == [], f"{view}: " + "\n".join(wrong)
        assert unlinked(page.blocks) == [], view
    assert min(seen.values()) >= 8, seen
    assert sum(seen.values()) >= 100, seen


LISTS = {"Promises due next", "Overdue promises", "Oldest tickets", "Tickets that wait for our answer"}
"""Tables whose rows are the tickets themselves."""


def unlinked(blocks: list[Row]) -> list[str]:
    """The figures that lead nowhere though they are not 0, by table and column."""
    found = []
    for block in blocks:
        if block["kind"] == "tiles":
            found += [tile["key"] for tile in block["tiles"] if "here" not in tile]
        if block["kind"] != "table" or block["label"] in LISTS:
            continue
        for row in block["rows"]:
            for column, cell in zip(block["columns"], row["cells"], strict=True):
                text = cell if isinstance(cell, str) else str(cell.get("text") or cell.get("word"))
                leads = isinstance(cell, dict) and "here" in cell
                is_first = column is block["columns"][0]
                if (
                    re.search(r"[1-9]", text)
                    and not leads
                    and not is_first
                    and column["label"] not in NO_LIST
                ):
                    found.append(f"{block['label']}: {column['label']}: {text}")
    return found


def test_a_figure_that_is_off_by_one_and_one_that_leads_nowhere_are_seen(told: sa.Engine) -> None:
    shown = Shown(as_of=NOW, narrowed={})
    page = Page(told)
    n = page.count(shown.behind("backlog_tickets"))[0]["total_number"]
    assert disagreement(page, str(n), shown.behind("backlog_tickets")) is None
    assert disagreement(page, str(n + 1), shown.behind("backlog_tickets"))
    assert disagreement(page, str(n), shown.behind("backlog_tickets", status_name="pending"))
    lone = board.table(
        "T", [board.column("Group"), board.column("Backlog")], [{"key": "a", "cells": ["X", "7"]}], nothing=""
    )
    assert unlinked([lone]) == ["T: Backlog: 7"]


PEOPLE = [
    "",
    "team=1",
    "queue=1",
    "agent=1",
    "site=Nowhere",
    "from=2026-03-02&to=2026-03-04",
    "group=&period=7_days",
]


@pytest.mark.parametrize("address", PEOPLE)
def test_every_ticket_figure_of_agents_and_teams_leads_to_as_many_tickets(
    told: sa.Engine, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    said = {"period": "this_week"} | dict(parse_qsl(address, keep_blank_values=True))
    page = Page(told)
    chosen = filters_of(said, today=page.today)
    given = agent_sections.window(page, chosen)  # type: ignore[arg-type]
    totals = agent_sections.totals_of(page, chosen)  # type: ignore[arg-type]
    teams = page.calm("team_totals", **given, **chosen.narrowed(*agent_sections.CALL_WORDS))
    together = agent_view.together(totals)
    tickets = agent_ticket_view.whose_teams(totals)
    tiles = agent_ticket_view.ticket_tiles(together, chosen, agent_ticket_view.whose_all(totals, chosen), {})
    cells = [
        *(
            agent_ticket_view.ticket_cells(row, chosen, {"agent": row["agent_id"]})
            for row in totals.rows(named=True)
        ),
        *(
            agent_ticket_view.ticket_cells(row, chosen, tickets[row["team_id"]])
            for row in teams.rows(named=True)
        ),
    ]
    found = dict.fromkeys(figures([{"tiles": tiles, "cells": cells}]))
    assert [fault for text, here in found if (fault := disagreement(page, text, here))] == []
    assert len(found) > 8 or totals.is_empty()


def test_the_tickets_of_a_channel_open_from_the_page_of_ways(told: sa.Engine) -> None:
    page = Page(told)
    view = Filters("7_days", date(2026, 3, 2), date(2026, 3, 8), queue_id=1, group_name="Sales")
    found = page.calm("channels", **view.window(ZONE), as_of=NOW)
    rows = [row for row in way_view.channel_table(found, view)["rows"] if row["key"].startswith("ticket-")]
    assert [row["key"] for row in rows] == ["ticket-", "ticket-email", "ticket-web"]
    shown = figures(rows)
    assert [fault for text, here in shown if (fault := disagreement(page, text, here))] == []
    assert len(shown) == 3 * 3  # came, replied to, and the share, of each channel


def test_a_survey_and_a_review_of_a_ticket_lead_to_its_journey(told: sa.Engine) -> None:
    window = {"window_start": h(-24), "window_end": h(200)}
    with warehouse.connected(told) as connection:
        point = connection.begin_nested()
        solved = queries.QUESTIONS["ticket_rows"](
            connection, **window, as_of=h(200), of_name="resolved_tickets"
        )
        rated = queries.QUESTIONS["ticket_rows"](connection, **window, as_of=h(200), of_name="csat_tickets")
        [ticket, *_] = solved.join(rated, on="ticket_id", how="anti")["ticket_id"].to_list()
        values = {"at": h(20), "ticket": ticket}
        connection.execute(
            sa.text(
                "insert into warehouse.surveys (answered_at, version_number, run_id, source_name, survey_id, ticket_id, "
                "csat_score) values (:at, 1, 1, 'mail', 's1', :ticket, 2)"
            ),
            values,
        )
        connection.execute(
            sa.text(
                "insert into warehouse.quality_reviews (reviewed_at, version_number, run_id, agent_id, source_name, "
                "review_id, ticket_id, total_score) values (:at, 1, 1, 1, 'sheet', 'r1', :ticket, 70)"
            ),
            values,
        )
        ask = queries.QUESTIONS
        surveys = ask["survey_rows"](connection, **window, as_of=h(200), of_name="survey_count")
        reviews = ask["review_rows"](connection, **window, of_name="review_count")
        own = surveys.filter(pl.col("survey_id").is_null()).head(
            2
        )  # ratings that the ticket system itself told
        by_mail = surveys.filter(pl.col("survey_id") == "s1")
        assert (own.height, by_mail.height, reviews.height) == (2, 1, 1)
        for row in [*own.rows(named=True), *by_mail.rows(named=True), *reviews.rows(named=True)]:
            whose = dict(parse_qsl(urlsplit(str(row_view.contact_address(row))).query))
            journey = ask["contact_journey"](
                connection, contact_id=whose["contact"], source_name=whose["source"]
            )
            assert journey.select("kind_name", "record_id").rows() == [("ticket", row["contact_id"])]
        assert by_mail["contact_id"].to_list() == reviews["contact_id"].to_list() == [ticket]
        point.rollback()


def test_behind_a_share_the_counted_tickets_come_first_on_every_page_of_the_list(told: sa.Engine) -> None:
    asked = {"window_start": h(-24), "window_end": h(140), "as_of": NOW, "of_name": "sla_attainment_ratio"}
    page = Page(told)
    whole = page.calm("ticket_rows", **asked, order_name="counted")
    marks = whole["counted_number"].to_list()
    assert marks == sorted(marks, reverse=True)
    assert 0 < sum(marks) < len(marks)
    found: list[str] = []
    while not found or len(found) % 17 == 0:
        after = found[-1] if found else None
        part = page.calm("ticket_rows", **asked, order_name="counted", limit_rows=17, after_text=after)
        found += part["row_text"].to_list()
        if part.is_empty():
            break
    assert found == whole["row_text"].to_list()
