"""Thanks, contests, the store and the employee of the month on a real warehouse: what is kept, refused, paid and told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from dashboard import access, queries
from dashboard.access import Viewer
from dashboard.door import sessions
from dashboard.door.visitor import viewer_of
from dashboard.game import contest_saves, kudos_saves, month_saves, social_states, store_saves
from dashboard.game.contest_saves import Draft
from dashboard.game.kudos_saves import Thanks
from dashboard.game.month_pick import Proposal
from dashboard.game.social_states import SocialError
from dashboard.game.store_saves import Item
from dashboard.ui import desk, moments
from etl.game import social
from sql import rights, warehouse
from sql.warehouse import WarehouseError

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)  # a Wednesday
TODAY = date(2026, 3, 11)
TEAM_OF = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 2}
NAMES = {1: "Aino", 2: "Bo", 3: "Chen", 4: "Dora", 5: "Eda", 6: "Finn"}
LOGINS = {
    **{name.lower(): ("agent", number, None) for number, name in NAMES.items()},
    "sam": ("supervisor", None, 1),
    "tess": ("supervisor", 4, 2),  # who is an agent, too
    "mara": ("manager", None, None),
    "ada": ("administrator", None, None),
    "eve": ("executive", None, None),
}
OPEN = Viewer("local", access.EVERYONE)


@pytest.fixture(scope="module")
def floor(shared_engine: sa.Engine) -> sa.Engine:
    """Six agents in two teams with an account each, and those who answer for them."""
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        run(connection, "insert into warehouse.sites (site_name, time_zone_name) values ('Harbour', 'UTC')")
        run(connection, "insert into warehouse.teams (team_name) values ('Early'), ('Late')")
        for number, name in NAMES.items():
            run(connection, "insert into warehouse.agents (agent_name) values (:name)", name=name)
            run(
                connection,
                "insert into warehouse.team_members (team_id, agent_id, started_date) values (:team, :agent, '2020-01-01')",
                team=TEAM_OF[number],
                agent=number,
            )
        for login, (role, agent_id, team_id) in LOGINS.items():
            run(
                connection,
                "insert into access.accounts (login_name, role_name, agent_id) values (:login, :role, :agent_id)",
                login=login,
                role=role,
                agent_id=agent_id,
            )
            if team_id:
                run(
                    connection,
                    "insert into access.account_teams select max(account_id), :team_id from access.accounts",
                    team_id=team_id,
                )
            run(
                connection,
                "insert into access.sessions (token_sha256, account_id, ends_at) "
                "select :hash, max(account_id), '2099-01-01' from access.accounts",
                hash=hashlib.sha256(f"token-{login}".encode()).digest(),
            )
    return shared_engine


@pytest.fixture(autouse=True)
def here(floor: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", floor.url.render_as_string(hide_password=False))
    monkeypatch.setattr(moments, "engine", lambda _url: floor)


@pytest.fixture
def clean(floor: sa.Engine) -> Iterator[sa.Engine]:
    """The floor with nothing of the game in it before and after."""
    yield floor
    with floor.begin() as connection:
        run(connection, "alter table game.ledger disable trigger user")
        tables = (
            "kudos, contests, contest_tiers, contest_participants, contest_moves, store_items, store_orders, "
        )
        tables += "store_budgets, months, month_proposals, ledger, evidence, moments, runs, day_closes, holds, disputes, "
        tables += "day_sums, today"
        for one in tables.split(", "):
            run(connection, f"alter table game.{one} disable trigger user")
        run(connection, "truncate " + ", ".join(f"game.{one}" for one in tables.split(", ")) + " cascade")
        for one in tables.split(", "):
            run(connection, f"alter table game.{one} enable trigger user")
        run(connection, "delete from access.consents")
        run(connection, "delete from game.coin_rates where valid_from_date > '1990-01-01'")
        run(
            connection,
            "update game.social_settings set kudos_points = 0, coin_life_days = null, cool_down_months = 6",
        )


def run(connection: sa.Connection, text: str, **params: object) -> sa.CursorResult[Any]:
    return connection.execute(sa.text(text), params)


def viewer(floor: sa.Engine, login: str) -> Viewer:
    token = f"token-{login}"
    with warehouse.connected(floor) as connection:
        holder = sessions.holder(connection, token, now=NOW)
    assert holder is not None
    return viewer_of(holder, token)


def do(floor: sa.Engine, login: str, change_name: str, work: Callable[..., Any], /, **values: Any) -> Any:
    """What a person does at a page: as the desk lets them, or not at all."""
    who = viewer(floor, login)
    return desk.change(
        who, change_name, lambda connection, **given: work(connection, viewer=who, **given), **values
    )


def asked(floor: sa.Engine, login: str, question: str, **values: Any) -> list[dict[str, Any]]:
    with access.transaction(floor, viewer(floor, login)) as connection:
        return queries.QUESTIONS[question](connection, **values).to_dicts()


def looked(floor: sa.Engine, text: str, **params: object) -> list[Any]:
    with floor.begin() as connection:
        return [tuple(row) for row in run(connection, text, **params)]


def scalar(floor: sa.Engine, text: str, **params: object) -> Any:
    return looked(floor, text, **params)[0][0]


def lines(floor: sa.Engine, what_name: str) -> int:
    return int(scalar(floor, "select count(*) from ops.audit_lines where what_name = :what", what=what_name))


def earn(connection: sa.Connection, agent_id: int, day: date, points: int, *, kind: str = "manual") -> int:
    """One entry of points, as the ledger would have it; its number."""
    run_id = run(
        connection,
        "insert into game.runs (kind_name, started_at, actor_name) values ('manual', :at, 'test') returning run_id",
        at=NOW,
    ).scalar_one()
    return int(
        run(
            connection,
            "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
            "effective_date, period_text, run_id, reason_text, actor_name) values (:key, 1, :agent_id, 'points', :points, "
            ":kind, :day, :period, :run_id, 'drawn', 'test') returning entry_id",
            key=f"test|{agent_id}|{day}|{run_id}",
            agent_id=agent_id,
            points=points,
            kind=kind,
            day=day,
            period=day.isoformat(),
            run_id=run_id,
        ).scalar_one()
    )


def take_back(connection: sa.Connection, entry_id: int) -> None:
    run(
        connection,
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
        "effective_date, period_text, run_id, reverses_entry_id, reason_text, actor_name) select entry_key, "
        "sequence_number + 1, agent_id, account_name, -entry_points, 'reversal', effective_date, "
        "period_text, run_id, entry_id, 'drawn', 'test' "
        "from game.ledger where entry_id = :entry_id",
        entry_id=entry_id,
    )


def coins_of(connection: sa.Connection, agent_id: int) -> int:
    text = "select coalesce(sum(entry_points), 0) from game.ledger where agent_id = :a and account_name = 'coins'"
    return int(run(connection, text, a=agent_id).scalar_one())


def with_coins(floor: sa.Engine, coins: dict[int, int]) -> None:
    """Gives each agent so many coins: ten points of a day to come by hand make one."""
    with floor.begin() as connection:
        run(connection, "update game.coin_rates set counted_kinds = '{award,adjust,manual}'")
        for agent_id, many in coins.items():
            earn(connection, agent_id, TODAY, many * 10)
        social.keep_coins(connection, at=NOW)


# ---- ways ----


def _states(way_name: str) -> list[str]:
    steps = [one for found in social_states.WAYS[way_name].values() for one in found]
    return sorted({one.from_name for one in steps} | {one.to_name for one in steps})


@contextmanager
def undone(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.connect() as connection:
        turn = connection.begin()
        try:
            yield connection
        finally:
            turn.rollback()


ROWS = {
    "contests": (
        "insert into game.contests (contest_name, kind_name, above_name, first_date, last_date, state_name) "
        "values ('C', 'individual', 'kudos', '2026-03-09', '2026-03-10', :state) returning contest_id",
        "contest_id",
    ),
    "store_orders": (
        "insert into game.store_orders (item_id, agent_id, price_coins, month_date, requested_at, changed_at, "
        "purchase_entry_id, state_name, refund_entry_id, approved_by_name, note_text) select i.item_id, 1, 1, '2026-03-01', "
        "now(), now(), l.entry_id, :state, case when :state in ('rejected', 'cancelled') then l.entry_id end, 'x', 'why' "
        "from game.store_items as i cross join (select max(entry_id) as entry_id from game.ledger) as l returning order_id",
        "order_id",
    ),
    "months": (
        "insert into game.months (month_date, proposed_at, state_name, agent_id, decided_at, decided_by_name, reason_text, "
        "answered_at) values ('2026-02-01', now(), :state, case when :state in ('decided', 'named', 'unnamed') then 1 end, "
        "case when :state <> 'proposed' then now() end, case when :state <> 'proposed' then 'x' end, "
        "case when :state <> 'proposed' then 'why' end, case when :state in ('named', 'unnamed') then now() end) "
        "returning month_date",
        "month_date",
    ),
    "kudos": (
        "insert into game.kudos (agent_id, from_agent_id, category_name, message_text, given_at, given_date, state_name, "
        "ended_at, note_text) values (1, 2, 'help', 'Thanks', now(), '2026-03-11', :state, "
        "case when :state <> 'standing' then now() end, 'why') returning kudos_id",
        "kudos_id",
    ),
}


@pytest.mark.parametrize("way_name", social_states.WAYS)
def test_the_warehouse_lets_through_the_steps_of_the_table_and_no_other(
    clean: sa.Engine, way_name: str
) -> None:
    allowed = {
        (one.from_name, one.to_name) for steps in social_states.WAYS[way_name].values() for one in steps
    }
    text, key = ROWS[way_name]
    found = set()
    with undone(clean) as connection:
        earn(connection, 1, TODAY, 1)
        run(connection, "insert into game.store_items (item_name, price_coins) values ('Mug', 1)")
        for from_name in _states(way_name):
            for to_name in _states(way_name):
                if from_name == to_name:
                    continue
                drawn = connection.begin_nested()
                row_id = run(connection, text, state=from_name).scalar_one()
                try:
                    run(
                        connection,
                        f"update game.{way_name} set state_name = :to where {key} = :id",  # noqa: S608
                        to=to_name,
                        id=row_id,
                    )
                    found.add((from_name, to_name))
                except DBAPIError as error:
                    if "nothing goes from" not in str(error.orig):
                        found.add(
                            (from_name, to_name)
                        )  # another rule of the row stands against it here, not the way
                drawn.rollback()
    assert found == allowed


# ---- thanks ----

NICE = Thanks(2, "help", "You took my angry caller.")


def thank(floor: sa.Engine, login: str, thanks: Thanks = NICE, at: datetime = NOW) -> None:
    do(floor, login, "game.own", kudos_saves.give, thanks=thanks, at=at, agent_id=LOGINS[login][1])


def test_thanks_are_kept_told_and_noted(clean: sa.Engine) -> None:
    before = lines(clean, "game.kudos")
    thank(clean, "aino")
    assert looked(clean, "select agent_id, from_agent_id, given_date, state_name from game.kudos") == [
        (2, 1, TODAY, "standing")
    ]
    assert looked(clean, "select agent_id, kind_name from game.moments") == [(2, "kudos")]
    assert lines(clean, "game.kudos") == before + 1
    assert scalar(clean, "select count(*) from game.ledger") == 0  # worth no points unless a site says so


@pytest.mark.parametrize(
    ("thanks", "word"),
    [
        (Thanks(1, "help", "I did well."), "themselves"),
        (Thanks(2, "help", "  x "), "3 to 800"),
        (Thanks(2, "help", "x" * 801), "3 to 800"),
        (Thanks(2, "gossip", "Well done"), "what the thanks are for"),
        (Thanks(5, "help", "Well done"), "of the list"),  # another team, and allows no name
    ],
)
def test_thanks_that_cannot_be_given_are_refused_with_a_sentence(
    clean: sa.Engine, thanks: Thanks, word: str
) -> None:
    with pytest.raises(SocialError, match=word):
        thank(clean, "aino", thanks)
    assert scalar(clean, "select count(*) from game.kudos") == 0


def test_nobody_thanks_without_end_and_the_week_begins_anew_on_monday(clean: sa.Engine) -> None:
    thank(clean, "aino")
    thank(clean, "aino")
    with pytest.raises(SocialError, match="this colleague 2 times"):
        thank(clean, "aino")
    for _ in range(2):
        thank(clean, "aino", Thanks(3, "idea", "Good thought"))
    with clean.begin() as connection:
        run(
            connection,
            "insert into access.consents (agent_id, board_name, given_at) values (4, 'leaderboard', :at)",
            at=NOW,
        )
    thank(clean, "aino", Thanks(4, "idea", "Good thought"))  # allows the name everywhere
    with pytest.raises(SocialError, match="thanked 5 times this week"):
        thank(clean, "aino", Thanks(4, "idea", "Good thought"))
    sunday = datetime(2026, 3, 15, 23, tzinfo=UTC)
    with pytest.raises(SocialError):
        thank(clean, "aino", NICE, sunday)
    early_monday = datetime(2026, 3, 16, 3, 59, tzinfo=UTC)  # still Sunday's working day, which ends at 4
    with pytest.raises(SocialError):
        thank(clean, "aino", NICE, early_monday)
    thank(clean, "aino", NICE, early_monday + timedelta(minutes=1))
    thank(clean, "bo", Thanks(1, "help", "And you"), NOW)  # the limit is each giver's own
    thank(clean, "sam", Thanks(1, "calm", "Well kept"), NOW)
    assert scalar(clean, "select count(*) from game.kudos where from_account_id is not null") == 1


def test_points_for_thanks_come_once_and_go_with_them(clean: sa.Engine) -> None:
    with clean.begin() as connection:
        run(connection, "update game.social_settings set kudos_points = 2")
    thank(clean, "aino")
    kudos_id = scalar(clean, "select kudos_id from game.kudos")
    balance = "select coalesce(sum(entry_points), 0) from game.ledger where agent_id = 2 and account_name = 'points'"
    assert scalar(clean, balance) == 2
    with pytest.raises(SocialError, match="Only whoever gave it"):
        do(clean, "chen", "game.own", kudos_saves.take_back, kudos_id=kudos_id, agent_id=3, at=NOW)
    late = NOW + timedelta(minutes=31)
    with pytest.raises(SocialError, match="more than 30 minutes"):
        do(clean, "aino", "game.own", kudos_saves.take_back, kudos_id=kudos_id, agent_id=1, at=late)
    do(clean, "aino", "game.own", kudos_saves.take_back, kudos_id=kudos_id, agent_id=1, at=NOW)
    assert scalar(clean, balance) == 0
    with pytest.raises(SocialError, match="taken_back"):
        do(clean, "aino", "game.own", kudos_saves.take_back, kudos_id=kudos_id, agent_id=1, at=NOW)


def test_a_supervisor_hides_thanks_of_their_team_with_a_note_and_nobody_hides_their_own(
    clean: sa.Engine,
) -> None:
    thank(clean, "aino")
    kudos_id = scalar(clean, "select kudos_id from game.kudos")
    given: dict[str, Any] = {"agent_id": 2, "kudos_id": kudos_id, "at": NOW}
    with pytest.raises(WarehouseError, match="not yours to change"):
        do(clean, "tess", "game.decisions", kudos_saves.hide, note_text="rude", **given)
    with pytest.raises(SocialError, match="Say why"):
        do(clean, "sam", "game.decisions", kudos_saves.hide, note_text=" ", **given)
    do(clean, "sam", "game.decisions", kudos_saves.hide, note_text="not kind", **given)
    window = {"window_start": NOW - timedelta(days=1), "window_end": NOW + timedelta(days=1)}
    assert asked(clean, "bo", "game_kudos", **window) == []
    assert [row["state_name"] for row in asked(clean, "sam", "game_kudos", **window)] == ["hidden"]
    do(clean, "sam", "game.decisions", kudos_saves.show_again, **given)
    assert [row["from_name"] for row in asked(clean, "bo", "game_kudos", **window)] == ["Aino"]


def test_the_feed_shows_whom_the_reader_may_read_and_nobody_else(clean: sa.Engine) -> None:
    thank(clean, "aino")  # to Bo, of the same team
    thank(clean, "dora", Thanks(5, "idea", "For Eda"))
    window = {"window_start": NOW - timedelta(days=1), "window_end": NOW + timedelta(days=1)}

    def read(login: str) -> set[tuple[str, str | None]]:
        return {(row["agent_name"], row["from_name"]) for row in asked(clean, login, "game_kudos", **window)}

    assert read("bo") == {("Bo", "Aino")}  # whoever is thanked reads by whom
    assert read("aino") == {("Bo", "Aino")}  # whoever thanked finds it
    assert read("chen") == set()  # nobody has allowed the name
    assert read("sam") == {("Bo", "Aino")}
    assert read("tess") == {("Eda", "Dora")}
    assert read("mara") == {("Bo", "Aino"), ("Eda", "Dora")}
    with clean.begin() as connection:
        run(
            connection,
            "insert into access.consents (agent_id, board_name, given_at) values (2, 'team_board', :at)",
            at=NOW,
        )
    assert read("chen") == {("Bo", None)}  # Bo allows it in the team; Aino, who thanked, does not
    assert read("finn") == set()
    with clean.begin() as connection:
        run(
            connection,
            "insert into access.consents (agent_id, board_name, given_at) values (1, 'leaderboard', :at)",
            at=NOW,
        )
    assert read("chen") == {("Bo", "Aino")}


# ---- coins ----


def test_points_of_a_day_make_coins_once_rounded_half_up(clean: sa.Engine) -> None:
    """104 + 11 = 115 points at 10 a coin are 11.5 coins: 12. 4 points are 0.4: none."""
    with clean.begin() as connection:
        run(connection, "update game.coin_rates set counted_kinds = '{award,adjust,manual}'")
        earn(connection, 1, TODAY, 104)
        earn(connection, 1, TODAY, 11)
        earn(connection, 2, TODAY, 4)
        earn(connection, 3, TODAY, 50, kind="prize")  # of a kind that makes none
        assert social.keep_coins(connection, at=NOW) == (1, 0)
        assert [coins_of(connection, one) for one in (1, 2, 3)] == [12, 0, 0]
        assert social.keep_coins(connection, at=NOW) == (0, 0)
        run(connection, "insert into game.coin_rates values ('2026-03-12', 100, '{manual}')")
        earn(connection, 1, TODAY + timedelta(days=1), 149)  # 1.49 coins at the new rate
        social.keep_coins(connection, at=NOW + timedelta(days=1))
        assert coins_of(connection, 1) == 12 + 1


def test_what_was_spent_before_its_points_were_taken_back_is_written_off_and_due_again_when_they_return(
    clean: sa.Engine,
) -> None:
    """100 points make 10 coins, 8 are spent; 50 points are left: 5 coins, 3 too few. Later they return."""
    with clean.begin() as connection:
        run(connection, "update game.coin_rates set counted_kinds = '{award,adjust,manual}'")
        earn(connection, 1, TODAY, 50)
        half = earn(connection, 1, TODAY, 50)
        social.keep_coins(connection, at=NOW)
        spend(connection, 1, 8)
        take_back(connection, half)
        assert social.keep_coins(connection, at=NOW) == (2, 1)
        kinds = run(
            connection,
            "select kind_name, entry_points from game.ledger where account_name = 'coins' order by entry_id",
        )
        assert [tuple(row) for row in kinds] == [
            ("earning", 10), ("purchase", -8), ("reversal", -10), ("earning", 5), ("write_off", 3),
        ]  # fmt: skip
        assert coins_of(connection, 1) == 0
        assert social.keep_coins(connection, at=NOW) == (0, 0)
        earn(connection, 1, TODAY + timedelta(days=1), 20)  # what comes later is nobody's debt
        social.keep_coins(connection, at=NOW + timedelta(days=1))
        assert coins_of(connection, 1) == 2
        earn(connection, 1, TODAY, 50)  # the points return: 10 - 8 + 2, as if they had never gone
        social.keep_coins(connection, at=NOW + timedelta(days=1))
        assert coins_of(connection, 1) == 10 - 8 + 2


def spend(connection: sa.Connection, agent_id: int, coins: int) -> None:
    run_id = run(
        connection,
        "insert into game.runs (kind_name, started_at, actor_name) values ('store', :at, 'test') returning run_id",
        at=NOW,
    ).scalar_one()
    run(
        connection,
        "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
        "effective_date, period_text, run_id, reason_text, actor_name) values (:key, 1, :a, 'coins', :points, 'purchase', "
        ":day, 'x', :run_id, 'drawn', 'test')",
        key=f"spent|{run_id}",
        a=agent_id,
        points=-coins,
        day=TODAY,
        run_id=run_id,
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    turns=st.lists(
        st.tuples(st.sampled_from(["earn", "back", "spend", "keep"]), st.integers(0, 2), st.integers(1, 90)),
        max_size=14,
    )
)
def test_however_points_come_and_go_no_wallet_falls_below_zero_and_a_second_run_writes_nothing(
    clean: sa.Engine, turns: list[tuple[str, int, int]]
) -> None:
    with undone(clean) as connection:
        run(connection, "update game.coin_rates set counted_kinds = '{award,adjust,manual}'")
        standing: list[int] = []
        for what, offset, many in turns:
            if what == "earn":
                standing.append(earn(connection, 1, TODAY - timedelta(days=offset), many))
            elif what == "back" and standing:
                take_back(connection, standing.pop(many % len(standing)))
            elif what == "spend" and (balance := coins_of(connection, 1)) > 0:
                spend(connection, 1, min(balance, many))
            elif what == "keep":
                social.keep_coins(connection, at=NOW)
                assert coins_of(connection, 1) >= 0
        social.keep_coins(connection, at=NOW)
        assert coins_of(connection, 1) >= 0
        assert social.keep_coins(connection, at=NOW) == (0, 0)


def test_coins_that_nobody_spent_in_time_expire_the_oldest_first(clean: sa.Engine) -> None:
    """10 coins of 40 days ago, 7 of today, 4 spent: they were of the old ones, so 6 expire and 7 are left."""
    with clean.begin() as connection:
        run(connection, "update game.coin_rates set counted_kinds = '{award,adjust,manual}'")
        earn(connection, 1, TODAY - timedelta(days=40), 100)
        earn(connection, 1, TODAY, 70)
        social.keep_coins(connection, at=NOW)
        spend(connection, 1, 4)
        assert social.keep_coins(connection, at=NOW) == (0, 0)  # no limit, nothing expires
        run(connection, "update game.social_settings set coin_life_days = 30")
        social.keep_coins(connection, at=NOW)
        assert coins_of(connection, 1) == 7
        assert social.keep_coins(connection, at=NOW) == (0, 0)


# ---- the store ----


def new_item(floor: sa.Engine, **more: Any) -> int:
    given = Item(**{"item_name": "Mug", "price_coins": 30, **more})
    item_id = desk.change(viewer(floor, "mara"), "game.rules", store_saves.add_item, item=given)
    return int(item_id)


def order(floor: sa.Engine, login: str, item_id: int) -> int:
    return int(
        do(
            floor,
            login,
            "game.own",
            lambda connection, **given: _Made(store_saves.order(connection, **given)),
            agent_id=LOGINS[login][1],
            item_id=item_id,
            at=NOW,
        ).number
    )


class _Made:
    """What a desk gives back that is no key of the row that was changed."""

    def __init__(self, number: int) -> None:
        self.number = number


def decide(floor: sa.Engine, login: str, step_name: str, order_id: int, agent_id: int, **more: Any) -> None:
    work = getattr(store_saves, step_name)
    do(floor, login, "game.decisions", work, agent_id=agent_id, order_id=order_id, at=NOW, **more)


def test_an_order_is_paid_at_once_agreed_to_by_a_person_and_handed_over(clean: sa.Engine) -> None:
    with_coins(clean, {1: 100})
    item_id, before = new_item(clean), lines(clean, "game.order")
    order_id = order(clean, "aino", item_id)
    assert asked(clean, "aino", "game_coins", agent_id=1)[0]["balance_coins"] == 100 - 30
    with pytest.raises(WarehouseError, match="not yours to change"):
        decide(clean, "tess", "approve", order_id, 1)  # of another team
    with pytest.raises(SocialError, match="no 'fulfil'"):
        decide(clean, "sam", "fulfil", order_id, 1)  # nobody has agreed to it
    decide(clean, "sam", "approve", order_id, 1)
    with pytest.raises(SocialError, match="no 'cancel'"):
        do(clean, "aino", "game.own", store_saves.cancel, agent_id=1, order_id=order_id, at=NOW)
    decide(clean, "sam", "fulfil", order_id, 1)
    with pytest.raises(SocialError, match="'fulfilled'"):
        decide(clean, "sam", "reject", order_id, 1, note_text="too late")
    assert (
        lines(clean, "game.order") == before + 3
    )  # requested, approved, fulfilled: what was refused changed nothing
    assert (
        scalar(clean, "select coalesce(sum(entry_points), 0) from game.ledger where account_name = 'points'")
        == 1000
    )


@pytest.mark.parametrize("how", ["reject", "cancel"])
def test_a_refused_or_withdrawn_order_gives_all_its_coins_and_its_stock_back(
    clean: sa.Engine, how: str
) -> None:
    with_coins(clean, {1: 40})
    item_id = new_item(clean, stock_count=1, person_limit_count=1)
    order_id = order(clean, "aino", item_id)
    assert asked(clean, "bo", "game_store_items", as_of=NOW)[0]["left_count"] == 0
    if how == "cancel":
        do(clean, "aino", "game.own", store_saves.cancel, agent_id=1, order_id=order_id, at=NOW)
    else:
        with pytest.raises(SocialError, match="Say why"):
            decide(clean, "sam", "reject", order_id, 1, note_text="")
        decide(clean, "sam", "reject", order_id, 1, note_text="sold out at the shop")
    assert asked(clean, "aino", "game_coins", agent_id=1)[0]["balance_coins"] == 40
    text = "select r.corrects_entry_id = o.purchase_entry_id from game.store_orders as o "
    assert scalar(clean, text + "inner join game.ledger as r on o.refund_entry_id = r.entry_id") is True
    order(clean, "aino", item_id)  # there is one again, and the limit is not used up


@pytest.mark.parametrize(
    ("item", "coins", "word"),
    [
        ({"price_coins": 41}, 40, "costs 41 coins, and you have 40"),
        ({"stock_count": 0}, 40, "none of it is left"),
        ({"season_name": "past"}, 40, "not in the store"),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_costs_nothing(
    clean: sa.Engine, item: dict[str, Any], coins: int, word: str
) -> None:
    with clean.begin() as connection:
        run(
            connection,
            "insert into game.seasons (season_name, start_date, end_date) values ('past', '2025-01-01', '2025-04-01') "
            "on conflict do nothing",
        )
    with_coins(clean, {1: coins})
    item_id = new_item(clean, **item)
    with pytest.raises(SocialError, match=word):
        order(clean, "aino", item_id)
    assert asked(clean, "aino", "game_coins", agent_id=1)[0]["balance_coins"] == coins
    with pytest.raises(WarehouseError, match="not yours to change"):
        do(
            clean, "aino", "game.own", store_saves.order, agent_id=2, item_id=item_id, at=NOW
        )  # another's wallet


def test_limits_of_a_person_and_of_a_team_hold(clean: sa.Engine) -> None:
    with_coins(clean, {1: 200, 2: 200, 4: 200})
    one_each, dear = new_item(clean, person_limit_count=1), new_item(clean, item_name="Lunch", price_coins=50)
    order(clean, "aino", one_each)
    with pytest.raises(SocialError, match="have had yours"):
        order(clean, "aino", one_each)
    desk.change(viewer(clean, "mara"), "game.rules", store_saves.keep_budget, team_id=1, month_coins=100)
    order(clean, "bo", dear)  # 30 + 50 of 100
    with pytest.raises(SocialError, match="100 coins a month, and 80 are spent"):
        order(clean, "bo", dear)
    order(clean, "dora", dear)  # the other team has no limit
    spent = {
        row["team_name"]: row["spent_coins"] for row in asked(clean, "mara", "game_store_budgets", as_of=NOW)
    }
    assert spent == {"Early": 80, "Late": 50}


def test_what_a_manager_has_to_agree_to_no_supervisor_does_and_nobody_agrees_to_their_own(
    clean: sa.Engine,
) -> None:
    with_coins(clean, {1: 100, 4: 100})
    item_id = new_item(clean, approver_name="manager")
    of_aino, of_dora = order(clean, "aino", item_id), order(clean, "dora", item_id)
    with pytest.raises(SocialError, match="A manager has to decide"):
        decide(clean, "sam", "approve", of_aino, 1)
    decide(clean, "mara", "approve", of_aino, 1)
    with pytest.raises(WarehouseError, match="not yours to change"):
        decide(clean, "tess", "approve", of_dora, 4)  # Tess is Dora's number herself


# ---- contests ----

DRAFT = Draft(
    contest_name="Solved at once",
    kind_name="individual",
    first_date=date(2026, 3, 12),
    last_date=date(2026, 3, 13),
    above_name="resolved_first_contacts",
    below_name="followed_contacts",
    minimum_count=4,
)
TIERS = [("gold", 1, 50, "A dinner"), ("silver", 2, 20, "")]


def day(connection: sa.Connection, agent_id: int, on: date, **sums: float) -> None:
    told = sums or {"signed_in_seconds": 8 * 3600}
    run(
        connection,
        "insert into game.day_sums (agent_id, effective_date, queue_id, sums) "
        "values (:a, :on, :queue, cast(:sums as jsonb))",
        a=agent_id,
        on=on,
        queue=None if not sums else 7,
        sums=json.dumps(told),
    )


def drafted(floor: sa.Engine, login: str = "mara", tiers: list[Any] | None = None, **more: Any) -> int:
    told = Draft(**{**{name: getattr(DRAFT, name) for name in Draft.__slots__}, **more})
    return int(
        do(floor, login, "game.contests", contest_saves.draft, draft=told, tiers=tiers or TIERS, at=NOW)
    )


def clock(floor: sa.Engine, at: datetime) -> int:
    with floor.begin() as connection:
        return social.move_contests(connection, at=at)


def state(floor: sa.Engine, contest_id: int) -> str:
    return str(scalar(floor, "select state_name from game.contests where contest_id = :n", n=contest_id))


BEGUN, ENDED, SETTLED = (datetime(2026, 3, at, hour, tzinfo=UTC) for at, hour in ((12, 4), (14, 4), (14, 8)))


def test_a_contest_goes_its_way_a_person_decides_and_the_prizes_are_in_the_ledger(clean: sa.Engine) -> None:
    """Bo 9 of 10, Aino 8 of 10, Chen 3 of 3 (of 4 needed), Dora 10 of 10 but taken out; Eda never joined."""
    contest_id, before = drafted(clean), lines(clean, "game.contest")
    assert asked(clean, "aino", "game_contests", as_of=NOW) == []  # a draft is nobody's yet
    do(clean, "mara", "game.contests", contest_saves.announce, contest_id=contest_id, at=NOW)
    for login in ("aino", "bo", "chen", "dora"):
        do(
            clean,
            login,
            "game.own",
            contest_saves.join,
            agent_id=LOGINS[login][1],
            contest_id=contest_id,
            at=NOW,
        )
    assert clock(clean, BEGUN - timedelta(seconds=1)) == 0
    assert clock(clean, BEGUN) == 1
    assert state(clean, contest_id) == "running"
    drawn = {1: (8, 10), 2: (9, 10), 3: (3, 3), 4: (10, 10), 5: (10, 10)}
    with clean.begin() as connection:
        for agent_id, (good, all_) in drawn.items():
            day(connection, agent_id, date(2026, 3, 12), resolved_first_contacts=good, followed_contacts=all_)
            day(
                connection, agent_id, date(2026, 3, 11), resolved_first_contacts=0, followed_contacts=50
            )  # the day before
    do(
        clean, "mara", "game.decisions", contest_saves.disqualify, agent_id=4, contest_id=contest_id,
        note_text="chose the calls", at=BEGUN,
    )  # fmt: skip
    assert clock(clean, ENDED) == 1
    assert state(clean, contest_id) == "pending"
    with pytest.raises(SocialError, match="Late facts"):
        do(
            clean,
            "mara",
            "game.contests",
            contest_saves.finalise,
            contest_id=contest_id,
            at=SETTLED - timedelta(seconds=1),
        )
    paid = do(
        clean, "mara", "game.contests",
        lambda connection, **given: _Made(contest_saves.finalise(connection, **given)), contest_id=contest_id, at=SETTLED,
    )  # fmt: skip
    assert paid.number == 2
    assert looked(
        clean,
        "select agent_id, entry_points, account_name, kind_name, tier_name from game.ledger order by entry_id",
    ) == [(1, 20, "coins", "prize", "silver"), (2, 50, "coins", "prize", "gold")]
    assert looked(
        clean, "select agent_id, place_number, tier_name from game.contest_participants order by agent_id"
    ) == [(1, 2, "silver"), (2, 1, "gold"), (3, None, None), (4, None, None)]
    told = looked(
        clean, "select agent_id, name_text from game.moments where kind_name = 'contest' order by moment_id"
    )
    assert told == [(4, "Out of the places: chose the calls"), (1, "Solved at once"), (2, "Solved at once")]
    assert lines(clean, "game.contest") == before + 4  # announced, begun, ended, finalised
    moves = [row["to_name"] for row in asked(clean, "mara", "game_contest_moves", contest_id=contest_id)]
    assert moves == ["finalised", "pending", "running", "announced", "draft"]
    with pytest.raises(SocialError, match="no 'finalise'"):
        do(clean, "mara", "game.contests", contest_saves.finalise, contest_id=contest_id, at=SETTLED)
    with pytest.raises(SocialError, match="cannot be joined"):
        do(clean, "finn", "game.own", contest_saves.join, agent_id=6, contest_id=contest_id, at=SETTLED)


def test_what_was_announced_stays_and_a_cancelled_contest_pays_nothing(clean: sa.Engine) -> None:
    contest_id = drafted(clean)
    do(clean, "mara", "game.contests", contest_saves.announce, contest_id=contest_id, at=NOW)
    do(clean, "aino", "game.own", contest_saves.join, agent_id=1, contest_id=contest_id, at=NOW)
    for text in (
        "update game.contests set last_date = '2026-04-30'",
        "update game.contest_tiers set prize_points = 1",
        "delete from game.contest_tiers",
    ):
        with pytest.raises(DBAPIError, match="stays as it was"), clean.begin() as connection:
            run(connection, text)
    with pytest.raises(SocialError, match="Say why"):
        do(clean, "mara", "game.contests", contest_saves.cancel, contest_id=contest_id, note_text="", at=NOW)
    do(
        clean,
        "mara",
        "game.contests",
        contest_saves.cancel,
        contest_id=contest_id,
        note_text="a fire drill",
        at=NOW,
    )
    assert clock(clean, SETTLED) == 0
    assert scalar(clean, "select count(*) from game.ledger") == 0
    assert looked(clean, "select agent_id, name_text from game.moments") == [(1, "Cancelled: a fire drill")]


def test_a_supervisor_runs_contests_of_their_team_and_nobody_decides_on_their_own(clean: sa.Engine) -> None:
    with pytest.raises(WarehouseError, match="not yours to change"):
        drafted(clean, "sam")  # for everybody
    own = drafted(clean, "tess", team_id=2)
    do(clean, "tess", "game.contests", contest_saves.announce, contest_id=own, at=NOW)
    with pytest.raises(WarehouseError, match="not yours to change"):
        do(clean, "sam", "game.contests", contest_saves.cancel, contest_id=own, note_text="envy", at=NOW)
    with pytest.raises(SocialError, match="cannot be joined"):
        do(
            clean, "aino", "game.own", contest_saves.join, agent_id=1, contest_id=own, at=NOW
        )  # of the other team
    for login in ("dora", "eda"):
        do(clean, login, "game.own", contest_saves.join, agent_id=LOGINS[login][1], contest_id=own, at=NOW)
    assert clock(clean, ENDED) == 2  # the clock was away meanwhile
    with pytest.raises(SocialError, match="somebody else has to finalise"):
        do(clean, "tess", "game.contests", contest_saves.finalise, contest_id=own, at=SETTLED)


def test_nobody_joins_for_another_and_whoever_leaves_is_out(clean: sa.Engine) -> None:
    contest_id = drafted(clean)
    do(clean, "mara", "game.contests", contest_saves.announce, contest_id=contest_id, at=NOW)
    with pytest.raises(WarehouseError, match="not yours to change"):
        do(clean, "aino", "game.own", contest_saves.join, agent_id=2, contest_id=contest_id, at=NOW)
    for work in (contest_saves.join, contest_saves.leave, contest_saves.join, contest_saves.leave):
        do(clean, "aino", "game.own", work, agent_id=1, contest_id=contest_id, at=NOW)
    do(clean, "bo", "game.own", contest_saves.join, agent_id=2, contest_id=contest_id, at=NOW)
    board = asked(clean, "bo", "game_contest_board", contest_id=contest_id)
    assert [(row["agent_name"], row["is_me"]) for row in board] == [("Bo", True)]
    assert (
        asked(clean, "aino", "game_contest_board", contest_id=contest_id) == []
    )  # who takes no part reads nobody's
    assert asked(clean, "eve", "game_contest_board", contest_id=contest_id) == []


def test_names_in_a_contest_need_consent_and_an_anonymous_one_has_none(clean: sa.Engine) -> None:
    with clean.begin() as connection:
        run(
            connection,
            "insert into access.consents (agent_id, board_name, given_at) values (2, 'leaderboard', :at)",
            at=NOW,
        )
    for is_anonymous, seen in ((False, {"Aino", "Bo", None}), (True, {"Aino", None})):
        contest_id = drafted(clean, is_anonymous=is_anonymous)
        do(clean, "mara", "game.contests", contest_saves.announce, contest_id=contest_id, at=NOW)
        for login in ("aino", "bo", "dora"):
            do(
                clean,
                login,
                "game.own",
                contest_saves.join,
                agent_id=LOGINS[login][1],
                contest_id=contest_id,
                at=NOW,
            )
        with clean.begin() as connection:
            run(connection, "delete from game.day_sums")
            for agent_id, good in ((1, 8), (2, 9), (4, 3)):
                day(
                    connection,
                    agent_id,
                    date(2026, 3, 12),
                    resolved_first_contacts=good,
                    followed_contacts=10,
                )
        board = asked(clean, "aino", "game_contest_board", contest_id=contest_id)
        assert {row["agent_name"] for row in board} == seen
        assert {row["agent_id"] for row in board} == {1, None}  # no number of another leaves the warehouse
        assert len({row["alias_number"] for row in board}) == 3
        everybody = asked(clean, "mara", "game_contest_board", contest_id=contest_id)
        assert {row["agent_name"] for row in everybody} == {"Aino", "Bo", "Dora"}


def test_a_contest_counts_work_of_its_days_with_the_hours_of_it_and_the_weeks_before(
    clean: sa.Engine,
) -> None:
    """8 h scheduled less 1 h of leave are 7 h; 14 solved are 14. Eight weeks before: 8 h, 8 solved; earlier: not counted."""
    contest_id = drafted(clean, kind_name="own_best", above_name="solved_tickets", below_name=None)
    do(clean, "mara", "game.contests", contest_saves.announce, contest_id=contest_id, at=NOW)
    do(clean, "aino", "game.own", contest_saves.join, agent_id=1, contest_id=contest_id, at=NOW)
    first = date(2026, 3, 12)
    hours = "insert into game.day_sums (agent_id, effective_date, sums) values (1, :on, cast(:sums as jsonb))"
    with clean.begin() as connection:
        drawn = [
            (first, {"scheduled_seconds": 28_800, "leave_seconds": 3600, "signed_in_seconds": 99_999}, 14),
            (first - timedelta(days=56), {"signed_in_seconds": 28_800}, 8),
            (first - timedelta(days=57), {"signed_in_seconds": 28_800}, 80),
            (first + timedelta(days=2), {"signed_in_seconds": 28_800}, 80),
        ]
        for on, sums, solved in drawn:
            run(connection, hours, on=on, sums=json.dumps(sums))
            day(connection, 1, on, solved_tickets=solved)
    row = asked(clean, "aino", "game_contest_board", contest_id=contest_id)[0]
    found = {
        name: row[name]
        for name in ("above_value", "exposure_seconds", "counted_count", "baseline_above_value")
    }
    assert found == {
        "above_value": 14,
        "exposure_seconds": 7 * 3600,
        "counted_count": 14,
        "baseline_above_value": 8,
    }
    assert row["baseline_exposure_seconds"] == 8 * 3600
    assert row["below_value"] is None


# ---- the employee of the month ----

FEBRUARY = date(2026, 2, 1)


def proposal(agent_id: int, place: int) -> tuple[Proposal, dict[str, object]]:
    return Proposal(agent_id, place, 1, 3, 6, 0.8, 120.0, 150.0, 20, 450), {"hours": 150}


def propose(floor: sa.Engine, login: str = "mara", agents: tuple[int, ...] = (1, 2, 4)) -> None:
    told = [proposal(agent_id, place) for place, agent_id in enumerate(agents, 1)]
    do(floor, login, "game.rules", month_saves.propose, month_date=FEBRUARY, proposals=told, at=NOW)


def test_a_person_chooses_one_of_the_proposed_and_the_name_stands_there_when_its_owner_lets_it(
    clean: sa.Engine,
) -> None:
    before = lines(clean, "game.month")
    propose(clean)
    given: dict[str, Any] = {"month_date": FEBRUARY, "at": NOW}
    with pytest.raises(SocialError, match="Only one of the proposed"):
        do(
            clean,
            "mara",
            "game.rules",
            month_saves.decide,
            of_agent_id=3,
            reason_text="calm in the storm",
            **given,
        )
    with pytest.raises(SocialError, match="Say why"):
        do(clean, "mara", "game.rules", month_saves.decide, of_agent_id=1, reason_text="", **given)
    do(
        clean,
        "mara",
        "game.rules",
        month_saves.decide,
        of_agent_id=1,
        reason_text="calm in the storm",
        **given,
    )
    assert [row["agent_name"] for row in asked(clean, "bo", "game_months")] == [None]
    assert [row["reason_text"] for row in asked(clean, "bo", "game_months")] == [None]
    assert [row["agent_name"] for row in asked(clean, "aino", "game_months")] == ["Aino"]
    assert [row["agent_name"] for row in asked(clean, "sam", "game_months")] == ["Aino"]
    answer: dict[str, Any] = {"agent_id": 1, **given}
    do(clean, "aino", "game.own", month_saves.answer, is_allowed=True, **answer)
    assert [row["agent_name"] for row in asked(clean, "bo", "game_months")] == ["Aino"]
    with pytest.raises(SocialError, match="no 'again'"):
        do(clean, "mara", "game.rules", month_saves.again, **given)  # answered: it stands
    do(clean, "aino", "game.own", month_saves.answer, is_allowed=False, **answer)
    assert [row["agent_name"] for row in asked(clean, "bo", "game_months")] == [None]
    with pytest.raises(SocialError, match="Only whoever was chosen"):
        do(clean, "bo", "game.own", month_saves.answer, agent_id=2, is_allowed=True, **given)
    assert lines(clean, "game.month") == before + 4  # proposed, decided, allowed, forbidden


def test_a_decision_is_taken_back_before_its_answer_and_a_month_may_stay_without_one(
    clean: sa.Engine,
) -> None:
    given: dict[str, Any] = {"month_date": FEBRUARY, "at": NOW}
    with pytest.raises(SocialError, match="ask for the proposals first"):
        do(clean, "mara", "game.rules", month_saves.choose_nobody, reason_text="a hard month", **given)
    propose(clean)
    do(clean, "mara", "game.rules", month_saves.decide, of_agent_id=2, reason_text="most helpful", **given)
    with pytest.raises(SocialError, match="has decided"):
        propose(clean)
    do(clean, "mara", "game.rules", month_saves.again, **given)
    propose(clean, agents=(4, 1))
    assert [
        row["agent_name"] for row in asked(clean, "mara", "game_month_proposals", month_date=FEBRUARY)
    ] == ["Dora", "Aino"]
    assert [
        row["agent_name"] for row in asked(clean, "sam", "game_month_proposals", month_date=FEBRUARY)
    ] == ["Aino"]
    do(clean, "mara", "game.rules", month_saves.choose_nobody, reason_text="a hard month", **given)
    assert [(row["state_name"], row["reason_text"]) for row in asked(clean, "eve", "game_months")] == [
        ("nobody", "a hard month")
    ]


@pytest.mark.parametrize("login", ["aino", "sam", "eve"])
def test_nobody_below_a_manager_opens_the_choice(clean: sa.Engine, login: str) -> None:
    with pytest.raises(WarehouseError, match="Only a manager or an administrator"):
        propose(clean, login)
