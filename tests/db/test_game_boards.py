"""Boards ask one function whose name may be read: each board and each role, with holes planted to prove each guard."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.own import aliases
from sql import embedded, pages_login, policy, rights, warehouse

MONDAY, SUNDAY = date(2026, 11, 16), date(2026, 11, 22)
SEASON = "Autumn 2026"
EVERYBODY = range(1, 31)
ALLOWED = {1, 2, 4, 5, 10, 11, 12, 13, 14, 15, 29, 30}
"""Who allows their name on leaderboards, also two of the last; agent n has 40 - n points for each hour."""
TEAM_OF = {number: 1 + (number - 1) % 3 for number in EVERYBODY}
ACCOUNTS: dict[str, tuple[str, int | None, int | None]] = {  # role, own agent, team
    "high": ("agent", 3, None),
    "mid": ("agent", 12, None),
    "low": ("agent", 28, None),
    "sam": ("supervisor", None, 2),
    "mara": ("manager", None, None),
    "ada": ("administrator", None, None),
    "eve": ("executive", None, None),
    "wall": ("wall", None, None),
}
NAMES = {number: f"Given{number} Family{number}" for number in EVERYBODY}


ENTRY = (
    "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, "
    "version_number, effective_date, period_text, run_id, reason_text, actor_name) "
)


def run(connection: sa.Connection, text: str, /, **given: Any) -> None:
    connection.execute(sa.text(text), given)


def give(connection: sa.Connection, agent_id: int, day: date, points: int, hours: float) -> None:
    """A day's work and what the rule gave for it."""
    run(
        connection,
        "insert into game.day_sums (agent_id, effective_date, sums) "
        "values (:agent_id, :day, jsonb_build_object('signed_in_seconds', cast(:seconds as bigint)))",
        agent_id=agent_id,
        day=day,
        seconds=round(hours * 3600),
    )
    run(
        connection,
        ENTRY + "values (:key, 1, :agent_id, 'points', "
        ":points, 'award', 'calm', 1, :day, :period, 1, 'why', 'rule')",
        key=f"calm|1|{agent_id}|{day}|1",
        agent_id=agent_id,
        points=points,
        day=day,
        period=str(day),
    )


def fill(connection: sa.Connection) -> None:
    """Thirty agents in three teams of ten, nine weeks of five days of eight hours; agent n has 40 - n points an hour."""
    run(connection, "insert into warehouse.teams (team_name) values ('Red'), ('Blue'), ('Green')")
    for number in EVERYBODY:
        run(connection, "insert into warehouse.agents (agent_name) values (:name)", name=NAMES[number])
        run(
            connection,
            "insert into warehouse.team_members (team_id, agent_id, started_date) values (:team, :agent, '2020-01-01')",
            team=TEAM_OF[number],
            agent=number,
        )
    run(
        connection,
        "insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', now(), 'test')",
    )
    run(connection, "insert into game.rules values ('calm', 'points', true)")
    run(
        connection,
        "insert into game.rule_versions "
        "values ('calm', 1, '2026-01-01', true, 'x', repeat('a', 64), 'p', now(), 'test', '')",
    )
    run(
        connection,
        "insert into game.seasons (season_name, start_date, end_date) values (:name, '2026-10-01', '2027-01-01')",
        name=SEASON,
    )
    for back in range(63):
        day = SUNDAY - timedelta(days=back)
        if day.weekday() >= 5:
            continue
        for number in EVERYBODY:
            give(connection, number, day, (40 - number) * 8 + (9 if day.toordinal() % 2 else -9), 8)
    for number in ALLOWED:
        for board in ("leaderboard", "team_board"):
            run(
                connection,
                "insert into access.consents (agent_id, board_name, given_at) values (:agent, :board, now())",
                agent=number,
                board=board,
            )
    for login, (role, own, team) in ACCOUNTS.items():
        run(
            connection,
            "insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :own)",
            login=login,
            role=role,
            own=own,
        )
        if team:
            run(
                connection,
                "insert into access.account_teams select max(account_id), :team from access.accounts",
                team=team,
            )
        run(
            connection,
            "insert into access.sessions (token_sha256, account_id, ends_at) "
            "select :hash, max(account_id), now() + interval '1 day' from access.accounts",
            hash=hashlib.sha256(login.encode()).digest(),
        )
    run(connection, "select game.place_leagues(:name)", name=SEASON)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        fill(connection)
    return shared_engine


