"""An agent's day in the game on a real warehouse: whose it is, how it is counted, what can be said against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.access import Viewer
from dashboard.audit import looks
from dashboard.game import evidence_view, game_saves
from dashboard.game.explain_view import recipe_of
from dashboard.game.recounting import recounted
from etl.game.reconcile import post
from sql import embedded, pages_login, rights, warehouse
from sql.game_rules import shipped
from sql.game_rules.spec import GameError

FIRST = date(2026, 11, 2)  # a Monday
TODAY = date(2026, 11, 13)
NOW = datetime(2026, 11, 13, 12, tzinfo=UTC)
RULES = ("points-solved-today", "streak-first-time", "clean-sweep", "levels")
AINO, DORA = 1, 2
ACCOUNTS: dict[str, tuple[str, int | None, int | None]] = {  # role, own agent, team
    "aino": ("agent", AINO, None),
    "dora": ("agent", DORA, None),
    "sam": ("supervisor", None, 1),
    "tess": ("supervisor", None, 2),
    "mara": ("manager", None, None),
}
SOLVED = {  # what Aino solved at the first try, of how many, on which working days; the 7th and 8th are off
    "2026-11-02": (9, 10), "2026-11-03": (8, 10), "2026-11-04": (10, 10), "2026-11-05": (5, 10), "2026-11-06": (9, 10),
    "2026-11-09": (8, 10), "2026-11-10": (20, 20), "2026-11-11": (30, 30), "2026-11-12": (8, 10), "2026-11-13": (2, 10),
}  # fmt: skip
INSERT = sa.text(
    "insert into game.day_sums (agent_id, effective_date, queue_id, channel_name, direction_name, hour_band, sums) "
    "values (:agent_id, :day, 1, 'call', 'inbound', :band, cast(:sums as jsonb))"
)


def run(connection: sa.Connection, text: str, **params: object) -> Any:
    return connection.execute(sa.text(text), params)


def work(
    connection: sa.Connection, agent_id: int, day: str, solved: int, of: int, *, kept: int | None = None
) -> None:
    sums = {
        "resolved_first_contacts": solved, "flagged_contacts": of, "handled_calls": of, "handle_seconds": 300 * of,
        **({"followed_contacts": of, "not_repeated_contacts": kept,
            "repeated_contacts": of - kept} if kept is not None else {}),
    }  # fmt: skip
    told = {"agent_id": agent_id, "day": day, "band": 3, "sums": json.dumps(sums)}
    connection.execute(INSERT, told)


def fill(connection: sa.Connection) -> None:
    """Two agents in two teams, an account of each role, four rules, twelve days of work, and what is written for them."""
    run(
        connection,
        "insert into warehouse.sites (site_name, time_zone_name) values ('Tallinn', 'Europe/Tallinn')",
    )
    run(connection, "insert into warehouse.teams (team_name) values ('Early'), ('Late')")
    run(
        connection,
        "insert into warehouse.queues (source_name, queue_name, channel_name, time_zone_name) "
        "values ('pbx', 'sales', 'call', 'Europe/Tallinn')",
    )
    for number, name in ((AINO, "Aino Kask"), (DORA, "Dora Papp")):
        run(
            connection,
            "insert into warehouse.agents (agent_name, site_name, team_id) values (:n, 'Tallinn', :t)",
            n=name,
            t=number,
        )
        run(
            connection,
            "insert into warehouse.team_members (team_id, agent_id, started_date) values (:t, :t, '2020-01-01')",
            t=number,
        )
    for login_name, (role_name, own_id, team_id) in ACCOUNTS.items():
        run(
            connection,
            "insert into access.accounts (login_name, role_name, agent_id) values (:l, :r, :a)",
            l=login_name,
            r=role_name,
            a=own_id,
        )
        if team_id:
            run(
                connection,
                "insert into access.account_teams select max(account_id), :t from access.accounts",
                t=team_id,
            )
        run(
            connection,
            "insert into access.sessions (token_sha256, account_id, ends_at) select :h, "
            "max(account_id), now() + interval '1 day' "
            "from access.accounts",
            h=hashlib.sha256(login_name.encode()).digest(),
        )
    run(
        connection,
        "insert into game.seasons (season_name, start_date, end_date, freezes) values ('Autumn', "
        "'2026-10-01', '2026-12-01', 1)",
    )
    for name in RULES:
        text = shipped.texts()[name]
        run(connection, "insert into game.rules values (:n, :k, true)", n=name, k=text.rule.kind)
        run(
            connection,
            "insert into game.rule_versions (rule_name, version_number, valid_from_date, is_on, "
            "spec_text, spec_sha256, purpose_text, "
            "published_at, published_by_name) values (:n, 1, :d, true, :t, :s, :p, :at, 'floorboard')",
            n=name, d=FIRST, t=text.spec_text, s=text.spec_sha256, p=text.rule.purpose, at=datetime(2026, 11, 1, tzinfo=UTC),
        )  # fmt: skip
    for day, (solved, of) in SOLVED.items():
        work(connection, AINO, day, solved, of, kept=of if of == 30 else None)
    work(connection, DORA, "2026-11-12", 5, 10)
    post(connection, first_date=FIRST, last_date=TODAY - timedelta(days=1), now=NOW)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    rights.install(shared_engine)
    with warehouse.connected(shared_engine, deadline_seconds=60) as connection:
        fill(connection)
    return shared_engine


@pytest.fixture(scope="module")
def pages(floor: sa.Engine) -> Iterator[sa.Engine]:
    engine = warehouse.open_engine(pages_login.made(floor, embedded.home()), room=warehouse.PAGES)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(floor: sa.Engine) -> Iterator[sa.Connection]:
    """The owner's connection, whose changes are taken back after the test."""
    with warehouse.connected(floor, deadline_seconds=30) as found:
        kept = found.begin_nested()
        yield found
        kept.rollback()


