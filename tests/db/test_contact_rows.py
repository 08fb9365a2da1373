"""Back to the row: whatever a number counts, the list behind it adds up to it, with every narrowing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from dashboard import queries
from dashboard.contacts.row_queries import kind_of
from sql import metrics, row_terms, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import made_database, url_of
from tests.db.test_records import at, call, tell
from tests.db.test_ticket_questions import STORY, change, events, h
from tests.laws import law

Row = dict[str, Any]
WINDOW = {"window_start": at(-60), "window_end": at(24 * 60)}
#        id, queue, offered, wait, talk, outcome, agent, more
DRAWN: list[tuple[Any, ...]] = [
    ("in-time", "sales", 0, 10, 240, "answered", "mari", {"hold_seconds": 30, "wrap_up_seconds": 15}),
    ("at-once", "sales", 1, 0, 60, "answered", "jaan", {"topic_name": "invoice"}),
    ("late", "sales", 2, 90, 120, "answered", "mari", {"transfer_kind_name": "blind", "customer_key": "k"}),
    ("moved", "sales", 3, 20, 45, "answered", "jaan", {"transfer_kind_name": "attended"}),
    ("short", "sales", 4, 3, None, "abandoned", None, {}),
    ("given-up", "sales", 5, 15, None, "abandoned", None, {}),
    ("long-given-up", "billing", 6, 75, None, "abandoned", None, {"topic_name": "invoice"}),
    ("called-back", "billing", 7, 12, None, "callback", None, {"customer_key": "k"}),
    ("overflowed", "billing", 8, 50, None, "overflowed", None, {}),
    ("timed-out", "billing", 9, 300, None, "timed_out", None, {}),
    ("withdrawn", "billing", 10, 5, None, "withdrawn", None, {}),
    ("interrupted", "billing", 11, 8, None, "interrupted", None, {}),
    ("next-quarter", "billing", 16, 21, 33, "answered", "mari", {"channel_name": "chat"}),
    ("outbound", "sales", 20, 0, 99, "answered", "mari", {"direction_name": "outbound"}),
    ("internal", "sales", 21, 0, 44, "answered", "jaan", {"direction_name": "internal"}),
]
WAITING = call("waiting", queue_name="sales", offered_at=at(30), answered_at=None, ended_at=None,
               outcome_name="waiting", wait_seconds=None, talk_seconds=None, agent_name=None)  # fmt: skip
TALKING = call("talking", queue_name="sales", offered_at=at(31), answered_at=at(32), ended_at=None,
               outcome_name="in_progress", wait_seconds=60, talk_seconds=None)  # fmt: skip


def drawn_call(drawn: tuple[Any, ...]) -> Row:
    call_id, queue, minute, wait, talk, outcome, agent, more = drawn
    answered_at = at(minute) + timedelta(seconds=wait) if talk is not None else None
    ended_at = at(minute) + timedelta(seconds=wait + (talk or 0) + more.get("hold_seconds", 0))
    return call(
        call_id, queue_name=queue, agent_name=agent, offered_at=at(minute), answered_at=answered_at, ended_at=ended_at,
        outcome_name=outcome, wait_seconds=wait, talk_seconds=talk, **more,
    )  # fmt: skip


def state(agent: str, start: float, end: float | None, name: str, reason: str | None = None) -> Row:
    return {
        "agent_name": agent,
        "started_at": at(start),
        "ended_at": None if end is None else at(end),
        "state_name": name,
        "reason_name": reason,
    }


#     a pause over midnight in Tallinn (22:00 UTC is minute 840), one that lasts still, and a second system of mari's
STATES = [
    state("mari", -30, 0.4, "available"),
    state("mari", 0.4, 5.27, "on_contact"),
    state("mari", 5.27, 5.61, "wrap_up"),
    state("mari", 5.61, 9.3, "paused", "Lunch"),
    state("mari", 830, 850, "paused", "Break"),
    state("jaan", 1, 1.05, "ringing"),
    state("jaan", 1.05, 33.333, "on_contact"),
    state("jaan", 33.333, 40, "available"),
    state("jaan", 40, None, "paused"),
]
OTHER_STATES = [state("mari", 4, 8, "on_contact"), state("mari", 8, 12, "available")]


@contextmanager
def own_warehouse(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


@pytest.fixture(scope="module")
def told(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """One warehouse for all tests here: they only read, or take back what they write."""
    with own_warehouse(server_url, template_name) as engine:
        yield floor_told(engine)


def floor_told(engine: sa.Engine, drawn_states: list[Row] = STATES) -> sa.Engine:
    tell(engine, {"calls": [*map(drawn_call, DRAWN), WAITING, TALKING], "agent_states": drawn_states})
    change(
        engine,
        "insert into warehouse.agent_keys select 'chat', 'mari', agent_id from warehouse.agents where agent_name = 'mari'",
        "insert into warehouse.teams (team_name) values ('North')",
        "insert into warehouse.team_members (team_id, agent_id, started_date) "
        "select 1, agent_id, '2026-01-01' from warehouse.agents where agent_name = 'mari'",
        "update warehouse.agents set site_name = 'Here' where agent_name = 'jaan'",
        "update warehouse.queues set group_name = 'Money' where queue_name = 'billing'",
    )
    tell(engine, {"agent_states": OTHER_STATES}, name="chat")
    return engine


def ask(engine: sa.Engine, name: str, **params: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **params)


def total_of(engine: sa.Engine, name: str, **params: Any) -> Row:
    """What the list of a number adds up to."""
    [total] = ask(engine, f"{name}_count", **params).rows(named=True)
    return total


def listed(engine: sa.Engine, name: str, **params: Any) -> tuple[pl.DataFrame, Row]:
    """The whole list and its totals; they agree with each other, or the test ends here."""
    rows = ask(engine, name, **params, limit_rows=1000)
    total = total_of(engine, name, **params)
    assert rows.height == total["found_rows"]
    assert rows["amount_number"].sum() == total["total_number"]
    assert rows["counted_number"].sum() == total["counted_total_number"]
    return rows, total


def number_of(engine: sa.Engine, name: str, column: str, **params: Any) -> int:
    return int(ask(engine, name, **params)[column].sum() or 0)


NARROWED: list[Row] = [
    {},
    {"group_name": "Money"},
    {"channel_name": "chat"},
    {"topic_name": ""},
    {"team_id": 1},
    {"site_name": "Here"},
    {"queue_id": 2, "topic_name": "invoice", "threshold_seconds": 12},
    {"agent_id": 1, "group_name": ""},
]
ADDITIVE_CALLS = [name for name in row_terms.CALL_COLUMNS if name not in row_terms.LONGEST]


@pytest.mark.by_turns(4)
@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_the_list_of_every_column_of_calls_adds_up_to_the_column(told: sa.Engine, narrowed: Row) -> None:
    totals = ask(told, "queue_totals", **WINDOW, **narrowed)
    for column in ADDITIVE_CALLS:
        if column not in totals.columns:
            continue
        total = total_of(told, "call_rows", of_name=column, **WINDOW, **narrowed)
        assert total["total_number"] == totals[column].sum(), column
        if column.endswith("_calls"):
            assert total["found_rows"] == totals[column].sum(), column


def test_no_column_of_calls_is_without_its_list(told: sa.Engine) -> None:
    """A column that the questions gain must gain its list too."""
    totals = ask(told, "queue_totals", **WINDOW)
    additive = {n for n in totals.columns if n.endswith(("_calls", "_seconds"))} - {
        one.name for one in metrics.metrics()
    }
    assert additive - {"service_level_threshold_seconds"} <= set(row_terms.CALL_COLUMNS)


def test_a_day_by_hand(told: sa.Engine) -> None:
    def ids(of_name: str, **more: Any) -> list[str]:
        rows, _ = listed(told, "call_rows", of_name=of_name, **WINDOW, **more)
        return rows["call_id"].to_list()

    assert ids("abandoned_calls") == ["long-given-up", "given-up", "short"]  # the newest first
    assert ids("short_abandoned_calls") == ["short"]  # 3 s < 5 s
    assert ids("flowed_out_in_threshold_calls") == ["withdrawn", "called-back"]  # 5 and 12 s <= 20 s
    assert ids("answered_in_threshold_calls") == ["moved", "at-once", "in-time"]  # 20, 0 and 10 s
    assert ids("answered_in_threshold_calls", threshold_seconds=12) == ["at-once", "in-time"]
    assert ids("waiting_calls") == ["waiting"]
    _, waits = listed(told, "call_rows", of_name="answered_wait_seconds", **WINDOW)
    assert (
        waits["total_number"] == 10 + 0 + 90 + 20 + 21 + 60
    )  # the outbound and the internal call wait for nobody
    assert ids("offered_calls", wait_from_seconds=11, wait_to_seconds=20) == [
        "called-back",
        "given-up",
        "moved",
    ]


def test_a_metrics_list_holds_its_denominator_and_marks_its_numerator(told: sa.Engine) -> None:
    rows, total = listed(told, "call_rows", of_name="abandonment_ratio", **WINDOW, queue_id=2)
    # sales: 8 inbound offered - 1 short; of these 2 abandoned - 1 short
    assert (total["found_rows"], total["total_number"], total["counted_total_number"]) == (7, 7, 1)
    assert rows.filter(pl.col("counted_number") == 1)["call_id"].to_list() == ["given-up"]
    assert "short" not in rows["call_id"].to_list()


@pytest.mark.parametrize(
    ("name", "of_name", "more"),
    [
        ("call_rows", "service_level_ratio", {}),
        ("agent_call_rows", "transfer_ratio", {}),
        ("state_rows", "occupancy_ratio", {}),
        ("interval_rows", "intervals_on_target_ratio", {}),
    ],
)
def test_what_counts_comes_first_and_the_order_is_kept_over_all_pages(
    told: sa.Engine, name: str, of_name: str, more: Row
) -> None:
    asked = {**WINDOW, "of_name": of_name, "order_name": "counted", **more}
    whole = ask(told, name, **asked, limit_rows=1000)
    marks = (whole["counted_number"] != 0).to_list()
    assert marks == sorted(marks, reverse=True)
    pages, after = [], None
    while (page := ask(told, name, **asked, limit_rows=2, after_text=after)).height:
        pages.append(page)
        after = page["row_text"][-1]
    assert pl.concat(pages).equals(whole)
    assert len(pages) > 1


CALL_METRICS = [one.name for one in metrics.metrics() if kind_of(one.name) == "calls" and not one.one_of]


@pytest.mark.parametrize("narrowed", [{}, {"queue_id": 2, "threshold_seconds": 12}], ids=str)
def test_the_list_of_every_metric_of_calls_gives_the_metric(told: sa.Engine, narrowed: Row) -> None:
    totals = ask(told, "queue_totals", **WINDOW, **narrowed)
    sums = totals.select(pl.col(pl.Int64).sum())
    for name in CALL_METRICS:
        record = metrics.metric(name)
        if not set(record.columns) <= set(totals.columns):
            continue
        above, below = record.counts(sums.row(0, named=True))
        total = total_of(told, "call_rows", of_name=name, **WINDOW, **narrowed)
        assert (total["total_number"], total["counted_total_number"]) == (below, above), name
    assert len(CALL_METRICS) > 10


@pytest.mark.parametrize("formula", metrics.SERVICE_LEVEL_FORMULAS)
def test_the_service_level_lists_by_the_formula_of_each_queue_or_the_one_asked_for(
    told: sa.Engine, formula: str
) -> None:
    with warehouse.connected(told) as connection, taken_back(connection):
        set_formula = sa.text(
            "update warehouse.queues set service_level_formula_name = :name where queue_id = 1"
        )
        connection.execute(set_formula, {"name": formula})
        totals = queries.QUESTIONS["queue_totals"](connection, **WINDOW)
        count = queries.QUESTIONS["call_rows_count"]
        own_total = count(connection, of_name="service_level_ratio", **WINDOW)
        by_it = count(connection, of_name="service_level_ratio", formula_name=formula, **WINDOW)
    own = [
        metrics.service_level(row["service_level_formula_name"]).counts(row)
        for row in totals.rows(named=True)
    ]
    [found] = own_total.rows(named=True)
    assert found["counted_total_number"] == sum(above for above, _ in own)
    assert found["total_number"] == sum(below for _, below in own)
    [found] = by_it.rows(named=True)
    one = metrics.service_level(formula).counts(totals.select(pl.col(pl.Int64).sum()).row(0, named=True))
    assert (found["counted_total_number"], found["total_number"]) == one


@contextmanager
def taken_back(connection: sa.Connection) -> Iterator[None]:
    """What is written within it is gone afterwards."""
    point = connection.begin_nested()
    try:
        yield
    finally:
        point.rollback()


OUTCOMES = ("answered", "abandoned", "callback", "overflowed", "timed_out", "withdrawn", "interrupted")
STAYS = st.lists(
    st.fixed_dictionaries(
        {
            "queue_id": st.integers(1, 2),
            "agent_id": st.sampled_from([None, 1, 2]),
            "minute": st.integers(40, 79),
            "wait": st.integers(0, 40),
            "talk": st.integers(0, 600),
            "outcome_name": st.sampled_from(OUTCOMES),
            "direction_name": st.sampled_from(["inbound", "inbound", "outbound"]),
            "topic_name": st.sampled_from([None, "invoice"]),
            "transfer_kind_name": st.sampled_from([None, None, "blind"]),
        }
    ),
    max_size=12,
)
INSERT = sa.text(
    "insert into warehouse.calls (offered_at, answered_at, ended_at, version_number, run_id, queue_id, agent_id, "
    "stay_number, wait_seconds, talk_seconds, source_name, call_id, contact_id, channel_name, direction_name, outcome_name, "
    "transfer_kind_name, topic_name) values (:offered_at, :answered_at, :ended_at, 1, 1, :queue_id, :agent_id, 1, :wait, "
    ":talk, 'drawn', :call_id, :call_id, 'call', :direction_name, :outcome_name, :transfer_kind_name, :topic_name)"
)


@law(12, long=300, allows=[HealthCheck.function_scoped_fixture])
@given(
    stays=STAYS,
    narrowed=st.sampled_from(NARROWED),
    columns=st.lists(st.sampled_from(ADDITIVE_CALLS), min_size=2, max_size=4),
    threshold=st.sampled_from([3, 7, 12, 22, 37]),  # no edge of the histogram, so that the facts are asked
)
def test_on_any_floor_the_list_adds_up_to_its_number(
    told: sa.Engine, stays: list[Row], narrowed: Row, columns: list[str], threshold: int
) -> None:
    """Of any floor, narrowing and threshold; the floor is never rolled up, so both are counted from the facts."""
    asked = {**WINDOW, **narrowed, "threshold_seconds": threshold}
    with warehouse.connected(told) as connection, taken_back(connection):
        for number, stay in enumerate(stays):
            offered_at = at(stay["minute"])
            is_answered = stay["outcome_name"] == "answered"
            answered_at = offered_at + timedelta(seconds=stay["wait"]) if is_answered else None
            talk = stay["talk"] if is_answered else 0
            ended_at = offered_at + timedelta(seconds=stay["wait"] + talk)
            given = {**stay, "offered_at": offered_at, "answered_at": answered_at, "ended_at": ended_at}
            connection.execute(
                INSERT, given | {"call_id": f"d{number}", "talk": talk if is_answered else None}
            )
        totals = queries.QUESTIONS["queue_totals"](connection, **asked)
        for column in columns:
            if column in totals.columns:
                rows = queries.QUESTIONS["call_rows"](connection, of_name=column, **asked)
                assert rows["amount_number"].sum() == totals[column].sum(), column


def test_the_longest_wait_leads_to_the_stay_that_waited_longest(told: sa.Engine) -> None:
    asked = {"of_name": "longest_wait_seconds", **WINDOW}
    rows = ask(told, "call_rows", **asked, order_name="amount", limit_rows=2)
    assert rows.select("call_id", "counted_number").rows() == [("timed-out", 300), ("late", 90)]
    assert ask(told, "call_rows_count", **asked)["longest_number"].item() == 300
    assert ask(told, "queue_totals", **WINDOW)["longest_wait_seconds"].max() == 300


@pytest.mark.parametrize("order", ["time", "amount"])
def test_pages_of_a_list_follow_each_other_without_a_gap(told: sa.Engine, order: str) -> None:
    asked = {"of_name": "answered_wait_seconds", **WINDOW, "order_name": order}
    whole = ask(told, "call_rows", **asked)["call_id"].to_list()
    paged: list[str] = []
    after: str | None = None
    while (page := ask(told, "call_rows", **asked, limit_rows=2, after_text=after)).height:
        paged += page["call_id"].to_list()
        after = page["row_text"][-1]
    assert paged == whole
    assert len(set(whole)) == 5


@pytest.mark.parametrize(
    ("name", "of_name", "order"),
    [("call_rows", "abandoned_wait_seconds", "time"), ("call_rows", "abandoned_wait_seconds", "amount"),
     ("state_rows", "paused_seconds", "amount"), ("interval_rows", "intervals_on_target_ratio", "counted")],
)  # fmt: skip
def test_a_page_goes_on_behind_a_row_that_is_gone(
    told: sa.Engine, name: str, of_name: str, order: str
) -> None:
    """A row that leaves the list between two pages neither starts it anew nor takes another one along."""
    asked = {"of_name": of_name, **WINDOW, "order_name": order}
    whole = ask(told, name, **asked)
    first, second, *_ = whole["row_text"].to_list()
    gone = f"{first}-that-was"  # no row has this name; it sorts right before the first one's, which comes after it
    assert ask(told, name, **asked, after_text=gone).equals(whole)
    gone = second[:-1]  # right behind the second one
    assert ask(told, name, **asked, after_text=gone)["row_text"].to_list() == whole["row_text"].to_list()[2:]
    for nonsense in ("gone", "1|2", "9" * 99, "0|9999999999999999|\x00", f"0.{'3' * 30}|" + "9" * 17 + "|x"):
        assert ask(told, name, **asked, after_text=nonsense).equals(whole)


def test_a_call_that_comes_back_to_its_queue_is_a_row_of_its_own(told: sa.Engine) -> None:
    """More than an hour later a log's reader has forgotten its first stay, and the next one is number 1 again."""
    again = {
        "queue_id": 1, "agent_id": 1, "wait": 10, "talk": 50, "outcome_name": "answered", "direction_name": "inbound",
        "topic_name": None, "transfer_kind_name": None, "call_id": "late", "offered_at": at(80),
        "answered_at": at(81), "ended_at": at(82),
    }  # fmt: skip
    lists: list[tuple[str, Row]] = [
        ("call_rows", {"of_name": "answered_calls"}), ("agent_call_rows", {"of_name": "handled_calls"}),
        ("contact_search", {"search_text": "late"}),
    ]  # fmt: skip
    with warehouse.connected(told) as connection, taken_back(connection):
        connection.execute(sa.text("update warehouse.calls set source_name = 'drawn' where call_id = 'late'"))
        connection.execute(INSERT, again)
        for name, more in lists:
            question, after, offered = queries.QUESTIONS[name], None, list[datetime]()
            while (page := question(connection, **WINDOW, **more, limit_rows=1, after_text=after)).height:
                [row] = page.rows(named=True)
                if row["record_id" if name == "contact_search" else "call_id"] == "late":
                    offered.append(row["started_at" if name == "contact_search" else "offered_at"])
                after = row["row_text"]
            assert offered == [at(80), at(2)], name


