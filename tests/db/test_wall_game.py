"""What a wall tells of the game, on a real Postgres: only of those who allow it, only what stands, each moment once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.game import wall_game_queries
from dashboard.ui.moments import Moment
from dashboard.wall import payload, tile_game
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board
from dashboard.wall.thresholds import Standings
from sql import policy, rights, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import engine_of_copy
from tests.db.test_wall_payload import QUIET, TURN, board, moment_on

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # Monday noon in Tallinn
AGENTS = ("Ana Silva", "Bo Berg", "Cy Cole", "Dee Diaz")  # the last one never allowed her name
CONSENTING = AGENTS[:3]
RULES = {
    "first-try": ("First try", "false"),
    "night-owl": ("Night owl", "true"),
}
# of whom, minutes ago, kind, what, tier, rule; the fifth was taken back
MOMENTS = [
    ("Ana Silva", 2, "badge", "First try", "silver", "first-try"),
    ("Bo Berg", 3, "level", "Level 5", None, None),
    ("Dee Diaz", 1, "badge", "First try", "gold", "first-try"),
    ("Cy Cole", 60 * 24 * 2, "badge", "Night owl", None, "night-owl"),
    ("Bo Berg", 4, "badge", "First try", "bronze", "first-try"),
    ("Ana Silva", 60 * 24 * 7 + 1, "record", "Best week", None, None),
    ("Ana Silva", 1, "dispute", "Answered", None, None),
]
# from, to, minutes ago, what for, what became of it
KUDOS = [
    ("Bo Berg", "Ana Silva", 30, "help", "standing"),
    ("Dee Diaz", "Bo Berg", 60, "teaching", "standing"),
    ("Ana Silva", "Dee Diaz", 5, "calm", "standing"),
    ("Bo Berg", "Cy Cole", 4, "idea", "hidden"),
    (None, "Cy Cole", 90, "customer", "standing"),
    ("Ana Silva", "Bo Berg", 60 * 24 * 7 + 1, "help", "standing"),
]
SPEC = """
name = "{name}"
kind = "badge"
title = "{title}"
description = "d"
purpose = "p"
owner = "o"
family = "resolution"
icon = "key"
is_secret = {secret}
[measure]
above = "resolved_first_contacts"
below = "flagged_contacts"
grain = "month"
[adjust]
fewest = 60
[tiers.bronze]
at = 0.7
[tiers.silver]
at = 0.8
[tiers.gold]
at = 0.9
"""


@pytest.fixture(scope="module")
def filled(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, template_name) as engine:
        rights.install(engine)
        with engine.begin() as connection:
            furnish(connection)
        yield engine


# An agent by name; what is asked with it is a test's own.
WHO = "(select agent_id from warehouse.agents where agent_name = :name)"
ENTRY = (
    "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, "
    "version_number, tier_name, effective_date, period_text, run_id, reverses_entry_id, reason_text, actor_name) "
)


def furnish(connection: sa.Connection) -> None:
    """The people, what they allowed, what they reached and whom they thanked; two accounts that look."""

    def run(text: str, *rows: dict[str, Any]) -> None:
        connection.execute(sa.text(text.replace("WHO", WHO)), list(rows) or [{}])

    run("insert into warehouse.sites values ('Here', 'Europe/Tallinn')")
    run("insert into warehouse.agents (agent_name) values (:name)", *({"name": name} for name in AGENTS))
    allow = "insert into access.consents (agent_id, board_name, given_at) values (WHO, :board, '2026-01-01')"
    run(allow, *({"name": name, "board": "wall"} for name in CONSENTING))
    run(allow, *({"name": name, "board": "leaderboard"} for name in AGENTS))
    run("insert into game.rules values (:rule, 'badge', false)", *({"rule": rule} for rule in RULES))
    run(
        "insert into game.rule_versions (rule_name, version_number, valid_from_date, is_on, spec_text, spec_sha256, "
        "purpose_text, published_at, published_by_name) values (:rule, 1, '2026-01-01', true, :spec, repeat('0', 64), 'p', "
        "'2026-01-01', 'x')",
        *(
            {"rule": rule, "spec": SPEC.format(name=rule, title=title, secret=secret)}
            for rule, (title, secret) in RULES.items()
        ),
    )
    run("insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', '2026-03-02', 'x')")
    reach(run)
    thank(run)
    for number, (login, role) in enumerate((("screen", "wall"), ("eve", "executive")), 1):
        told = {"login": login, "role": role, "hash": hashlib.sha256(login.encode()).digest(), "id": number}
        run("insert into access.accounts (login_name, role_name) values (:login, :role)", told)
        run(
            "insert into access.sessions (token_sha256, account_id, ends_at) values (:hash, :id, now() + interval '1 day')",
            told,
        )


def reach(run: Callable[..., None]) -> None:
    """The moments, the entries of those that are badges, and the reversal of one."""
    for number, (name, minutes, kind, what, tier, rule) in enumerate(MOMENTS, 1):
        told: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "what": what,
            "tier": tier,
            "rule": rule,
            "key": f"k{number}",
        }
        told["at"] = NOW - timedelta(minutes=minutes)
        if rule:
            run(
                ENTRY
                + "values (:key, 1, WHO, 'badges', 1, 'award', :rule, 1, :tier, '2026-03-01', '2026-03', 1, null, 'r', 'x')",
                told,
            )
        run(
            "insert into game.moments (moment_key, agent_id, kind_name, name_text, tier_name, entry_id, happened_at) values "
            "(:key, WHO, :kind, :what, :tier, (select entry_id from game.ledger where entry_key = :key), :at)",
            told,
        )
    back = (
        ENTRY
        + "values ('k5', 2, WHO, 'badges', -1, 'reversal', :rule, 1, 'bronze', '2026-03-01', '2026-03', 1, KEY, 'r', 'x')"
    )
    old = "(select entry_id from game.ledger where entry_key = 'k5')"
    run(back.replace("KEY", old), {"name": "Bo Berg", "rule": "first-try"})


def thank(run: Callable[..., None]) -> None:
    """The thanks; one of them was hidden by a person."""
    for giver, receiver, minutes, category, state in KUDOS:
        told = {"name": receiver, "giver": giver, "category": category, "state": state}
        run(
            "insert into game.kudos (agent_id, from_agent_id, category_name, message_text, given_at, given_date, "
            "state_name, ended_at, note_text) values (WHO, "
            "(select agent_id from warehouse.agents where agent_name = :giver), :category, "
            "'you were a star with Mrs Jones', :at, '2026-03-02', :state, cast(:ended as timestamptz), :note)",
            {
                **told,
                "at": NOW - timedelta(minutes=minutes),
                "ended": NOW if state == "hidden" else None,
                "note": "n" if state == "hidden" else None,
            },
        )


@pytest.fixture
def at(filled: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Moment:
    return moment_on(filled, monkeypatch)


@contextmanager
def changed(engine: sa.Engine, *texts: str) -> Iterator[sa.Connection]:
    """The warehouse with something done, for the length of the block."""
    with warehouse.connected(engine) as connection:
        savepoint = connection.begin_nested()
        for text in texts:
            connection.execute(sa.text(text))
        yield connection
        savepoint.rollback()


def told(connection: sa.Connection, as_of: datetime = NOW) -> list[tuple[str, str]]:
    found = wall_game_queries.wall_game_moments(connection, as_of=as_of)
    return list(zip(found["agent_name"].to_list(), found["name_text"].to_list(), strict=True))


def tile(at: Moment, name: str) -> dict[str, Any]:
    found = payload.payload(at, Wall(), board(name, audience="agents"), standings=Standings(), turn=TURN)
    [one] = found["tiles"]
    return dict(one)


def test_a_wall_is_told_what_stands_of_those_who_allow_it_the_newest_first(filled: sa.Engine) -> None:
    with warehouse.connected(filled) as connection:
        assert told(connection) == [
            ("Ana Silva", "First try"),
            ("Bo Berg", "Level 5"),
            ("Cy Cole", "Night owl"),
        ]
        # a week before nothing of this had come; the record is older than what is looked back on now
        assert told(connection, NOW - timedelta(days=7)) == [("Ana Silva", "Best week")]


def test_a_consent_that_is_taken_back_takes_the_name_from_the_wall_at_once(filled: sa.Engine) -> None:
    back = (
        "update access.consents set withdrawn_at = now(), is_withdrawn_by_person = true where board_name = 'wall' "
        "and agent_id = (select agent_id from warehouse.agents where agent_name = 'Ana Silva')"
    )
    with changed(filled, back) as connection:
        assert told(connection) == [("Bo Berg", "Level 5"), ("Cy Cole", "Night owl")]
        found = wall_game_queries.wall_game_kudos(connection, as_of=NOW)
        assert "Ana Silva" not in found["agent_name"].to_list() + found["from_agent_name"].to_list()
    with changed(
        filled, "update warehouse.agents set is_active = false where agent_name = 'Bo Berg'"
    ) as connection:
        assert told(connection) == [("Ana Silva", "First try"), ("Cy Cole", "Night owl")]


def test_where_the_game_is_switched_off_for_single_people_a_wall_is_told_nothing(filled: sa.Engine) -> None:
    with changed(filled) as connection:
        off = {**policy.example(), "game": policy.Named(purpose="", is_off=True)}
        policy.keep(connection, off, noted_at=NOW)
        assert told(connection) == []
    with warehouse.connected(filled) as connection:
        assert told(connection)  # the control


def test_thanks_are_told_without_what_was_written_and_givers_only_who_allow_it(filled: sa.Engine) -> None:
    with warehouse.connected(filled) as connection:
        found = wall_game_queries.wall_game_kudos(connection, as_of=NOW)
    assert found.select("agent_name", "from_agent_name", "category_name").rows() == [
        ("Ana Silva", "Bo Berg", "help"),
        ("Bo Berg", None, "teaching"),
        ("Cy Cole", None, "customer"),
    ]
    # 4 of 6 stand and are of these seven days: one was hidden, one is older; Dee's counts without her name
    assert found["week_count"].to_list() == [4, 4, 4]
    assert "Jones" not in str(found.to_dicts())
    with warehouse.connected(filled) as connection:
        before = wall_game_queries.wall_game_kudos(connection, as_of=NOW - timedelta(days=30))
    assert before.select("agent_name", "week_count").rows() == [(None, 0)]


@pytest.mark.parametrize("login", ["screen", "eve"])
def test_a_display_is_told_the_same_and_finds_no_row_by_itself(filled: sa.Engine, login: str) -> None:
    with warehouse.connected(filled) as connection:
        rights.enter(connection, login)
        assert told(connection) == [
            ("Ana Silva", "First try"),
            ("Bo Berg", "Level 5"),
            ("Cy Cole", "Night owl"),
        ]
        assert wall_game_queries.wall_game_kudos(connection, as_of=NOW).height == 3
    for table in ("game.moments", "game.kudos", "game.credentials"):
        try:
            with warehouse.connected(filled) as connection:
                rights.enter(connection, login)
                assert connection.execute(sa.text(f"select count(*) from {table}")).scalar_one() == 0  # noqa: S608
        except WarehouseError as error:
            assert "permission denied" in str(error) or "may not" in str(error)  # noqa: PT017


def test_the_tiles_say_who_reached_what_and_when_and_draw_the_badge(at: Moment) -> None:
    found = tile(at, "badge_moments")
    assert [(one["title"], one["text"]) for one in found["items"]] == [
        ("Ana Silva", "First try · Silver · 11:58"),
        ("Bo Berg", "Level 5 · 11:57"),
        ("Cy Cole", "A secret badge · 28 Feb"),
    ]
    assert [one.get("art") for one in found["items"]] == [
        "/credentials/art/resolution/key/silver/first-try.svg",
        None,
        "/credentials/art/secret/question/badge/secret.svg",
    ]
    assert "Night owl" not in json.dumps(found)
    thanks = tile(at, "kudos")
    assert [(one["title"], one["text"]) for one in thanks["items"]] == [
        ("Ana Silva", "for helping · from Bo Berg · 11:30"),
        ("Bo Berg", "for teaching · from a colleague · 11:00"),
        ("Cy Cole", "for a customer's sake · from a colleague · 10:30"),
    ]
    assert thanks["more"] == "4 thank-yous in 7 days"


def test_without_anything_to_tell_the_tiles_say_what_would_stand_there(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = moment_on(filled, monkeypatch, NOW - timedelta(days=60))
    assert (
        tile(at, "badge_moments")["nothing"]
        == "What people reach stands here, of those who allow their name on a wall."
    )
    assert tile(at, "kudos")["nothing"].startswith("A thank-you to somebody who allows their name")


Celebrated = Callable[..., dict[str, Any] | None]


def celebrated(standings: Standings) -> Celebrated:
    def ask(at: Moment, on: Board, **given: Any) -> dict[str, Any] | None:
        turn = given.get("turn", TURN)
        found: dict[str, Any] | None = payload.payload(at, Wall(), on, standings=standings, turn=turn)[
            "celebration"
        ]
        return found

    return ask


def test_a_new_badge_is_celebrated_once_on_each_screen_for_at_most_seven_seconds(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents, staff = board("badge_moments", audience="agents"), board("badge_moments", audience="supervisors")

    def look(seconds: float) -> Moment:
        return moment_on(filled, monkeypatch, NOW + timedelta(seconds=seconds))

    for screen in (Standings(), Standings()):  # two screens, each by itself
        ask = celebrated(screen)
        assert ask(look(-3600), agents) is None  # the first look: nothing is news
        assert ask(look(0), staff) is None
        assert ask(replace(look(0), is_past=True), agents) is None
        first = ask(look(0), agents)
        assert first == {
            "key": "moment:2",
            "title": "Level 5",
            "text": "Congratulations, Bo Berg!",
            "lasts_ms": 7000,
        }
        second = ask(look(8), agents)
        assert second is not None
        assert (second["title"], second["text"]) == ("First try · Silver", "Congratulations, Ana Silva!")
        assert second["lasts_ms"] <= 7000
        assert ask(look(16), agents) is None  # not twice


def test_in_quiet_hours_nothing_is_celebrated_nor_afterwards_and_boards_without_the_tile_stay_calm(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = board("badge_moments", audience="agents")
    ask = celebrated(Standings())
    assert ask(moment_on(filled, monkeypatch, NOW - timedelta(hours=1)), agents) is None
    at = moment_on(filled, monkeypatch)
    assert ask(at, agents, turn=QUIET) is None
    assert ask(at, agents) is None
    calm = celebrated(Standings())
    assert (
        calm(moment_on(filled, monkeypatch, NOW - timedelta(hours=1)), board("kudos", audience="agents"))
        is None
    )
    assert calm(moment_on(filled, monkeypatch), board("kudos", audience="agents")) is None


def test_a_whole_posting_is_one_moment_in_the_room() -> None:
    rows = [
        {"moment_id": n, "agent_name": name, "kind_name": "badge", "name_text": "B", "tier_name": None, "rule_name": None,
         "spec_text": None, "happened_at": NOW + timedelta(seconds=n)}
        for n, name in enumerate(("Ana", "Bo", "Ana", "Cy", "Dee", "Eve"))
    ]  # fmt: skip
    found = tile_game._many(NOW, rows)
    assert (found.key, found.title, found.text) == (
        "moments:202603021000",
        "6 things reached",
        "Congratulations, Ana, Bo, Cy and 2 more!",
    )
