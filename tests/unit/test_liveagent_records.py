"""LiveAgent: broken records are refused and kept, times and settings mean what they say, and its laws hold."""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from etl import LoadError
from etl.sources import liveagent
from etl.sources.desks.liveagent_place import Place
from etl.sources.desks.liveagent_records import RefusedError, instant
from tests.laws import law
from tests.liveagent_server import (
    KEY,
    NOW,
    LiveAgentAccount,
    all_of,
    crowd,
    expect_whole,
    ids,
    one_of,
    rows,
    served,
    settings_of,
    waits,
)
from tests.web_server import Answer, Request


@pytest.fixture(autouse=True)
def _a_quick_account(monkeypatch: pytest.MonkeyPatch) -> None:
    waits.clear()
    monkeypatch.setenv("LIVEAGENT_KEY", KEY)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda account: account.ticket("t14").pop("date_created"), "date_created is missing; expected a time"),
        (lambda account: account.ticket("t14").update(status="Q"), "status is 'Q'; expected one of I N T P C A W R L X B"),
        (lambda account: account.ticket("t14").update(status={"code": "N"}), "status is an object; expected text"),
        (lambda account: account.ticket("t14").update(date_created="now"), "date_created is 'now'; expected a time"),
        (lambda account: account.messages["t14"][0].pop("datecreated"), "message group: datecreated is missing"),
        (lambda account: account.messages["t14"][0].update(messages={}), None),
        (lambda account: account.messages["t14"][0].update(messages="many"), "messages is an object; expected a list"),
        (lambda account: account.history["t14"].append("H"), "history: date_from is missing"),
        (lambda account: account.history.update(t14={"rows": 1}), "history is an object; expected a list"),
        (lambda account: account.messages.update(t14=["a", "b"]), "message group: type is missing; expected text"),
    ],
)  # fmt: skip
def test_a_broken_ticket_is_refused_with_its_reason_and_the_others_are_taken(
    change: Callable[[LiveAgentAccount], object], reason: str | None
) -> None:
    account = LiveAgentAccount.recorded()
    change(account)
    with served(account) as (reader, _):
        batch = one_of(reader)
    expect_whole(batch)
    assert batch.read_rows == 20
    if reason is None:
        assert batch.rejects.is_empty()
        return
    (reject,) = batch.rejects.rows(named=True)
    assert reject["place_text"] == "tickets/t14"
    assert reject["reason_text"].startswith(reason)
    assert json.loads(reject["raw_text"])["id"] == "t14"
    assert "t14" not in ids([batch])


def test_rows_without_an_id_or_that_are_no_object_are_refused_once() -> None:
    account = crowd(2)
    account.tickets[1].pop("id")
    account.misbehaves = lambda request: Answer(["row"]) if request.path.endswith("/calls") else None
    with served(account) as (reader, _):
        batch = one_of(reader)
        assert sorted(batch.rejects["place_text"]) == ["calls/?", "tickets/?"]
        assert set(batch.rejects["reason_text"]) == {"id is missing; expected text"}
        assert all_of(reader, batch) == []


def test_fields_that_are_new_are_passed_over_and_told_once() -> None:
    account = crowd(15)
    for ticket in account.tickets:
        ticket["sentiment"] = "angry"
    with served(account) as (reader, _):
        batches = all_of(reader, piece_bytes=1)
    assert len(batches) == 15
    notices = [batch.notice for batch in batches if batch.notice]
    assert notices == ["LiveAgent tells what is not known here and not read: ticket field sentiment."]


def test_refused_rows_are_taken_from_their_raw_text_when_the_reason_is_gone() -> None:
    account = LiveAgentAccount.recorded()
    with served(account) as (reader, _):
        (whole,) = all_of(reader)
        refused = next(iter(reader.read("", "", now=NOW, refusal="the warehouse said no")))
        assert refused.rejects.height == refused.read_rows == 20
        assert set(refused.rejects["reason_text"]) == {"the warehouse said no"}
        raws = refused.rejects["raw_text"].to_list()
        batch, still = reader.again([*raws, "{not json", '{"kind": "ticket"}'], refused.carry_text, now=NOW)
    assert still == {20, 21}
    assert batch.read_rows == 20
    assert batch.rejects.is_empty()
    assert batch.carry_text == refused.carry_text
    for fact in whole.facts:
        assert rows([batch], fact) == rows([whole], fact)


