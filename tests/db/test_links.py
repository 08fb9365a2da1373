"""Requests to call back are linked with the calls that kept them, and a journey follows the links within one system."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from dashboard.contacts import contact_queries
from sql import warehouse
from sql.warehouse import WarehouseError
from tests.db.test_records import CALLBACK, KEPT, Row, ask, at, call, tell
from tests.laws import law

LINKS = "select contact_id, linked_contact_id, link_name from warehouse.contact_links order by 1, 2"
LATER = {**KEPT, "offered_at": at(90), "answered_at": at(91), "ended_at": at(95)}
NOT_KEPT = {**KEPT, "answered_at": None, "agent_name": None, "outcome_name": "abandoned"}


def journey(engine: sa.Engine, contact_id: str, source_name: str | None = None) -> list[str]:
    with warehouse.connected(engine) as connection:
        found = contact_queries.contact_journey(connection, contact_id=contact_id, source_name=source_name)
    return list(found["record_id"])


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_first_call_that_is_answered_keeps_the_request_in_any_order(
    engine: sa.Engine, order: tuple[int, ...]
) -> None:
    rows = [call("asked", **CALLBACK), call("kept", **KEPT), call("later", **LATER)]
    tell(engine, *({"calls": [rows[number]]} for number in order))
    assert ask(engine, LINKS) == [("kept", "asked", "callback")]


@pytest.mark.parametrize("is_split", [False, True])
def test_the_day_to_keep_a_request_begins_when_the_customer_left(engine: sa.Engine, is_split: bool) -> None:
    """Asked after 40 minutes of waiting; kept 23 h 50 min later, which is more than a day after the entry."""
    minutes = 40 + 1430
    asked = call("asked", **{**CALLBACK, "ended_at": at(40)})
    times = {"offered_at": at(minutes), "answered_at": at(minutes + 1), "ended_at": at(minutes + 2)}
    kept = call("kept", **{**KEPT, **times})
    tell(engine, *({"calls": part} for part in (([asked], [kept]) if is_split else ([asked, kept],))))
    assert ask(engine, LINKS) == [("kept", "asked", "callback")]


@pytest.mark.parametrize(
    "changes",
    [
        NOT_KEPT,
        {**KEPT, "customer_key": "another"},
        {**KEPT, "customer_key": None},
        {**KEPT, "contact_id": "asked"},
    ],
    ids=["abandoned", "another customer", "no customer", "the same contact"],
)
def test_a_call_told_again_that_did_not_keep_the_request_loses_its_link(
    engine: sa.Engine, changes: Row
) -> None:
    tell(engine, {"calls": [call("asked", **CALLBACK), call("kept", version_number=1, **KEPT)]})
    assert ask(engine, LINKS) == [("kept", "asked", "callback")]
    tell(engine, {"calls": [call("kept", version_number=2, **changes)]})
    assert ask(engine, LINKS) == []


def test_a_request_told_again_as_none_loses_its_link(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call("asked", version_number=1, **CALLBACK), call("kept", **KEPT)]})
    tell(engine, {"calls": [call("asked", version_number=2, **{**CALLBACK, "outcome_name": "abandoned"})]})
    assert ask(engine, LINKS) == []


def test_the_next_answered_call_keeps_the_request_that_the_first_turns_out_to_have_missed(
    engine: sa.Engine,
) -> None:
    rows = [call("asked", **CALLBACK), call("kept", version_number=1, **KEPT), call("later", **LATER)]
    tell(engine, {"calls": rows})
    tell(engine, {"calls": [call("kept", version_number=2, **NOT_KEPT)]})
    assert ask(engine, LINKS) == [("later", "asked", "callback")]


def test_one_call_keeps_every_request_before_it(engine: sa.Engine) -> None:
    again = call("again", **{**CALLBACK, "offered_at": at(5), "ended_at": at(6)})
    tell(engine, {"calls": [call("asked", **CALLBACK), again, call("kept", **KEPT)]})
    assert ask(engine, LINKS) == [("kept", "again", "callback"), ("kept", "asked", "callback")]
    assert journey(engine, "again") == ["asked", "again", "kept"]


def link(contact_id: str, linked_contact_id: str, **more: Any) -> Row:
    told = {"linked_at": at(31), "linked_source_name": "records", "link_name": "callback"}
    return {"contact_id": contact_id, "linked_contact_id": linked_contact_id, **told, **more}


@pytest.mark.parametrize("told", [link("kept", "another"), link("other", "asked")], ids=["keeper", "request"])
@pytest.mark.parametrize("is_told_first", [True, False])
def test_what_the_source_tells_of_a_callback_wins_and_settles(
    engine: sa.Engine, told: Row, is_told_first: bool
) -> None:
    parts: list[dict[str, list[Row]]] = [
        {"contact_links": [told]},
        {"calls": [call("asked", **CALLBACK), call("kept", **KEPT)]},
    ]
    tell(engine, *(parts if is_told_first else reversed(parts)))
    expected = [(told["contact_id"], told["linked_contact_id"], "callback")]
    assert ask(engine, LINKS) == expected
    assert tell(engine, *parts).loaded_rows == 0
    assert ask(engine, LINKS) == expected


def test_a_told_transfer_leaves_the_callback_alone(engine: sa.Engine) -> None:
    calls = [call("asked", **CALLBACK), call("kept", **KEPT), call("before")]
    tell(engine, {"calls": calls, "contact_links": [link("kept", "before", link_name="transfer")]})
    assert ask(engine, LINKS) == [("kept", "asked", "callback"), ("kept", "before", "transfer")]


def test_a_link_told_twice_in_a_batch_is_the_one_told_last(engine: sa.Engine) -> None:
    told = [link("kept", "b", source_name=None, seq=0), link("kept", "a", source_name="records", seq=1)]
    done = tell(engine, {"contact_links": told})
    assert ask(engine, LINKS) == [("kept", "a", "callback")]
    assert done.read_rows == done.loaded_rows + done.unchanged_rows == 2


TOLD = st.lists(
    st.tuples(
        st.integers(0, 4),  # the call
        st.sampled_from(("k1", "k2", None)),
        st.sampled_from(("callback", "answered", "abandoned")),
        st.integers(0, 40).map(lambda step: step * 60),  # hours from the first
        st.integers(1, 180),  # minutes that it lasts
    ),
    min_size=1,
    max_size=8,
)


def _told_calls(told: list[tuple[int, str | None, str, int, int]]) -> list[Row]:
    rows = []
    for version, (number, customer_key, outcome_name, begin, minutes) in enumerate(told, start=1):
        is_answered = outcome_name == "answered"
        row = call(
            f"c{number}", version_number=version, customer_key=customer_key, outcome_name=outcome_name,
            offered_at=at(begin), ended_at=at(begin + minutes), answered_at=at(begin) if is_answered else None,
            agent_name="mari" if is_answered else None,
        )  # fmt: skip
        rows.append(row)
    return rows


def _expected(rows: list[Row]) -> list[tuple[str, str, str]]:
    """By hand: of each request, the customer's first answered call from its end on, within a day."""
    newest = list({row["call_id"]: row for row in rows}.values())
    links = set()
    for asked in (row for row in newest if row["outcome_name"] == "callback" and row["customer_key"]):
        keepers = sorted(
            (row["offered_at"], row["call_id"])
            for row in newest
            if row["outcome_name"] == "answered" and row["customer_key"] == asked["customer_key"]
            and 0 <= (row["offered_at"] - asked["ended_at"]).total_seconds() < 86_400
        )  # fmt: skip
        links |= {(keepers[0][1], str(asked["call_id"]), "callback")} if keepers else set()
    return sorted(links)


