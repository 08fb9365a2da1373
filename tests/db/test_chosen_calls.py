"""The stays that a reader has chosen: every narrowing, any threshold and formula, opening hours, days and weekdays."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from dashboard import asking, queries
from dashboard.calls.call_queries import ADDITIVE_COLUMNS
from etl.tickets.business_time import Schedule, openings_between
from sql import warehouse
from sql.metrics import SERVICE_LEVEL_FORMULAS
from tests.db.test_records import call, tell
from tests.laws import law

ZONE = ZoneInfo("Europe/Tallinn")
EDGES = (0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600)
MONDAY = date(2026, 3, 2)
WEEKDAY_HOURS = (8 * 3600 + 1800, 16 * 3600 + 45 * 60)  # 08:30 to 16:45, on quarters of an hour


def local(text: str, day: date = MONDAY) -> datetime:
    """The instant at which the clock in Tallinn shows this time on the day."""
    return datetime.combine(day, time.fromisoformat(text), ZONE).astimezone(UTC)


def put(engine: sa.Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(statement), values)


def question(engine: sa.Engine, name: str, **values: Any) -> pl.DataFrame:
    with warehouse.connected(engine) as connection:
        return queries.QUESTIONS[name](connection, **values)


def open_on(engine: sa.Engine, name: str, *hours: tuple[int, int, int], is_default: bool = False) -> None:
    """A timetable: (weekday, opens, closes) in seconds of the local clock."""
    put(
        engine,
        "insert into warehouse.schedules (schedule_name, time_zone_name, is_default) values (:name, :zone, :is_default)",
        name=name, zone=ZONE.key, is_default=is_default,
    )  # fmt: skip
    for weekday, opens, closes in hours:
        put(
            engine,
            "insert into warehouse.business_hours values (:name, :weekday, :opens, :closes)",
            name=name, weekday=weekday, opens=opens, closes=closes,
        )  # fmt: skip


# ---- a worked day ----

#        id    queue      at       wait  outcome      agent   channel  topic
DRAWN = (
    ("a1", "sales", "09:00", 10, "answered", "mari", "call", "price"),
    ("a2", "sales", "09:14", 30, "answered", "jaan", "call", None),
    ("a3", "sales", "09:15", 3, "abandoned", None, "call", "price"),
    ("a4", "sales", "12:30", 40, "abandoned", None, "chat", None),
    ("a5", "sales", "18:00", 15, "callback", None, "call", "price"),
    ("b1", "billing", "09:05", 20, "answered", "mari", "chat", "invoice"),
    ("b2", "billing", "20:00", 700, "answered", "jaan", "call", "invoice"),
)  # fmt: skip
DAY = {"window_start": local("00:00"), "window_end": local("00:00", MONDAY + timedelta(days=1))}


def stay(
    call_id: str, queue: str, offered_at: datetime, wait: int, outcome: str, agent: str | None, channel: str,
    topic: str | None,
) -> dict[str, Any]:  # fmt: skip
    left_at = offered_at + timedelta(seconds=wait)
    is_answered = outcome == "answered"
    return call(
        call_id,
        queue_name=queue,
        offered_at=offered_at,
        answered_at=left_at if is_answered else None,
        ended_at=left_at + timedelta(seconds=100 if is_answered else 0),
        wait_seconds=wait,
        talk_seconds=100 if is_answered else None,
        outcome_name=outcome,
        agent_name=agent,
        channel_name=channel,
        topic_name=topic,
    )


@pytest.fixture
def worked(engine: sa.Engine) -> sa.Engine:
    """The drawn day: sales is of the group Shop and open from 09:00 to 12:00 and 13:00 to 18:00, billing has no hours."""
    tell(engine, {"calls": [stay(one[0], one[1], local(one[2]), *one[3:]) for one in DRAWN]})
    open_on(engine, "shop", (0, 9 * 3600, 12 * 3600), (0, 13 * 3600, 18 * 3600))
    put(
        engine,
        "update warehouse.queues set group_name = 'Shop', schedule_name = 'shop' where queue_name = 'sales'",
    )
    put(engine, "update warehouse.agents set site_name = null where agent_name = 'jaan'")
    put(engine, "insert into warehouse.teams (team_name) values ('Day'), ('Night')")
    put(
        engine,
        "insert into warehouse.team_members (team_id, agent_id, started_date, ended_date) "
        "select t.team_id, a.agent_id, started::date, ended::date from (values ('mari', 'Day', '2026-01-01', '2026-03-02'), "
        "('mari', 'Night', '2026-03-02', null), ('jaan', 'Day', '2026-03-02', '2026-03-03')) "
        "as d (agent, team, started, ended) "
        "join warehouse.teams as t on t.team_name = d.team join warehouse.agents as a on a.agent_name = d.agent",
    )
    return engine


KINDS = ("queue", "agent", "team")


def numbers_of(engine: sa.Engine) -> dict[tuple[str, str], int]:
    """(kind, name) -> number."""
    rows = question(engine, "call_names").drop_nulls("name_id")
    return {
        (kind, name): number for kind, name, number in rows.select("kind_name", "name_text", "name_id").rows()
    }


def number_of(engine: sa.Engine, kind: str, name: str) -> int:
    return numbers_of(engine)[kind, name]


# what is narrowed to: the offered calls of sales and of billing, None for a queue that is not chosen
NARROWED: list[tuple[dict[str, Any], int | None, int | None]] = [
    ({}, 5, 2),
    ({"queue": "sales"}, 5, None),
    ({"group_name": "Shop"}, 5, None),
    ({"group_name": ""}, None, 2),
    ({"group_name": "Nobody"}, None, None),
    ({"channel_name": "chat"}, 1, 1),
    ({"topic_name": "price"}, 3, 0),
    ({"topic_name": ""}, 2, 0),
    ({"agent": "mari"}, 1, 1),
    ({"team": "Night"}, 1, 1),  # mari changed to it on this very day
    ({"team": "Day"}, 1, 1),  # jaan, until the next day
    ({"site_name": "Here"}, 1, 1),  # mari
    ({"site_name": ""}, 1, 1),  # jaan
    ({"team": "Day", "agent": "mari"}, 0, 0),
    (
        {"is_business_hours": True},
        3,
        0,
    ),  # a4 comes at lunch, a5 as the doors close; billing has no timetable
    ({"is_business_hours": True, "topic_name": "price"}, 2, 0),
]


def test_each_narrowing_chooses_its_stays(worked: sa.Engine) -> None:
    for words, sales, billing in NARROWED:
        numbers = {f"{kind}_id": number_of(worked, kind, words[kind]) for kind in KINDS if kind in words}
        chosen = {name: value for name, value in words.items() if name not in KINDS}
        totals = question(worked, "queue_totals", **DAY, **chosen, **numbers)
        wanted = {
            name: count for name, count in {"sales": sales, "billing": billing}.items() if count is not None
        }
        assert dict(totals.select("queue_name", "offered_calls").rows()) == wanted, words


def test_a_team_is_that_of_the_local_day_of_the_answer(worked: sa.Engine) -> None:
    # 23:59:50 offered on 1 March, when mari was of Day; answered 20 s later on 2 March, when she is of Night.
    late = stay(
        "m1", "sales", local("23:59:50", MONDAY - timedelta(days=1)), 20, "answered", "mari", "call", None
    )
    tell(worked, {"calls": [late]})
    window = {"window_start": local("00:00", MONDAY - timedelta(days=1)), "window_end": DAY["window_start"]}
    handled = [
        question(worked, "queue_together", **window, team_id=number_of(worked, "team", team))[
            "handled_calls"
        ][0]
        for team in ("Day", "Night")
    ]
    assert handled == [0, 1]


def test_the_default_timetable_counts_for_a_queue_without_one(worked: sa.Engine) -> None:
    open_on(worked, "always", (0, 0, 86_400), is_default=True)
    totals = question(worked, "queue_totals", **DAY, is_business_hours=True)
    assert dict(totals.select("queue_name", "offered_calls").rows()) == {"billing": 2, "sales": 3}


def test_all_queues_together_are_one_row_without_the_settings_they_do_not_share(worked: sa.Engine) -> None:
    together = question(worked, "queue_together", **DAY)
    assert together.height == 1
    row = together.row(0, named=True)
    assert (row["offered_calls"], row["answered_calls"], row["abandoned_calls"], row["flowed_out_calls"]) == (
        7,
        4,
        2,
        1,
    )
    assert row["average_speed_of_answer_seconds"] == (10 + 30 + 20 + 700) / 4
    assert row["longest_wait_seconds"] == 700
    # within 20 s: a1 and b1, of 7 offered but for the one short abandon
    assert row["service_level_ratio"] == 2 / (7 - 1)
    put(worked, "update warehouse.queues set service_level_threshold_seconds = 60 where queue_name = 'sales'")
    row = question(worked, "queue_together", **DAY).row(0, named=True)
    assert row["service_level_threshold_seconds"] is None
    assert row["service_level_formula_name"] == "offered_no_short"
    put(
        worked, "update warehouse.queues set service_level_formula_name = 'strict' where queue_name = 'sales'"
    )
    assert question(worked, "queue_together", **DAY)["service_level_ratio"].to_list() == [None]
    same = question(worked, "queue_together", **DAY, formula_name="strict", threshold_seconds=30)
    assert same["service_level_ratio"].to_list() == [3 / 7]


def test_each_quarter_of_an_hour_is_there_once(worked: sa.Engine) -> None:
    intervals = question(worked, "queue_intervals", **DAY)
    assert intervals.height == 96
    busy = intervals.filter(pl.col("offered_calls") > 0).select("interval_start_at", "offered_calls").rows()
    assert busy == [
        (local("09:00"), 3), (local("09:15"), 1), (local("12:30"), 1), (local("18:00"), 1), (local("20:00"), 1)
    ]  # fmt: skip
    quiet = intervals.filter(pl.col("offered_calls") == 0)
    assert quiet["service_level_ratio"].null_count() == quiet.height
    assert quiet["longest_wait_seconds"].null_count() == quiet.height


@pytest.mark.parametrize(("day", "quarters"), [(date(2026, 3, 29), 92), (date(2026, 10, 25), 100)])
def test_the_nights_of_the_clock_change_have_the_quarters_of_their_hours(
    worked: sa.Engine, day: date, quarters: int
) -> None:
    window = {"window_start": local("00:00", day), "window_end": local("00:00", day + timedelta(days=1))}
    assert question(worked, "queue_intervals", **window).height == quarters
    hours = question(worked, "queue_hours", **window)
    # In spring the hour from 03:00 is not there at all; in autumn it is there twice, on one day.
    assert hours.height == (92 if quarters == 92 else 96)
    assert hours["days_count"].unique().to_list() == [1]
    assert (3 * 3600 in hours["interval_start_seconds"].to_list()) == (quarters == 100)
    assert hours["weekday_number"].unique().to_list() == [6]
    assert question(worked, "queue_days", **window)["day_date"].to_list() == [day]


def test_days_and_weekdays_are_those_of_the_site(worked: sa.Engine) -> None:
    midnight = DAY["window_end"]
    calls = [
        stay("n1", "sales", midnight - timedelta(seconds=1), 1, "abandoned", None, "call", None),
        stay("n2", "sales", midnight, 1, "abandoned", None, "call", None),
    ]
    tell(worked, {"calls": calls}, name="other")
    window = {"window_start": DAY["window_start"], "window_end": local("00:00", MONDAY + timedelta(days=15))}
    days = question(worked, "queue_days", **window)
    assert days.height == 15
    assert days.head(3).select("day_date", "offered_calls").rows() == [
        (MONDAY, 7 + 1), (MONDAY + timedelta(days=1), 1), (MONDAY + timedelta(days=2), 0)
    ]  # fmt: skip
    hours = question(worked, "queue_hours", **window).filter(pl.col("offered_calls") > 0)
    columns = ("weekday_number", "interval_start_seconds", "days_count", "offered_calls")
    assert hours.select(columns).rows() == [
        (0, 9 * 3600, 3, 3), (0, 9 * 3600 + 900, 3, 1), (0, 12 * 3600 + 1800, 3, 1), (0, 18 * 3600, 3, 1),
        (0, 20 * 3600, 3, 1), (0, 23 * 3600 + 2700, 3, 1), (1, 0, 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("narrowed", [{}, {"channel_name": "call"}], ids=["rollups", "facts"])
def test_waits_are_told_by_how_they_ended(worked: sa.Engine, narrowed: dict[str, Any]) -> None:
    columns = ("after_seconds", "until_seconds", "answered_calls", "abandoned_calls", "flowed_out_calls")
    waits = question(worked, "wait_times", **DAY, **narrowed).select(columns)
    assert waits.height == 16
    found = [row for row in waits.rows() if any(row[2:])]
    # a3 waited 3 s, a1 10 s, a5 15 s, b1 (chat) 20 s, a2 30 s, a4 (chat) 40 s, b2 700 s
    chats = [(15, 20, 1, 0, 0), (30, 45, 0, 1, 0)] if not narrowed else []
    assert found == sorted(
        [
            (0, 5, 0, 1, 0),
            (5, 10, 1, 0, 0),
            (10, 15, 0, 0, 1),
            (25, 30, 1, 0, 0),
            (600, None, 1, 0, 0),
            *chats,
        ],
        key=lambda row: row[0],
    )


def test_the_filters_are_offered_every_name_there_is(worked: sa.Engine) -> None:
    names = question(worked, "call_names")
    found = {
        kind: [text for one, text in names.select("kind_name", "name_text").rows() if one == kind]
        for kind in ("queue", "group", "channel", "topic", "team", "agent", "site", "schedule")
    }
    assert found == {
        "queue": ["billing", "sales"],
        "group": ["", "Shop"],
        "channel": ["call", "chat"],
        "topic": ["", "invoice", "price"],
        "team": ["Day", "Night"],
        "agent": ["jaan", "mari"],
        "site": ["", "Here"],
        "schedule": ["shop"],
    }


# ---- the eight formulas ----

#           how many, wait, outcome: the oracle of METRICS, 100 offered
ORACLE = (
    (70, 20, "answered"), (10, 21, "answered"), (6, 3, "abandoned"), (4, 12, "abandoned"), (6, 60, "abandoned"),
    (2, 15, "callback"), (1, 50, "callback"), (1, 90, "overflowed"),
)  # fmt: skip
LEVELS = {
    "answered": 70 / 80,
    "strict": 70 / 100,
    "abandons": 70 / (80 + 16),
    "no_short": 70 / (80 + 16 - 6),
    "offered_no_short": 70 / (100 - 6),
    "abandons_late": 70 / (80 + 16 - 10),
    "abandons_good": (70 + 10) / (80 + 16),
    "removed": (70 + 10 + 2) / 100,
}


def test_every_formula_and_threshold_can_be_asked_for_afterwards(engine: sa.Engine) -> None:
    agents = {"answered": "mari"}
    stays = [
        stay(f"{group}.{place}", "sales", local("10:00"), wait, outcome, agents.get(outcome), "call", None)
        for group, (count, wait, outcome) in enumerate(ORACLE)
        for place in range(count)
    ]  # fmt: skip
    tell(engine, {"calls": stays})
    put(
        engine,
        "update warehouse.queues set service_level_threshold_seconds = 90, service_level_formula_name = 'removed'",
    )
    for narrowed in ({}, {"channel_name": "call"}):  # from the histogram of the rollups, and from the facts
        found = {
            name: question(engine, "queue_totals", **DAY, formula_name=name, threshold_seconds=20, **narrowed)
            for name in SERVICE_LEVEL_FORMULAS
        }
        assert {name: frame["service_level_ratio"][0] for name, frame in found.items()} == LEVELS
    late = question(engine, "queue_totals", **DAY, formula_name="strict", threshold_seconds=21)
    assert late["service_level_ratio"][0] == 80 / 100  # 21 is no edge of the histogram: the facts know


# ---- a floor that a machine draws, and narrowings that it draws too ----


@dataclass(frozen=True)
class Narrowed:
    """What was drawn to narrow a question to."""

    start_minute: int
    minutes: int
    threshold: int | None
    queue: str | None
    group: str | None
    channel: str | None
    topic: str | None
    team: str | None
    site: str | None
    agent: str | None
    is_business_hours: bool


NARROWINGS = st.builds(
    Narrowed,
    start_minute=st.one_of(st.integers(0, 95).map(lambda quarter: quarter * 15), st.integers(0, 1439)),
    minutes=st.one_of(st.integers(1, 200).map(lambda quarter: quarter * 15), st.integers(1, 3000)),
    threshold=st.one_of(st.none(), st.sampled_from(EDGES), st.integers(0, 700)),
    queue=st.sampled_from((None, None, "sales", "billing", "mail")),
    group=st.sampled_from((None, None, None, "Shop", "")),
    channel=st.sampled_from((None, None, None, "call", "chat", "fax")),
    topic=st.sampled_from((None, None, None, "price", "")),
    team=st.sampled_from((None, None, None, "Day", "Night")),
    site=st.sampled_from((None, None, None, "Here", "")),
    agent=st.sampled_from((None, None, None, "mari", "jaan", "tiit")),
    is_business_hours=st.booleans(),
)
GROUPS = {"sales": "Shop", "billing": None, "mail": "Shop"}
SITES = {"mari": "Here", "jaan": None, "tiit": "Here"}
TEAMS = {  # agent: team and first day, in order; the last one lasts
    "mari": [("Day", date(2026, 1, 1)), ("Night", MONDAY + timedelta(days=1))],
    "jaan": [("Night", MONDAY)],
    "tiit": [],
}
HOURS = {
    "sales": (9 * 3600, 18 * 3600),
    "mail": WEEKDAY_HOURS,
    "billing": WEEKDAY_HOURS,
}  # the default: billing


def drawn_stays() -> list[dict[str, Any]]:
    """Three days of stays with every outcome, some of them right at the borders of intervals, days and thresholds."""
    chance = random.Random(7)
    rows = []
    for place in range(400):
        second = chance.choice(
            (chance.randrange(3 * 86_400), chance.randrange(3 * 96) * 900, chance.randrange(3) * 86_400)
        )
        outcome = chance.choice(
            (
                "answered",
                "answered",
                "answered",
                "abandoned",
                "callback",
                "overflowed",
                "timed_out",
                "withdrawn",
            )
        )
        wait = chance.choice((*EDGES, *(edge + 1 for edge in EDGES), 4, 700))
        row = stay(
            f"c{place}",
            chance.choice(("sales", "billing", "mail")),
            DAY["window_start"] + timedelta(seconds=second),
            wait,
            outcome,
            chance.choice(("mari", "jaan", "tiit")) if outcome == "answered" or place % 10 == 0 else None,
            chance.choice(("call", "call", "chat")),
            chance.choice((None, "price", "invoice")),
        )
        rows.append(row)
    return rows


def expected(rows: list[dict[str, Any]], asked: Narrowed) -> dict[str, int | None]:
    """The same sums in plain words, from the drawn rows alone."""
    start = DAY["window_start"] + timedelta(minutes=asked.start_minute)
    end = start + timedelta(minutes=asked.minutes)

    def team_of(row: dict[str, Any]) -> str | None:
        day = row["answered_at"].astimezone(ZONE).date()
        return next((team for team, first in reversed(TEAMS[row["agent_name"]]) if first <= day), None)

    def is_chosen(row: dict[str, Any]) -> bool:
        if not start <= row["offered_at"] < end:
            return False
        clock = row["offered_at"].astimezone(ZONE)
        second = clock.hour * 3600 + clock.minute * 60 + clock.second
        opens, closes = HOURS[row["queue_name"]]
        answered = row["outcome_name"] == "answered"
        return all((
            asked.queue in (None, row["queue_name"]),
            asked.group is None or asked.group == (GROUPS[row["queue_name"]] or ""),
            asked.channel in (None, row["channel_name"]),
            asked.topic is None or asked.topic == (row["topic_name"] or ""),
            asked.agent is None or (answered and asked.agent == row["agent_name"]),
            asked.site is None or (answered and asked.site == (SITES[row["agent_name"]] or "")),
            asked.team is None or (answered and asked.team == team_of(row)),
            not asked.is_business_hours or (clock.weekday() < 5 and opens <= second < closes),
        ))  # fmt: skip

    chosen = [row for row in rows if is_chosen(row)]
    limit = 20 if asked.threshold is None else asked.threshold
    flowed = ("callback", "overflowed", "timed_out", "withdrawn")

    def count(*outcomes: str, within: int = 10**9) -> int:
        return sum(row["outcome_name"] in outcomes and row["wait_seconds"] <= within for row in chosen)

    return {
        "offered_calls": len(chosen),
        "answered_calls": count("answered"),
        "answered_in_threshold_calls": count("answered", within=limit),
        "abandoned_calls": count("abandoned"),
        "short_abandoned_calls": count("abandoned", within=4),
        "abandoned_in_threshold_calls": count("abandoned", within=limit),
        "flowed_out_calls": count(*flowed),
        "flowed_out_in_threshold_calls": count(*flowed, within=limit),
        "callback_calls": count("callback"),
        "overflowed_calls": count("overflowed"),
        "timed_out_calls": count("timed_out"),
        "withdrawn_calls": count("withdrawn"),
        "interrupted_calls": 0,
        "waiting_calls": 0,
        "in_progress_calls": 0,
        "handled_calls": count("answered"),
        "transferred_calls": 0,
        "answered_wait_seconds": sum(
            row["wait_seconds"] for row in chosen if row["outcome_name"] == "answered"
        ),
        "abandoned_wait_seconds": sum(
            row["wait_seconds"] for row in chosen if row["outcome_name"] == "abandoned"
        ),
        "flowed_out_wait_seconds": sum(
            row["wait_seconds"] for row in chosen if row["outcome_name"] in flowed
        ),
        "talk_seconds": 100 * count("answered"),
        "hold_seconds": 0,
        "wrap_up_seconds": 0,
        "longest_wait_seconds": max((row["wait_seconds"] for row in chosen), default=None),
    }


@pytest.fixture
def drawn_floor(
    engine: sa.Engine,
) -> Iterator[tuple[list[dict[str, Any]], Callable[..., pl.DataFrame], dict[str, int]]]:
    rows = drawn_stays()
    tell(engine, {"calls": rows})
    open_on(engine, "shop", *((weekday, *HOURS["sales"]) for weekday in range(5)))
    open_on(engine, "office", *((weekday, *WEEKDAY_HOURS) for weekday in range(5)), is_default=True)
    put(engine, "update warehouse.queues set schedule_name = 'shop' where queue_name = 'sales'")
    put(engine, "update warehouse.queues set schedule_name = 'office' where queue_name = 'mail'")
    for name, group in GROUPS.items():
        put(
            engine,
            "update warehouse.queues set group_name = :group where queue_name = :name",
            name=name,
            group=group,
        )
    for name, site in SITES.items():
        put(
            engine,
            "update warehouse.agents set site_name = :site where agent_name = :name",
            name=name,
            site=site,
        )
    put(engine, "insert into warehouse.teams (team_name) values ('Day'), ('Night')")
    for agent, spans in TEAMS.items():
        for place, (team, first) in enumerate(spans):
            put(
                engine,
                "insert into warehouse.team_members select t.team_id, a.agent_id, :first, :ended from warehouse.teams as t, "
                "warehouse.agents as a where t.team_name = :team and a.agent_name = :agent",
                agent=agent, team=team, first=first, ended=spans[place + 1][1] if place + 1 < len(spans) else None,
            )  # fmt: skip
    numbers = {name: number for (_, name), number in numbers_of(engine).items()}
    with warehouse.connected(engine, deadline_seconds=600) as connection:
        yield rows, lambda name, **values: queries.QUESTIONS[name](connection, **values), numbers


@law(30, long=1500, allows=[HealthCheck.function_scoped_fixture])
@given(asked=NARROWINGS)
def test_every_question_tells_the_same_of_any_choice(
    drawn_floor: tuple[list[dict[str, Any]], Callable[..., pl.DataFrame], dict[str, int]], asked: Narrowed
) -> None:
    rows, put_question, numbers = drawn_floor
    start = DAY["window_start"] + timedelta(minutes=asked.start_minute)
    chosen = {
        "window_start": start,
        "window_end": start + timedelta(minutes=asked.minutes),
        "queue_id": numbers.get(asked.queue or ""),
        "group_name": asked.group,
        "channel_name": asked.channel,
        "topic_name": asked.topic,
        "team_id": numbers.get(asked.team or ""),
        "site_name": asked.site,
        "agent_id": numbers.get(asked.agent or ""),
        "is_business_hours": asked.is_business_hours,
    }
    wanted = expected(rows, asked)
    settled = {**chosen, "threshold_seconds": asked.threshold}
    sums = [pl.col(ADDITIVE_COLUMNS).sum(), pl.col("longest_wait_seconds").max()]
    assert put_question("queue_together", **settled).select(*sums).row(0, named=True) == wanted
    for name in ("queue_intervals", "queue_days", "queue_hours"):
        assert put_question(name, **settled).select(*sums).row(0, named=True) == wanted, name
    waits = put_question("wait_times", **chosen).sum().row(0, named=True)
    for column in ("answered_calls", "abandoned_calls", "flowed_out_calls"):
        assert waits[column] == wanted[column]


# ---- opening hours ----

NIGHTS = {  # zone: a day of each clock change, and one where none is
    "Europe/Tallinn": (date(2026, 3, 29), date(2026, 10, 25)),
    "America/Havana": (date(2026, 3, 8), date(2026, 11, 1)),  # at midnight
    "Australia/Lord_Howe": (date(2026, 4, 5), date(2026, 10, 4)),  # by half an hour
    "Asia/Kolkata": (date(2026, 3, 29), date(2026, 6, 1)),
}
STRETCHES = st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)).filter(
    lambda each: each[1] < each[2]
)


@law(25, long=1500, allows=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(sorted(NIGHTS)),
    place=st.integers(0, 1),
    hours=st.lists(STRETCHES, min_size=1, max_size=5, unique_by=lambda each: each[:2]),
    holidays=st.lists(st.integers(-2, 2), max_size=1),
)
def test_a_timetable_is_open_when_business_time_runs(
    engine: sa.Engine, zone: str, place: int, hours: list[tuple[int, int, int]], holidays: list[int]
) -> None:
    night = NIGHTS[zone][place]
    closed = tuple((night + timedelta(days=days), night + timedelta(days=days)) for days in holidays)
    openings = openings_between(Schedule("x", zone, tuple(hours), closed), *_microseconds(night))
    start, end = (datetime.combine(night + timedelta(days=days), time(), UTC) for days in (-3, 4))
    with engine.connect() as connection:
        connection.execute(
            sa.text("insert into warehouse.schedules (schedule_name, time_zone_name) values ('x', :zone)"),
            {"zone": zone},
        )
        for weekday, opens, closes in hours:
            connection.execute(
                sa.text("insert into warehouse.business_hours values ('x', :weekday, :opens, :closes)"),
                {"weekday": weekday, "opens": opens * 60, "closes": closes * 60},
            )
        for first, last in closed:
            connection.execute(
                sa.text("insert into warehouse.holidays values ('x', :first, :last, 'closed')"),
                {"first": first, "last": last},
            )
        found = connection.execute(
            sa.text("select opens_at, closes_at from warehouse.open_stretches('x', :start, :end) order by 1"),
            {"start": start, "end": end},
        ).all()
        connection.rollback()
    spans = zip(openings.starts.tolist(), openings.ends.tolist(), strict=True)
    instants = [
        (datetime.fromtimestamp(a / 1e6, UTC), datetime.fromtimestamp(b / 1e6, UTC)) for a, b in spans
    ]
    cut = [(max(a, start), min(b, end)) for a, b in instants if b > start and a < end]
    assert [tuple(row) for row in found] == cut


def _microseconds(day: date) -> tuple[int, int]:
    at = int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000
    return at, at


OPEN_AT = {
    "08:59:59": False, "09:00": True, "11:59:59": True, "12:00": False, "12:59:59": False, "13:00": True,
    "17:59:59": True, "18:00": False,
}  # fmt: skip


def test_a_timetable_is_open_from_its_opening_until_just_before_its_closing(worked: sa.Engine) -> None:
    def is_open(name: str | None, at: str) -> bool | None:
        with worked.connect() as connection:
            asked = sa.text("select warehouse.is_open_at(:name, :at)")
            found: bool | None = connection.execute(asked, {"name": name, "at": local(at)}).scalar()
            return found

    assert {at: is_open("shop", at) for at in OPEN_AT} == OPEN_AT
    assert is_open(None, "10:00") is None, "there is no default timetable, so nobody knows"
    put(worked, "insert into warehouse.holidays values ('shop', '2026-03-01', '2026-03-02', 'Inventory')")
    assert is_open("shop", "10:00") is False


# ---- asked on the command line ----


REFUSED: list[tuple[dict[str, str], str]] = [
    ({"formula_name": "best"}, '--formula-name "best" is no formula; expected one of: abandons,'),
    ({"group_name": "Shops"}, 'There is no group with --group-name Shops, expected one of: "", Shop;'),
    ({"team_id": "77"}, "There is no team with --team-id 77, expected one of: "),
    ({"channel_name": "fax"}, "There is no channel with --channel-name fax, expected one of: call, chat;"),
    ({"is_business_hours": "maybe"}, '--is-business-hours "maybe" cannot be used; expected true or false.'),
    ({"color": "red"}, "does not take --color"),
]


def test_a_word_that_narrows_nothing_here_is_refused(worked: sa.Engine) -> None:
    window = {name: instant.isoformat() for name, instant in DAY.items()}
    with warehouse.connected(worked) as connection:
        for words, told in REFUSED:
            with pytest.raises(asking.AskError) as refused:
                asking.ask(connection, "queue_intervals", {**window, **words}, now=DAY["window_end"])
            assert told in str(refused.value)


def test_a_question_on_the_command_line_takes_every_narrowing(worked: sa.Engine) -> None:
    window = {name: instant.isoformat() for name, instant in DAY.items()}
    words = {
        "group_name": "",
        "formula_name": "strict",
        "threshold_seconds": "600",
        "is_business_hours": "false",
    }
    with warehouse.connected(worked) as connection:
        found = asking.ask(connection, "queue_totals", {**window, **words}, now=DAY["window_end"])
    # billing: b1 within 600 s, b2 after 700 s
    assert found.select("queue_name", "service_level_ratio").rows() == [("billing", 1 / 2)]