def test_a_time_from_which_nobody_can_reckon_is_refused() -> None:
    account = LiveAgentAccount.recorded()
    account.calls[0].update(dateAnswered="9999-12-31 23:59:59")
    with served(account) as (reader, _):
        batch = one_of(reader)
    assert batch.rejects["reason_text"].to_list() == [
        "date_answered is '9999-12-31 23:59:59'; expected a time such as 2026-11-22 10:00:00"
    ]


def test_a_wait_that_no_table_can_hold_is_left_to_the_gate() -> None:
    account = LiveAgentAccount.recorded()
    account.calls[0].update(dateCreated="2100-01-01 00:00:00", dateAnswered="")
    with served(account) as (reader, _):
        assert one_of(reader).facts["calls"]["wait_seconds"].dtype == pl.Int64


def test_a_refusal_holds_for_the_first_batch_and_reading_goes_on_after_it() -> None:
    with served(crowd(3)) as (reader, _):
        batches = all_of(reader, piece_bytes=1, refusal="no")
        assert [batch.rejects.height for batch in batches] == [1, 0, 0]
        again = all_of(reader, batches[0])
    assert ids(batches) == ids(again) == ["n1", "n2"]


# Laws


@law(8)  # a fifth of a second each
@given(st.integers(1, 20_000))
def test_where_a_batch_ends_changes_no_fact(piece_bytes: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEAGENT_KEY", KEY)
        with served(LiveAgentAccount.recorded()) as (reader, _):
            (whole,), pieces = all_of(reader), all_of(reader, piece_bytes=piece_bytes)
            steps, place = [], ("", "")
            while batch := next(reader.read(*place, now=NOW, piece_bytes=piece_bytes), None):
                steps.append(batch)
                place = batch.position_text, batch.carry_text
    for fact in whole.facts:
        assert rows(pieces, fact) == rows(steps, fact) == rows([whole], fact)
    assert sum(batch.read_rows for batch in steps) == 20


@law(15)
@given(st.randoms(use_true_random=False))
def test_the_order_in_which_parts_are_told_changes_no_fact(chance: random.Random) -> None:
    told_as_it_is, shuffled = LiveAgentAccount.recorded(), LiveAgentAccount.recorded()
    for part in (shuffled.messages, shuffled.history, shuffled.slas):
        for key, values in part.items():
            part[key] = chance.sample(values, len(values))
            for value in part[key]:
                if "messages" in value:
                    chance.shuffle(value["messages"])
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEAGENT_KEY", KEY)
        for account in (told_as_it_is, shuffled):
            with served(account) as (reader, _):
                batch = one_of(reader)
                names = {fact: rows([batch], fact) for fact in batch.facts}
                found.append(json.dumps(names, default=str))
    assert found[0] == found[1]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["2026-11-20 10:00:00", "N", "R", "P", "4", "C", "W", "a1", "0000-00-00 00:00:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "type", "userid", "datecreated", "messages", "status", "date_from", "date_due", "agent_id"]),
        inner, max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip
TICKETS = (
    "id",
    "status",
    "date_created",
    "date_changed",
    "agentid",
    "departmentid",
    "owner_email",
    "channel_type",
)
CALLS = ("id", "ticketId", "type", "dateCreated", "dateAnswered", "dateFinished", "fromNumber")


@law(60)
@given(st.data())
def test_whatever_is_told_is_a_row_or_refused(data: st.DataObject) -> None:
    account = LiveAgentAccount(
        calls=[{name: data.draw(ANYTHING) for name in CALLS} | {"id": "c1"}],
        tickets=[{name: data.draw(ANYTHING) for name in TICKETS} | {"id": f"t{place}"} for place in range(2)],
        messages={"t0": data.draw(ANYTHING), "t1": [data.draw(ANYTHING)]},
        history={"t0": data.draw(ANYTHING), "t1": [data.draw(ANYTHING)]},
        slas={"t0": data.draw(ANYTHING), "t1": [data.draw(ANYTHING)]},
    )

    def odd(request: Request) -> Answer | None:
        words = request.path.split("/")
        for part in ("messages", "history"):
            if words[-1] == part and words[-3] == "tickets":
                value = getattr(account, part).get(words[-2], [])
                is_first = request.query.get("_page", "1") == "1"
                return Answer(value if is_first and (part == "history" or isinstance(value, list)) else [])
        if words[-1] in ("calls", "tickets"):
            is_first = request.query.get("_page", "1") == "1"
            return Answer(getattr(account, words[-1]) if is_first else [])
        return None

    account.misbehaves = odd
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEAGENT_KEY", KEY)
        with served(account) as (reader, _):
            (batch,) = all_of(reader)
            assert all_of(reader, batch) == []
    expect_whole(batch)
    assert batch.read_rows == 3


# Times, places, settings


@pytest.mark.parametrize(
    ("value", "zone", "expected"),
    [
        ("2026-11-20 10:00:00", "UTC", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20 10:00:00", "America/Phoenix", "2026-11-20T17:00:00+00:00"),
        ("2026-10-25 03:30:00", "Europe/Tallinn", "2026-10-25T00:30:00+00:00"),  # shown twice: the first
        (
            "2026-03-29 03:30:00",
            "Europe/Tallinn",
            "2026-03-29T01:30:00+00:00",
        ),  # never shown: 04:30 by the clock
        ("2026-11-20T10:00:00+02:00", "America/Phoenix", "2026-11-20T08:00:00+00:00"),
        (1795168800, "America/Phoenix", "2026-11-20T10:00:00+00:00"),
        ("1795168800", "America/Phoenix", "2026-11-20T10:00:00+00:00"),
        ("0000-00-00 00:00:00", "UTC", None),
        ("", "UTC", None),
        (0, "UTC", None),
        (None, "UTC", None),
    ],
)
def test_a_time_is_an_instant(value: object, zone: str, expected: str | None) -> None:
    found = instant({"at": value}, "at", ZoneInfo(zone))
    assert (found.isoformat() if found else None) == expected


@pytest.mark.parametrize(
    "value", ["20.11.2026", "2026-11-20", "10:00", True, 1.5, [], {}, 10**30, "9" * 50, "2026-13-01 00:00"]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(RefusedError, match=r"at is .*; expected a time such as"):
        instant({"at": value}, "at", ZoneInfo("UTC"))


def test_an_account_in_another_zone_gives_the_same_facts_both_ways() -> None:
    zone = ZoneInfo("America/Phoenix")
    found = []
    for zone_of_account, more in (
        (ZoneInfo("UTC"), {}),
        (zone, {}),
        (zone, {"time_zone": "America/Phoenix"}),
    ):
        account = LiveAgentAccount.recorded()
        account.zone = zone_of_account
        with served(account, **more) as (reader, requests):
            batch = one_of(reader)
            found.append({fact: rows([batch], fact) for fact in ("calls", "ticket_events", "surveys")})
            assert ("timezone-offset" in requests[0].headers) == ("time_zone" not in more)
            assert all_of(reader, batch) == []
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("position_text", "carry_text"),
    [
        ("{", ""), ("[]", ""), ('{"calls": 5}', ""), ('{"tickets": "2026-11-20T10:00:00"}', ""),
        ('{"tickets": "3026-11-20T10:00:00+00:00"}', ""), ("{}", "[1]"), ("{}", '{"tickets": {"t1": 5}}'),
    ],
)  # fmt: skip
def test_a_place_that_is_none_says_how_to_go_on(position_text: str, carry_text: str) -> None:
    with pytest.raises(LoadError, match="etl run --source NAME --from-start"):
        Place.from_texts(position_text, carry_text, look_back=timedelta(minutes=10), first_at=NOW)


def test_reading_begins_at_the_first_date() -> None:
    with served(crowd(3), start_date=date(2026, 11, 19)) as (reader, requests):
        all_of(reader)
        filters = {each.query["_filters"] for each in requests if "_filters" in each.query}
    assert '[["dateCreated", ">=", "2026-11-19 00:00:00"]]' in filters
    assert '[["date_changed", "D>=", "2026-11-19 00:00:00"]]' in filters


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "company.ladesk.com"}, {"address": "https://key@company.ladesk.com"}, {"address": "https://x.com/?apikey=1"},
        {"time_zone": "Mars/Olympus"}, {"look_back_seconds": 5}, {"requests_per_minute": 200},
        {"reward_csat_score": 6}, {"target_names": {"F": "first_answer"}}, {"apikey": "secret"}, {"token_env": None},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_right_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings_of(**{"address": "https://company.ladesk.com", **wrong})


@pytest.mark.parametrize("end", ["", "/", "/api/v3", "/api/v3/"])
def test_an_address_is_one_account_however_it_is_written(end: str) -> None:
    found = settings_of(f"https://Company.ladesk.com{end}")
    assert found.origin_text() == "liveagent https://company.ladesk.com"


def test_the_settings_in_the_docs_are_settings() -> None:
    page = Path(__file__).parents[2] / "docs" / "sources" / "liveagent.md"
    blocks = re.findall(r"```toml\n(.*?)```", page.read_text(), flags=re.S)
    assert blocks
    for block in blocks:
        for source in tomllib.loads(block)["sources"]:
            liveagent.LiveAgentSettings.model_validate(source)