@contextmanager
def reading(pages: sa.Engine, login_name: str) -> Iterator[sa.Connection]:
    with warehouse.connected(pages, deadline_seconds=20) as connection:
        rights.enter(connection, login_name)
        yield connection


def ask(connection: sa.Connection, name: str, **asked: object) -> pl.DataFrame:
    return queries.QUESTIONS[name](connection, **asked)


def asked_of(agent_id: int, entry_id: int) -> dict[str, dict[str, object]]:
    days = {"first_date": FIRST, "last_date": TODAY}
    return {
        "game_standing": {"agent_id": agent_id, "as_of": NOW},
        "game_entries": {"agent_id": agent_id, **days},
        "game_evidence": {"agent_id": agent_id, "entry_id": entry_id},
        "game_trend": {"agent_id": agent_id, **days},
    }


def entries(connection: sa.Connection, agent_id: int = AINO) -> list[dict[str, Any]]:
    return ask(connection, "game_entries", agent_id=agent_id, first_date=FIRST, last_date=TODAY).to_dicts()


def entry_of(connection: sa.Connection, day: str, agent_id: int = AINO) -> dict[str, Any]:
    found = [
        row
        for row in entries(connection, agent_id)
        if row["effective_date"] == date.fromisoformat(day) and row["rule_name"] == "points-solved-today"
        and (row["account_name"], row["kind_name"]) == ("points", "award") and not row["is_taken_back"]
    ]  # fmt: skip
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("login_name", "seen"),
    [("aino", {AINO}), ("dora", {DORA}), ("sam", {AINO}), ("tess", {DORA}), ("mara", {AINO, DORA})],
)
def test_the_database_answers_of_ones_own_and_of_those_one_answers_for(
    floor: sa.Engine, pages: sa.Engine, login_name: str, seen: set[int]
) -> None:
    with warehouse.connected(floor) as owner:
        written = {agent_id: entry_of(owner, "2026-11-12", agent_id)["entry_id"] for agent_id in (AINO, DORA)}
    with reading(pages, login_name) as connection:
        for agent_id in (AINO, DORA):
            for name, asked in asked_of(agent_id, written[agent_id]).items():
                found = ask(connection, name, **asked)
                assert (found.height > 0) == (agent_id in seen), (name, agent_id)


def test_a_supervisors_look_is_noted_and_an_agents_own_is_not(connection: sa.Connection) -> None:
    found = ask(connection, "game_entries", agent_id=AINO, first_date=FIRST, last_date=TODAY)
    told = {"agent_id": AINO, "first_date": FIRST, "last_date": TODAY}
    for viewer, is_noted in (
        (Viewer("sam", "team 1", "supervisor", None, (1,), token="t"), True),
        (Viewer("aino", "agent 1", "agent", AINO, token="t"), False),
    ):
        look = looks.look_of(viewer, "game_entries", told, found, place_text="/my-day", at=NOW)
        assert (look is not None) == is_noted
        assert look is None or (look.what_name, set(look.agent_ids)) == ("saw.agent", {AINO})