@pytest.mark.parametrize("narrowed", [{}, {"agent_id": 1}, {"team_id": 1}, {"queue_id": 1}, {"channel_name": "chat"}],
                         ids=str)  # fmt: skip
def test_the_list_of_every_call_figure_of_agents_adds_up_to_it(told: sa.Engine, narrowed: Row) -> None:
    totals = ask(told, "agent_totals", **WINDOW, as_of=at(24 * 60), **narrowed)
    for column in row_terms.AGENT_CALL_COLUMNS:
        # Queue, channel and topic narrow contacts that came in; of the others they leave those of the same agents.
        is_of_others = column.startswith(("outbound", "internal")) and {*narrowed} - {
            "agent_id",
            "team_id",
            "site_name",
        }
        if column in row_terms.LONGEST or is_of_others:
            continue
        total = total_of(told, "agent_call_rows", of_name=column, **WINDOW, **narrowed)
        assert total["total_number"] == totals[column].sum(), column


TO_MIDNIGHT = {"window_start": at(-60), "window_end": at(840)}
FROM_MIDNIGHT = {"window_start": at(840), "window_end": at(2280)}


@pytest.mark.parametrize(
    ("window", "narrowed"),
    [
        (WINDOW, {}),
        (TO_MIDNIGHT, {"team_id": 1}),
        (FROM_MIDNIGHT, {"agent_id": 1}),
        (FROM_MIDNIGHT, {"site_name": "Here"}),
    ],
)
def test_the_states_behind_seconds_of_agents_add_up_to_them(
    told: sa.Engine, window: Row, narrowed: Row
) -> None:
    """Of two systems one state counts at a time; what lasts still has no row; a pause over midnight is cut there."""
    totals = ask(told, "agent_totals", **window, as_of=window["window_end"], **narrowed).with_columns(
        free_seconds=pl.col("available_seconds") - pl.col("ringing_seconds")
    )
    for column in row_terms.STATE_COLUMNS:
        total = total_of(told, "state_rows", of_name=column, **window, **narrowed)
        assert total["total_number"] == totals[column].sum(), column