@pytest.fixture(scope="module")
def pages(floor: sa.Engine) -> Iterator[sa.Engine]:
    """The floor as the pages open it."""
    engine = warehouse.open_engine(pages_login.made(floor, embedded.home()), room=warehouse.PAGES)
    yield engine
    engine.dispose()


def ask(pages: sa.Engine, login: str | None, question: str, **given: Any) -> pl.DataFrame:
    """The answer to whoever signed in under that name."""
    with warehouse.connected(pages) as connection:
        if login:
            rights.enter(connection, login)
        return queries.QUESTIONS[question](connection, **given)


def board(pages: sa.Engine, login: str, name: str = "everyone") -> pl.DataFrame:
    return ask(
        pages, login, "game_board", board_name=name, first_date=MONDAY, last_date=SUNDAY, season_name=SEASON
    )


def named(found: pl.DataFrame) -> dict[int, str]:
    rows = found.filter(pl.col("row_name") == "named")
    return dict(rows.select("agent_id", "shown_name").iter_rows())


def full(*numbers: int) -> dict[int, str]:
    return {number: NAMES[number] for number in numbers}


def test_points_for_a_full_day_are_counted_by_hand(pages: sa.Engine) -> None:
    # five days sum to 5 x 8 x (40 - n), and one nine more or less: days of odd ordinals have nine more, the others less
    odd = sum(1 if (MONDAY + timedelta(days=n)).toordinal() % 2 else -1 for n in range(5)) * 9
    found = board(pages, "mara").filter(pl.col("row_name") == "named").sort("agent_id")
    assert found.get_column("total_points").to_list() == [(40 - n) * 40 + odd for n in EVERYBODY]
    assert found.get_column("worked_hours_value").unique().to_list() == [40.0]
    # a full day is eight hours: a fifth of the forty
    assert found.get_column("day_points").to_list() == [round(((40 - n) * 40 + odd) / 5) for n in EVERYBODY]
    # a quarter of 40 hours, for five sevenths of seven days of eight hours
    assert found.get_column("needed_hours_value").unique().to_list() == [10.0]
    assert found.get_column("place_number").to_list() == list(EVERYBODY)


def test_an_agent_reads_the_top_three_and_three_to_each_side_by_the_names_that_allow_it(
    pages: sa.Engine,
) -> None:
    found = board(pages, "mid")  # agent 12 of 30: the top 1, 2, 3 and 9 to 15
    assert named(found) == full(1, 2, 10, 11, 12, 13, 14, 15)
    nameless = found.filter(pl.col("row_name") == "nameless")
    assert nameless.get_column("order_number").to_list() == [3, 9]
    hidden = (
        "agent_id",
        "shown_name",
        "day_points",
        "total_points",
        "tier_name",
        "low_place_number",
        "alias_number",
    )
    assert all(nameless.get_column(column).null_count() == nameless.height for column in hidden)


def test_an_agent_reads_sums_and_exact_hours_of_nobody_else(pages: sa.Engine) -> None:
    found = board(pages, "mid").filter(pl.col("row_name") == "named", ~pl.col("is_own"))
    assert found.height == 7
    for column in ("total_points", "worked_hours_value", "needed_hours_value", "next_points"):
        assert found.get_column(column).null_count() == found.height, column
    # a place only of the top: beside it a band
    assert found.filter(pl.col("agent_id") > 3).get_column("place_number").null_count() == 5
    assert found.get_column("low_place_number").null_count() == 0
    own = board(pages, "mid").filter(pl.col("is_own")).row(0, named=True)
    assert own["place_number"] is None  # nor the own one, which nobody knows so exactly
    assert own["low_place_number"] <= 12 <= own["high_place_number"]


def test_nobody_in_the_lowest_third_is_named_though_they_allow_it(pages: sa.Engine) -> None:
    found = board(pages, "low")  # agent 28 of 30; 29 and 30 allow their names
    assert {29, 30} <= ALLOWED
    assert named(found) == full(1, 2, 28)
    assert found.filter(pl.col("row_name") == "nameless").get_column("order_number").to_list() == [
        3,
        25,
        26,
        27,
        29,
        30,
    ]


