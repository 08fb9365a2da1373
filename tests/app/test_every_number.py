"""Back to the row on real pages: every linked number is what its list adds up to, and no other figure is silent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl

import polars as pl
import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import queries, words
from dashboard.calls import pattern_view
from dashboard.contacts import contact_sections, row_view
from dashboard.filters import Filters
from dashboard.goals import alert_view
from dashboard.people import agent_sections
from dashboard.ui.moments import Moment
from dashboard.ways import way_sections
from sql import row_terms, warehouse
from tests.app.test_ticket_pages import use
from tests.db.test_agent_measures import states, talk
from tests.db.test_agent_schedules import shifts
from tests.db.test_contact_rows import STATES, floor_told, own_warehouse
from tests.db.test_quality import reviewed
from tests.db.test_records import at, call, tell

Run = Callable[..., AppTest]
Row = dict[str, Any]
NOW = datetime(2026, 3, 2, 16, 7, tzinfo=UTC)  # Monday, 18:07 in Tallinn
MOMENT = cast(Moment, SimpleNamespace(now=NOW, zone_name="Europe/Tallinn", today=date(2026, 3, 2)))


@pytest.fixture(scope="module")
def whole(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """The drawn floor of calls and states, with shifts, scores, busy hours, rings, and three Mondays before it."""
    with own_warehouse(server_url, template_name) as engine:
        floor_told(engine, [state for state in STATES if state["reason_name"] != "Break"])  # it lies ahead
        before = [
            call(f"w{week}-{place}", queue_name=queue, customer_key="k", offered_at=at(place) - timedelta(weeks=week),
                 answered_at=at(place + 1) - timedelta(weeks=week), ended_at=at(place + 5) - timedelta(weeks=week))
            for week, count in ((1, 4), (2, 7), (3, 5))
            for place, queue in enumerate(("sales", "billing", "sales", "sales", "billing", "sales", "billing")[:count])
        ]  # fmt: skip
        scored = [
            talk(900 + score, 13 + score / 10, 60, csat_score=score, customer_key="k") for score in (2, 4, 5)
        ]
        tell(engine, {
            "calls": [*before, *scored, talk(1, 14.5, 90, agent_name="jaan", customer_key="k")],
            "attempts": [
                {"attempt_id": f"d{place}", "attempted_at": at(place), "campaign_name": "renewals", "customer_key": "k",
                 "outcome_name": outcome, "is_converted": outcome == "connected", "sale_amount": 7.5}
                for place, outcome in enumerate(("connected", "no_answer", "connected"))
            ],
            "self_services": [
                {"visit_id": f"v{place}", "started_at": at(place), "outcome_name": outcome, "flow_name": "main"}
                for place, outcome in enumerate(("contained", "left"))
            ],
            "shifts": [*shifts("mari", (9, 17, "work"), (12.5, 13, "lunch")), *shifts("jaan", (10, 14, "work"))],
            "agent_states": [
                *states("mari", (10.6, "on_contact"), (12.1, "wrap_up"), (12.5, "paused", "Lunch"), (13, "available"),
                        (13.2, "on_contact"), (13.25, "ringing"), (13.3, "paused"), (13.5, "available")),
                *states("jaan", (14, "available"), (14.45, "ringing"), (14.5, "on_contact"), (14.6, "available")),
            ],
        })  # fmt: skip
        reviewed(engine)
        yield engine


def question(engine: sa.Engine, name: str, **asked: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **asked)


def blocks(page: AppTest) -> list[Row]:
    assert not page.exception, page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def linked(found: Any) -> Iterator[tuple[str, str]]:
    """Every number of a block that leads to rows: its text and its address."""
    if isinstance(found, list):
        for one in found:
            yield from linked(one)
    elif isinstance(found, dict):
        here = found.get("here")
        if isinstance(here, str) and here.startswith("contacts?of="):
            text = found.get("text") or found.get("value") or found.get("word")
            yield f"{text} {found.get('unit', '')}".strip(), here
        for name, address in found.get("leads", {}).items():
            yield str(found[name]), address
        for one in found.values():
            yield from linked(one)


def ways_on(block: Row) -> list[str]:
    """What of a block leads to rows of the same page."""
    cells = [cell for row in block.get("rows", ()) for cell in row["cells"] if isinstance(cell, dict)]
    places = [str(one.get("here", "")) for one in [*block.get("tiles", ()), *cells]]
    return [
        place
        for place in places
        if place.startswith("?") or (not place.startswith("contacts") and "?" in place)
    ]


def said_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(address.partition("?")[2], keep_blank_values=True))


def plain(text: str) -> str:
    """The text with one kind of space."""
    return re.sub(r"\s", " ", text)


def differs(engine: sa.Engine, text: str, address: str) -> str | None:
    """What is wrong between a number and the list that its address opens; None where they agree."""
    said = said_of(address)
    found = contact_sections.question_of(said, MOMENT)
    if found is None:
        return f"{address}: there are no such rows"
    name, asked = found
    [total] = question(engine, f"{name}_count", **asked).rows(named=True)
    rows = question(engine, name, **asked, limit_rows=100_000)
    sums = (rows.height, rows["amount_number"].sum(), rows["counted_number"].sum())
    if sums != (total["found_rows"], total["total_number"], total["counted_total_number"]):
        return f"{address}: the rows add up to {sums}, the totals say {total}"
    told = {row_view.number_text(said["of"], total)}
    told.add(f"{words.number(total['counted_total_number'])} of {words.number(total['total_number'])}")
    fits = [re.search(rf"(?<![\d.,:]){re.escape(plain(one))}(?![.,:]?\d)", plain(text)) for one in told]
    return None if any(fits) else f"{address}: the page says {text!r}, the list {sorted(told)}"


OTHER = {"threshold": "60", "formula": "strict"}
VIEWS: list[tuple[str, Row]] = [
    ("live_floor", {}),
    *(("queues", {"view": view}) for view in ("queues", "waits", "formulas")),
    *(("queues", {"view": "queues", **more}) for more in (OTHER, {"queue": "1"})),
    *(("service_level", {"view": view, **OTHER, "queue": "2"}) for view in ("intervals", "days")),
    *(("agents", {"view": view}) for view in agent_sections.SECTIONS),
    *(("agents", {"view": view, "team": "1"}) for view in ("figures", "schedule", "fairness")),
    *(("ways", {"section": section, "period": "today"}) for section in way_sections.SECTIONS),
    *(("customers_voice", {"view": view}) for view in ("overview", "repeats")),
    *(("quality", {"view": view}) for view in ("scores", "calibration")),
    ("reconciliation", {"period": "today"}),
]
NAMED_VIEWS = {"-".join((name, *view.values())): (name, view) for name, view in VIEWS}
NO_ROWS = {
    "Change": "the difference between two numbers, each of which opens its own rows",
    "Missed": "target less service level, times offers: both stand in the row and open",
    "of them gave up here": "the share that two numbers of the row make, abandoned and waited so long",
    "What it means": "a sentence",
    "What stood behind it": "sentences about the interval that the row opens",
    "Agent": "a name",
    "Agents": "people, whom the row's team opens",
    "Team": "a name",
    "Queue": "a name",
    "From": "a time of day",
    "Day": "a day",
    "Wait": "a stretch of wait, the row's name",
    "Time": "a time of day",
    "Since": "a time of day",
    "Each": "paused over pauses: both stand in the row and open",
    "Median": "the middle of the column Paused, row by row",
    "Against the median": "the difference from that median",
    "At least": "an end of an interval of certainty, made of the CSAT beside it",
    "Contacts per available hour": "handled over available: both open under Figures and Time",
    "Against all": "the difference between two medians that open",
    "Lasted": "the time between two instants of one state, which is its own row",
    "Handle time": "a part of one call, which is its own row",
    "Talk": "a part of one call",
    "Hold": "a part of one call",
    "Wrap-up": "a part of one call",
    "Ticket": "an id",
    "Topic": "a name",
    "Against target": "a word",
    "Set": "a word",
    "Asked for": "a time of day",
    "Promised by": "a time of day",
    "First tried": "a time of day",
    "Reached": "a time of day",
    "When": "a time of day",
    "Reviewed": "a time of day",
    "Handover": "which one of its contact, whose row opens its journey",
    "Wait there": "in a row of one handover: a part of one contact",
    "Customers reached": "customers, each once; the attempts to reach them open beside it",
    "Score": "a step of the scale, the row's name; or what one customer or reviewer gave, which is its own row",
    "95% sure": "an interval of certainty, made of the score beside it",
    "Of the best": "answers within reviews: each review of the list below opens its answers",
    "Answers (n)": "answers within reviews",
    "Not applicable": "answers within reviews",
    "Failed the review": "answers within reviews; the failed reviews open from the tile",
    "Form": "a name with its version",
    "Contact": "an id, which leads to its journey where the contact is known",
    "Question": "a sentence",
    "Spread": "the distance of answers to one question, which stand side by side under By contact",
    "Widest": "the largest of these distances",
    "Within one step": "pairs of answers, not rows",
    "Pairs (n)": "pairs of answers, not rows",
    "Scores": "the scores of one contact, side by side",
    "Apart": "the distance of two scores of the row",
    "Read": "rows of a file or a system, told run by run on Data health",
    "= loaded": "rows of a file or a system, told run by run on Data health",
    "+ unchanged": "rows of a file or a system, told run by run on Data health",
    "+ refused": "all that were refused; those that still are open beside it",
    "Read on": "a day",
    "There": "what the source itself counts; its records are not here",
    "agreed": "what a comparison with the source counts",
    "Comment": "words of a customer or a reviewer",
}
"""The columns of tables whose figures have no rows of their own, each with its reason."""

TICKET_COLUMNS = ("Solved", "Assigned", "Owed", "CSAT of tickets (n)")


def silent(block: Row) -> Iterator[str]:
    """The figures of a table that lead nowhere, by the name of their column."""
    for row in block["rows"]:
        if str(row["cells"][0]).startswith("No "):  # no address can choose those without a team or queue
            continue
        for column, cell in zip(block["columns"], row["cells"], strict=True):
            text = cell if isinstance(cell, str) else str(cell.get("text") or cell.get("word") or "")
            leads = isinstance(cell, dict) and (cell.get("here") or cell.get("href"))
            if re.search(r"[1-9]", text) and not leads:
                yield column["label"]


def parts(page: AppTest) -> Iterator[Row]:
    yield from (found for found in blocks(page) if found["kind"] in ("tiles", "table", "floor"))


@pytest.mark.by_turns(12)
@pytest.mark.parametrize("called", NAMED_VIEWS)
def test_every_number_of_a_page_is_what_its_list_adds_up_to(
    whole: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Run, called: str
) -> None:
    name, view = NAMED_VIEWS[called]
    use(whole, monkeypatch)
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    found = list(parts(run_page(name, **view)))
    numbers = {(text, here) for block in found for text, here in linked(block)}
    assert [wrong for text, here in sorted(numbers) if (wrong := differs(whole, text, here))] == []
    tables = [block for block in found if block["kind"] == "table"]
    assert {label for block in tables for label in silent(block)} <= {*NO_ROWS, *TICKET_COLUMNS}
    assert numbers or view.get("view") in ("day", "calibration") or any(ways_on(block) for block in found)


def test_a_link_to_other_rows_is_found(whole: sa.Engine) -> None:
    """The negative control: the right list agrees, that of another queue, column, hour or agent does not."""
    right = "contacts?of=abandoned_calls&period=today"
    assert differs(whole, "3", right) is None
    assert "the page says '3'" in str(differs(whole, "3", f"{right}&queue=1"))
    assert "the page says '3'" in str(differs(whole, "3", right.replace("abandoned", "answered")))
    assert "the page says '13'" in str(differs(whole, "13", right))
    assert "there are no such rows" in str(differs(whole, "3", right.replace("abandoned", "missed")))


def test_a_cell_of_the_map_of_the_week_opens_its_calls(whole: sa.Engine) -> None:
    view = Filters("28_days", date(2026, 2, 3), date(2026, 3, 2))
    window = view.window("Europe/Tallinn")
    hours = question(whole, "queue_hours", **window)
    busy = hours.filter(pl.col("offered_calls") > 0)
    assert busy["offered_calls"].sum() > 20
    for row in busy.iter_rows(named=True):
        for measure in pattern_view.MEASURES:
            address = pattern_view.cell_address(row, measure, view, {})
            shown = words.number(row["offered_calls"])
            if measure != "offered":
                shown = words.value(pattern_view.COLUMNS[measure], row[pattern_view.COLUMNS[measure]])
            if shown != words.UNKNOWN:
                assert differs(whole, shown, address) is None


@pytest.mark.parametrize("minute", [5, 33])
def test_a_page_of_the_past_opens_what_was_known_then(whole: sa.Engine, minute: float) -> None:
    """ "in-time" is over at minute 4.7 and "talking" still is in progress at 33: the list knows no more than the page."""
    known = at(minute)
    window = {"window_start": datetime(2026, 3, 1, 22, tzinfo=UTC), "window_end": known}
    [row] = question(whole, "queue_together", **window, known_at=known).rows(named=True)
    for column in ("offered_calls", "answered_calls", "handled_calls", "in_progress_calls", "waiting_calls"):
        address = f"contacts?of={column}&period=today&known={known.isoformat().replace('+', '%2B')}"
        assert differs(whole, words.number(row[column]), address) is None, column


@pytest.mark.parametrize("ends", [(0, 24 * 60), (61.7, 333.3)], ids=["day", "cut"])
def test_the_stretches_of_schedules_add_up_to_every_figure_of_schedules(
    whole: sa.Engine, ends: tuple[float, float]
) -> None:
    """Of each agent and of all together, also where the window cuts a stretch at a part of a second."""
    start = datetime(2026, 3, 1, 22, tzinfo=UTC) if ends[0] == 0 else at(ends[0])
    window = {"window_start": start, "window_end": start + timedelta(minutes=ends[1]), "as_of": NOW}
    for row in question(whole, "agent_schedules", **window).rows(named=True):
        for name in row_terms.SHIFT_COLUMNS:
            asked = {**window, "of_name": name, "agent_id": row["agent_id"]}
            [total] = question(whole, "shift_rows_count", **asked).rows(named=True)
            assert total["total_number"] == row[name], (name, row["agent_name"])


def test_a_shift_by_hand(whole: sa.Engine) -> None:
    """Jaan is scheduled from 10 to 14 o'clock; he comes a minute late, within the grace, and pauses from 10:40 on."""
    window = {"window_start": datetime(2026, 3, 1, 22, tzinfo=UTC), "window_end": at(840), "as_of": NOW}
    rows = question(whole, "shift_rows", **window, of_name="adherence_ratio")
    [row] = rows.filter(pl.col("agent_name") == "jaan").rows(named=True)
    assert (row["kind_name"], row["amount_number"]) == ("work", 4 * 3600)
    assert row["counted_number"] == 40 * 60


@pytest.mark.parametrize(
    ("measure", "kind", "scope"),
    [("waiting_calls", "everything", ""), ("oldest_wait_seconds", "queue", "2"),
     ("available_agents", "everything", "")],
)  # fmt: skip
def test_a_line_of_the_log_of_alerts_opens_what_stood_there_then(
    whole: sa.Engine, measure: str, kind: str, scope: str
) -> None:
    """At 8:39 UTC "waiting" waits, and jaan is available since he ended his contact."""
    row = {
        "measure_name": measure,
        "scope_kind_name": kind,
        "scope_id": scope,
        "measured_count": 1,
        "occurred_at": at(39),
    }
    address = alert_view.rows_then(row)
    assert address is not None
    found = contact_sections.question_of(said_of(address), MOMENT)
    assert found is not None
    rows = question(whole, found[0], **found[1], limit_rows=50)
    assert rows.height >= 1
    assert differs(whole, words.number(rows.height), address) is None
    assert alert_view.rows_then({**row, "measure_name": "slope"}) is None