def test_a_pause_over_midnight_by_hand(told: sa.Engine) -> None:
    day = {"window_start": at(840), "window_end": at(840 + 24 * 60)}
    rows, total = listed(told, "state_rows", of_name="paused_seconds", **day)
    assert total["total_number"] == 10 * 60  # 22:00 to 22:10 UTC of the pause from 21:50
    [row] = rows.rows(named=True)
    assert (row["agent_name"], row["reason_name"]) == ("mari", "Break")
    assert (row["started_at"], row["counted_from_at"], row["counted_until_at"]) == (at(830), at(840), at(850))


def test_occupancy_lists_the_states_of_its_denominator(told: sa.Engine) -> None:
    totals = ask(told, "agent_totals", **WINDOW, as_of=at(24 * 60)).select(pl.col(pl.Int64).sum())
    above, below = metrics.metric("occupancy_ratio").counts(totals.row(0, named=True))
    rows, total = listed(told, "state_rows", of_name="occupancy_ratio", **WINDOW)
    assert (total["total_number"], total["counted_total_number"]) == (below, above)
    # her wrap-up lies below a chat, which weighs more; his ringing counts as available
    assert set(rows["state_name"]) == {"on_contact", "available", "ringing"}


def test_a_reason_narrows_pauses(told: sa.Engine) -> None:
    _, total = listed(told, "state_rows", of_name="paused_seconds", **WINDOW, reason_name="Break")
    assert total["total_number"] == 20 * 60


