"""Keeps the store: what it has, what is ordered, who agrees; coins leave and come back through the ledger alone.

In: a connection in which something is changed, the thing or the order, who acts. Out: rows of game.store_items and
game.store_orders, entries of the ledger, one line of the trail for each.
The rule it guards: stock, limits, budget and balance are checked and taken in one transaction, behind the locks of the
thing, the team and the wallet, in that order: of two buyers of the last one, one gets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.access import Viewer
from dashboard.game import social_entries
from dashboard.game.social_states import MANAGERS, SocialError, step
from dashboard.words import t, t_count
from sql import audit, warehouse


@dataclass(frozen=True, slots=True)
class Item:
    """A thing of the store. stock_count, person_limit_count: None for without end; season_name: None for always."""

    item_name: str
    price_coins: int
    about_text: str = ""
    stock_count: int | None = None
    person_limit_count: int | None = None
    approver_name: str = "supervisor"
    season_name: str | None = None
    tax_text: str = ""


def add_item(connection: Connection, *, item: Item) -> int:
    """Puts a thing into the store; its number."""
    _refuse_item(item)
    (item_id,) = warehouse.one_row(connection, "game/social/item_new", **asdict(item))
    _note(connection, f"item {item_id}", {"did": "added", "after": asdict(item)}, what_name="game.store")
    return int(item_id)


def amend_item(
    connection: Connection, *, item_id: int, item: Item, before: Mapping[str, object], is_on: bool
) -> None:
    """Changes a thing, or takes it off the shelf (is_on false); what was ordered keeps its price."""
    _refuse_item(item)
    after = {**asdict(item), "is_on": is_on}
    if not warehouse.execute(connection, "game/social/item_amend", item_id=item_id, **after):
        raise SocialError(t("There is no such thing in the store any more. Reload the page."))
    known = {name: before.get(name) for name in after}
    told = {"did": "amended", **audit.differences(known, after)}
    _note(connection, f"item {item_id}", told, what_name="game.store")


def _refuse_item(item: Item) -> None:
    if not item.item_name.strip() or item.price_coins < 1:
        raise SocialError(t("A thing of the store has a name, and costs one coin at least."))


def keep_budget(connection: Connection, *, team_id: int, month_coins: int | None) -> None:
    """Says how many coins a team may spend in a month; None for no limit."""
    warehouse.execute(connection, "game/social/budget_keep", team_id=team_id, month_coins=month_coins)
    told = {"did": "budget", "after": {"month_coins": month_coins}}
    _note(connection, f"team {team_id}", told, what_name="game.store")


def keep_settings(
    connection: Connection, *, settings: Mapping[str, int | None], before: Mapping[str, object]
) -> None:
    """Keeps the limits of thanks, coins and the employee of the month."""
    warehouse.execute(connection, "game/social/settings_keep", **settings)
    told = {"did": "limits", **audit.differences({name: before.get(name) for name in settings}, settings)}
    _note(connection, "settings", told, what_name="game.store")


def keep_rate(
    connection: Connection, *, valid_from_date: date, coin_points: int, counted_kinds: list[str], today: date
) -> None:
    """Says how many points make a coin, from a working day to come on: what was earned stays."""
    if valid_from_date <= today:
        raise SocialError(t("The rate holds from tomorrow on at the earliest: coins that were earned stay."))
    given = {
        "valid_from_date": valid_from_date,
        "coin_points": coin_points,
        "counted_kinds": sorted(counted_kinds),
    }
    warehouse.execute(connection, "game/social/rate_keep", **given)
    _note(connection, "settings", {"did": "rate", "after": given}, what_name="game.store")


def order(connection: Connection, *, agent_id: int, item_id: int, viewer: Viewer, at: datetime) -> int:
    """Orders one of a thing for the viewer; the number of the order. SocialError says what is against it."""
    if viewer.agent_id != agent_id:
        raise SocialError(t("Only the person can spend their coins, signed in with an account of their own."))
    item = social_entries.one(connection, "item_lock", item_id=item_id, at=at)
    team = social_entries.one(connection, "team_lock", agent_id=agent_id, at=at)
    balance, _points = warehouse.one_row(connection, "game/wallet_lock", agent_id=agent_id)
    if item is None or not item["is_on"]:
        raise SocialError(t("This is not in the store now. Reload the page."))
    counts = social_entries.rows(
        connection,
        "order_counts",
        item_id=item_id,
        agent_id=agent_id,
        team_id=team["team_id"] if team else None,
        at=at,
    )[0]
    _refuse_order(item, team, counts, balance)
    price = item["price_coins"]
    run_id = social_entries.begun(
        connection, kind_name="store", at=at, actor_name=viewer.viewer_name, note_text=f"item {item_id}"
    )
    entry_id = social_entries.book(
        connection,
        run_id,
        entry_key=f"order|{agent_id}|{item_id}|{run_id}",
        agent_id=agent_id,
        account_name="coins",
        entry_points=-price,
        kind_name="purchase",
        effective_date=counts["site_date"],
        reason_text=t("Ordered: {item}", item=item["item_name"]),
        actor_name=viewer.viewer_name,
    )
    social_entries.ended(connection, run_id, at=at, added=1)
    (order_id,) = warehouse.one_row(
        connection,
        "game/social/order_new",
        item_id=item_id,
        agent_id=agent_id,
        team_id=counts["own_team_id"],
        price_coins=price,
        site_date=counts["site_date"],
        at=at,
        entry_id=entry_id,
    )
    _note(
        connection,
        f"agent {agent_id}",
        {"did": "request", "order": order_id, "item": item_id, "coins": price},
    )
    return int(order_id)


def _refuse_order(
    item: Mapping[str, Any], team: Mapping[str, Any] | None, counts: Mapping[str, Any], balance: int
) -> None:
    price = item["price_coins"]
    if item["stock_count"] is not None and counts["item_count"] >= item["stock_count"]:
        raise SocialError(t("Somebody was faster: none of it is left. No coins were spent."))
    limit = item["person_limit_count"]
    if limit is not None and counts["own_count"] >= limit:
        raise SocialError(
            t_count(
                "Each person can have {n} of it, and you have had yours.",
                "Each person can have {n} of it, and you have had yours.",
                limit,
            )
        )
    if team is not None and counts["team_coins"] + price > team["month_coins"]:
        raise SocialError(
            t(
                "Your team can spend {budget} coins a month, and {spent} are spent. It goes on next month.",
                budget=team["month_coins"],
                spent=counts["team_coins"],
            )
        )
    if balance < price:
        raise SocialError(
            t(
                "It costs {price} coins, and you have {balance}. No coins were spent.",
                price=price,
                balance=balance,
            )
        )


def cancel(connection: Connection, *, agent_id: int, order_id: int, viewer: Viewer, at: datetime) -> None:
    """Takes the viewer's own order back, while nobody has agreed to it; the coins come back."""
    if viewer.agent_id != agent_id:
        raise SocialError(t("Only the person can take their order back."))
    _move(connection, agent_id, order_id, "cancel", "self", "", viewer, at)