@law(6, long=240, allows=[HealthCheck.function_scoped_fixture])  # half a second each
@given(told=TOLD, random=st.randoms(use_true_random=False))
def test_links_are_the_same_in_whatever_order_and_batches_calls_are_told(
    engine: sa.Engine, told: list[tuple[int, str | None, str, int, int]], random: Any
) -> None:
    rows = _told_calls(told)
    with engine.begin() as connection:
        connection.execute(sa.text("truncate warehouse.calls, warehouse.kept_callbacks"))
    mixed = random.sample(rows, len(rows))
    cuts = sorted(random.sample(range(len(rows) + 1), min(2, len(rows))))
    parts = [mixed[start:end] for start, end in itertools.pairwise([0, *cuts, len(rows)]) if start < end]
    tell(engine, *({"calls": part} for part in parts))
    assert ask(engine, LINKS) == _expected(rows)


def test_a_journey_keeps_two_systems_apart(engine: sa.Engine) -> None:
    """Two phone systems count their calls from 1: call 1001 of one is not call 1001 of the other."""
    for name, customer_key in (("north", "k1"), ("south", "k2")):
        ticket = {"ticket_id": f"ticket of {name}", "created_at": at(4), "call_id": "1001"}
        calls = [call("1001", customer_key=customer_key)]
        tell(engine, {"calls": calls, "tickets": [ticket]}, name=name)
    with pytest.raises(
        WarehouseError, match=r'"1001" is known to 2 sources \(north, south\).*Name the source'
    ):
        journey(engine, "1001")
    assert journey(engine, "1001", "north") == ["1001", "ticket of north"]
    assert journey(engine, "1001", "south") == ["1001", "ticket of south"]
    assert journey(engine, "1001", "east") == []
    with warehouse.connected(engine) as connection:
        south = contact_queries.contact_journey(connection, contact_id="1001", source_name="south")
    assert south["customer_key"].drop_nulls().to_list() == ["k2"]


