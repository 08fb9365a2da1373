"""What a wall tells of teams, people, customers' scores and the day, on a real Postgres: drawn days, who is told what."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.calls import call_queries
from dashboard.goals import goal_queries
from dashboard.voice import voice_queries
from dashboard.wall import news, news_queries
from sql import policy, rights, warehouse
from tests.db.test_records import Row, call, tell

ZONE = ZoneInfo("Europe/Tallinn")
TODAY = date(2025, 10, 30)  # a Thursday; the clock went back on the Sunday before
USUAL = (date(2025, 10, 2), date(2025, 10, 9), date(2025, 10, 16), date(2025, 10, 23))
SCORED = (date(2025, 10, 27), date(2025, 10, 14))  # of the last seven whole days, and of the 28 before
TEAMS = {
    "Amber": ("a1", "a2", "a3", "a4", "a5", "a6"),
    "Birch": ("b1", "b2", "b3"),
    "Cedar": ("p1", "p2", "p3", "p4", "p5"),
}
AGENTS = [*(name for names in TEAMS.values() for name in names), "n1", "n2"]  # two are in no team
# Of 40 customers of each agent so many gave 5 of 5, the others 2.
SATISFIED = {"p1": 38, "p2": 34, "p3": 30, "p4": 26, "p5": 22}
READERS = {
    "mag": ("manager", None, None),
    "eve": ("executive", None, None),
    "tv": ("wall", None, None),
    "sam": ("supervisor", None, "Birch"),
    "amy": ("agent", "a1", None),
    "pia": ("agent", "p2", None),
}


def local(day: date, hour: int, minute: int = 0, second: int = 0, *, fold: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=ZONE, fold=fold)


NOON = local(TODAY, 12, 30)


def stay(number: str, agent_name: str | None, offered_at: datetime, wait: int, **changes: Any) -> Row:
    """A contact of one minute's talk; without an agent it was abandoned."""
    left = offered_at.astimezone(UTC) + timedelta(seconds=wait)
    is_answered = agent_name is not None
    return call(
        number,
        agent_name=agent_name,
        offered_at=offered_at.astimezone(UTC),
        answered_at=left if is_answered else None,
        ended_at=left + timedelta(seconds=60) if is_answered else left,
        outcome_name="answered" if is_answered else "abandoned",
        wait_seconds=wait,
        talk_seconds=60 if is_answered else None,
        **changes,
    )


