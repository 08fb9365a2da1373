"""The Zendesk reader: what updates mean, that none is lost or read twice, and what it makes of a misbehaving API."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import Batch
from etl.sources.desks.zendesk_batch import Row, Words, batch_of
from etl.sources.desks.zendesk_records import Known
from etl.sources.desks.zendesk_reduce import (
    reduced_audit,
    reduced_metric_event,
    reduced_rating,
    reduced_ticket,
)
from etl.sources.desks.zendesk_schedules import schedules_of, zone_name
from etl.sources.desks.zendesk_streams import MOST_STANDSTILLS
from etl.sources.web import WebError
from etl.sources.zendesk import Zendesk, ZendeskSettings
from tests.laws import law
from tests.zendesk_account import AGENT, CUSTOMER, SECRET, Account, instant

NOW = 1_795_348_800  # 2026-11-22 12:00 UTC
HOUR = 3600
EXPORT = "/api/v2/incremental/"
CUSTOMER_KEY = customer_key(SECRET, "private@example.com", "EE")


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")


def at(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


class Poll:
    """A load without a warehouse: reads on from where it stood and keeps everything."""

    def __init__(self, account: Account, **settings: Any) -> None:
        self.account, self.reader = account, account.reader(**settings)
        self.position_text = self.carry_text = ""
        self.batches: list[Batch] = []

    def __call__(self, **how: Any) -> list[Batch]:
        found: list[Batch] = []
        for batch in self.reader.read(self.position_text, self.carry_text, now=at(self.account.now), **how):
            self.position_text, self.carry_text = batch.position_text, batch.carry_text
            found.append(batch)
            self.batches.append(batch)
            assert batch.rows is not None
            unused = int(batch.unused["read_rows"].sum())
            assert batch.read_rows == batch.rows.height + batch.rejects.height + unused
        return found

    def facts(self, name: str) -> list[dict[str, Any]]:
        rows = [
            row
            for batch in self.batches
            for row in batch.facts.get(name, pl.DataFrame()).iter_rows(named=True)
        ]
        return [{key: value for key, value in row.items() if key != "seq"} for row in rows]

    def events(self, *columns: str) -> list[tuple[Any, ...]]:
        rows = sorted(self.facts("ticket_events"), key=lambda row: (row["occurred_at"], row["event_number"]))
        return [tuple(row[column] for column in columns) for row in rows]

    def read_rows(self) -> int:
        return sum(batch.read_rows for batch in self.batches)


def busy(account: Account, *, tickets: int, updates: int, seed: int = 1, seconds: int = 6 * HOUR) -> None:
    """Tickets with updates at whole seconds, many of them at the same one."""
    chance = random.Random(seed)
    for id_ in range(1, tickets + 1):
        account.ticket(
            id_, at=account.now - 7 * HOUR, changed=account.now - 7 * HOUR + chance.randrange(HOUR // 60) * 60
        )
    for _ in range(updates):
        second = account.now - HOUR - chance.randrange(seconds // 60) * 60
        account.update(chance.randint(1, tickets), {"event_type": "Change", "status": "pending"}, at=second)


# What records mean --------------------------------------------------------------------------------------------


def test_a_ticket_is_told_without_its_words() -> None:
    account = Account(NOW)
    account.ticket(35436, at=NOW - 2 * HOUR, changed=NOW - HOUR, status="solved")
    poll = Poll(account, call_id_field="external_id", topic_field="55")
    poll()
    assert poll.facts("tickets") == [
        {
            "created_at": at(NOW - 2 * HOUR),
            "updated_at": at(NOW - HOUR),
            "version_number": (NOW - HOUR) * 1_000_000,
            "is_deleted": False,
            "ticket_id": "35436",
            "call_id": "1795309870.7",
            "channel_name": "email",
            "customer_key": CUSTOMER_KEY,
            "topic_name": "refund",
            "url_text": "https://desk.example/agent/tickets/35436",
        }
    ]
    assert poll.events("event_name", "actor_name") == [("created", "requester")]


def test_an_update_is_told_in_the_order_of_its_changes() -> None:
    account = Account(NOW)
    account.ticket(7, at=NOW - HOUR)
    born: list[dict[str, Any]] = [
        {"event_type": "Comment", "public": True, "author_id": CUSTOMER, "body": "PRIVATE words"},
        {"event_type": "Create", "status": "new"},
        {"event_type": "Create", "priority": "high"},
        {"event_type": "Create", "subject": "PRIVATE subject"},
    ]
    account.update(7, *born, at=NOW - HOUR, updater_id=CUSTOMER)
    worked: list[dict[str, Any]] = [
        {"event_type": "Comment", "comment_public": False, "body": "PRIVATE words"},
        {"event_type": "Change", "assignee_id": "102", "previous_value": None},
        {"event_type": "Change", "group_id": 12, "previous_value": 11},
        {"event_type": "Change", "status": "hold", "previous_value": "new", "via": "Rule"},
    ]
    account.update(7, *worked, at=NOW - HOUR + 600)
    account.update(
        7, {"event_type": "Change", "assignee_id": None, "previous_value": "102"}, at=NOW - HOUR + 660
    )
    account.update(7, {"event_type": "Comment", "public": True, "author_id": AGENT}, at=NOW - HOUR + 720)
    account.update(7, {"event_type": "Change", "status": "deleted"}, at=NOW - HOUR + 780, updater_id=-1)
    poll = Poll(account)
    poll()

    def minutes(row: tuple[Any, ...]) -> tuple[Any, ...]:
        return (int((row[0] - at(NOW - HOUR)).total_seconds() // 60), *row[1:])

    columns = ("occurred_at", "event_name", "actor_name", "agent_name", "value_text")
    assert [minutes(row) for row in poll.events(*columns)] == [
        (0, "created", "requester", None, "email"),
        (0, "request", "requester", None, None),
        (0, "status", "requester", None, "new"),
        (0, "priority", "requester", None, "high"),
        (10, "note", "agent", "101", None),
        (10, "agent", "agent", "102", None),
        (10, "group", "agent", "101", "Technical"),
        (10, "status", "system", None, "on_hold"),
        (11, "agent", "agent", None, None),
        (12, "reply", "agent", "101", None),
        (13, "deleted", "system", None, None),
    ]
    assert dict(poll.batches[-2].names.select("source_key", "display_name").iter_rows()) == {
        "101": "Ann Agent",
        "102": "Ben Agent",
    }


def test_two_fields_in_one_part_both_count_and_too_many_parts_are_refused() -> None:
    account = Account(NOW)
    account.update(7, {"event_type": "Change", "status": "open", "priority": "low"}, at=NOW - HOUR)
    account.update(7, *({"event_type": "Change", "status": "open"} for _ in range(901)), at=NOW - HOUR)
    poll = Poll(account)
    poll()
    assert poll.events("event_name", "value_text") == [("status", "open"), ("priority", "low")]
    assert poll.batches[0].rejects["reason_text"].to_list() == [
        "901 changes in one update; expected at most 900"
    ]


def test_no_word_name_or_address_of_a_customer_leaves_the_reader() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    account.ticket(2, at=NOW - HOUR, status={"words": "PRIVATE"}, via="private@example.com")
    account.ticket(3, at=NOW - HOUR, id=None)
    comment = {"event_type": "Comment", "public": True, "author_id": CUSTOMER, "body": "PRIVATE words"}
    account.update(1, comment, {"event_type": "Create", "subject": "PRIVATE subject"}, at=NOW - HOUR)
    account.update(1, "PRIVATE words", at=NOW - HOUR)
    account.rating(1, 1, "good", at=NOW - HOUR)
    poll = Poll(account)
    poll()
    for batch in poll.batches:
        frames = [*batch.facts.values(), batch.rows, batch.rejects, batch.unused, batch.names]
        text = json.dumps([frame.write_json() for frame in frames if frame is not None]) + batch.carry_text
        assert "private" not in text.replace("private@example.com (", "").lower()


def test_an_offered_score_is_no_rating_and_a_changed_one_replaces_the_first() -> None:
    account = Account(NOW)
    account.rating(1, 7, "offered", at=NOW - HOUR)
    account.rating(2, 7, "good", at=NOW - HOUR)
    poll = Poll(account)
    poll()
    account.now += HOUR
    account.rating(2, 7, "bad", at=NOW - HOUR, changed=NOW + 60)
    poll()
    assert [
        (row["survey_id"], row["csat_score"], row["ticket_id"], row["agent_name"])
        for row in poll.facts("surveys")
    ] == [
        ("2", 5.0, "7", "101"),
        ("2", 1.0, "7", "101"),
    ]
    first, second = poll.facts("ticket_events")
    assert [first["value_text"], second["value_text"]] == ["5", "1"]
    assert (first["occurred_at"], first["event_number"]) == (second["occurred_at"], second["event_number"])
    assert first["version_number"] < second["version_number"]
    assert all(row["comment_text"] is None for row in poll.facts("surveys"))


def test_targets_of_sla_policies_are_read_where_they_are_asked_for() -> None:
    account = Account(NOW)
    sla = {"target": 60, "target_in_seconds": 3600, "business_hours": True, "policy": {"title": "Gold"}}
    for number, (metric, instance, kind) in enumerate(
        [
            ("reply_time", 1, "apply_sla"),
            ("reply_time", 2, "apply_sla"),
            ("reply_time", 1, "measure"),
            ("agent_work_time", 1, "apply_sla"),
        ]
    ):
        account.metric_events.append(
            {
                "id": 70 + number,
                "ticket_id": 7,
                "metric": metric,
                "instance_id": instance,
                "type": kind,
                "time": instant(NOW - HOUR),
                "sla": sla,
            }
        )
    silent = Poll(account)
    silent()
    assert silent.facts("ticket_events") == []
    poll = Poll(account, read_sla_targets=True)
    poll()
    told = [json.loads(text) for (text,) in poll.events("value_text")]
    assert told == [
        {"target_name": name, "target_seconds": 3600, "is_business": True}
        for name in ("first_reply", "next_reply")
    ]
    assert poll.batches[0].unused.rows() == [
        ("metric event measure", True, 1),
        ("target agent_work_time", True, 1),
    ]


# Nothing lost, nothing twice ----------------------------------------------------------------------------------


def test_every_page_is_read_once_and_a_second_reading_asks_nothing() -> None:
    account = Account(NOW, page_rows=50)
    busy(account, tickets=230, updates=900)
    poll = Poll(account)
    poll()
    assert poll.read_rows() == 230 + 900
    questions = len(account.asked)
    assert poll() == []
    assert len(account.asked) == questions
    account.now += HOUR
    assert poll()[0].read_rows == 0  # only the place moved
    account.ticket(231, at=account.now + 600)
    account.update(231, {"event_type": "Create", "status": "new"}, at=account.now + 600)
    account.now += HOUR
    assert sum(batch.read_rows for batch in poll()) == 2


@pytest.mark.parametrize("seed", range(4))
def test_updates_that_show_late_are_found_within_the_look_back(seed: int) -> None:
    """Whole minutes only, so that ties pass the page; a third shows up to 299 s late."""
    chance = random.Random(seed)
    account = Account(NOW, page_rows=50)
    busy(account, tickets=40, updates=600, seed=seed, seconds=HOUR)
    for update in account.updates:
        if chance.random() < 0.3:
            account.visible_at[update["id"]] = update["timestamp"] + 60 + chance.uniform(0, 299)
    poll = Poll(account, look_back_seconds=300)
    account.now = NOW - 2 * HOUR
    while account.now < NOW + HOUR:
        poll()
        account.now += chance.choice((61, 90, 600))
    places = [row[0] for batch in poll.batches for row in batch.rows.select("place_text").rows()]  # type: ignore[union-attr]
    updates = [place for place in places if place.startswith("events ")]
    assert len(updates) == 600
    assert len({*updates}) == 600


def test_a_look_back_of_nothing_would_lose_them() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    early = account.update(1, {"event_type": "Change", "status": "pending"}, at=NOW - 200)
    account.update(1, {"event_type": "Change", "status": "open"}, at=NOW - 100)
    account.visible_at[early["id"]] = NOW + 60
    found = {}
    for look_back in (0, 300):
        account.now = NOW
        poll = Poll(account, look_back_seconds=look_back)
        poll()
        account.now = NOW + 120
        poll()
        found[look_back] = [
            value for value, name in poll.events("value_text", "event_name") if name == "status"
        ]
    assert found == {0: ["open"], 300: ["pending", "open"]}


@pytest.mark.parametrize("piece_bytes", [1, 700, 10_000])
def test_the_size_of_batches_changes_no_fact(piece_bytes: int) -> None:
    account = Account(NOW, page_rows=20)
    busy(account, tickets=30, updates=70)
    account.rating(1, 3, "good", at=NOW - HOUR)
    account.updates[3]["ticket_id"] = "no number"
    whole, cut = Poll(account), Poll(account)
    whole()
    cut(piece_bytes=piece_bytes)
    for name in ("tickets", "ticket_events", "surveys"):
        assert sorted(map(str, cut.facts(name))) == sorted(map(str, whole.facts(name)))
    assert cut.read_rows() == whole.read_rows() == 101
    assert sum(batch.rejects.height for batch in cut.batches) == 1
    if piece_bytes == 1:
        assert {batch.read_rows for batch in cut.batches} == {0, 1}


def test_reading_goes_on_wherever_a_load_was_cut_off() -> None:
    account = Account(NOW, page_rows=20)
    busy(account, tickets=30, updates=70)
    poll, whole = Poll(account), Poll(account)
    whole()
    while True:
        reading = poll.reader.read(poll.position_text, poll.carry_text, now=at(NOW), piece_bytes=2000)
        batch = next(reading, None)
        if batch is None:
            break
        poll.position_text, poll.carry_text = batch.position_text, batch.carry_text
        poll.batches.append(batch)
    assert poll.read_rows() == 100
    assert sorted(map(str, poll.facts("ticket_events"))) == sorted(map(str, whole.facts("ticket_events")))


def test_the_same_record_twice_on_a_page_is_read_once() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    account.update(1, {"event_type": "Change", "status": "open"}, at=NOW - HOUR)

    def doubled(path: str, _: dict[str, str], found: Any) -> Any:
        for key in ("tickets", "ticket_events"):
            if path.startswith(EXPORT) and key in found:
                found = {**found, key: found[key] * 2}
        return found

    account.bend = doubled
    poll = Poll(account)
    poll()
    assert poll.read_rows() == 2
    assert len(poll.facts("tickets")) == 1


def test_former_agents_stay_agents() -> None:
    account = Account(NOW)
    account.update(1, {"event_type": "Comment", "public": True, "author_id": 102}, at=NOW - HOUR)
    poll = Poll(account)
    poll()
    account.now += HOUR
    del account.agents[102]
    account.update(1, {"event_type": "Comment", "public": True, "author_id": 102}, at=NOW)
    account.update(1, {"event_type": "Comment", "public": True, "author_id": 999}, at=NOW + 60)
    poll()
    assert poll.events("event_name", "agent_name") == [("reply", "102"), ("reply", "102"), ("request", None)]


def test_tickets_before_the_start_date_are_left_out_with_their_updates() -> None:
    account = Account(NOW)
    midnight = NOW - NOW % 86_400
    account.ticket(5, at=midnight - HOUR, changed=NOW - HOUR)
    account.ticket(6, at=midnight + 60, changed=NOW - HOUR)
    for id_ in (5, 6):
        account.update(id_, {"event_type": "Change", "status": "open"}, at=NOW - HOUR)
    poll = Poll(account, start_date=date(2026, 11, 22))
    poll()
    assert {row["ticket_id"] for row in [*poll.facts("tickets"), *poll.facts("ticket_events")]} == {"6"}
    unused = [name for batch in poll.batches for name in batch.unused["event_name"]]
    assert unused == ["ticket before start_date", "audit of a ticket before start_date"]


@pytest.mark.parametrize("seed", range(3))
def test_tickets_that_change_between_two_pages_are_read_as_they_became(seed: int) -> None:
    chance = random.Random(seed)
    account = Account(NOW, page_rows=10)
    busy(account, tickets=100, updates=0, seed=seed)

    def changing(path: str, _: dict[str, str], found: Any) -> Any:
        if "cursor.json" in path and len(account.asked) < 40:
            for id_ in chance.sample(range(1, 101), 3):
                status = chance.choice(["solved", "deleted"])
                account.ticket(id_, at=NOW - 7 * HOUR, changed=account.now, status=status)
            account.ticket(1000 + len(account.asked), at=account.now)
            account.now += 20
        return found

    account.bend = changing
    poll = Poll(account)
    poll()
    account.bend, account.now = None, account.now + 120
    poll()
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(poll.facts("tickets"), key=lambda row: row["version_number"]):
        newest[row["ticket_id"]] = row
    assert {id_: row["is_deleted"] for id_, row in newest.items()} == {
        str(id_): ticket["status"] == "deleted" for id_, ticket in account.tickets.items()
    }


def test_ratings_are_read_page_by_page_and_from_the_beginning_where_a_cursor_is_no_longer_taken() -> None:
    account = Account(NOW, tickets={})
    for number in range(250):
        account.rating(number, number, "good", at=NOW - 5 * HOUR + number)
    account.bend = lambda _, query, found: (429, {}) if query.get("page[after]") == "200" else found
    poll = Poll(account)
    with pytest.raises(WebError, match="429"):
        poll()
    assert len(poll.facts("surveys")) == 200
    assert json.loads(poll.position_text)["streams"]["ratings"] == {"cursor": "200"}
    expired: list[str] = []

    def once(_: str, query: dict[str, str], found: Any) -> Any:
        if query.get("page[after]") == "200" and not expired:
            expired.append("200")
            return 400, {"error": "InvalidCursor"}
        return found

    account.bend = once
    poll()
    assert len(poll.facts("surveys")) == 250


def test_ratings_of_tickets_before_the_start_date_are_left_out() -> None:
    account = Account(NOW)
    account.ticket(6, at=NOW - HOUR)
    for ticket_id in (5, 6):
        account.rating(ticket_id, ticket_id, "good", at=NOW - HOUR)
    poll = Poll(account, start_date=date(2026, 11, 22))
    poll()
    assert [row["ticket_id"] for row in poll.facts("surveys")] == ["6"]


def test_a_field_with_several_values_names_them_all_and_one_with_others_none() -> None:
    account = Account(NOW)
    for id_, value in ((1, ["refund", "late"]), (2, {"deep": "PRIVATE"}), (3, 7), (4, True), (5, "")):
        account.ticket(id_, at=NOW - HOUR, custom_fields=[{"id": 55, "value": value}])
    poll = Poll(account, topic_field="55")
    poll()
    topics = {row["ticket_id"]: row["topic_name"] for row in poll.facts("tickets")}
    assert topics == {"1": "refund, late", "2": None, "3": "7", "4": None, "5": None}


def test_missing_requesters_are_said() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    account.bend = lambda path, _, found: {**found, "users": None} if "cursor.json" in path else found
    poll = Poll(account)
    poll()
    assert poll.batches[0].notice == "Zendesk gave no users with its tickets: their requesters are unknown."
    assert poll.facts("tickets")[0]["customer_key"] is None


# Misbehaviour -------------------------------------------------------------------------------------------------


def test_pages_that_come_round_again_end_the_load_at_once() -> None:
    account = Account(NOW, page_rows=10)
    busy(account, tickets=30, updates=0)

    def round_again(path: str, _: dict[str, str], found: Any) -> Any:
        return {**found, "after_cursor": "MQ==", "end_of_stream": False} if "cursor.json" in path else found

    account.bend = round_again
    account.tickets.clear()
    account._tickets = lambda _: {"tickets": [], "users": []}  # type: ignore[method-assign, assignment]
    poll = Poll(account)
    with pytest.raises(WebError, match="a second time"):
        poll()
    assert sum("cursor.json" in path for path, _ in account.asked) <= 3


def test_time_that_stands_still_ends_the_load_after_three_pages() -> None:
    account = Account(NOW)
    account.update(1, {"event_type": "Change", "status": "open"}, at=NOW - HOUR)
    account.bend = lambda path, query, found: (
        {**found, "end_of_stream": False, "end_time": int(query["start_time"])}
        if "ticket_events" in path
        else found
    )
    poll = Poll(account)
    with pytest.raises(WebError, match="the same 1 records 3 times"):
        poll()
    assert sum("ticket_events" in path for path, _ in account.asked) == MOST_STANDSTILLS
    assert poll.read_rows() == 1
    account.bend = None
    assert sum(batch.read_rows for batch in poll()) == 0


def test_the_end_of_the_stream_is_the_end_even_with_a_next_page() -> None:
    account = Account(NOW)
    account.update(1, {"event_type": "Change", "status": "open"}, at=NOW - HOUR)
    poll = Poll(account)
    poll()
    assert sum("ticket_events" in path for path, _ in account.asked) == 1


def test_an_empty_page_with_more_behind_it_is_not_the_end() -> None:
    account = Account(NOW, page_rows=10)
    busy(account, tickets=30, updates=0)
    first: list[str] = []

    def empty_first(path: str, query: dict[str, str], found: Any) -> Any:
        if "cursor.json" in path and not first:
            first.append(path)
            return {**found, "tickets": [], "after_cursor": "MHwtMQ==", "end_of_stream": False}  # 0|-1
        return found

    account.bend = empty_first
    poll = Poll(account)
    poll()
    assert poll.read_rows() == 30


def test_a_cursor_that_is_no_longer_taken_starts_from_a_time_and_says_so() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - 2 * HOUR)
    poll = Poll(account)
    poll()
    account.ticket(2, at=NOW - 60)
    account.now += HOUR
    account.bend = lambda _, query, found: (422, {"error": "InvalidCursor"}) if "cursor" in query else found
    notices = [batch.notice for batch in poll() if batch.notice]
    assert notices == [
        "Zendesk no longer takes the cursor of tickets: read again from 2026-11-22 09:00:00 UTC."
    ]
    assert {row["ticket_id"] for row in poll.facts("tickets")} == {"1", "2"}
    account.bend = lambda path, _, found: (404, {}) if "cursor.json" in path else found
    account.now += HOUR
    with pytest.raises(WebError, match="404"):
        poll()


def test_a_rate_limit_ends_the_load_with_everything_read_so_far_and_the_place_kept() -> None:
    account = Account(NOW, page_rows=50)
    busy(account, tickets=120, updates=300)
    limited = httpx.Response(429, headers={"Retry-After": "900"})
    account.bend = lambda _, __, found: (
        limited if sum(EXPORT in path for path, _ in account.asked) > 5 else found
    )
    poll = Poll(account)
    with pytest.raises(WebError, match="Nothing is lost") as caught:
        poll()
    assert caught.value.is_rate_limit
    before = poll.read_rows()
    assert 0 < before < 420
    account.bend = None
    poll()
    assert poll.read_rows() == 420


def test_the_exports_are_asked_at_most_ten_times_a_minute() -> None:
    account = Account(NOW, page_rows=10)
    busy(account, tickets=150, updates=100)
    Poll(account)()
    exports = [second for path, second in account.asked_at if path.startswith(EXPORT)]
    assert len(exports) > 20
    for place, second in enumerate(exports):
        assert sum(second <= other < second + 60 for other in exports[place:]) <= 10


def test_a_refused_token_is_named() -> None:
    account = Account(NOW, bend=lambda *_: (401, {"error": "Couldn't authenticate you"}))
    with pytest.raises(WebError, match="the environment variable DESK_TOKEN"):
        Poll(account)()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "id is missing; expected a whole number"),
        ({"id": "seven"}, "id is 'seven'; expected a whole number"),
        ({"id": True}, "id is True; expected a whole number"),
        ({"id": 7.5}, "id is 7.5; expected a whole number"),
        ({"created_at": None}, "created_at is missing; expected an instant"),
        (
            {"created_at": 1795309870},
            "created_at is 1795309870; expected an instant such as 2026-11-22T10:00:00Z",
        ),
        (
            {"created_at": "0001-01-01T00:00:00+14:00"},
            "created_at is '0001-01-01T00:00:00+14:00'; expected an instant",
        ),
        ({"updated_at": "yesterday"}, "updated_at is 'yesterday'; expected an instant"),
        (
            {"status": "parked"},
            "status is 'parked'; expected one of closed, deleted, hold, new, open, pending, solved",
        ),
        ({"status": {"name": "open"}}, "status is '(dict)'; expected one of"),
        ({"requester_id": [1]}, "requester_id is '(list)'; expected a whole number"),
    ],
)
def test_a_ticket_of_another_form_is_refused_alone_with_the_reason(
    fields: dict[str, Any], reason: str
) -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    account.ticket(2, at=NOW - HOUR)
    poll = Poll(account)
    account.bend = lambda path, _, found: (
        {**found, "tickets": [{**found["tickets"][0], **fields}, *found["tickets"][1:]]}
        if "cursor.json" in path
        else found
    )
    poll()
    assert [row["ticket_id"] for row in poll.facts("tickets")] == ["2"]
    rejects = poll.batches[0].rejects
    assert rejects.height == 1
    assert reason in rejects["reason_text"].item()


@pytest.mark.parametrize(
    ("fields", "is_taken"),
    [
        ({"id": "1"}, True),  # as text
        ({"id": 1.0}, True),  # "1.0"
        ({"status": None}, True),
        ({"status": "SOLVED"}, True),
        ({"via": None}, True),
        ({"via": "web"}, True),
        ({"via": {"channel": "carrier_pigeon"}}, True),  # a channel that is new to us is unknown
        ({"generated_timestamp": None}, True),
        ({"generated_timestamp": "soon"}, True),
        ({"updated_at": None}, True),
        ({"custom_fields": None}, True),
        ({"custom_fields": ["x"]}, True),
        ({"a_new_field": {"deep": 1}}, True),
        ({"ID": 1, "id": None}, False),  # another case is another field
    ],
)
def test_what_drifts_without_harm_is_taken(fields: dict[str, Any], is_taken: bool) -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR)
    account.bend = lambda path, _, found: (
        {**found, "tickets": [{**ticket, **fields} for ticket in found["tickets"]]}
        if "cursor.json" in path
        else found
    )
    poll = Poll(account, topic_field="55")
    poll()
    assert bool(poll.facts("tickets")) == is_taken


def test_unknown_fields_are_said_once() -> None:
    account = Account(NOW)
    account.ticket(1, at=NOW - HOUR, sentiment_score=3)
    poll = Poll(account)
    poll()
    account.now += HOUR
    account.ticket(2, at=NOW, sentiment_score=4)
    poll()
    assert [batch.notice for batch in poll.batches if batch.notice] == [
        "Fields of tickets that are not known here were left out: sentiment_score."
    ]


@pytest.mark.parametrize("answer", [[], {"tickets": None}, {"tickets": {}}, {"error": "x"}, "text"])
def test_an_answer_of_another_form_stops_the_load(answer: Any) -> None:
    account = Account(NOW, bend=lambda *_: answer)
    with pytest.raises(WebError, match="expected a list named 'tickets'"):
        Poll(account)()


@pytest.mark.parametrize(
    "position_text",
    [
        "nonsense",
        "[]",
        "null",
        '{"version": 2, "streams": {}}',
        '{"version": 1}',
        '{"version": 1, "streams": {"tickets": []}}',
        '{"version": 1, "streams": {"other": {}}}',
        '{"version": 1, "streams": {"events": {"since": 32472144000}}}',  # the year 2999
        '{"version": 1, "streams": {"events": {"since": -5}}}',
        '{"version": 1, "streams": {"events": {"since": "yesterday"}}}',
        '{"version": 1, "streams": {"events": {"asked": 1e300}}}',
        '{"version": 1, "streams": {"tickets": {"cursor": 5}}}',
    ],
)
def test_an_absurd_place_stops_the_load_and_names_the_next_step(position_text: str) -> None:
    account = Account(NOW)
    reader = account.reader()
    with pytest.raises(LoadError, match="--from-start"):
        list(reader.read(position_text, "", now=at(NOW)))
    assert account.asked == []


# Refused records ----------------------------------------------------------------------------------------------


def test_refused_records_can_be_read_again_from_their_text_alone() -> None:
    account = Account(NOW)
    account.ticket(7, at=NOW - HOUR)
    account.update(
        7, {"event_type": "Change", "group_id": 12}, {"event_type": "Comment", "public": True}, at=NOW - HOUR
    )
    account.update(7, {"event_type": "Change", "status": "parked"}, at=NOW - HOUR)
    account.rating(1, 7, "good", at=NOW - HOUR)
    good, refused = Poll(account), Poll(account)
    good()
    carry = "as it was"
    refused(piece_bytes=1, refusal="the warehouse says no")
    texts = [text for batch in refused.batches for text in batch.rejects["raw_text"]]
    assert len(texts) == 2  # the first batch as a whole, and the one that is wrong anyway
    batch, still = refused.reader.again([*texts, "nonsense", "{}"], carry, now=at(NOW))
    assert still == {1, 2, 3}
    assert batch.carry_text == carry
    assert batch.facts["tickets"].drop("seq").rows() == good.batches[0].facts["tickets"].drop("seq").rows()


# Laws ---------------------------------------------------------------------------------------------------------

words = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["open", "deleted", "2026-11-22T10:00:00Z", "7", "Change", "Comment", "good", "apply_sla"]),
)  # fmt: skip
values = st.one_of(
    words, st.lists(words, max_size=2), st.dictionaries(st.text(max_size=4), words, max_size=2)
)
names = st.sampled_from(
    [
        "id",
        "ticket_id",
        "created_at",
        "updated_at",
        "generated_timestamp",
        "status",
        "requester_id",
        "submitter_id",
        "via",
        "updater_id",
        "child_events",
        "score",
        "metric",
        "instance_id",
        "type",
        "time",
        "sla",
        "assignee_id",
        "custom_fields",
    ]
)
children = st.fixed_dictionaries(
    {
        "event_type": st.one_of(
            values, st.sampled_from(["Change", "Create", "Comment", "ScheduleAssignment", "Push"])
        )
    },
    optional=dict.fromkeys(
        ("status", "priority", "group_id", "assignee_id", "public", "author_id", "via", "new_schedule_id"),
        values,
    ),
)
records = st.one_of(
    st.dictionaries(names, values),
    st.fixed_dictionaries(
        {
            "id": st.integers(1, 10**12),
            "ticket_id": st.integers(1, 99),
            "created_at": st.just("2026-11-22T10:00:00Z"),
        },
        optional={
            "child_events": st.lists(children, max_size=4),
            "score": values,
            "status": values,
            "updater_id": values,
        },
    ),
)


def _reduced(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    ways: dict[str, Any] = {
        "ticket": lambda: reduced_ticket(record, call_id_field="external_id", topic_field="55"),
        "audit": lambda: reduced_audit(record),
        "rating": lambda: reduced_rating(record, keeps_comments=True),
        "metric_event": lambda: reduced_metric_event(record),
    }
    return ways[kind]()  # type: ignore[no-any-return]


@law(100)
@given(
    st.lists(st.tuples(st.sampled_from(["ticket", "audit", "rating", "metric_event"]), records), max_size=8)
)
def test_every_record_ends_in_a_fact_a_reason_or_a_count(told: list[tuple[str, dict[str, Any]]]) -> None:
    rows = [Row(kind, _reduced(kind, record), f"record {place}") for place, (kind, record) in enumerate(told)]
    batch = batch_of(
        rows, Known(agents={"7": "Ann"}), Words("https://d.example"),
        position_text="p", carry_text="c", now=datetime.fromtimestamp(NOW, UTC),
    )  # fmt: skip
    assert batch.rows is not None
    dropped = (
        batch.read_rows - batch.rows.height - batch.rejects.height - int(batch.unused["read_rows"].sum())
    )
    assert batch.read_rows == len(told)
    assert 0 <= dropped <= max(0, len(told) - 1)  # told twice with the same key


@law(100)
@given(st.permutations(range(6)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    """Three versions of two tickets: the newest stays, whichever comes last."""
    given_rows = [
        Row(
            "ticket",
            {"id": number % 2, "created_at": instant(NOW), "updated_at": instant(NOW + number)},
            str(number),
        )
        for number in range(6)
    ]
    batch = batch_of(
        [given_rows[place] for place in order], Known(), Words(),
        position_text="", carry_text="", now=datetime.fromtimestamp(NOW + 60, UTC),
    )  # fmt: skip
    kept = batch.facts["tickets"].sort("ticket_id")
    assert kept.select("ticket_id", "version_number").rows() == [
        ("0", (NOW + 4) * 1_000_000),
        ("1", (NOW + 5) * 1_000_000),
    ]


# Settings and schedules ---------------------------------------------------------------------------------------


def settings(**given_settings: Any) -> ZendeskSettings:
    given_table = {"name": "desk", "kind": "zendesk", "address": "https://desk.example", "every_seconds": 60}
    return ZendeskSettings.model_validate(given_table | given_settings)


def test_the_settings_ask_for_a_credential_and_name_the_account() -> None:
    with pytest.raises(ValueError, match="or its environment variable in token_env"):
        settings()
    with pytest.raises(ValueError, match="number of a custom field"):
        settings(token_env="T", call_id_field="subject")
    assert settings(token_env="T").origin_text() == 'address = "https://desk.example"'


def _sent(**given_settings: Any) -> Iterator[str]:
    account, seen = Account(NOW), list[str]()
    reader: Zendesk = account.reader(**given_settings)
    inner = reader.transport
    assert isinstance(inner, httpx.MockTransport)

    def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return inner.handle_request(request)

    reader.transport = httpx.MockTransport(note)
    list(reader.read("", "", now=at(NOW)))
    return iter({*seen})


def test_one_ticket_of_the_far_future_does_not_lead_the_place_astray() -> None:
    def bend(path: str, _query: dict[str, str], found: Any) -> Any:
        if path.endswith("tickets/cursor.json"):
            for ticket in found["tickets"]:
                ticket["generated_timestamp"] = 4_200_000_000
        return found

    account = Account(NOW, bend=bend)
    account.ticket(7, at=NOW - 7200, changed=NOW - 3600)
    first = list(account.reader().read("", "", now=at(NOW)))[-1]
    again = list(account.reader().read(first.position_text, first.carry_text, now=at(NOW + 300)))
    assert sum(batch.rejects.height for batch in again) == 0


def test_digits_of_other_scripts_are_no_number_of_a_ticket() -> None:
    account = Account(NOW)
    account.ticket(7, at=NOW - 7200)
    account.update(7, {"event_type": "Change", "status": "solved"}, at=NOW - 3600)
    account.update(7, {"event_type": "Change", "status": "open"}, at=NOW - 3000)["ticket_id"] = "\u00b2"
    batches = list(account.reader(start_date=date(2026, 1, 1)).read("", "", now=at(NOW)))
    reasons = [reason for batch in batches for reason in batch.rejects["reason_text"]]
    assert reasons == ["ticket_id is '\u00b2'; expected a whole number"]


def test_a_token_signs_in_as_its_owner_or_as_oauth() -> None:
    assert [*_sent()] == ["Bearer zt-5f3d9a0c77e1"]
    # base64 of "ann@example.com/token:zt-5f3d9a0c77e1"
    assert [*_sent(email="ann@example.com")] == ["Basic YW5uQGV4YW1wbGUuY29tL3Rva2VuOnp0LTVmM2Q5YTBjNzdlMQ=="]


def test_schedules_and_holidays_become_rows() -> None:
    account = Account(NOW)
    account.schedules = [
        {
            "id": 900,
            "name": "Weekdays",
            "time_zone": "Tallinn",
            # Sunday noon to Monday 01:00, Saturday 22:00 to its end
            "intervals": [{"start_time": 720, "end_time": 1500}, {"start_time": 9960, "end_time": 10080}],
        }
    ]
    account.holidays = [{"id": 1, "name": "Christmas", "start_date": "2026-12-24", "end_date": "2026-12-26"}]
    found = account.reader().schedules()
    assert found.schedules.rows() == [("Weekdays", "Europe/Tallinn")]
    assert found.business_hours.rows() == [
        ("Weekdays", 6, 12 * 3600, 24 * 3600),
        ("Weekdays", 0, 0, 3600),
        ("Weekdays", 5, 22 * 3600, 24 * 3600),
    ]
    assert found.holidays.rows() == [("Weekdays", date(2026, 12, 24), date(2026, 12, 26), "Christmas")]
    assert found.names == {"900": "Weekdays"}


def test_an_account_without_schedules_has_none() -> None:
    account = Account(NOW, bend=lambda path, _, found: (403, {}) if "business_hours" in path else found)
    assert account.reader().schedules().schedules.is_empty()


@pytest.mark.parametrize(
    ("rails", "zone"),
    [
        ("Tallinn", "Europe/Tallinn"),
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("Buenos Aires", "America/Argentina/Buenos_Aires"),
        ("Europe/Riga", "Europe/Riga"),
        ("UTC", "Etc/UTC"),
        ("Sri Jayawardenepura", "Asia/Colombo"),
    ],
)
def test_rails_names_of_zones_are_known(rails: str, zone: str) -> None:
    assert zone_name(rails) == zone


def test_an_unknown_zone_or_hour_stops_with_its_name() -> None:
    with pytest.raises(LoadError, match="'Atlantis'"):
        zone_name("Atlantis")
    with pytest.raises(LoadError, match="minute 600 to 500"):
        schedules_of([{"id": 1, "time_zone": "UTC", "intervals": [{"start_time": 600, "end_time": 500}]}], [])