def desk(engine: sa.Engine, **names: Any) -> None:
    tell(engine, {"tickets": [{"ticket_id": "7", "created_at": at(4), **names}]}, name="desk")


@pytest.mark.parametrize("place", ["call_id", "contact_id"])
def test_a_ticket_of_another_system_joins_the_one_call_that_it_can_mean(
    engine: sa.Engine, place: str
) -> None:
    tell(engine, {"calls": [call("1001", customer_key="k1")]}, name="north")
    desk(engine, **{place: "1001"})
    assert journey(engine, "1001") == ["1001", "7"]
    tell(engine, {"calls": [call("1001", customer_key="k2")]}, name="south")
    assert journey(engine, "1001", "north") == journey(engine, "1001", "south") == ["1001"]
    desk(engine, **{place: "1001"}, customer_key="k2", version_number=1)
    assert journey(engine, "1001", "north") == ["1001"]
    assert journey(engine, "1001", "south") == ["1001", "7"]


def test_a_contact_that_two_sources_tell_and_one_links_is_one_journey(engine: sa.Engine) -> None:
    tell(engine, {"calls": [call("c1")]}, name="north")
    told = link("c1", "c1", linked_source_name="north", link_name="transfer")
    tell(engine, {"calls": [call("c1", offered_at=at(0.5))], "contact_links": [told]}, name="south")
    assert journey(engine, "c1") == journey(engine, "c1", "north") == ["c1", "c1"]


def test_a_deleted_ticket_is_in_no_journey(engine: sa.Engine) -> None:
    ticket = {"ticket_id": "7", "created_at": at(4), "call_id": "c1", "customer_key": "k"}
    tell(engine, {"calls": [call("c1", customer_key="k")], "tickets": [ticket]})
    assert journey(engine, "c1") == ["c1", "7"]
    tell(engine, {"tickets": [{**ticket, "is_deleted": True, "version_number": 1}]})
    assert journey(engine, "c1") == ["c1"]
    with warehouse.connected(engine) as connection:
        assert contact_queries.customer_contacts(connection, customer_key="k")["record_id"].to_list() == [
            "c1"
        ]


def test_a_ticket_that_is_its_own_contact_has_a_journey(engine: sa.Engine) -> None:
    desk(engine, contact_id="7")
    assert journey(engine, "7") == journey(engine, "7", "desk") == ["7"]
