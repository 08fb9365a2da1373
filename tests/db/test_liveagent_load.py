"""LiveAgent on a real warehouse: every call and ticket once, with the measures that one can count by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.config import Settings, SiteSettings
from etl.sources import liveagent
from etl.sources.web import WebClient
from tests.liveagent_server import KEY, InProcess, LiveAgentAccount
from tests.web_server import Answer, Request

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
MINUTE = 60
HOUR = 60 * MINUTE
SETTINGS = Settings.model_construct(site=SiteSettings(name="Tallinn", time_zone="Europe/Tallinn"), sources=())
SOURCE = {
    "name": "help",
    "kind": "liveagent",
    "address": "http://127.0.0.1:9",
    "token_env": "LIVEAGENT_KEY",
    "every_seconds": 60,
}


@dataclass
class Floor:
    """A warehouse and the account that it is loaded from."""

    engine: sa.Engine
    account: LiveAgentAccount

    def run(self, now: datetime = NOW) -> load.RunSummary:
        source = liveagent.LiveAgentSettings.model_validate(SOURCE)
        return load.run_source(self.engine, SETTINGS, source, now=lambda: now)

    def ask(self, text: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(text))]

    def facts(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every fact with names for ids, without the number of its run."""
        agents = "left join warehouse.agents using (agent_id)"
        both = f"left join warehouse.queues using (queue_id) {agents}"
        joins = {"calls": both, "surveys": both, "tickets": agents, "ticket_events": agents}
        found = {}
        for table, join in joins.items():
            fact = "to_jsonb(f) - 'run_id' - 'queue_id' - 'agent_id' - 'first_agent_id'"
            told = self.ask(f"select {fact}, agent_name from warehouse.{table} as f {join}")  # noqa: S608
            found[table] = sorted(told, key=str)
        return found | {
            "targets": sorted(self.ask("select to_jsonb(f) from warehouse.ticket_targets as f"), key=str)
        }


