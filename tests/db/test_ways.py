"""The ways beside the queues: a worked day of callbacks, transfers, channels, self-service and campaigns."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.queries import QUESTIONS
from sql import metrics, warehouse
from tests.db.test_records import Row, at, call, tell

WINDOW = {"window_start": at(-10), "window_end": at(600)}


def ask(engine: sa.Engine, name: str, **given: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return QUESTIONS[name](connection, **{**WINDOW, **given})


def asked_for(call_id: str, minute: float, **more: Any) -> Row:
    """A contact that leaves the queue a minute after it came, for a callback."""
    left = {"ended_at": at(minute + 1), "answered_at": None, "agent_name": None, "talk_seconds": None}
    return call(call_id, offered_at=at(minute), outcome_name="callback", **{**left, **more})


def called(call_id: str, minute: float, *, is_answered: bool = True) -> Row:
    """A call back: two minutes long where somebody took it up."""
    if is_answered:
        return call(
            call_id,
            offered_at=at(minute),
            answered_at=at(minute),
            ended_at=at(minute + 2),
            direction_name="outbound",
        )
    return call(call_id, offered_at=at(minute), answered_at=None, ended_at=at(minute + 1), outcome_name="abandoned",
                talk_seconds=None, direction_name="outbound")  # fmt: skip


def linked(contact_id: str, to: str, minute: float, link_name: str = "callback") -> Row:
    return {"linked_at": at(minute), "contact_id": contact_id, "linked_source_name": "records", "linked_contact_id": to,
            "link_name": link_name}  # fmt: skip


@pytest.fixture
def ways(engine: sa.Engine) -> sa.Engine:
    """Four callbacks, promised within an hour: kept, reached late, tried in vain, and never tried."""
    tell(
        engine,
        {
            "calls": [
                *(asked_for(f"r{number}", 10 * number) for number in range(4)),
                called("b0", 31),  # asked for at minute 1: kept after 30 minutes
                called("b1", 111),  # asked for at minute 11: 100 minutes later, the promise was 60
                called("b2", 40, is_answered=False),
                call("p1", offered_at=at(200), answered_at=at(201), ended_at=at(205), transfer_kind_name="blind"),
                call("p2", offered_at=at(205), answered_at=None, ended_at=at(208), outcome_name="abandoned",
                     queue_name="billing", agent_name=None, talk_seconds=None, wait_seconds=180),
            ],
            "contact_links": [linked("b0", "r0", 31), linked("b1", "r1", 111), linked("b2", "r2", 40),
                              linked("p2", "p1", 205, "transfer")],
            "self_services": [
                {"visit_id": "v1", "started_at": at(5), "ended_at": at(7), "outcome_name": "contained",
                 "flow_name": "main", "choices_text": "Main > 2 Bills"},
                {"visit_id": "v2", "started_at": at(6), "outcome_name": "passed_on", "flow_name": "main",
                 "choices_text": "Main > 2 Bills"},
                {"visit_id": "v3", "started_at": at(8), "outcome_name": "left", "channel_name": "bot"},
            ],
            "attempts": [
                {"attempt_id": "d1", "attempted_at": at(9), "campaign_name": "renewals", "outcome_name": "no_answer",
                 "customer_key": "k1"},
                {"attempt_id": "d2", "attempted_at": at(19), "campaign_name": "renewals", "outcome_name": "connected",
                 "customer_key": "k1", "talk_seconds": 120, "is_converted": True, "sale_amount": 99.5},
                {"attempt_id": "d3", "attempted_at": at(20), "campaign_name": "renewals", "outcome_name": "connected",
                 "customer_key": "k2", "talk_seconds": 60, "is_converted": False},
                {"attempt_id": "d4", "attempted_at": at(21), "campaign_name": "renewals", "outcome_name": "abandoned",
                 "customer_key": "k3"},
                {"attempt_id": "d5", "attempted_at": at(22), "campaign_name": "welcome", "outcome_name": "connected",
                 "customer_key": "k1", "talk_seconds": 30},
            ],
        },
    )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(sa.text("update warehouse.queues set callback_promise_seconds = 3600"))
    return engine


def test_a_worked_day_of_callbacks(ways: sa.Engine) -> None:
    found = ask(ways, "callbacks", as_of=at(300)).row(0, named=True)
    assert found["callback_calls"] == 4
    assert found["reached_callback_calls"] == 2
    assert found["given_up_callback_calls"] == 0  # seven days have not passed
    assert found["open_callback_calls"] == 4 - 2
    assert (found["due_promise_calls"], found["kept_promise_calls"]) == (4, 1)
    assert found["callback_promise_kept_ratio"] == 1 / 4
    assert found["callback_reached_ratio"] == 2 / (2 + 0)
    assert found["reached_callback_seconds"] == (31 - 1) * 60 + (111 - 11) * 60


def test_a_callback_is_given_up_after_seven_days_and_open_before(ways: sa.Engine) -> None:
    found = ask(ways, "callbacks", as_of=at(300) + timedelta(days=7)).row(0, named=True)
    assert (found["given_up_callback_calls"], found["open_callback_calls"]) == (2, 0)
    assert found["callback_reached_ratio"] == 2 / (2 + 2)


def test_who_is_called_after_it_was_given_up_is_not_reached_unless_a_longer_promise_still_runs(
    ways: sa.Engine,
) -> None:
    """r3, asked for at minute 31, is called eight days later; r2 never. A promise of ten days keeps both open till then."""
    week, late = 7 * 1440, 8 * 1440
    tell(ways, {"calls": [called("b3", late)], "contact_links": [linked("b3", "r3", late)]}, name="records")
    asked = {"as_of": at(late + 60)}
    states = ("reached_callback_calls", "given_up_callback_calls", "open_callback_calls")
    assert ask(ways, "callbacks", **asked).select(states).row(0) == (2, 2, 4 - 2 - 2)
    [row] = ask(ways, "callback_requests", **asked).filter(call_id="r3").iter_rows(named=True)
    assert (row["tried_at"], row["reached_at"], row["agent_name"]) == (at(late), None, None)
    with ways.begin() as connection:
        sums = sa.text("select sums from ops.callback_sums(:start, :end, 'everything', '', :end, true)")
        [told] = connection.execute(sums, {"start": at(week), "end": at(late + 60)}).scalars()
        assert (told["reached_callback_calls"], told["given_up_callback_calls"]) == (0, 2)
        connection.execute(sa.text("update warehouse.queues set callback_promise_seconds = 10 * 86400"))
        [told] = connection.execute(sums, {"start": at(week), "end": at(late + 60)}).scalars()
        assert (told["reached_callback_calls"], told["given_up_callback_calls"]) == (1, 0)
    found = ask(ways, "callbacks", **asked)
    assert found.select(states).row(0) == (2 + 1, 0, 1)
    kept = ask(ways, "callback_requests", **asked).filter(call_id="r3")
    assert kept.select("reached_at", "is_kept").row(0) == (at(late), True)


def test_before_a_promise_falls_due_its_ratio_is_unknown(ways: sa.Engine) -> None:
    found = ask(ways, "callbacks", as_of=at(32)).row(0, named=True)
    assert (found["callback_calls"], found["due_promise_calls"]) == (
        4,
        0,
    )  # the last one was asked for at minute 31
    assert found["callback_promise_kept_ratio"] is None


def test_every_total_of_callbacks_is_the_number_of_its_rows(ways: sa.Engine) -> None:
    total = ask(ways, "callbacks", as_of=at(300)).row(0, named=True)
    rows = ask(ways, "callback_requests", as_of=at(300))
    assert total["callback_calls"] == rows.height
    assert total["reached_callback_calls"] == rows.filter("is_reached").height
    assert total["kept_promise_calls"] == rows.filter("is_kept").height
    assert ask(ways, "callbacks", as_of=at(300), group_name="nobody").is_empty()


def test_a_handover_names_where_it_went_and_what_became_of_it_there(ways: sa.Engine) -> None:
    [row] = ask(ways, "transfers").iter_rows(named=True)
    assert (row["queue_name"], row["next_queue_name"], row["next_outcome_name"]) == (
        "sales",
        "billing",
        "abandoned",
    )
    assert (row["transfer_kind_name"], row["next_wait_seconds"], row["chain_number"]) == ("blind", 180, 1)


def test_a_worked_day_of_channels_and_self_service(ways: sa.Engine) -> None:
    found = {
        (row["kind_name"], row["channel_name"]): row for row in ask(ways, "channels").iter_rows(named=True)
    }
    assert set(found) == {
        ("inbound", "call"),
        ("outbound", "call"),
        ("self_service", "menu"),
        ("self_service", "bot"),
    }
    assert found["inbound", "call"]["offered_calls"] == 4 + 2
    assert found["outbound", "call"]["offered_calls"] == 3
    assert (
        found["inbound", "call"]["served_contacts"] == 1
    )  # p1 was answered; who called had no menu, so it is no base
    served, contained = (
        found["self_service", "menu"][f"{name}_contacts"] for name in ("agent_served", "contained")
    )
    assert (served, contained) == (1, 1)  # v2 was passed on; v1 was settled
    sums = pl.DataFrame({"agent_served_contacts": [served], "contained_contacts": [contained]})
    assert metrics.with_metrics(sums, "self_service_ratio")["self_service_ratio"].to_list() == [1 / (1 + 1)]
    flows = ask(ways, "self_service_flows").row(0, named=True)
    assert (flows["choices_text"], flows["visit_count"], flows["contained_contacts"]) == (
        "Main > 2 Bills",
        2,
        1,
    )
    assert (flows["visit_seconds"], flows["timed_count"]) == (120, 1)
    assert (
        ask(ways, "self_service_rows", channel_name="menu", flow_name="main").height == flows["visit_count"]
    )


def test_a_worked_day_of_a_campaign(ways: sa.Engine) -> None:
    [row, untold] = ask(ways, "campaigns").iter_rows(named=True)
    assert (untold["campaign_name"], untold["connected_calls"]) == ("welcome", 1)
    assert (untold["converted_calls"], untold["conversion_ratio"]) == (None, None)  # nobody told of an aim
    assert (row["attempted_calls"], row["connected_calls"], row["abandoned_attempt_calls"]) == (4, 2, 1)
    assert row["connect_ratio"] == 2 / 4
    assert row["conversion_ratio"] == 1 / 2
    assert (row["tried_contacts"], row["reached_contacts"]) == (3, 2)
    assert (row["connected_talk_seconds"], row["sale_amount"]) == (120 + 60, 99.5)
    assert (
        ask(ways, "attempt_rows", campaign_name="renewals", outcome_name="connected").height
        == row["connected_calls"]
    )