def drawn() -> list[Row]:
    """Today twelve rounds, every 20 minutes from 8:00 on, in which each agent takes one contact, a second apart.

    Amber answers three of four rounds within 10 s, the fourth after 30 s; Birch all at once; of Cedar p1 is always late. On
    the four Thursdays before Amber has four rounds, and one contact each at 12:15 and at 12:45.
    """
    rows = []
    for turn in range(12):
        for place, name in enumerate(AGENTS):
            is_late = name == "p1" or (name.startswith("a") and turn % 4 == 3)
            at = local(TODAY, 8) + timedelta(minutes=20 * turn, seconds=place)
            rows.append(stay(f"t{turn}{name}", name, at, 30 if is_late else 10))
    rows.append(stay("late", "a1", local(TODAY, 12, 10), 10))
    rows.append(stay("lost", None, local(TODAY, 9), 60))
    rows.append(stay("short", None, local(TODAY, 11, 30), 3))
    for day in USUAL:
        rows += [
            stay(
                f"{day}{turn}{name}",
                name,
                local(day, 8, 20 * turn % 60, 1) + timedelta(hours=turn // 3),
                30 if turn == 3 else 10,
            )
            for turn in range(4)
            for name in TEAMS["Amber"]
        ]
        rows += [stay(f"{day}{minute}", "a1", local(day, 12, minute), 10) for minute in (15, 45)]
    for name, satisfied in SATISFIED.items():
        for place in range(40):
            at = local(SCORED[place >= 8], 9, place, AGENTS.index(name))
            rows.append(stay(f"s{name}{place}", name, at, 10, csat_score=5 if place < satisfied else 2))
    return rows


def states() -> list[Row]:
    since = {"a1": (12, 0, "on_contact"), "a2": (12, 20, "on_contact"), "a3": (12, 5, "paused"), "a4": (8, 0, "available"),
             "a5": (12, 28, "wrap_up"), "a6": (12, 0, "signed_out")}  # fmt: skip
    return [
        {"agent_name": name, "started_at": local(TODAY, hour, minute).astimezone(UTC), "state_name": state}
        for name, (hour, minute, state) in since.items()
    ]


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    """The drawn days, with an account of each reader."""
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.sites values ('Here', 'Europe/Tallinn')"))
    tell(shared_engine, {"calls": drawn(), "agent_states": states()})
    rights.install(shared_engine)
    with shared_engine.begin() as connection:

        def run(text: str, *rows: dict[str, Any]) -> None:
            connection.execute(sa.text(text), list(rows) or [{}])

        run("update warehouse.queues set service_level_threshold_seconds = 20, short_abandon_seconds = 5")
        run("insert into warehouse.teams (team_name) values (:name)", *({"name": name} for name in TEAMS))
        run(
            "insert into warehouse.team_members select t.team_id, a.agent_id, '2020-01-01' from warehouse.teams as t, "
            "warehouse.agents as a where t.team_name = :team and a.agent_name = :agent",
            *({"team": team, "agent": agent} for team, agents in TEAMS.items() for agent in agents),
        )
        run(
            "with made as (insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, "
            "(select a.agent_id from warehouse.agents as a where a.agent_name = :agent)) returning account_id), placed as ("
            "insert into access.account_teams select m.account_id, t.team_id from made as m, warehouse.teams as t "
            "where t.team_name = :team) insert into access.sessions (token_sha256, account_id, ends_at) "
            "select sha256(convert_to(:login, 'UTF8')), account_id, now() + interval '1 day' from made",
            *(
                {"login": login, "role": role, "agent": agent, "team": team}
                for login, (role, agent, team) in READERS.items()
            ),
        )
    return shared_engine


@contextmanager
def reading(engine: sa.Engine, login: str | None) -> Iterator[sa.Connection]:
    """A connection of whoever reads; None: a site on which nobody signs in."""
    with warehouse.connected(engine) as connection:
        if login is not None:
            rights.enter(connection, login)
        yield connection


def told(
    engine: sa.Engine, login: str | None, question: str, as_of: datetime = NOON, **given: Any
) -> pl.DataFrame:
    with reading(engine, login) as connection:
        return getattr(news_queries, question)(connection, as_of=as_of.astimezone(UTC), **given)  # type: ignore[no-any-return]


def teams(engine: sa.Engine, login: str | None, as_of: datetime = NOON) -> dict[str, tuple[Any, ...]]:
    """By team: answered in time of answered today, the same of its usual days, and why nothing is told."""
    found = told(engine, login, "wall_teams", as_of)
    return {
        row["team_name"]: (
            row["answered_in_threshold_calls"], row["answered_calls"],
            row["usual_answered_in_threshold_calls"], row["usual_answered_calls"], row["withheld_name"],
        )
        for row in found.iter_rows(named=True)
    }  # fmt: skip


@pytest.mark.parametrize("login", [None, "mag"])
def test_each_team_stands_beside_its_own_usual_until_the_same_time(
    floor: sa.Engine, login: str | None
) -> None:
    # Amber: 6 agents x 12 rounds, 3 of 4 in time, and one at 12:10; usual 6 x 4 on 4 days, and one at 12:15 each. 12:45 is
    # later than now by the clock on the wall, though in summer time it was before now in UTC.
    assert teams(floor, login) == {
        "Amber": (6 * 9 + 1, 6 * 12 + 1, 4 * (6 * 3 + 1), 4 * (6 * 4 + 1), None),
        "Birch": (3 * 12, 3 * 12, 0, 0, None),
        "Cedar": (4 * 12, 5 * 12, 0, 0, None),
    }
    row = told(floor, login, "wall_teams").row(0, named=True)
    assert row["service_level_answered_ratio"] == 55 / 73
    assert row["usual_service_level_answered_ratio"] == 76 / 100
    assert (row["usual_days_count"], row["is_rounded"], row["until_at"]) == (4, False, NOON)


@pytest.mark.parametrize("login", ["tv", "eve"])
def test_a_display_is_told_of_a_large_team_in_steps_and_nothing_of_a_small_one(
    floor: sa.Engine, login: str
) -> None:
    # until 12:00: 54 of 72 (0.75) are at least 60, of which 0.75 are 45; usual 72 of 96, which are 45 of 60
    # Cedar 48 of 60; its usual days have nobody
    assert teams(floor, login) == {
        "Amber": (45, 60, 45, 60, None),
        "Birch": (None, None, None, None, "few"),
        "Cedar": (48, 60, None, None, None),
    }
    found = told(floor, login, "wall_teams")
    assert found["is_rounded"].all()
    assert found["until_at"].unique().to_list() == [local(TODAY, 12)]
    assert found["fewest_agents"].to_list() == [None, 5, None]
    assert not [name for name in found.columns if "agent" in name and name != "fewest_agents"]


def test_whoever_reads_knows_the_own_work_and_needs_five_others(floor: sa.Engine) -> None:
    assert teams(floor, "amy")["Amber"] == (45, 60, 45, 60, None)  # five others
    assert teams(floor, "amy")["Cedar"] == (48, 60, None, None, None)
    assert teams(floor, "pia")["Cedar"] == (None, None, None, None, "few")  # four others
    # a supervisor is told of the own team to the contact, of the others in steps
    assert teams(floor, "sam")["Birch"] == (36, 36, 0, 0, None)
    assert teams(floor, "sam")["Amber"] == (45, 60, 45, 60, None)
    # beside Amber and Cedar only the two without a team would be left over to a supervisor who knows all of Birch
    assert teams(floor, "sam")["Cedar"] == (None, None, None, None, "beside")


def test_no_contact_of_the_running_day_shows_in_what_a_display_is_told(floor: sa.Engine) -> None:
    minutes = [local(TODAY, 11) + timedelta(minutes=n) for n in (0, 19, 20, 21, 40, 59)]
    answers = {str(teams(floor, "tv", at)) for at in minutes}
    assert len(answers) == 1  # within an hour nothing moves
    exact = {str(teams(floor, None, at)) for at in minutes}
    assert len(exact) == 4  # while whoever sees everybody is told of each round
    for hour in range(8, 24):
        for in_time, n, usual_in_time, usual_n, why in teams(floor, "tv", local(TODAY, hour, 30)).values():
            assert (why is None) == (n is not None)
            for part, whole in ((in_time, n), (usual_in_time, usual_n)):
                assert whole is None or (whole % 60 == 0 and (whole == 0 or part * 20 % whole == 0))


def test_where_single_figures_are_switched_off_a_small_team_is_told_to_nobody(floor: sa.Engine) -> None:
    with warehouse.connected(floor) as connection:
        off = {name: one for name, one in policy.example().items() if name != "handled_contacts"}
        savepoint = connection.begin_nested()
        policy.keep(
            connection,
            {**off, "handled_contacts": policy.Named(purpose="", is_off=True)},
            noted_at=NOON,
        )
        found = news_queries.wall_teams(connection, as_of=NOON)
        savepoint.rollback()
    assert found["withheld_name"].to_list() == [None, "few", None]
    assert found["answered_calls"].to_list() == [73, None, 60]


@pytest.mark.parametrize(
    ("instant", "answered"),
    [
        (local(date(2025, 10, 26), 0, 30), 1),  # the long night: 25 hours, and three o'clock comes twice
        (local(date(2025, 10, 26), 3, 30), 2),
        (local(date(2025, 10, 26), 3, 30, fold=1), 3),
        (local(date(2025, 10, 26), 23, 59), 4),
        (local(date(2025, 10, 27), 0, 0, 30), 0),
        (local(date(2025, 3, 30), 4, 30), 2),  # the short night: after 2:59 comes 4:00
        (local(date(2025, 3, 30), 23, 59), 3),
        (local(date(2025, 3, 31), 0, 0, 30), 0),
    ],
)
def test_today_is_the_local_day_on_both_nights_of_the_clock_change(
    nights: sa.Engine, instant: datetime, answered: int
) -> None:
    found = told(nights, None, "wall_teams", instant)
    assert found["answered_calls"].sum() == answered
    news_row = (
        told(nights, None, "wall_news", instant).filter(pl.col("of_kind_name") == "today").row(0, named=True)
    )
    assert news_row["answered_calls"] == answered
    hours = told(nights, None, "wall_news", local(instant.date() + timedelta(days=1), 0)).filter(
        pl.col("of_kind_name") == "hour", pl.col("day_date") == instant.date()
    )
    assert (hours["ended_at"] - hours["started_at"]).unique().to_list() in ([timedelta(hours=1)], [])
    assert hours["started_at"].is_unique().all()


@pytest.fixture(scope="module")
def nights(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """One agent of a team, and a contact each around both nights of the clock change."""
    from tests.conftest import engine_of_copy

    long, short = date(2025, 10, 26), date(2025, 3, 30)
    at = [local(long, 0, 1), local(long, 3, 10), local(long, 3, 10, fold=1), local(long, 23, 50)]
    at += [local(short, 0, 1), local(short, 4, 10), local(short, 23, 50)]
    with engine_of_copy(server_url, template_name) as engine:
        with engine.begin() as connection:
            connection.execute(sa.text("insert into warehouse.sites values ('Here', 'Europe/Tallinn')"))
        tell(engine, {"calls": [stay(f"n{place}", "mari", instant, 10) for place, instant in enumerate(at)]})
        with engine.begin() as connection:
            connection.execute(sa.text("insert into warehouse.teams (team_name) values ('Night')"))
            connection.execute(sa.text("insert into warehouse.team_members values (1, 1, '2020-01-01')"))
        yield engine


@contextmanager
def consenting(engine: sa.Engine, *names: str) -> Iterator[None]:
    """For the length of the block these people allow their name on a wall."""
    given = (
        "insert into access.consents (agent_id, board_name, given_at) select a.agent_id, 'wall', '2025-10-01' "
        "from warehouse.agents as a where a.agent_name = any(:names)"
    )
    with engine.begin() as connection:
        connection.execute(sa.text(given), {"names": list(names)})
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("delete from access.consents"))


def test_the_three_are_found_by_scores_drawn_towards_what_their_queues_let_expect(floor: sa.Engine) -> None:
    """N = 200 scores of 5 agents, 150 satisfied: 0.75, so 30 of 40 are expected of each.

    Between agents: (8² + 4² + 0 + 4² + 8²) / 40 / (5 - 1) = 1. Within: (38·2 + 34·6 + 30·10 + 26·14 + 22·18) / 40 /
    (200 - 5) = 33.5 / 195. So the floor weighs 40 · within / (1 - within) scores, and it takes 7/3 of them to be told.
    """
    within = 33.5 / 195
    prior = 40 * within / (1 - within)
    with consenting(floor, "p1", "p2", "p3", "p5", "b1"):
        found = told(floor, "tv", "wall_top")
        assert found.select("place_number", "agent_name", "csat_count", "csat_satisfied_count").rows() == [
            (1, "p1", 40, 38),
            (2, "p2", 40, 34),
        ]  # p3 is as expected, p5 below: who is not in it is not told
        assert found["shrunken_ratio"].to_list() == pytest.approx(
            [0.75 + 8 / (40 + prior), 0.75 + 4 / (40 + prior)]
        )
        assert found["needed_count"].to_list()[:1] == [20]
        assert not [
            name for name in found.columns if name.startswith("floor")
        ]  # less the named ones it may be of few
        assert 19 < 7 * prior / 3 < 20
        assert found.select("first_date", "last_date").row(0) == (date(2025, 10, 2), date(2025, 10, 29))
        for login in (*READERS, None):
            assert told(floor, login, "wall_top").equals(found)


def test_nobody_is_named_who_has_not_allowed_it_and_the_wall_says_how(floor: sa.Engine) -> None:
    def nothing(*names: str) -> str:
        with consenting(floor, *names):
            found = news.top_three(told(floor, "tv", "wall_top"))
        assert not found.people
        assert found.nothing_text
        return found.nothing

    assert nothing() == "nobody"
    assert nothing("b1") == "too_few"
    assert nothing("p3", "p5") == "none_above"
    with consenting(floor, "p1"):
        found = news.top_three(told(floor, "tv", "wall_top"))
        assert [one.agent_name for one in found.people] == ["p1"]
    # whoever takes it back is gone with the next look, though the places were worked out before
    with consenting(floor, "p1", "p2"):
        before = told(floor, "tv", "wall_top")
    with consenting(floor, "p2"), reading(floor, "tv") as connection:
        allowed = warehouse.frame(connection, "queries/consented_agents", board_name="wall")
        assert [one.agent_name for one in news.top_three(before, allowed).people] == ["p2"]


def test_without_ratings_of_single_agents_the_wall_names_nobody(floor: sa.Engine) -> None:
    with consenting(floor, "p1", "p2"), warehouse.connected(floor) as connection:
        savepoint = connection.begin_nested()
        connection.execute(
            sa.text("update warehouse.individual_figures set is_on = false where family_name = 'ratings'")
        )
        found = news_queries.wall_top(connection, as_of=NOON)
        savepoint.rollback()
    assert found["agent_name"].to_list() == [None]
    assert news.top_three(found).nothing == "off"


def test_the_scores_of_the_last_whole_week_stand_beside_the_four_before(floor: sa.Engine) -> None:
    # on 27 October 8 of each of five agents, all of 5; on 14 October the other 32 of each, of which 150 - 40 are
    for login in (None, "mag", "eve", "tv"):
        row = told(floor, login, "wall_satisfaction").row(0, named=True)
        assert (row["csat_satisfied_count"], row["csat_count"], row["csat_ratio"]) == (40, 40, 1.0)
        assert (row["before_csat_satisfied_count"], row["before_csat_count"]) == (110, 160)
        assert row["before_csat_ratio"] == 110 / 160
        assert (row["first_date"], row["last_date"]) == (date(2025, 10, 23), date(2025, 10, 29))
        assert row["withheld_name"] is None
    kept = told(floor, "pia", "wall_satisfaction").row(0, named=True)  # four others worked on these days
    assert (kept["csat_count"], kept["before_csat_count"], kept["withheld_name"]) == (None, None, "few")
    # by the same contacts as the page of the customers' voice
    window = local(date(2025, 10, 23), 0), local(TODAY, 0)
    with reading(floor, None) as connection:
        page = voice_queries.voice_totals(
            connection, window_start=window[0], window_end=window[1], as_of=NOON
        ).row(0, named=True)
    assert (page["csat_satisfied_count"], page["csat_count"]) == (40, 40)


def test_a_day_is_whole_four_hours_after_its_end(floor: sa.Engine) -> None:
    for hour, last in ((3, date(2025, 10, 28)), (4, date(2025, 10, 29))):
        assert told(floor, None, "wall_satisfaction", local(TODAY, hour))[0, "last_date"] == last
    empty = told(floor, None, "wall_satisfaction", local(date(2024, 1, 1), 12)).row(0, named=True)
    assert (empty["csat_count"], empty["csat_ratio"], empty["before_csat_ratio"]) == (0, None, None)


def test_today_until_now_stands_beside_last_week_until_the_same_time(floor: sa.Engine) -> None:
    now, before = told(floor, None, "wall_against").sort("is_before").to_dicts()
    # today 16 agents x 12 rounds, one at 12:10, two abandoned (one of them short); a week ago 6 x 4 and one at 12:15
    assert (now["offered_calls"], now["answered_calls"]) == (16 * 12 + 1 + 2, 16 * 12 + 1)
    assert now["service_level_ratio"] == (55 + 36 + 48 + 24) / (195 - 1)
    assert now["decided_calls"] == 194
    assert (before["offered_calls"], before["answered_calls"]) == (25, 25)
    assert before["service_level_ratio"] == (6 * 3 + 1) / 25
    assert (now["average_handle_time_seconds"], before["average_handle_time_seconds"]) == (60, 60)
    assert (now["until_at"], before["until_at"]) == (NOON, local(USUAL[-1], 12, 30))
    with reading(floor, None) as connection:  # by the same contacts as the pages of queues
        window = {"window_start": local(TODAY, 0), "window_end": NOON, "known_at": NOON}
        page = call_queries.queue_together(connection, **window).row(0, named=True)  # type: ignore[arg-type]
    assert {name: now[name] for name in page.keys() & now.keys()} == {
        name: page[name] for name in page.keys() & now.keys()
    }
    assert {
        "service_level_ratio",
        "average_handle_time_seconds",
        "abandoned_calls",
    } <= page.keys() & now.keys()
    shown = {one.column: one for one in news.against(told(floor, "tv", "wall_against"))}
    assert (shown["offered_calls"].now_value, shown["offered_calls"].before_value) == (195, 25)
    assert shown["average_handle_time_seconds"].now_value is None
    assert shown["average_handle_time_seconds"].withheld_name == "finer"


def test_what_could_be_news_is_counted_by_day_hour_and_instant(floor: sa.Engine) -> None:
    for login in (None, *READERS):  # everybody is told the same: dashboard/sums.py counts on it
        found = told(floor, login, "wall_news")
        days = {row["day_date"]: row for row in found.filter(pl.col("of_kind_name") == "day").to_dicts()}
        assert sorted(days) == sorted({*USUAL, *SCORED})
        assert days[USUAL[0]]["offered_calls"] == 6 * 4 + 2
        assert days[USUAL[0]]["service_level_ratio"] == (6 * 3 + 2) / 26
        hours = found.filter(pl.col("of_kind_name") == "hour", pl.col("day_date") == TODAY)
        assert hours.select("started_at", "answered_calls").rows() == [
            (local(TODAY, hour), 16 * 3) for hour in (8, 9, 10, 11)
        ]
        today = found.filter(pl.col("of_kind_name") == "today").row(0, named=True)
        assert today["answered_calls"] == 16 * 12 + 1
        assert today["first_answered_at"] == local(TODAY, 8, 0, 10)
        assert today["last_abandoned_at"] == local(TODAY, 9, 1)  # the short one of 11:30 counts for nothing
        assert today["unbroken_answered_calls"] == 16 * 8 + 1
        # 96 in six rounds; of the seventh the fourth of Amber
        assert (today["reached_calls"], today["reached_at"]) == (100, local(TODAY, 10, 0, 3 + 10))


def test_long_states_are_counted_without_a_name_and_only_of_five_others(floor: sa.Engine) -> None:
    expected = {
        "available": (1, 0, None),
        "on_contact": (2, 1, 900),
        "paused": (1, 1, 1200),
        "wrap_up": (1, 0, 180),
    }
    for login in (None, "mag", "tv", "eve"):
        found = told(floor, login, "live_long_states")
        assert {
            row["state_name"]: (row["agents_count"], row["long_agents_count"], row["longer_seconds"])
            for row in found.to_dicts()
        } == expected
    for seconds, long in ((599, 2), (600, 1), (1800, 0)):
        row = told(floor, "tv", "live_long_states", on_contact_seconds=seconds).filter(
            pl.col("state_name") == "on_contact"
        )
        assert row[0, "long_agents_count"] == long
    kept = told(floor, "amy", "live_long_states").to_dicts()  # four others are signed in
    assert [(row["state_name"], row["agents_count"], row["withheld_name"]) for row in kept] == [
        (None, None, "few")
    ]


def test_a_display_finds_no_row_of_a_single_agent(floor: sa.Engine) -> None:
    for text in (
        "select * from warehouse.calls",
        "select * from warehouse.agents",
        "select * from access.consents",
    ):
        with reading(floor, "tv") as connection, pytest.raises(sa.exc.DBAPIError, match="permission denied"):
            connection.execute(sa.text(text))
    with reading(floor, "tv") as connection:  # what its board asks live is told
        assert call_queries.live_totals(connection, as_of=NOON)[0, "offered_calls"] == 195


def test_a_display_is_told_what_the_site_aims_at_and_of_nobody_who_answers_for_it(floor: sa.Engine) -> None:
    goal = (
        "insert into warehouse.goals (goal_id, version_number, made_at, baseline_first_date, baseline_last_date, "
        "started_date, deadline_date, window_days, minimum_count, baseline_count, baseline_value, target_value, "
        "goal_name, metric_name, scope_kind_name, scope_key, owner_name, note_text) values "
        "(1, 1, '2025-10-01', '2025-09-01', '2025-09-28', '2025-10-01', '2025-12-01', 7, 10, 100, 60, 30, "
        "'Quick answers', 'average_speed_of_answer_seconds', 'everything', '', 'Kadri', 'Ask Mart')"
    )
    with warehouse.connected(floor) as connection:
        connection.execute(sa.text(goal))
    owners = {}
    for login in ("tv", "eve", "mag"):
        with reading(floor, login) as connection:
            owners[login] = (
                goal_queries.goals(connection, as_of=NOON)
                .select("goal_name", "owner_name", "note_text")
                .rows()
            )
    assert owners["tv"] == [("Quick answers", None, None)]
    assert owners["eve"] == owners["mag"] == [("Quick answers", "Kadri", "Ask Mart")]