def test_who_allows_nothing_reads_the_own_name_alone_beside_those_who_do(pages: sa.Engine) -> None:
    assert 3 not in ALLOWED
    assert named(board(pages, "high")) == full(1, 2, 3, 4, 5)
    assert 3 not in named(board(pages, "mid"))


def test_a_supervisor_reads_the_own_team_whole_and_of_others_the_top_that_allows_it(pages: sa.Engine) -> None:
    own = [number for number in EVERYBODY if TEAM_OF[number] == 2]
    found = board(pages, "sam")
    assert named(found) == full(*sorted({*own, 1}))
    assert named(board(pages, "sam", "team")) == full(*own)
    others = found.filter(pl.col("row_name") == "named", ~pl.col("is_seen"))
    assert others.get_column("total_points").to_list() == [None]


@pytest.mark.parametrize("login", ["mara", "ada"])
def test_who_answers_for_all_reads_the_full_table(pages: sa.Engine, login: str) -> None:
    assert named(board(pages, login)) == NAMES


@pytest.mark.parametrize("name", ["everyone", "team", "league"])
def test_an_executive_reads_no_single_person(pages: sa.Engine, name: str) -> None:
    assert board(pages, "eve", name).is_empty()
    gains = ask(pages, "eve", "game_improved", first_date=MONDAY, last_date=SUNDAY)
    assert gains.is_empty()


def test_a_wall_and_nobody_are_refused(pages: sa.Engine) -> None:
    for login in ("wall", None):
        with pytest.raises(warehouse.WarehouseError, match="permission denied"):
            ask(
                pages,
                login,
                "game_board",
                board_name="everyone",
                first_date=MONDAY,
                last_date=SUNDAY,
                season_name=SEASON,
            )


def test_the_team_board_is_of_the_own_team(pages: sa.Engine) -> None:
    own = [
        number for number in EVERYBODY if TEAM_OF[number] == TEAM_OF[12]
    ]  # 3, 6, 9, ... 30; 12 is the fourth of ten
    found = board(pages, "mid", "team")
    assert set(named(found)) <= {*own}
    # 1st to 3rd: 3, 6, 9; near: 3, 6, 9, 15, 18, 21; of them only 15 allows it, and the lowest three (24, 27, 30) never
    assert named(found) == full(12, 15)


def test_the_place_of_the_few_without_a_name_cannot_be_read_off_a_gap(
    floor: sa.Engine, pages: sa.Engine
) -> None:
    own = [number for number in EVERYBODY if TEAM_OF[number] == TEAM_OF[12]]  # 3, 6, 9, 12, 15, ... 30
    silent = own[1]  # second of ten, and alone in it but for the lowest three: four, fewer than five
    with floor.begin() as connection:
        for number in {*own} - {silent} - ALLOWED:
            run(
                connection,
                "insert into access.consents (agent_id, board_name, given_at) values (:agent, 'team_board', now())",
                agent=number,
            )
        if silent in ALLOWED:
            run(
                connection,
                "update access.consents set withdrawn_at = now(), is_withdrawn_by_person = true where agent_id = :agent",
                agent=silent,
            )
    try:
        found = board(pages, "mid", "team").filter(pl.col("row_name") != "all")
        assert found.get_column("row_name").unique().to_list() == ["named"]
        assert found.get_column("agent_id").to_list() == [3, 9, 12, 15, 18, 21]
        assert found.get_column("order_number").to_list() == [1, 2, 3, 4, 5, 6]
        assert found.get_column("place_number").null_count() == 6
    finally:
        with floor.begin() as connection:
            run(
                connection,
                "delete from access.consents where board_name = 'team_board' and agent_id = any(:agents)",
                agents=[number for number in own if number not in ALLOWED],
            )
            run(
                connection,
                "update access.consents set withdrawn_at = null, is_withdrawn_by_person = null where agent_id = :n",
                n=silent,
            )


def test_a_league_stands_in_a_range_of_all_who_show_no_name(pages: sa.Engine) -> None:
    found = board(pages, "mid", "league")
    alias = found.filter(pl.col("row_name") == "alias")
    assert alias.height >= 5
    assert alias.select("low_points", "high_points").unique().height == 1  # so few stand in one range
    low, high = alias.row(0, named=True)["low_points"], alias.row(0, named=True)["high_points"]
    assert low % 5 == 0
    assert high % 5 == 0
    shown = [aliases.alias_text(number) for number in alias.get_column("alias_number").to_list()]
    assert len(set(shown)) == alias.height
    assert not set(shown) & set(NAMES.values())
    for column in (
        "agent_id",
        "shown_name",
        "day_points",
        "place_number",
        "low_place_number",
        "tier_name",
        "order_number",
    ):
        assert alias.get_column(column).null_count() == alias.height, column