def test_points_are_those_of_the_rule_by_hand_and_are_counted_again_from_their_rows(
    connection: sa.Connection,
) -> None:
    # the curve runs straight from 0 at none to 20 at 25 and more: 9 solved are 7.2, 8 are 6.4, 5 are 4, 20 are 16, 30 are 20
    expected = {"2026-11-02": 7, "2026-11-03": 6, "2026-11-04": 8, "2026-11-05": 4, "2026-11-06": 7, "2026-11-09": 6,
                "2026-11-10": 16, "2026-11-11": 20, "2026-11-12": 6}  # fmt: skip
    rule = shipped.texts()["points-solved-today"].rule
    for day, points in expected.items():
        row = entry_of(connection, day)
        assert row["entry_points"] == points
        workings = json.loads(row["workings_text"])
        evidence = ask(connection, "game_evidence", agent_id=AINO, entry_id=row["entry_id"]).to_dicts()
        assert recounted(recipe_of(rule, workings), workings, evidence).points == points


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-11-13T01:59:00+00:00", "2026-11-12"),  # 03:59 in Tallinn: still the working day before
        ("2026-11-13T02:00:00+00:00", "2026-11-13"),
        (
            "2026-10-25T01:59:00+00:00",
            "2026-10-24",
        ),  # the night of 25 hours: it is 03:59 for the first time after 03:59 again
        ("2026-10-25T02:00:00+00:00", "2026-10-25"),
        ("2026-03-29T00:59:00+00:00", "2026-03-28"),  # the night of 23 hours: 02:59, then 04:00
        ("2026-03-29T01:00:00+00:00", "2026-03-29"),
    ],
)
def test_a_working_day_begins_at_four_by_the_agents_clock_in_both_nights_of_the_clock(
    connection: sa.Connection, instant: str, day: str
) -> None:
    row = ask(connection, "game_standing", agent_id=AINO, as_of=datetime.fromisoformat(instant)).row(
        0, named=True
    )
    assert row["day_date"] == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("day", "band", "shift", "window"),
    [
        ("2026-11-12", 3, None, ("2026-11-12T07:00", "2026-11-12T10:00")),  # 9 to 12 in Tallinn
        ("2026-11-12", 0, None, ("2026-11-12T22:00", "2026-11-13T01:00")),  # 0 to 3 belongs to the evening before
        ("2026-11-12", 1, None, ("2026-11-12T02:00", "2026-11-13T02:00")),  # 4 to 6, and 3 to 4: told by the whole day
        ("2026-11-12", 1, ("2026-11-12T20:00Z", "2026-11-13T04:00Z"), ("2026-11-12T02:00", "2026-11-13T04:00")),
        ("2026-10-24", 0, None, ("2026-10-24T21:00", "2026-10-25T01:00")),  # four hours in the night of 25
        ("2026-03-28", 0, None, ("2026-03-28T22:00", "2026-03-29T01:00")),  # three in the night of 23: 3 o'clock is 4
    ],
)  # fmt: skip
def test_a_row_of_evidence_says_between_when_its_calls_lie(
    connection: sa.Connection, day: str, band: int, shift: tuple[str, str] | None, window: tuple[str, str]
) -> None:
    entry = entry_of(connection, "2026-11-12")["entry_id"]
    if shift:
        run(
            connection,
            "insert into warehouse.shifts (agent_id, started_at, ended_at, activity_name, source_name, "
            "run_id, version_number, shift_id) "
            "values (1, cast(:a as timestamptz), cast(:b as timestamptz), 'work', 'wfm', 1, 1, 's1')",
            a=shift[0],
            b=shift[1],
        )
    run(
        connection,
        "insert into game.evidence values (:e, 99, 1, cast(:d as date), 'resolved_first_contacts', "
        "1, 'call', 'inbound', null, :b, 1, null, null)",
        e=entry,
        d=day,
        b=band,
    )
    row = (
        ask(connection, "game_evidence", agent_id=AINO, entry_id=entry)
        .filter(pl.col("place_number") == 99)
        .row(0, named=True)
    )
    assert (row["window_start_at"], row["window_end_at"]) == tuple(
        datetime.fromisoformat(f"{one}+00:00") for one in window
    )
    rule = shipped.texts()["points-solved-today"].rule
    assert rule.measure is not None
    address = evidence_view.calls_address(row, AINO, rule.measure.above)
    assert address is not None
    assert address.startswith("contacts?of=flagged_contacts&agent=1&start=")