def approve(connection: Connection, *, agent_id: int, order_id: int, viewer: Viewer, at: datetime) -> None:
    """Agrees to an agent's order; who may, the thing says."""
    _move(connection, agent_id, order_id, "approve", viewer.role_name, "", viewer, at)


def fulfil(connection: Connection, *, agent_id: int, order_id: int, viewer: Viewer, at: datetime) -> None:
    """Notes that the agent has got what was ordered."""
    _move(connection, agent_id, order_id, "fulfil", viewer.role_name, "", viewer, at)


def reject(
    connection: Connection, *, agent_id: int, order_id: int, note_text: str, viewer: Viewer, at: datetime
) -> None:
    """Refuses an order with a note that the agent reads; the coins come back."""
    _move(connection, agent_id, order_id, "reject", viewer.role_name, note_text, viewer, at)


def _move(
    connection: Connection,
    agent_id: int,
    order_id: int,
    step_name: str,
    by_name: str,
    note_text: str,
    viewer: Viewer,
    at: datetime,
) -> None:
    row = social_entries.one(connection, "order_of", order_id=order_id, at=at)
    if row is None or row["agent_id"] != agent_id:
        raise SocialError(t("There is no such order any more. Reload the page."))
    taken = step("store_orders", step_name, row["state_name"], by_name=by_name, note_text=note_text)
    if step_name in ("approve", "reject") and row["approver_name"] == "manager" and by_name not in MANAGERS:
        raise SocialError(t("A manager has to decide on this one."))
    refund_id = None
    if taken.to_name in ("rejected", "cancelled"):
        refund_id = _refund(connection, row, taken.to_name, viewer, at)
    warehouse.execute(
        connection,
        "game/social/order_move",
        order_id=order_id,
        from_name=taken.from_name,
        to_name=taken.to_name,
        at=at,
        actor_name=viewer.viewer_name,
        note_text=note_text.strip(),
        refund_entry_id=refund_id,
    )
    told = {
        "did": step_name,
        "order": order_id,
        "before": {"state": taken.from_name},
        "after": {"state": taken.to_name},
        "note": note_text.strip(),
    }
    _note(connection, f"agent {agent_id}", told)
    if by_name != "self":
        social_entries.tell(
            connection,
            moment_key=f"order|{order_id}|{taken.to_name}",
            agent_id=agent_id,
            kind_name="reward",
            name_text="|".join((taken.to_name, row["item_name"])),
            entry_id=refund_id,
            at=at,
        )


def _refund(
    connection: Connection, row: Mapping[str, Any], to_name: str, viewer: Viewer, at: datetime
) -> int:
    warehouse.one_row(connection, "game/wallet_lock", agent_id=row["agent_id"])
    run_id = social_entries.begun(
        connection,
        kind_name="store",
        at=at,
        actor_name=viewer.viewer_name,
        note_text=f"order {row['order_id']}",
    )
    reason = (
        t("Not agreed to: {item}", item=row["item_name"])
        if to_name == "rejected"
        else t("Taken back: {item}", item=row["item_name"])
    )
    entry_id = social_entries.book(
        connection,
        run_id,
        entry_key=f"refund|{row['order_id']}",
        sequence_number=1,
        agent_id=row["agent_id"],
        account_name="coins",
        entry_points=row["price_coins"],
        kind_name="refund",
        effective_date=row["site_date"],
        reason_text=reason,
        actor_name=viewer.viewer_name,
        corrects_entry_id=row["purchase_entry_id"],
    )
    social_entries.ended(connection, run_id, at=at, added=1)
    return entry_id


def _note(
    connection: Connection, of_name: str, told: Mapping[str, object], *, what_name: str = "game.order"
) -> None:
    audit.note(connection, what_name=what_name, of_name=of_name, told=told)