def test_an_alias_is_the_same_for_one_reader_and_season_and_another_for_the_next(
    pages: sa.Engine, floor: sa.Engine
) -> None:
    def numbers(login: str) -> list[int]:
        found = board(pages, login, "league").filter(pl.col("row_name") == "alias")
        return sorted(found.get_column("alias_number").to_list())

    assert numbers("mid") == numbers("mid")
    with warehouse.connected(pages) as connection:
        rights.enter(connection, "mid")
        two = [
            connection.execute(
                sa.text("select access.alias_number(7, :season)"), {"season": season}
            ).scalar_one()
            for season in (SEASON, "Winter")
        ]
    assert two[0] != two[1]


def test_a_band_holds_the_place_and_equals_share_it(floor: sa.Engine) -> None:
    with floor.connect() as connection, connection.begin() as undone:
        # agent 2 gets what agent 1 has, by an entry of a rule
        run(
            connection,
            ENTRY + "values ('tie', 1, 2, 'points', 40, 'award', 'calm', 1, :day, 'week', 1, 'why', 'rule')",
            day=MONDAY,
        )
        found = connection.execute(
            sa.text(
                "select agent_id, place_number, low_place, high_place "
                "from game.board_standings(:first, :last, :ids) order by 1"
            ),
            {"first": MONDAY, "last": SUNDAY, "ids": list(EVERYBODY)},
        ).all()
        undone.rollback()
    assert [row.place_number for row in found][:4] == [1, 1, 3, 4]
    assert all(row.low_place <= row.place_number <= row.high_place for row in found)


def test_gifts_prizes_and_purchases_move_nobody(floor: sa.Engine) -> None:
    with floor.connect() as connection, connection.begin() as undone:
        for kind, account in (
            ("kudos", "points"),
            ("prize", "points"),
            ("manual", "points"),
            ("award", "coins"),
        ):
            rule = ("calm", 1) if kind == "award" else (None, None)
            run(
                connection,
                ENTRY
                + "values (:kind, 1, 30, :account, 5000, :kind, :rule, :version, :day, 'x', 1, 'why', 'x')",
                kind=kind,
                account=account,
                rule=rule[0],
                version=rule[1],
                day=MONDAY,
            )
        last = connection.execute(
            sa.text(
                "select max(agent_id) filter (where place_number = 30) from game.board_standings(:first, :last, :ids)"
            ),
            {"first": MONDAY, "last": SUNDAY, "ids": list(EVERYBODY)},
        ).scalar_one()
        undone.rollback()
    assert last == 30


def test_part_time_leave_and_overtime_stand_where_their_hours_say(floor: sa.Engine) -> None:
    """The same points an hour, whatever the hours; whoever has fewer than the fewest is not ranked, and not last."""
    with floor.connect() as connection, connection.begin() as undone:
        run(
            connection,
            "insert into warehouse.agents (agent_name) select 'New ' || n from generate_series(1, 4) as n",
        )
        ids = list(
            connection.execute(
                sa.text("select agent_id from warehouse.agents where agent_name like 'New %' order by 1")
            ).scalars()
        )
        for number, (points, hours) in enumerate(((300, 40), (150, 20), (375, 50), (75, 9.9))):
            give(connection, ids[number], MONDAY, points, hours)
        # with a schedule: 40 hours planned, 20 of them on leave and 4 absent, are 16 hours
        run(
            connection,
            "update game.day_sums set sums = :sums where agent_id = :agent",
            sums='{"scheduled_seconds": 144000, "leave_seconds": 57600, "absent_seconds": 14400, "signed_in_seconds": 1}',
            agent=ids[1],
        )
        found = connection.execute(
            sa.text(
                "select hours, day_points, tier_name, place_number "
                "from game.board_standings(:first, :last, :ids) order by agent_id"
            ),
            {"first": MONDAY, "last": SUNDAY, "ids": ids},
        ).all()
        undone.rollback()
    assert [row.hours for row in found] == pytest.approx([40, 20, 50, 9.9])
    assert [row.day_points for row in found[:3]] == pytest.approx([60, 60, 60])
    assert found[3].day_points is None
    assert (found[3].tier_name, found[3].place_number) == ("waiting", None)
    assert [row.place_number for row in found[:3]] == [1, 1, 1]