@pytest.fixture
def floor(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Floor:
    account = LiveAgentAccount.recorded()
    requests: list[Request] = []

    def near(*parts: Any, **more: Any) -> WebClient:
        more |= {"most_per_second": 1e6, "most_attempts": 2, "sleep": lambda seconds: None}
        return WebClient(*parts, **more, transport=InProcess(account, requests))

    monkeypatch.setenv("LIVEAGENT_KEY", KEY)
    monkeypatch.setenv("FLOORBOARD_CUSTOMER_KEY", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c")
    monkeypatch.setattr(liveagent, "WebClient", near)
    return Floor(engine, account)


def expect_conservation(summary: load.RunSummary) -> None:
    assert summary.read_rows == summary.loaded_rows + summary.unchanged_rows + summary.rejected_rows


def test_calls_and_tickets_have_the_measures_that_one_counts_by_hand(floor: Floor) -> None:
    summary = floor.run()
    expect_conservation(summary)
    assert (summary.read_rows, summary.loaded_rows, summary.rejected_rows) == (20, 20, 0)
    calls = floor.ask(
        "select call_id, stay_number, queue_name, agent_name, outcome_name, wait_seconds, talk_seconds "
        "from warehouse.calls join warehouse.queues using (queue_id) left join warehouse.agents using (agent_id) "
        "where direction_name = 'inbound' order by offered_at, stay_number"
    )
    assert calls == [
        ("c1", 1, "Sales", "Tiina Tamm", "answered", 20, 100),
        ("c2", 1, "Sales", None, "abandoned", 35, None),
        ("c3", 1, "Sales", None, "overflowed", 60, None),
        ("c3", 2, "Support", "Rein Raud", "answered", 10, 200),
        ("c8", 1, "Without department", None, "answered", 30, 60),
        ("c5", 1, "Sales", "Tiina Tamm", "in_progress", 40, None),
        ("c6", 1, "Sales", None, "waiting", None, None),
    ]
    ticket = floor.ask(
        "select status_name, group_name, agent_name, channel_name, first_reply_seconds, first_resolution_seconds, "
        "full_resolution_seconds, reply_count, reopen_count, internal_comment_count, csat_score, is_one_touch "
        "from warehouse.tickets left join warehouse.agents using (agent_id) where ticket_id = 't10'"
    )
    first_resolution = 1 * HOUR + 31 * MINUTE  # 09:00 to 10:31
    full_resolution = 3 * HOUR + 40 * MINUTE  # to 12:40, after it was opened again at 12:00
    assert ticket == [
        (
            "closed",
            "Support",
            "Rein Raud",
            "email",
            30 * MINUTE,
            first_resolution,
            full_resolution,
            3,
            1,
            1,
            5,
            False,
        )
    ]
    surveys = floor.ask(
        "select agent_name, csat_score from warehouse.surveys join warehouse.agents using (agent_id)"
    )
    assert sorted(surveys) == [("Tiina Tamm", 1.0), ("Tiina Tamm", 5.0)]


def test_targets_are_missed_or_met_as_liveagent_set_them(floor: Floor) -> None:
    floor.run()
    targets = floor.ask(
        "select target_name, to_char(due_at at time zone 'utc', 'HH24:MI'), to_char(met_at at time zone 'utc', 'HH24:MI') "
        "from warehouse.ticket_targets where ticket_id = 't10' order by target_name, applied_at"
    )
    assert targets[0] == ("first_reply", "10:00", "09:30")
    assert targets[1] == ("next_reply", "10:20", "10:30")  # ten minutes late
    assert targets[2] == ("resolution", "18:29", "12:40")  # 17:00, and the 89 minutes in which it was solved


def test_loading_twice_and_from_the_start_changes_nothing(floor: Floor) -> None:
    floor.run()
    told = floor.facts()
    assert floor.run().read_rows == 0
    load.reset_cursor(floor.engine, "help")
    summary = floor.run()
    assert (summary.read_rows, summary.loaded_rows, summary.unchanged_rows) == (20, 0, 20)
    assert floor.facts() == told


def test_an_older_state_never_replaces_a_newer_one(floor: Floor) -> None:
    floor.run()
    told = floor.facts()
    ticket = floor.account.ticket("t10")
    ticket |= {"status": "C", "date_changed": "2026-11-20 12:30:00"}  # a copy of the account that lags behind
    floor.account.history["t10"] = floor.account.history["t10"][:7]
    load.reset_cursor(floor.engine, "help")
    summary = floor.run()
    expect_conservation(summary)
    assert summary.loaded_rows == 0
    assert floor.facts() == told


def test_a_call_goes_from_the_queue_to_an_agent_to_its_end(floor: Floor) -> None:
    floor.run()
    call = next(call for call in floor.account.calls if call["id"] == "c6")
    query = (
        "select agent_name, outcome_name, wait_seconds, talk_seconds "
        "from warehouse.calls left join warehouse.agents using (agent_id) where call_id = 'c6'"
    )
    assert floor.ask(query) == [(None, "waiting", None, None)]
    call["dateAnswered"] = "2026-11-20 15:00:10"
    floor.account.history["t6"].append(
        {
            "id": "h99",
            "department_id": "dept1",
            "agent_id": "a2",
            "status": "P",
            "date_from": "2026-11-20 15:00:11",
        }
    )
    floor.account.ticket("t6")["date_changed"] = "2026-11-20 15:00:11"
    floor.run(NOW + timedelta(seconds=30))
    assert floor.ask(query) == [("Rein Raud", "in_progress", 40, None)]
    call["dateFinished"] = "2026-11-20 15:01:10"
    floor.run(NOW + timedelta(seconds=90))
    assert floor.ask(query) == [("Rein Raud", "answered", 40, 60)]


def test_a_load_that_the_account_cuts_off_is_finished_by_the_next(floor: Floor) -> None:
    whole = _facts_of_a_whole_load(floor)
    with floor.engine.begin() as connection:
        for table in ("calls", "surveys", "ticket_targets", "ticket_events", "tickets"):
            connection.execute(sa.text(f"delete from warehouse.{table}"))  # noqa: S608
    load.reset_cursor(floor.engine, "help")
    asked = [0]

    def refuses(request: Request) -> Answer | None:
        asked[0] += 1
        return Answer({"message": "limit"}, 429, {"Retry-After": "1"}) if asked[0] in (26, 27) else None

    floor.account.misbehaves = refuses
    with pytest.raises(LoadError, match="answer 429"):
        floor.run()
    read_before = floor.ask("select count(*) from warehouse.tickets")[0][0]
    assert 0 < read_before < 12
    assert floor.ask("select outcome_name from ops.runs order by run_id desc limit 1") == [("failed",)]
    floor.run()
    assert floor.facts() == whole


def _facts_of_a_whole_load(floor: Floor) -> dict[str, list[tuple[Any, ...]]]:
    floor.run()
    return floor.facts()


def test_a_record_that_the_warehouse_refuses_is_kept_and_the_rest_loads(floor: Floor) -> None:
    floor.account.ticket("t12")["date_created"] = "1980-01-01 00:00:00"  # a clock that was never set
    floor.account.ticket("t14")["status"] = "Q"
    summary = floor.run()
    expect_conservation(summary)
    assert (summary.read_rows, summary.rejected_rows) == (20, 2)
    rejects = floor.ask("select place_text, reason_text from ops.rejects order by place_text")
    assert rejects == [
        ("tickets/t12", "tickets: created_at is outside the years 1990 to 2099"),
        ("tickets/t14", "status is 'Q'; expected one of I N T P C A W R L X B"),
    ]
    assert floor.ask("select count(*) from warehouse.tickets") == [(10,)]
