"""What sources do to a loader: late records, crowds of one instant, versions in any order (TRUST D5, D6)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from etl.config import Settings, SiteSettings
from etl.merge import merge_batch
from etl.sources import Batch
from sql import warehouse
from tests.db.test_records import NOW, Row, Teller, at, batch, event
from tests.torture.campaign import Campaign
from tests.torture.late_source import (
    PAGE_ROWS,
    ConnectTransport,
    Event,
    GenesysTransport,
    LateOrigin,
    LiveAgentTransport,
    RealtimeTransport,
    Transport,
    ZendeskTransport,
    followed,
    hidden,
)

LOOK_BACK_SECONDS = 300
MAKES: dict[str, Callable[[int], Transport]] = {
    "realtime": lambda back: RealtimeTransport(look_back_seconds=back),
    "realtime without numbers": lambda back: RealtimeTransport(has_numbers=False, look_back_seconds=back),
    "zendesk": lambda back: ZendeskTransport(look_back_seconds=back),
    "liveagent": lambda back: LiveAgentTransport(look_back_seconds=back),
    "genesys": lambda back: GenesysTransport(look_back_seconds=back),
    "connect": lambda back: ConnectTransport(look_back_seconds=back),
}


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TOKEN", "zt-5f3d9a0c77e1")
    monkeypatch.setenv("LIVEAGENT_KEY", "k3y-of-the-test-account")


# ---- D5: records that show late, crowds of one instant


@pytest.mark.by_turns(3)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", MAKES)
def test_no_record_is_lost_that_shows_within_the_look_back(campaign: Campaign, name: str) -> None:
    seeds = range(campaign.seed, campaign.seed + campaign.times(short=1, long=20))
    length_seconds = campaign.times(short=900, long=6 * 3600)
    lost = twice = records = 0
    for seed in seeds:
        for precision_seconds in (1, 60) if campaign.is_long else ((1, 60)[seed % 2],):
            late_seconds = LOOK_BACK_SECONDS - precision_seconds - 10
            origin = LateOrigin(
                seed, length_seconds, precision_seconds, late_seconds, crowds=campaign.times(short=1, long=6)
            )
            transport = MAKES[name](LOOK_BACK_SECONDS)
            found = followed(origin, transport, every_seconds=120)
            lost += len(hidden(origin, found))
            twice += sum(count > 1 for count in found.told.values()) if name != "liveagent" else 0
            records += len(origin.events())
    campaign.record(
        "D5", f"{name}: records that show within the look-back are all found", lost_records=lost,
        doubled_records=twice, records_count=records, seeds_count=len(seeds), look_back_seconds=LOOK_BACK_SECONDS,
    )  # fmt: skip
    assert (lost, twice) == (0, 0)  # LiveAgent's are looked up once more within a minute, as versions


@pytest.mark.by_turns(3)
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", MAKES)
def test_records_that_show_after_the_look_back_are_hidden(campaign: Campaign, name: str) -> None:
    """A negative control, and what the nightly reconciliation is for."""
    most_late_seconds = 8 * LOOK_BACK_SECONDS
    origin = LateOrigin(campaign.seed, 900, 1, most_late_seconds, crowds=1)
    missing = hidden(
        origin, followed(origin, MAKES[name](LOOK_BACK_SECONDS), every_seconds=120, rest_seconds=0)
    )
    campaign.record(
        "D5", f"negative control: {name} with records later than the look-back", hidden_records=len(missing)
    )
    assert missing
    assert all(each.visible_at - each.at > LOOK_BACK_SECONDS / 2 for each in missing)


@pytest.mark.parametrize("has_numbers", [True, False])
def test_a_row_that_shows_within_the_look_back_is_found_though_loads_lie_minutes_apart(
    has_numbers: bool,
) -> None:
    transport = RealtimeTransport(has_numbers=has_numbers, look_back_seconds=300)
    begin = 1_795_309_200
    transport.show([Event(1, begin, 0), Event(3, begin, 0)], begin)  # the second one is not committed yet
    found = []
    for after in (10, 130, 250, 370, 490):
        if after == 370:
            transport.show([Event(2, begin, 0)], begin + 289)
        found += [number for batch in transport.read_on(begin + after) for number in transport.numbers(batch)]
    assert sorted(found) == [1, 2, 3]


def test_a_crowd_of_one_second_in_an_export_by_time_is_passed_and_not_asked_for_ever() -> None:
    transport = ZendeskTransport()
    crowd = [Event(number, 1_795_309_300, 0) for number in range(1, 3 * PAGE_ROWS + 1)]
    later = [Event(number, 1_795_309_330, 0) for number in range(1000, 1010)]
    now = 1_795_309_500
    transport.show(crowd + later, now)
    numbers = [number for batch in transport.read_on(now) for number in transport.numbers(batch)]
    assert sorted(numbers) == sorted(each.number for each in crowd + later)
    transport.show([], now + 120)
    assert [each for batch in transport.read_on(now + 120) for each in transport.numbers(batch)] == []
    transport.account.page_rows = 1000
    transport.show([Event(number, now - 30, 0) for number in range(5000, 6000)], now + 240)
    transport.show([Event(7000, now + 100, 0)], now + 240)
    told = transport.read_on(now + 240)
    assert len({number for batch in told for number in transport.numbers(batch)}) == 1001
    assert "of the one second" in " ".join(batch.notice or "" for batch in told)


# ---- D6: versions in any order, told again and again, in any batches

KEYS, VERSIONS, AGAIN = 2, 3, 10
STATES = ("available", "paused", "wrap_up")
Telling = tuple[str, int, int]
"""A kind of fact, which of its records, and its version from 1."""


def rows_of(telling: Telling, source_name: str) -> list[Row]:
    """What a record of that version holds; another version of it holds something else everywhere but in its key."""
    kind, key, version = telling
    name, agent = f"{kind}{key}", f"agent{version}"
    offered_at = at(20 * version + key)
    stay = {
        "offered_at": offered_at,
        "answered_at": offered_at,
        "ended_at": at(20 * version + 9),
        "outcome_name": "answered",
    }
    told: dict[str, list[Row]] = {
        "calls": [
            {"call_id": name, "queue_name": f"{source_name} {version % 2}", "agent_name": agent,
             "stay_number": number, **stay}
            for number in range(1, 2 + version % 2)
        ],
        "agent_states": [
            {"agent_name": f"agent{key}", "started_at": at(key), "ended_at": at(key + version),
             "state_name": STATES[version - 1]}
        ],
        "tickets": [{"ticket_id": name, "created_at": at(0), "topic_name": agent, "is_deleted": version % 2 == 1}],
        "ticket_events": [{**event(name, 5, "priority"), "value_text": ("low", "normal", "high")[version - 1]}],
        "surveys": [{"survey_id": name, "answered_at": at(version), "csat_score": float(version), "agent_name": agent}],
        "quality_reviews": [{"review_id": name, "reviewed_at": at(0), "agent_name": agent, "total_score": 10.0 * version}],
        "shifts": [{"shift_id": name, "agent_name": agent, "started_at": at(version), "ended_at": at(60)}],
        "costs": [
            {"cost_id": name, "started_at": at(version), "ended_at": at(90), "cost_name": agent, "amount": 1.5 * version}
        ],
        "revenues": [{"revenue_id": name, "earned_at": at(version), "amount": 2.5 * version}],
        "self_services": [{"visit_id": name, "started_at": at(version), "outcome_name": "left", "choices_text": agent}],
        "recordings": [{"recording_id": name, "started_at": at(version), "agent_name": agent, "url_text": agent}],
        "attempts": [{"attempt_id": name, "attempted_at": at(version), "campaign_name": agent, "outcome_name": "busy"}],
    }  # fmt: skip
    return [{**row, "version_number": version} for row in told[kind]]


COLUMNS = {
    "calls": "call_id, stay_number, queue_name, agent_name, offered_at, version_number",
    "agent_states": "agent_name, started_at, ended_at, state_name, version_number",
    "tickets": "ticket_id, topic_name, is_told_deleted, version_number",
    "ticket_events": "ticket_id, value_text, version_number",
    "surveys": "survey_id, answered_at, csat_score, agent_name, version_number",
    "quality_reviews": "review_id, agent_name, total_score, version_number",
    "shifts": "shift_id, agent_name, started_at, version_number",
    "costs": "cost_id, started_at, cost_name, amount, version_number",
    "revenues": "revenue_id, earned_at, amount, version_number",
    "self_services": "visit_id, started_at, choices_text, version_number",
    "recordings": "recording_id, agent_name, url_text, version_number",
    "attempts": "attempt_id, attempted_at, campaign_name, version_number",
}
STANDING = {
    kind: f"select {columns} from warehouse.{kind} as f "  # noqa: S608 - of this file's own words
    + ("left join warehouse.queues using (queue_id) " if "queue_name" in columns else "")
    + ("left join warehouse.agents using (agent_id) " if "agent_name" in columns else "")
    + "where f.source_name = :source_name and f.version_number > 0 order by 1, 2"  # a ticket of its events alone has -1
    for kind, columns in COLUMNS.items()
}
OFFERED = (
    "select queue_name, interval_start_at, offered_calls from warehouse.queue_intervals "
    "join warehouse.queues using (queue_id) "
    "where offered_calls > 0 and starts_with(queue_name, :source_name || ' ') order by 1, 2"
)
TELLINGS: list[Telling] = [
    (kind, key, version) for kind in COLUMNS for key in range(KEYS) for version in range(1, VERSIONS + 1)
]


def batch_of(number: int, tellings: list[Telling], source_name: str) -> Batch:
    """A batch of these records in their order; each is one row of the source."""
    facts: dict[str, list[Row]] = {}
    for seq, telling in enumerate(tellings):
        facts.setdefault(telling[0], []).extend({**row, "seq": seq} for row in rows_of(telling, source_name))
    return batch(number, **facts)


def folded(tellings: list[Telling], source_name: str) -> dict[str, list[tuple[Any, ...]]]:
    """What must stand at last: of each record what its greatest version told."""
    newest: dict[tuple[str, int], int] = {}
    for kind, key, version in tellings:
        newest[kind, key] = max(version, newest.get((kind, key), 0))
    standing: dict[str, list[tuple[Any, ...]]] = {kind: [] for kind in COLUMNS}
    for (kind, key), version in newest.items():
        for row in rows_of((kind, key, version), source_name):
            row = {**row, "is_told_deleted": row.get("is_deleted")}
            standing[kind].append(tuple(row[name] for name in COLUMNS[kind].split(", ")))
    return {kind: sorted(rows) for kind, rows in standing.items()}


def offered(calls: list[tuple[Any, ...]]) -> list[tuple[str, datetime, int]]:
    """How many stays began in which queue and quarter of an hour."""
    counts: dict[tuple[str, datetime], int] = {}
    for _, _, queue_name, _, offered_at, _ in calls:
        start = offered_at - timedelta(minutes=offered_at.minute % 15)
        counts[queue_name, start] = counts.get((queue_name, start), 0) + 1
    return [(*key, count) for key, count in sorted(counts.items())]


@st.composite
def told_in_batches(draw: st.DrawFn) -> list[list[Telling]]:
    """Some versions of every record, each up to ten times, shuffled, cut into batches anywhere."""
    told = draw(st.lists(st.sampled_from(TELLINGS), min_size=20, max_size=60))
    again = draw(st.lists(st.sampled_from(told), max_size=AGAIN))
    order = random.Random(draw(st.integers(0, 2**32)))
    tellings = [*told, *again, *[draw(st.sampled_from(told))] * AGAIN]
    order.shuffle(tellings)
    cuts = sorted({0, len(tellings), *draw(st.lists(st.integers(1, len(tellings) - 1), max_size=3))})
    return [tellings[start:end] for start, end in pairwise(cuts)]


def merged(
    engine: sa.Engine, batches: list[list[Telling]], source_name: str
) -> dict[str, list[tuple[Any, ...]]]:
    """Merges the batches one after the other, each in its transaction; what stands in the warehouse then."""
    source = Teller(name=source_name, every_seconds=60)
    site = Settings.model_construct(
        site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(source,)
    )
    for number, tellings in enumerate(batches, start=1):
        with warehouse.connected(engine) as connection:
            warehouse.execute(connection, "merge/sites", site_name="Here", time_zone_name="Europe/Tallinn")
            merge_batch(
                connection,
                site,
                source,
                batch_of(number, tellings, source_name),
                run_id=number,
                now=lambda: NOW,
            )
    with warehouse.connected(engine) as connection:
        return {
            kind: [tuple(row) for row in connection.execute(sa.text(text), {"source_name": source_name})]
            for kind, text in {**STANDING, "offered": OFFERED}.items()
        }


@pytest.mark.timeout(3600)
def test_the_newest_version_stands_whatever_the_order_and_however_often_it_is_told(
    campaign: Campaign, engine: sa.Engine
) -> None:
    numbers = iter(range(1, 10**9))
    counts = {"examples_count": 0, "batches_count": 0, "told_records": 0}

    @settings(
        max_examples=campaign.times(short=20, long=2000), deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate, Phase.shrink], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(batches=told_in_batches())
    def stands(batches: list[list[Telling]]) -> None:
        source_name = f"source {next(numbers)}"
        tellings = [telling for each in batches for telling in each]
        expected = folded(tellings, source_name)
        found = merged(engine, batches, source_name)
        assert found.pop("offered") == offered(expected["calls"])
        assert found == expected
        counts["examples_count"] += 1
        counts["batches_count"] += len(batches)
        counts["told_records"] += len(tellings)

    stands()
    campaign.record(
        "D6", "of every record its greatest version stands, in any order and any batches", **counts
    )


def test_a_merge_that_takes_what_comes_last_would_be_seen(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A negative control: the same statements without their look at the version."""
    real = warehouse.statement
    monkeypatch.setattr(
        warehouse,
        "statement",
        lambda name: real(name).replace("t.version_number <= excluded.version_number", "true"),
    )
    wrong = [[("surveys", 0, 2)], [("surveys", 0, 1)]]
    assert merged(engine, wrong, "source") != folded([each for told in wrong for each in told], "source")