def test_the_site_can_show_initials_or_the_top_alone(floor: sa.Engine, pages: sa.Engine) -> None:
    for mode, wanted in (
        ("initials", {1: "G. F.", 2: "G. F.", 12: NAMES[12]} | dict.fromkeys((10, 11, 13, 14, 15), "G. F.")),
        ("top", full(1, 2, 12)),
    ):
        with floor.begin() as connection:
            run(connection, "update game.board_settings set names_name = :mode", mode=mode)
        try:
            assert named(board(pages, "mid")) == wanted
        finally:
            with floor.begin() as connection:
                run(connection, "update game.board_settings set names_name = 'names'")


def test_taking_a_consent_back_takes_the_name_away_at_once(floor: sa.Engine, pages: sa.Engine) -> None:
    assert 11 in named(board(pages, "mid"))
    with floor.begin() as connection:
        run(
            connection,
            "update access.consents set withdrawn_at = now(), is_withdrawn_by_person = true where agent_id = 11",
        )
    try:
        assert 11 not in named(board(pages, "mid"))
    finally:
        with floor.begin() as connection:
            for name in ("leaderboard", "team_board"):
                run(
                    connection,
                    "insert into access.consents (agent_id, board_name, given_at) values (11, :name, now())",
                    name=name,
                )


def test_a_consent_for_the_team_is_none_for_the_whole_floor(floor: sa.Engine, pages: sa.Engine) -> None:
    with floor.begin() as connection:
        run(
            connection,
            "insert into access.consents (agent_id, board_name, given_at) values (9, 'team_board', now())",
        )
    try:
        assert 9 in named(board(pages, "mid", "team"))
        assert 9 not in named(board(pages, "mid"))
    finally:
        with floor.begin() as connection:
            run(connection, "delete from access.consents where agent_id = 9")


def test_boards_of_people_vanish_with_the_policy_and_teams_stay(floor: sa.Engine, pages: sa.Engine) -> None:
    with floor.begin() as connection:
        run(connection, "update warehouse.individual_figures set is_on = false where family_name = 'game'")
    try:
        for login in ("mid", "sam", "mara"):
            for name in ("everyone", "team", "league"):
                assert board(pages, login, name).is_empty()
            assert ask(pages, login, "game_improved", first_date=MONDAY, last_date=SUNDAY).is_empty()
            lines = ask(
                pages,
                login,
                "game_board_steps",
                board_name="everyone",
                first_date=MONDAY,
                last_date=SUNDAY,
                season_name=SEASON,
            )
            assert lines.is_empty()
        assert ask(pages, "mid", "game_teams", first_date=MONDAY, last_date=SUNDAY).height == 3
    finally:
        with floor.begin() as connection:
            run(connection, "update warehouse.individual_figures set is_on = true where family_name = 'game'")


def test_teams_are_compared_by_hand_and_told_to_everybody(pages: sa.Engine) -> None:
    found = ask(pages, "eve", "game_teams", first_date=MONDAY, last_date=SUNDAY)
    odd = sum(1 if (MONDAY + timedelta(days=n)).toordinal() % 2 else -1 for n in range(5)) * 9 / 5
    mean = {team: sum((40 - n) * 8 + odd for n in EVERYBODY if TEAM_OF[n] == team) / 10 for team in (1, 2, 3)}
    whole = sum(mean.values()) / 3
    wanted = {team: round((4 * whole + 10 * mean[team]) / 14) for team in mean}
    assert dict(found.select("team_id", "day_points").iter_rows()) == wanted
    assert found.get_column("team_name").to_list() == ["Red", "Blue", "Green"]
    assert found.get_column("place_number").to_list() == [1, 2, 3]