TICKET_DAYS = [{"window_start": h(-10), "window_end": h(14)}, {"window_start": h(14), "window_end": h(38)},
               {"window_start": h(-10), "window_end": h(38)}]  # fmt: skip


@pytest.fixture(scope="module")
def tickets(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with own_warehouse(server_url, template_name) as engine:
        yield tickets_told(engine)


def tickets_told(engine: sa.Engine) -> sa.Engine:
    change(
        engine,
        "insert into warehouse.ticket_policies (policy_name, target_name, target_seconds, is_business, valid_from_at) "
        "values ('Four hours', 'first_reply', 14400, false, '2020-01-01')",
    )
    made = [
        {"ticket_id": ticket, "created_at": h(hour), "channel_name": channel}
        for ticket, hour, channel in (("A", 0, "email"), ("B", 1, "web"), ("C", 2, "email"))
    ]
    tell(engine, {"tickets": made}, {"ticket_events": events(STORY)})
    return engine


TICKET_CASES = [
    *((window, {}, h(27)) for window in TICKET_DAYS),
    *((TICKET_DAYS[2], narrowed, h(40)) for narrowed in (
        {"group_name": "Support"}, {"group_name": ""}, {"priority_name": "low"}, {"channel_name": "email"}
    )),
]  # fmt: skip


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(("window", "narrowed", "as_of"), TICKET_CASES)
def test_the_list_of_every_column_of_tickets_adds_up_to_it(
    tickets: sa.Engine, window: Row, narrowed: Row, as_of: datetime
) -> None:
    asked = {**window, "as_of": as_of, **narrowed}
    totals = ask(tickets, "ticket_totals", **asked)
    promises = ask(tickets, "ticket_targets", **asked)
    for column in row_terms.TICKET_COLUMNS:
        if column in totals.columns or column in promises.columns:
            number = (totals if column in totals.columns else promises)[column].sum()
            assert total_of(tickets, "ticket_rows", of_name=column, **asked)["total_number"] == number, column


@pytest.mark.parametrize(
    ("of_name", "hour", "of_list", "hours"),
    [
        # A is solved after 5 hours, B after 2: the middle is 3.5, nine tenths of the way from 2 to 5 are 4.7.
        ("median_full_resolution_seconds", 25, "figure_number", 3.5),
        ("ninth_decile_full_resolution_seconds", 25, "figure_number", 4.7),
        ("median_full_resolution_business_seconds", 25, "figure_number", None),  # nobody has a timetable
        ("longest_backlog_age_seconds", 36, "longest_number", 35),  # B is created at 1, C at 2, D at 30
        ("longest_owed_wait_seconds", 36, "longest_number", 10),  # B waits since 26, D since 30
        ("longest_backlog_age_seconds", 0, "longest_number", 0),
    ],
)
def test_the_middle_one_and_the_oldest_of_tickets_by_hand(
    tickets: sa.Engine, of_name: str, hour: float, of_list: str, hours: float | None
) -> None:
    asked = {**TICKET_DAYS[2], "as_of": h(hour), "of_name": of_name}
    found = ask(tickets, "ticket_rows_count", **asked)[of_list].item()
    assert found == (None if hours is None else hours * 3600)
    rows = ask(tickets, "ticket_rows", **asked, order_name="amount")
    assert rows["counted_number"].to_list() == sorted(rows["counted_number"], reverse=True)
    if hours is not None and of_list == "longest_number":
        assert rows["counted_number"][0] == found


def test_the_list_of_every_ticket_figure_of_agents_adds_up_to_it(tickets: sa.Engine) -> None:
    names = ("solved_tickets", "resolved_tickets", "reopened_in_7_days_tickets", "assigned_tickets", "owed_tickets",
             "reply_count", "first_reply_count")  # fmt: skip
    asked = {**TICKET_DAYS[2], "as_of": h(40)}
    for row in ask(tickets, "agent_totals", **asked).rows(named=True):
        for name in names:
            total = total_of(tickets, "ticket_rows", of_name=name, **asked, agent_id=row["agent_id"])
            assert total["total_number"] == row[name], (name, row["agent_name"])


def test_the_list_of_every_metric_of_tickets_gives_the_metric(tickets: sa.Engine) -> None:
    asked = {"window_start": h(-10), "window_end": h(38), "as_of": h(40)}
    totals = ask(tickets, "ticket_totals", **asked).row(0, named=True)
    checked = 0
    for record in metrics.metrics():
        if kind_of(record.name) == "tickets" and set(record.columns) <= totals.keys():
            above, below = record.counts(totals)
            total = total_of(tickets, "ticket_rows", of_name=record.name, **asked)
            assert (total["total_number"], total["counted_total_number"]) == (below, above), record.name
            checked += 1
    assert checked > 10


LIVE_NOW = [at(2.5), at(31), at(33)]


@pytest.mark.parametrize("queue_id", [None, 2])
def test_the_lists_of_the_live_floor_are_as_long_as_its_numbers_say(
    told: sa.Engine, queue_id: int | None
) -> None:
    for as_of in LIVE_NOW:
        queues = ask(told, "live_queues", as_of=as_of)
        shown = queues if queue_id is None else queues.filter(pl.col("queue_id") == queue_id)
        for column in row_terms.LIVE_COLUMNS:
            if column in row_terms.LONGEST:
                continue
            asked = {"as_of": as_of, "of_name": column, "queue_id": queue_id}
            total = total_of(told, "live_rows", **asked)
            assert total["total_number"] == shown[column].sum(), (column, as_of)
        for column, seconds in (
            ("decided_calls", None),
            ("decided_15_minutes_calls", 900),
            ("decided_30_minutes_calls", 1800),
        ):
            asked = {"as_of": as_of, "of_name": "service_level_ratio", "queue_id": queue_id}
            total = total_of(told, "live_rows", **asked, last_seconds=seconds)
            assert total["total_number"] == shown[column].sum(), (column, as_of)
        assert listed(told, "live_rows", of_name="service_level_ratio", as_of=as_of, queue_id=queue_id)[1][
            "counted_total_number"
        ] == shown["answered_in_threshold_calls"].sum()  # fmt: skip


def test_a_call_of_the_past_is_listed_without_what_came_after_the_instant(told: sa.Engine) -> None:
    rows, _ = listed(told, "live_rows", of_name="in_progress_calls", as_of=at(0.5))
    [row] = rows.rows(named=True)  # "in-time": answered at 10 s, over at 280 s
    assert (row["call_id"], row["outcome_name"], row["talk_seconds"]) == ("in-time", "in_progress", None)
    rows, _ = listed(told, "live_rows", of_name="waiting_calls", as_of=at(0.1))
    assert rows.select("call_id", "agent_name", "wait_seconds").rows() == [("in-time", None, 6)]


def test_who_waits_at_an_instant_is_listed_with_the_wait_until_then(told: sa.Engine) -> None:
    rows, _ = listed(told, "live_rows", of_name="waiting_calls", as_of=at(30.5))
    assert rows.select("call_id", "wait_seconds", "outcome_name").rows() == [("waiting", 30, "waiting")]
    rows, _ = listed(told, "live_rows", of_name="in_progress_calls", as_of=at(33))
    assert rows.select("call_id", "outcome_name").rows() == [("talking", "in_progress")]


@pytest.mark.parametrize(
    ("name", "of_name", "sentence"),
    [
        ("call_rows", "paused_seconds", "The number 'paused_seconds' has no such rows; expected"),
        ("state_rows", "nonsense", "The number 'nonsense' has no such rows; expected"),
    ],
)
def test_a_number_without_rows_is_refused_with_the_known_ones(
    engine: sa.Engine, name: str, of_name: str, sentence: str
) -> None:
    with pytest.raises(WarehouseError, match=sentence):
        ask(engine, name, of_name=of_name, **WINDOW)


def test_an_unknown_formula_or_order_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(WarehouseError, match="There is no formula 'best'; expected one of answered, strict"):
        ask(engine, "call_rows", of_name="service_level_ratio", formula_name="best", **WINDOW)
    with pytest.raises(WarehouseError, match="There is no order 'name'; expected one of time, amount"):
        ask(engine, "call_rows", of_name="offered_calls", order_name="name", **WINDOW)
    with pytest.raises(WarehouseError, match="limit_rows is 0, expected 1 to 100,000"):
        ask(engine, "call_rows", of_name="offered_calls", limit_rows=0, **WINDOW)


# ---- search and journey, on the same floor ----


def search(engine: sa.Engine, **asked: Any) -> list[str]:
    rows = ask(engine, "contact_search", **{**WINDOW, **asked})
    [total] = ask(engine, "contact_search_count", **{**WINDOW, **asked}).rows(named=True)
    assert total["found_rows"] == total["found_calls"] + total["found_tickets"] == rows.height
    return rows["record_id"].to_list()


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({"outcome_name": "abandoned"}, ["long-given-up", "given-up", "short"]),
        ({"direction_name": "internal"}, ["internal"]),
        (
            {"wait_over_seconds": 60},
            ["timed-out", "long-given-up", "late"],
        ),  # 60 s of "talking" is not over 60
        ({"handle_over_seconds": 240}, ["in-time"]),  # 240 + 30 + 15
        ({"is_transferred": True}, ["moved", "late"]),
        ({"search_text": "LATE"}, ["late"]),
        ({"search_text": "late", "window_start": at(600)}, ["late"]),  # a whole id at any time
        ({"search_text": "lat", "window_start": at(600)}, []),
        ({"customer_key": "k", "window_start": at(600)}, ["called-back", "late"]),
        ({"channel_name": "chat"}, ["next-quarter"]),
        ({"queue_id": 1, "topic_name": "invoice"}, ["long-given-up"]),
        ({"kind_name": "ticket"}, []),
        ({"team_id": 1, "outcome_name": "answered"}, ["outbound", "next-quarter", "late", "in-time"]),
    ],
)
def test_a_search_finds_exactly_what_fits(told: sa.Engine, asked: Row, ids: list[str]) -> None:
    assert search(told, **asked) == ids