def test_weeks_are_sums_of_days_and_null_where_nothing_is_counted(connection: sa.Connection) -> None:
    weeks = ask(connection, "game_trend", agent_id=AINO, first_date=FIRST, last_date=TODAY).to_dicts()
    assert [week["week_date"] for week in weeks] == [date(2026, 11, 2), date(2026, 11, 9)]
    # 9 + 8 + 10 + 5 + 9 solved of five days of ten contacts of 300 s; 7 + 6 + 8 + 4 + 7 points
    first = weeks[0]
    assert (first["worked_days"], first["handled_calls"], first["handle_seconds"]) == (5, 50, 15_000)
    assert first["earned_points"] == 7 + 6 + 8 + 4 + 7
    assert (first["csat_count"], first["followed_contacts"]) == (None, None)
    assert (weeks[1]["followed_contacts"], weeks[1]["not_repeated_contacts"]) == (30, 30)


def test_a_streak_passes_over_days_off_and_bridges_one_miss(connection: sa.Connection) -> None:
    stands = {
        row["rule_name"]: row
        for row in ask(connection, "game_stands", agent_id=AINO, day_date=TODAY).to_dicts()
    }
    streak = stands["streak-first-time"]
    # met on the 2nd, 3rd, 4th; the 5th is bridged; the 6th, then after two days off the 9th to the 12th: 3 + 1 + 4
    assert (streak["streak_days"], streak["best_days"], streak["freezes_count"]) == (8, 8, 0)
    assert json.loads(streak["chain_text"]) == {
        "2026-11-09": "met", "2026-11-10": "met", "2026-11-11": "met", "2026-11-12": "met",
    }  # fmt: skip  # today, with 2 of 10, still runs: it neither ends it nor takes a freeze
    assert (streak["next_value"], streak["next_tier_name"]) == (10, "silver")
    levels = stands["levels"]
    assert levels["level_number"] == 1
    # every point so far: the nine days by hand
    assert levels["earned_points"] == 7 + 6 + 8 + 4 + 7 + 6 + 16 + 20 + 6


def test_a_secret_badge_is_in_no_answer_until_it_is_earned(connection: sa.Connection) -> None:
    mine = ask(connection, "game_badges", agent_id=AINO, day_date=TODAY)
    assert mine.filter(pl.col("rule_name") == "clean-sweep")["gold_count"].to_list() == [
        1
    ]  # 30 of 30 on the 11th
    theirs = ask(connection, "game_badges", agent_id=DORA, day_date=TODAY)
    assert theirs.height == mine.height
    assert theirs["is_secret"].to_list() == [True]
    told = " ".join(str(value) for row in theirs.rows() for value in row)
    stands = ask(connection, "game_stands", agent_id=DORA, day_date=TODAY)
    told += " ".join(str(value) for row in stands.rows() for value in row)
    rule = shipped.texts()["clean-sweep"].rule
    assert not [word for word in (rule.name, rule.title, rule.purpose, rule.description) if word in told]
    run(
        connection,
        "insert into game.today values (2, 'k', 'clean-sweep', 1, :d, 'badges', 'gold', 1, false, '{}', now())",
        d=TODAY,
    )
    assert ask(connection, "game_today", agent_id=DORA).is_empty()


@pytest.mark.parametrize(
    ("holders", "agents", "ratio"), [(4, 20, None), (5, 20, 0.25), (16, 20, None), (20, 20, None)]
)
def test_how_rare_a_badge_is_is_told_only_of_many(
    connection: sa.Connection, holders: int, agents: int, ratio: float | None
) -> None:
    """Of 20 agents the badge is told to be rare where five or more hold it, and five or more do not."""
    run(
        connection,
        "insert into warehouse.agents (agent_name) select 'n' || n from generate_series(3, :n) as g (n)",
        n=agents,
    )
    number = run(
        connection,
        "insert into game.runs (kind_name, started_at, actor_name) values ('manual', now(), 'x') returning run_id",
    ).scalar_one()
    run(
        connection,
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, "
        "entry_points, kind_name, rule_name, version_number, "
        "tier_name, effective_date, period_text, run_id, reason_text, actor_name) "
        "select 'x|' || a.agent_id, 1, a.agent_id, 'badges', 1, 'award', 'streak-first-time', 1, "
        "'silver', :d, 'p', :r, 'x', 'x' "
        "from (select agent_id from warehouse.agents order by agent_id desc limit :h) as a",
        d=FIRST, r=number, h=holders,
    )  # fmt: skip
    shares = ask(connection, "game_badge_shares").filter(
        (pl.col("rule_name") == "streak-first-time") & (pl.col("tier_name") == "silver")
    )
    assert shares["holders_ratio"].to_list() == [ratio]


