"""LiveAgent: no record is lost or doubled however its pages move, its answers fail and its records are broken."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from etl.sources import Batch
from etl.sources.web import WebClient, WebError
from tests.liveagent_server import (
    KEY,
    LATER,
    NOW,
    LiveAgentAccount,
    all_of,
    crowd,
    drawn,
    ids,
    one_of,
    served,
    simple_ticket,
    story_of,
    waits,
)
from tests.web_server import Answer, Request, web_server


@pytest.fixture(autouse=True)
def _a_quick_account(monkeypatch: pytest.MonkeyPatch) -> None:
    waits.clear()
    monkeypatch.setenv("LIVEAGENT_KEY", KEY)


def changes(account: LiveAgentAccount, ticket_id: str, at: datetime) -> None:
    account.ticket(ticket_id)["date_changed"] = at.strftime("%Y-%m-%d %H:%M:%S")


def test_pages_of_ten_rows_give_every_ticket_once() -> None:
    with served(crowd(35)) as (reader, requests):
        assert sorted(ids(all_of(reader))) == sorted(f"n{place}" for place in range(35))
        lists = [request.query for request in requests if request.path.endswith("/tickets")]
    assert max(int(query["_page"]) for query in lists) == 3  # goes on by time, not by pages
    assert {(query["_perPage"], query["_sortField"], query["_sortDir"]) for query in lists} == {
        ("100", "date_changed", "ASC")
    }


def moving(account: LiveAgentAccount) -> Callable[[Request], None]:
    """After every page of tickets, the first one of the list changes and moves to its end."""
    moment = [NOW - timedelta(minutes=30)]

    def after(request: Request) -> None:
        if request.path.endswith("/tickets") and moment[0] < NOW - timedelta(minutes=20):
            moment[0] += timedelta(seconds=1)
            first = min(account.tickets, key=lambda ticket: str(ticket["date_changed"]))
            changes(account, first["id"], moment[0])

    return after


def test_no_ticket_is_lost_while_tickets_move_from_page_to_page() -> None:
    account = crowd(60)
    account.after = moving(account)
    with served(account) as (reader, _):
        assert set(ids(all_of(reader))) == {f"n{place}" for place in range(60)}


def test_reading_page_after_page_would_have_lost_some() -> None:
    account = crowd(60)
    account.after = moving(account)
    found: set[str] = set()
    with web_server(account) as url:
        client = WebClient(f"{url}/api/v3", headers={"apikey": KEY}, most_per_second=1e6)
        for page in range(1, 9):
            query = {"_page": page, "_perPage": 10, "_sortField": "date_changed", "_sortDir": "ASC"}
            found |= {row["id"] for row in client.get_json("tickets", query)}
        client.close()
    assert len(found) < 60


def test_more_changes_in_one_second_than_a_page_holds_are_all_read() -> None:
    account = crowd(45, step_seconds=0)
    late = crowd(5, start=NOW - timedelta(hours=4))
    for ticket in late.tickets:
        ticket["id"] = f"late-{ticket['id']}"
        account.messages[ticket["id"]] = []
    account.tickets += late.tickets
    taken = iter(["n3", "n17"])

    def after(request: Request) -> None:  # two of the crowd change while it is read: the others move up
        if request.query.get("_page") in ("2", "3") and (ticket_id := next(taken, None)):
            changes(account, ticket_id, NOW - timedelta(hours=3))

    account.after = after
    with served(account) as (reader, _):
        assert set(ids(all_of(reader))) == set(account.messages)


def test_a_list_that_is_not_sorted_is_read_to_its_end() -> None:
    account = crowd(35, start=NOW - timedelta(hours=40), step_seconds=3600)
    random.Random(1).shuffle(account.tickets)
    rows_in_disorder = list(account.tickets)

    def disorder(request: Request) -> Answer | None:
        if not request.path.endswith("/tickets"):
            return None
        start = (int(request.query["_page"]) - 1) * 10
        return Answer(rows_in_disorder[start : start + 10])

    account.misbehaves = disorder
    with served(account) as (reader, _):
        batches = all_of(reader)
        assert sorted(ids(batches)) == sorted(account.messages)
        assert all_of(reader, batches[-1]) == []
        steps: list[Batch] = []  # each load is cut off after one batch
        while found := next(reader.read(*(_place(steps)), now=NOW, piece_bytes=1), None):
            steps.append(found)
    assert sorted(ids(steps)) == sorted(account.messages)


def _place(steps: list[Batch]) -> tuple[str, str]:
    return (steps[-1].position_text, steps[-1].carry_text) if steps else ("", "")


def test_a_filter_that_is_not_heeded_brings_nothing_twice() -> None:
    account = crowd(9, step_seconds=3600, start=NOW - timedelta(hours=9))
    account.misbehaves = lambda request: (
        Answer(account.tickets if request.query["_page"] == "1" else [])
        if request.path.endswith("/tickets")
        else None
    )
    with served(account) as (reader, _):
        batch = one_of(reader)
        assert len(ids([batch])) == 9
        assert all_of(reader, batch) == []


def test_an_empty_page_and_a_row_that_comes_twice_hide_and_double_nothing() -> None:
    account = crowd(25)
    numbers: list[str] = []

    def odd(request: Request) -> Answer | None:
        if request.path.endswith("/tickets"):
            numbers.append(request.query["_page"])
            if len(numbers) == 1:
                return Answer([])
            if len(numbers) == 2:
                return Answer([account.tickets[0], account.tickets[0], account.tickets[1]])
        return None

    account.misbehaves = odd
    with served(account) as (reader, _):
        assert sorted(ids(all_of(reader))) == sorted(account.messages)


def many_calls(count: int) -> LiveAgentAccount:
    first_at = NOW - timedelta(hours=10)
    calls = [
        {
            "id": f"c{place}", "ticketId": "", "type": "I", "fromNumber": f"+37251{place:06}",
            "dateCreated": f"{first_at + timedelta(seconds=place):%Y-%m-%d %H:%M:%S}", "dateAnswered": None,
            "dateFinished": f"{first_at + timedelta(seconds=place + 9):%Y-%m-%d %H:%M:%S}",
        }
        for place in range(count)
    ]  # fmt: skip
    return LiveAgentAccount(calls=calls, most_rows=10)


def test_calls_are_read_by_cursor_also_over_an_empty_page() -> None:
    account = many_calls(35)

    def empty_once(request: Request) -> Answer | None:
        if request.path.endswith("/calls") and request.query.get("_cursor") == "10":
            return Answer([], headers={"next_page_cursor": "010"})
        return None

    account.misbehaves = empty_once
    with served(account) as (reader, requests):
        assert sorted(ids(all_of(reader), "calls", "call_id")) == sorted(call["id"] for call in account.calls)
        cursors = [each.query.get("_cursor") for each in requests if each.path.endswith("/calls")]
    assert cursors == [None, "10", "010", "20", "30"]


def test_a_cursor_that_died_is_replaced_by_the_time_of_the_last_call() -> None:
    account = many_calls(35)
    account.misbehaves = lambda request: (
        Answer({"message": "cursor expired"}, 400) if request.query.get("_cursor") == "20" else None
    )
    with served(account) as (reader, _):
        assert set(ids(all_of(reader), "calls", "call_id")) == {call["id"] for call in account.calls}


def test_a_cursor_that_comes_again_ends_the_load_with_what_was_read() -> None:
    account = many_calls(35)

    def loop(request: Request) -> Answer | None:
        if request.path.endswith("/calls") and request.query.get("_cursor") == "20":
            return Answer([], headers={"next_page_cursor": "10"})
        return None

    account.misbehaves = loop
    with served(account) as (reader, requests):
        with pytest.raises(WebError, match="cursor of a page that was read before"):
            all_of(reader)
        assert len([each for each in requests if each.path.endswith("/calls")]) == 3


def test_a_change_that_shows_late_is_read_and_one_before_the_look_back_is_not() -> None:
    account = crowd(20)
    with served(account, look_back_seconds=600) as (reader, _):
        batch = all_of(reader)[-1]
        newest_at = NOW - timedelta(hours=5) + timedelta(seconds=19)
        for ticket_id, age in (("late", 599), ("too-late", 700)):
            account.tickets.append(simple_ticket(ticket_id, newest_at - timedelta(seconds=age)))
            account.messages[ticket_id] = []
        assert ids(all_of(reader, batch)) == ["late"]


def test_a_slip_into_the_future_hides_nothing_and_is_told() -> None:
    account = crowd(3)
    changes(account, "n1", datetime(2999, 1, 1, tzinfo=UTC))
    with served(account) as (reader, _):
        first = one_of(reader)
        assert "minutes ahead of this computer's clock: check time_zone" in (first.notice or "")
        account.tickets.append(simple_ticket("new", NOW))
        account.messages["new"] = []
        assert ids(all_of(reader, first, now=LATER)) == ["new"]


# Answers that are none


def test_a_rate_limit_is_honoured() -> None:
    account = crowd(3)
    limits = iter([Answer({"message": "limit"}, 429, {"Retry-After": "7"})])
    account.misbehaves = lambda request: next(limits, None) if request.number == 4 else None
    with served(account) as (reader, _):
        assert len(ids(all_of(reader))) == 3
    assert [wait for wait in waits if 7 <= wait <= 8] != []


def test_a_load_that_is_cut_off_by_the_rate_limit_keeps_what_it_read_and_goes_on_there() -> None:
    account = crowd(40)
    account.misbehaves = lambda request: Answer({}, 429) if request.number > 60 else None
    with served(account) as (reader, _):
        found = []
        with pytest.raises(WebError) as caught:
            found.extend(batch for batch in _kept(reader.read("", "", now=NOW), found))
        assert caught.value.is_rate_limit
        assert 0 < len(ids(found)) < 40
        account.misbehaves = lambda request: None
        rest = all_of(reader, found[-1])
    assert sorted(ids(found) + ids(rest)) == sorted(account.messages)


def _kept(batches: Iterator[Batch], found: list[Batch]) -> Iterator[Batch]:
    """Keeps each batch before the next is asked for: an error loses none."""
    for batch in batches:
        found.append(batch)
    yield from ()


def test_a_wrong_key_is_told_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEAGENT_KEY", "another-k3y-than-that")
    with served(LiveAgentAccount.recorded()) as (reader, _), pytest.raises(WebError) as caught:
        all_of(reader)
    assert "the API v3 key in the environment variable LIVEAGENT_KEY" in str(caught.value)
    assert "another-k3y" not in str(caught.value)


def test_another_service_at_the_address_is_told() -> None:
    account = LiveAgentAccount()
    account.misbehaves = lambda request: Answer({"hello": "world"})
    with served(account) as (reader, _), pytest.raises(WebError, match="found an object, expected a list"):
        all_of(reader)


def test_a_ticket_that_is_deleted_while_it_is_read_is_a_deleted_ticket() -> None:
    account = LiveAgentAccount.recorded()

    def after(request: Request) -> None:
        if request.path.endswith("/tickets") and "t15" in account.messages:
            account.delete("t15")

    account.after = after
    with served(account) as (reader, _):
        batch = one_of(reader)
    assert story_of(batch, "t15") == drawn(
        """
        11:05:00 created - - -
        11:05:00 group - - Sales
        11:05:00 agent - a1 -
        11:40:00 deleted - - -
        """
    )
    assert batch.facts["tickets"].filter(ticket_id="t15")["is_deleted"].to_list() == [True]


def test_a_ticket_of_which_only_the_messages_are_gone_is_no_deleted_ticket() -> None:
    account = LiveAgentAccount.recorded()
    account.messages.pop("t15")
    with served(account) as (reader, _):
        batch = one_of(reader)
    assert batch.facts["tickets"].filter(ticket_id="t15")["is_deleted"].to_list() == [False]
    assert story_of(batch, "t15")[-1] == "11:40:00 status - - on_hold"


def test_a_key_without_the_right_to_targets_reads_the_rest_and_says_so() -> None:
    account = LiveAgentAccount.recorded()
    account.misbehaves = lambda request: Answer({}, 403) if "/slas/" in request.path else None
    with served(account) as (reader, requests):
        batch = one_of(reader)
        assert len([request for request in requests if "/slas/" in request.path]) == 1
    assert batch.notice == "The key may not read targets: targets stay unknown."
    story = story_of(batch, "t10")
    assert len(story) == 20  # of 23, three are targets
    assert not [line for line in story if " target " in line]