def test_a_search_goes_on_behind_its_last_row(told: sa.Engine) -> None:
    first = ask(told, "contact_search", **WINDOW, limit_rows=6)
    second = ask(told, "contact_search", **WINDOW, limit_rows=500, after_text=first["row_text"][-1])
    assert (first.height, second.height) == (6, len(DRAWN) + 2 - 6)
    assert [*first["record_id"], *second["record_id"]] == search(told)


def test_a_ticket_is_found_by_its_own_number_and_leads_to_its_journey(tickets: sa.Engine) -> None:
    window = {"window_start": h(-10), "window_end": h(38)}
    assert search(tickets, **window, kind_name="ticket") == ["D", "C", "B", "A"]  # E was deleted
    journey = ask(tickets, "contact_journey", contact_id="D", source_name="records")
    assert journey.select("kind_name", "record_id").rows() == [("ticket", "D")]
    assert ask(tickets, "contact_sources", contact_id="D")["source_name"].to_list() == ["records"]


def test_a_journey_leads_back_to_the_load_that_brought_it(told: sa.Engine) -> None:
    journey = ask(told, "contact_journey", contact_id="late")
    [run_id] = journey["run_id"].to_list()
    [load] = ask(told, "contact_runs", contact_id="late").rows(named=True)
    assert (load["run_id"], load["source_name"]) == (run_id, "records")
    assert load["read_rows"] == load["loaded_rows"] + load["unchanged_rows"] + load["rejected_rows"]
    assert ask(told, "contact_journey", contact_id="nobody").is_empty()
    assert ask(told, "contact_sources", contact_id="nobody").is_empty()


