"""Many at once at the store: the last one of a thing has one buyer, and no wallet spends a coin twice."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from threading import Barrier

import pytest
import sqlalchemy as sa

from dashboard.access import EVERYONE, Viewer
from dashboard.game import kudos_saves, store_saves
from dashboard.game.kudos_saves import Thanks
from dashboard.game.social_states import SocialError
from dashboard.game.store_saves import Item
from etl.game import social
from sql import warehouse

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
BUYERS = 16
PRICE = 10


@pytest.fixture(scope="module")
def store(shared_engine: sa.Engine) -> Iterator[sa.Engine]:
    """Sixteen agents of one team with 160 coins each, behind a pool with room for all of them."""
    with shared_engine.begin() as connection:

        def run(text: str, **params: object) -> sa.CursorResult[tuple[int]]:
            return connection.execute(sa.text(text), params)

        run("insert into warehouse.teams (team_name) values ('Early')")
        run("insert into warehouse.agents (agent_name) select 'Agent ' || n from generate_series(1, 16) as n")
        run(
            "insert into warehouse.team_members (team_id, agent_id, started_date) "
            "select 1, agent_id, '2020-01-01' from warehouse.agents"
        )
        run("update game.coin_rates set counted_kinds = '{manual}', coin_points = 1")
        run("insert into game.runs (kind_name, started_at, actor_name) values ('manual', now(), 'test')")
        run(
            "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
            "effective_date, period_text, run_id, reason_text, actor_name) select 'k' || agent_id, 1, agent_id, 'points', "
            "160, 'manual', :day, 'x', (select max(run_id) from game.runs), 'drawn', 'test' from warehouse.agents",
            day=date(2026, 3, 11),
        )
        social.keep_coins(connection, at=NOW)
    url = shared_engine.url.render_as_string(hide_password=False)
    made = warehouse.open_engine(url, room=warehouse.Room("test", (), 8, 12))
    yield made
    made.dispose()


def buyer(agent_id: int) -> Viewer:
    return Viewer(f"agent {agent_id}", EVERYONE, role_name="agent", agent_id=agent_id)


def item(store: sa.Engine, *, price: int = PRICE, stock: int | None = None, limit: int | None = None) -> int:
    with warehouse.connected(store) as connection:
        return store_saves.add_item(
            connection, item=Item("Mug", price, stock_count=stock, person_limit_count=limit)
        )


def at_once(store: sa.Engine, orders: list[tuple[int, int]]) -> list[str]:
    """All these (agent, thing) ordered at the same moment; of each "" or why it was refused."""
    start = Barrier(len(orders))

    def one(agent_id: int, item_id: int) -> str:
        try:
            with warehouse.connected(store, deadline_seconds=30.0) as connection:
                warehouse.execute(connection, "requests/may_change")
                connection.execute(sa.text("select 1"))
                start.wait(timeout=30)
                store_saves.order(
                    connection, agent_id=agent_id, item_id=item_id, viewer=buyer(agent_id), at=NOW
                )
        except SocialError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(lambda asked: one(*asked), orders))


def balances(store: sa.Engine) -> dict[int, int]:
    with warehouse.connected(store) as connection:
        rows = connection.execute(sa.text("select agent_id, balance_coins from game.wallets")).all()
    return {row.agent_id: row.balance_coins for row in rows}


def test_of_sixteen_buyers_of_the_last_one_one_gets_it_and_the_others_pay_nothing(store: sa.Engine) -> None:
    before, last = balances(store), item(store, stock=1)
    told = at_once(store, [(agent_id, last) for agent_id in range(1, BUYERS + 1)])
    assert told.count("") == 1
    assert all("none of it is left" in one for one in told if one)
    assert sum(before.values()) - sum(balances(store).values()) == PRICE


def test_sixteen_orders_of_one_wallet_spend_no_coin_twice(store: sa.Engine) -> None:
    """Sixteen different things at 30 coins, and 160 coins at most: five orders, not sixteen."""
    have = balances(store)[1]
    things = [item(store, price=30) for _ in range(BUYERS)]
    told = at_once(store, [(1, one) for one in things])
    assert told.count("") == have // 30
    assert balances(store)[1] == have % 30
    assert all("and you have" in one for one in told if one)


def test_one_person_cannot_pass_their_limit_nor_a_team_its_budget_by_ordering_at_once(
    store: sa.Engine,
) -> None:
    limited = item(store, limit=2)
    assert at_once(store, [(2, limited)] * 8).count("") == 2
    with warehouse.connected(store) as connection:
        spent = connection.execute(sa.text("select sum(price_coins) from game.store_orders")).scalar_one()
        store_saves.keep_budget(connection, team_id=1, month_coins=int(spent) + 3 * PRICE)
    things = [item(store) for _ in range(3, 11)]
    told = at_once(store, [(agent_id, thing) for agent_id, thing in zip(range(3, 11), things, strict=True)])
    assert told.count("") == 3
    with warehouse.connected(store) as connection:
        store_saves.keep_budget(connection, team_id=1, month_coins=None)


def test_without_the_locks_the_same_race_sells_the_last_one_more_than_once(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: it is the locks that hold, not luck."""
    last = item(store, stock=1)
    bare = {
        name: warehouse.statement(name).replace("for update of i", "").replace("for update of b", "")
        for name in ("game/social/item_lock", "game/social/team_lock")
    }
    whole = warehouse.statement
    monkeypatch.setattr(warehouse, "statement", lambda name: bare.get(name) or whole(name))
    told = at_once(store, [(agent_id, last) for agent_id in range(11, BUYERS + 1)])
    assert told.count("") > 1


def test_without_the_lock_of_the_wallet_the_same_race_spends_coins_twice(
    store: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the wallet."""
    things = [item(store, price=100) for _ in range(6)]
    have = balances(store)[16]
    whole = warehouse.statement
    text = (
        "select coalesce(sum(l.entry_points) filter (where l.account_name = 'coins'), 0) as balance_coins, 0 as points "
        "from game.ledger as l where l.agent_id = :agent_id"
    )
    monkeypatch.setattr(
        warehouse, "statement", lambda name: text if name == "game/wallet_lock" else whole(name)
    )
    told = at_once(store, [(16, one) for one in things])
    assert told.count("") > have // 100
    assert balances(store)[16] < 0


def test_thanks_at_once_do_not_pass_the_week(store: sa.Engine) -> None:
    start = Barrier(8)

    def one(place: int) -> str:
        thanks = Thanks(place + 2, "help", "Thank you")
        try:
            with warehouse.connected(store, deadline_seconds=30.0) as connection:
                connection.execute(sa.text("select 1"))
                start.wait(timeout=30)
                kudos_saves.give(connection, thanks=thanks, viewer=buyer(1), at=NOW, agent_id=1)
        except SocialError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(one, range(8)))
    assert told.count("") == 5