def test_a_team_of_few_is_told_to_who_answers_for_it_alone(floor: sa.Engine, pages: sa.Engine) -> None:
    with floor.begin() as connection:
        run(connection, "update access.smallest_groups set fewest_agents = 11")
    try:
        told = {
            login: ask(pages, login, "game_teams", first_date=MONDAY, last_date=SUNDAY)
            for login in ("mid", "sam", "mara", "eve")
        }
    finally:
        with floor.begin() as connection:
            run(connection, "update access.smallest_groups set fewest_agents = 5")
    assert told["mara"].get_column("day_points").null_count() == 0
    assert told["sam"].filter(pl.col("day_points").is_not_null()).get_column("team_name").to_list() == [
        "Blue"
    ]
    assert told["mid"].filter(pl.col("day_points").is_not_null()).is_empty()
    assert told["mid"].get_column("withheld_name").unique().to_list() == ["few"]
    assert told["eve"].is_empty()


def test_only_who_surely_gained_is_told_and_who_fell_back_is_not(floor: sa.Engine, pages: sa.Engine) -> None:
    with floor.connect() as connection, connection.begin() as undone:
        changes = ((5, 60), (7, 60), (13, -60))
        for (number, more), back in product(changes, range(5)):
            run(
                connection,
                ENTRY
                + "values ('more' || :day || '|' || cast(:agent as text), 1, :agent, 'points', :more, 'award', "
                "'calm', 1, cast(:day as date), 'x', 1, 'why', 'rule')",
                agent=number,
                more=more,
                day=str(MONDAY + timedelta(days=back)),
            )
        rights.enter(connection, "mid")
        found = queries.QUESTIONS["game_improved"](connection, first_date=MONDAY, last_date=SUNDAY)
        undone.rollback()
    # 5 allows the name and gained; 7 gained and allows nothing; 13 fell back; 12 looks
    assert [row["agent_id"] for row in found.iter_rows(named=True)] == [5, 12]
    gained = found.row(0, named=True)
    assert gained["is_sure"]
    assert 0.1 < gained["gained_ratio"] <= 60 / ((40 - 5) * 8)  # drawn to nothing, the less sure it is
    assert gained["base_points"] is None  # how much that was is the person's own
    assert not found.row(1, named=True)["is_sure"]


def test_the_chart_of_places_names_who_the_board_names(pages: sa.Engine) -> None:
    def lines(login: str, name: str) -> set[str]:
        found = ask(
            pages,
            login,
            "game_board_steps",
            board_name=name,
            first_date=MONDAY,
            last_date=SUNDAY,
            season_name=SEASON,
        )
        return set(found.get_column("line_name").to_list())

    assert lines("mid", "everyone") == {NAMES[1], NAMES[2], NAMES[12]}
    assert lines("mid", "teams") == {"Red", "Blue", "Green"}
    assert lines("eve", "everyone") == set()
    assert lines("mara", "everyone") == {NAMES[number] for number in range(1, 9)}


def planted(floor: sa.Engine, *statements: str) -> dict[int, str]:
    """Whom agent 28 reads by name while these statements hold; they are undone."""
    with floor.connect() as connection, connection.begin() as undone:
        for text in statements:
            connection.execute(sa.text(text))
        rights.enter(connection, "low")
        found = queries.QUESTIONS["game_board"](
            connection, board_name="everyone", first_date=MONDAY, last_date=SUNDAY, season_name=SEASON
        )
        undone.rollback()
    return named(found)


def hole(floor: sa.Engine, name: str, guard: str, instead: str) -> str:
    """The function again, with one guard taken out of its text."""
    with floor.connect() as connection:
        text = connection.execute(sa.text(f"select pg_get_functiondef('{name}'::regprocedure)")).scalar_one()
    assert text.count(guard) == 1, guard
    return str(text.replace(guard, instead)).replace(":", "\\:")


NAMES_FUNCTION = "game.board_names(text, integer[], integer[])"


def test_the_guards_of_names_are_what_keeps_them(floor: sa.Engine) -> None:
    """Negative controls: with a guard taken out, somebody is named who may not be; so each of them does something."""
    assert planted(floor) == full(1, 2, 28)
    lowest = hole(floor, NAMES_FUNCTION, "or u.place_number > n.agents_count - n.agents_count / 3", "")
    assert planted(floor, lowest) == full(1, 2, 28, 29, 30)
    consent = hole(
        floor,
        NAMES_FUNCTION,
        "when c.agent_id is null or u.place_number is null or",
        "when u.place_number is null or",
    )
    assert planted(floor, consent) == full(1, 2, 3, 28)