def test_what_was_said_of_a_contact_stands_with_it_and_another_customers_does_not(told: sa.Engine) -> None:
    with warehouse.connected(told) as connection, taken_back(connection):
        for survey_id, call_id, key in (
            ("s1", "late", "k"),
            ("s2", "late", "another"),
            ("s3", "moved", None),
        ):
            connection.execute(
                sa.text(
                    "insert into warehouse.surveys (answered_at, version_number, run_id, source_name, survey_id, call_id, "
                    "customer_key, csat_score) values (:at, 1, 1, 'mail', :survey_id, :call_id, :key, 5)"
                ),
                {"at": at(9), "survey_id": survey_id, "call_id": call_id, "key": key},
            )
        found = queries.QUESTIONS["contact_remarks"](connection, contact_id="late")
    assert found["record_id"].to_list() == ["s1"]


def test_the_lists_of_surveys_and_reviews_add_up_to_their_numbers(told: sa.Engine) -> None:
    with warehouse.connected(told) as connection, taken_back(connection):
        for survey_id, call_id, csat, nps in (
            ("s1", "late", 5, 9),
            ("s2", "moved", 2, 3),
            ("s3", "in-time", 4, None),
        ):
            connection.execute(
                sa.text(
                    "insert into warehouse.surveys (answered_at, version_number, run_id, source_name, survey_id, call_id, "
                    "csat_score, nps_score) values (:at, 1, 1, 'mail', :survey_id, :call_id, :csat, :nps)"
                ),
                {"at": at(9), "survey_id": survey_id, "call_id": call_id, "csat": csat, "nps": nps},
            )
        for review_id, call_id, score, is_failed in (("r1", "late", 80, False), ("r2", "moved", 0, True)):
            connection.execute(
                sa.text(
                    "insert into warehouse.quality_reviews (reviewed_at, version_number, run_id, agent_id, source_name, "
                    "review_id, call_id, total_score, is_failed) values (:at, 1, 1, 1, 'sheet', :review_id, :call_id, "
                    ":score, :is_failed)"
                ),
                {
                    "at": at(9),
                    "review_id": review_id,
                    "call_id": call_id,
                    "score": score,
                    "is_failed": is_failed,
                },
            )
        asked = {**WINDOW, "as_of": at(24 * 60)}
        voice = queries.QUESTIONS["voice_totals"](connection, **asked).row(0, named=True)
        for column in [name for name in row_terms.VOICE_COLUMNS if name in voice]:
            found = queries.QUESTIONS["survey_rows_count"](connection, of_name=column, **asked)
            assert found["total_number"].item() == voice[column], column
        assert voice["csat_count"] == 3
        by_agent = queries.QUESTIONS["agent_service"](connection, **asked)
        for row in by_agent.rows(named=True):
            for column in set(row_terms.VOICE_COLUMNS) & set(by_agent.columns):
                given = {**asked, "of_name": column, "agent_id": row["agent_id"], "is_by_answer": True}
                found = queries.QUESTIONS["survey_rows_count"](connection, **given)
                assert found["total_number"].item() == row[column], (column, row["agent_name"])
        quality = queries.QUESTIONS["quality_totals"](connection, **WINDOW).row(0, named=True)
        for column in row_terms.REVIEW_COLUMNS:
            found = queries.QUESTIONS["review_rows_count"](connection, of_name=column, **WINDOW)
            assert found["total_number"].item() == quality[column], column
        rows = queries.QUESTIONS["review_rows"](connection, of_name="failed_review_count", **WINDOW)
        assert rows["review_id"].to_list() == ["r2"]