def said(connection: sa.Connection, **more: Any) -> int:
    told = {"agent_id": AINO, "reason_text": "I solved eleven that day.", "at": NOW, **more}
    return game_saves.say_dispute(connection, **told)


def recount(connection: sa.Connection) -> None:
    post(connection, first_date=FIRST, last_date=TODAY - timedelta(days=1), now=NOW, least_change=1)


def change_facts(connection: sa.Connection, day: str, solved: int) -> None:
    run(
        connection,
        "update game.day_sums set sums = sums || jsonb_build_object('resolved_first_contacts', cast(:s as integer)) "
        "where agent_id = 1 and effective_date = cast(:d as date)",
        s=solved, d=day,
    )  # fmt: skip
    run(connection, "delete from game.made_days")
    run(
        connection,
        "insert into game.made_days (day_date, made_at, settled_at, sums_sha256) values (cast(:d "
        "as date), now(), now(), repeat('a', 64))",
        d=day,
    )


def test_what_is_disputed_stays_until_somebody_answers_and_is_then_put_right(
    connection: sa.Connection,
) -> None:
    before = entry_of(connection, "2026-11-12")
    dispute = said(connection, entry_id=before["entry_id"])
    change_facts(connection, "2026-11-12", 5)  # of 8, which would be 4 points for 6
    recount(connection)
    assert entry_of(connection, "2026-11-12")["entry_id"] == before["entry_id"]  # frozen
    made = game_saves.decide_dispute(
        connection, agent_id=AINO, dispute_id=dispute, is_accepted=True, answer_text="Eleven it was.", actor_name="sam",
        at=NOW, day_date=TODAY, correction_points=3,
    )  # fmt: skip
    row = next(one for one in entries(connection) if one["entry_id"] == made)
    assert (row["entry_points"], row["kind_name"], row["effective_date"]) == (3, "adjust", date(2026, 11, 12))
    assert (row["corrects_entry_id"], row["actor_name"], row["reason_text"]) == (
        before["entry_id"],
        "sam",
        "Eleven it was.",
    )
    answer = ask(connection, "game_disputes", agent_id=AINO, since_at=NOW - timedelta(days=1)).row(
        0, named=True
    )
    assert (answer["state_name"], answer["decided_by_name"], answer["made_points"]) == ("accepted", "sam", 3)
    lines = run(
        connection, "select what_name, of_name from ops.audit_drafts where what_name like 'game.%' order by 1"
    ).all()
    assert lines == [("game.decided", "agent 1"), ("game.said", "agent 1")]
    recount(connection)  # and the facts count again, beside what a person has put right
    assert entry_of(connection, "2026-11-12")["entry_points"] == 4
    assert sum(one["entry_points"] for one in entries(connection) if one["entry_id"] == made) == 3
    recount(connection)
    assert len([one for one in entries(connection) if one["effective_date"] == date(2026, 11, 12)]) == len(
        entries_of_day(connection)
    )


def entries_of_day(connection: sa.Connection) -> list[dict[str, Any]]:
    return [one for one in entries(connection) if one["effective_date"] == date(2026, 11, 12)]


def test_without_a_dispute_the_facts_count_at_once(connection: sa.Connection) -> None:
    """The negative control of what is frozen."""
    before = entry_of(connection, "2026-11-12")
    change_facts(connection, "2026-11-12", 5)
    recount(connection)
    after = entry_of(connection, "2026-11-12")
    assert (before["entry_points"], after["entry_points"]) == (6, 4)
    assert [
        one["taken_back_text"] for one in entries(connection) if one["entry_id"] == before["entry_id"]
    ] == ["Counted anew: the facts changed"]


def test_of_a_closed_day_the_correction_is_for_the_present_one(connection: sa.Connection) -> None:
    number = run(connection, "select max(run_id) from game.runs").scalar_one()
    run(
        connection,
        "insert into game.day_closes values ('2026-11-12', now(), :r, 1, repeat('a', 64))",
        r=number,
    )
    before = entry_of(connection, "2026-11-12")
    made = game_saves.decide_dispute(
        connection, agent_id=AINO, dispute_id=said(connection, entry_id=before["entry_id"]), is_accepted=True,
        answer_text="Right.", actor_name="sam", at=NOW, day_date=TODAY, correction_points=-2,
    )  # fmt: skip
    row = next(one for one in entries(connection) if one["entry_id"] == made)
    assert (row["entry_points"], row["effective_date"], row["corrects_entry_id"]) == (
        -2,
        TODAY,
        before["entry_id"],
    )