def test_reading_the_tables_past_the_boards_finds_the_own_rows_alone(pages: sa.Engine) -> None:
    with warehouse.connected(pages) as connection:
        rights.enter(connection, "mid")
        for text in (
            "select distinct agent_id from game.ledger",
            "select distinct agent_id from game.day_sums",
            "select distinct agent_id from game.league_places",
            "select agent_id from game.board_standings('2026-11-16', '2026-11-22', array[1, 2, 12]) where points > 0",
            "select agent_id from game.board_names('leaderboard', array[1, 2, 12], array[1, 2, 12])",
            "select distinct agent_id from game.board_days('2026-11-16', '2026-11-22')",
        ):
            assert list(connection.execute(sa.text(text)).scalars()) == [12], text


def test_boards_leave_no_way_past_the_rights(floor: sa.Engine) -> None:
    with warehouse.connected(floor) as connection:
        found = rights.holes(connection)
    assert found == []


def test_an_empty_game_has_empty_boards(engine: sa.Engine) -> None:
    with warehouse.connected(engine) as connection:
        policy_is_on = connection.execute(sa.text("select warehouse.is_individual('game')")).scalar_one()
        assert policy_is_on, "the example policy lets the game exist"
        found = queries.QUESTIONS["game_board"](
            connection, board_name="everyone", first_date=MONDAY, last_date=SUNDAY, season_name=""
        )
        assert found.height == 1
        assert found.item(0, "ranked_agents") == 0
        assert queries.QUESTIONS["game_teams"](connection, first_date=MONDAY, last_date=SUNDAY).is_empty()
    assert [one.name for one in policy.individual.families()].count("game") == 1


def leagues_of(connection: sa.Connection, season: str) -> dict[int, int]:
    rows = connection.execute(
        sa.text("select agent_id, league_number from game.league_places where season_name = :season"),
        {"season": season},
    )
    return {row.agent_id: row.league_number for row in rows}


def placed(connection: sa.Connection, season: str) -> int:
    return int(
        connection.execute(sa.text("select game.place_leagues(:season)"), {"season": season}).scalar_one()
    )


def test_leagues_hold_eight_to_fifteen_and_whoever_is_new_begins_in_the_last(floor: sa.Engine) -> None:
    with floor.connect() as connection, connection.begin() as undone:
        first = leagues_of(connection, SEASON)
        assert sorted(first) == list(EVERYBODY)
        sizes = [list(first.values()).count(number) for number in sorted({*first.values()})]
        assert sizes == [10, 10, 10]  # 30 / 12 = 2.5, half up: three leagues
        assert placed(connection, SEASON) == 0  # again: nothing
        run(connection, "insert into warehouse.agents (agent_name) values ('Newcomer')")
        assert warehouse.one_row(connection, "game/leagues_placed", day_date=SUNDAY) == (
            1,
        )  # as the nightly work asks
        new = next(iter({*leagues_of(connection, SEASON)} - {*first}))
        assert leagues_of(connection, SEASON)[new] == 3
        assert placed(connection, "No such season") == 0
        undone.rollback()


def test_a_season_moves_two_up_and_two_down_and_who_was_away_stays(floor: sa.Engine) -> None:
    with floor.connect() as connection, connection.begin() as undone:
        before = leagues_of(connection, SEASON)
        run(
            connection,
            "insert into game.seasons (season_name, start_date, end_date) values ('Winter', '2027-01-01', '2027-04-01')",
        )
        # the best of league 1 was away for nearly the whole season: no place, and so no fall
        away = min(one for one, league in before.items() if league == 1)
        run(
            connection,
            "update game.day_sums set sums = '{\"signed_in_seconds\": 60}' where agent_id = :agent",
            agent=away,
        )
        assert placed(connection, "Winter") == 30
        after = leagues_of(connection, "Winter")
        undone.rollback()
    ranked = {
        number: sorted(one for one in before if before[one] == number and one != away) for number in (1, 2, 3)
    }
    # agent n has 40 - n points an hour: the two lowest of a league have the highest numbers
    falls, rises = {*ranked[1][-2:], *ranked[2][-2:]}, {*ranked[2][:2], *ranked[3][:2]}
    moved = {one: after[one] - before[one] for one in after if after[one] != before[one]}
    assert moved == dict.fromkeys(falls, 1) | dict.fromkeys(rises, -1)
    assert after[away] == 1