def test_one_disagrees_with_ones_own_once_and_can_take_it_back(connection: sa.Connection) -> None:
    mine, theirs = (entry_of(connection, "2026-11-12", one)["entry_id"] for one in (AINO, DORA))
    with pytest.raises(GameError, match="not yours"):
        said(connection, entry_id=theirs)
    with pytest.raises(GameError, match="1 to"):
        said(connection, entry_id=mine, reason_text="  ")
    first = said(connection, entry_id=mine)
    with pytest.raises(GameError, match="already"):
        said(connection, entry_id=mine)
    with pytest.raises(GameError, match="answered meanwhile"):
        game_saves.withdraw_dispute(connection, agent_id=DORA, dispute_id=first, actor_name="dora", at=NOW)
    game_saves.withdraw_dispute(connection, agent_id=AINO, dispute_id=first, actor_name="aino", at=NOW)
    assert said(connection, entry_id=mine) > first


def held(connection: sa.Connection, agent_id: int = AINO) -> int:
    found = run(
        connection,
        "insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, "
        "guard_name, held_points, found_at, "
        "evidence) values (:k, :a, 'points-solved-today', 1, :d, 'short-calls', 6, :at, '{}') returning hold_id",
        k=f"held|{agent_id}", a=agent_id, d=TODAY, at=NOW,
    )  # fmt: skip
    return int(found.scalar_one())


def decided(connection: sa.Connection, hold_id: int, **more: Any) -> None:
    told = {
        "agent_id": AINO,
        "is_released": False,
        "note_text": "Listened to three of them.",
        "actor_name": "sam",
        **more,
    }
    game_saves.decide_hold(connection, hold_id=hold_id, at=NOW, **told)


def test_a_hold_is_answered_by_its_agent_and_decided_once_with_a_note(connection: sa.Connection) -> None:
    hold_id = held(connection)
    with pytest.raises(GameError):
        game_saves.answer_hold(connection, agent_id=DORA, hold_id=hold_id, answer_text="Not mine.", at=NOW)
    game_saves.answer_hold(
        connection, agent_id=AINO, hold_id=hold_id, answer_text="The line was bad.", at=NOW
    )
    with pytest.raises(GameError, match="expected 1 to"):
        decided(connection, hold_id, note_text=" ")
    decided(connection, hold_id)
    row = ask(connection, "game_holds", agent_id=AINO, first_date=TODAY).row(0, named=True)
    assert (row["state_name"], row["answer_text"], row["decided_by_name"]) == (
        "refused",
        "The line was bad.",
        "sam",
    )
    with pytest.raises(GameError, match="decided before"):
        decided(connection, hold_id, is_released=True)
    with pytest.raises(GameError, match="decided meanwhile"):
        game_saves.answer_hold(connection, agent_id=AINO, hold_id=hold_id, answer_text="Again.", at=NOW)


def test_nobody_decides_under_the_name_of_another_agent(connection: sa.Connection) -> None:
    """Whoever may decide about Aino is asked about Aino: a hold or dispute of Dora's is not theirs under her number."""
    hold_id = held(connection, DORA)
    with pytest.raises(GameError, match="not there"):
        decided(connection, hold_id)
    dispute = said(connection, agent_id=DORA, entry_id=entry_of(connection, "2026-11-12", DORA)["entry_id"])
    with pytest.raises(GameError, match="not there"):
        game_saves.decide_dispute(
            connection, agent_id=AINO, dispute_id=dispute, is_accepted=True, answer_text="Yes.", actor_name="sam", at=NOW,
            day_date=TODAY, correction_points=5,
        )  # fmt: skip


def test_good_news_is_told_once(connection: sa.Connection) -> None:
    found = ask(connection, "game_moments", agent_id=AINO, since_at=NOW)
    fresh = found.filter(pl.col("seen_at").is_null())["moment_id"].to_list()
    assert fresh
    assert game_saves.moments_seen(connection, agent_id=DORA, moment_ids=fresh, at=NOW) == 0
    assert game_saves.moments_seen(connection, agent_id=AINO, moment_ids=fresh, at=NOW) == len(fresh)
    assert game_saves.moments_seen(connection, agent_id=AINO, moment_ids=fresh, at=NOW) == 0
