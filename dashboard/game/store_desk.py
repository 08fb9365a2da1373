"""The desk of the page Rewards: order and take back; agree, hand over, refuse; the shelf, the budgets and the rate.

In: the person at the page. Out: orders and things kept through `desk.change`.
The rule it guards: whoever spends is the owner of the wallet; whoever agrees is somebody else; what is refused says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from datetime import timedelta
from typing import Any

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.game import store_saves, store_view
from dashboard.game.social_desk import did
from dashboard.game.social_states import steps_from
from dashboard.game.store_saves import Item
from dashboard.ui import moments, visit
from dashboard.ui.moments import Moment
from dashboard.words import t
from sql.warehouse import WarehouseError

OWN, DECISIONS, RULES = "game.own", "game.decisions", "game.rules"
COLUMNS = 3
WAITING = ("requested", "approved")


def balance_of(at: Moment) -> int | None:
    """What the reader has to spend; None for whoever is no agent."""
    if at.viewer.agent_id is None:
        return None
    coins = at.fresh("game_coins", agent_id=at.viewer.agent_id)
    return int(coins[0, "balance_coins"]) if coins.height else 0


def show() -> None:
    """The shelf with its buttons, and below it what waits for a decision and how the store is kept."""
    with suppress(WarehouseError):  # the page above says it
        at = moments.moment(visit.viewer())
        orders = at.fresh("game_store_orders")
        if at.viewer.may_change(DECISIONS):
            _decisions(at, orders)
        _shelf(at)
        _own_orders(at, orders)
        if at.viewer.may_change(RULES):
            _keeping(at)


def _shelf(at: Moment) -> None:
    items = at.fresh("game_store_items", as_of=at.present_at)
    shown = items.filter(pl.col("is_for_sale"))
    if shown.is_empty():
        board.show(store_view.empty(may_make=at.viewer.may_change(RULES)), key="shelf-empty")
        return
    lead = t("The coins are taken when you order, and come back whole if nobody agrees.")
    board.show({"kind": "section", "title": t("The shelf"), "lead": lead}, key="shelf-title")
    balance = balance_of(at)
    rows = shown.to_dicts()
    for start in range(0, len(rows), COLUMNS):
        for column, row in zip(st.columns(COLUMNS), rows[start : start + COLUMNS], strict=False):
            with column:
                board.show(store_view.thing(row, balance), key=f"item-{row['item_id']}")
                if at.viewer.agent_id is not None:
                    _order_button(at, row, balance)


def _order_button(at: Moment, row: Mapping[str, Any], balance: int | None) -> None:
    if st.button(
        t("Order “{item}”", item=words.in_markdown(row["item_name"])),
        icon=":material/redeem:",
        key=f"order-{row['item_id']}",
        disabled=bool(store_view.why_not(row, balance)),
        width="stretch",
    ) and did(at, OWN, store_saves.order, agent_id=at.viewer.agent_id, item_id=row["item_id"]):
        st.rerun()


def _own_orders(at: Moment, orders: pl.DataFrame) -> None:
    if at.viewer.agent_id is None:
        return
    own = orders.filter(pl.col("agent_id") == at.viewer.agent_id)
    board.show(store_view.order_table(own, zone_name=at.zone_name, is_own=True), key="own-orders")
    for row in own.filter(pl.col("state_name") == "requested").to_dicts():
        label = t("Take back: {item}", item=words.in_markdown(row["item_name"]))
        if st.button(label, icon=":material/undo:", key=f"cancel-{row['order_id']}") and did(
            at, OWN, store_saves.cancel, agent_id=at.viewer.agent_id, order_id=row["order_id"]
        ):
            st.rerun()
    coins = at.fresh("game_coins", agent_id=at.viewer.agent_id)
    board.show(store_view.coin_table(coins), key="coins")


def _decisions(at: Moment, orders: pl.DataFrame) -> None:
    """What waits for the reader's word, with a line of buttons for each."""
    others = orders.filter(pl.col("agent_id") != (at.viewer.agent_id or -1))
    board.show(store_view.order_table(others, zone_name=at.zone_name, is_own=False), key="orders")
    waiting = {row["order_id"]: row for row in others.filter(pl.col("state_name").is_in(WAITING)).to_dicts()}
    if not waiting:
        return
    with st.expander(
        t("Decide on an order ({n} open)", n=len(waiting)), icon=":material/how_to_reg:", expanded=True
    ):
        left, right = st.columns([2, 3])
        chosen = left.selectbox(
            t("Which"), list(waiting), format_func=lambda one: _order_words(waiting[one]), key="decide-which"
        )
        note = right.text_input(
            t("Note (needed to refuse; the agent reads it)"), max_chars=300, key="decide-note"
        )
        row = waiting[chosen]
        able = steps_from("store_orders", row["state_name"], by_name=at.viewer.role_name)
        given = {"agent_id": row["agent_id"], "order_id": row["order_id"]}
        with st.container(horizontal=True, gap="small", key="decide-buttons"):
            if (
                "approve" in able
                and st.button(t("Agree"), type="primary", icon=":material/check:", key="approve")
                and did(at, DECISIONS, store_saves.approve, **given)
            ):
                st.rerun()
            if (
                "fulfil" in able
                and st.button(t("Handed over"), type="primary", icon=":material/redeem:", key="fulfil")
                and did(at, DECISIONS, store_saves.fulfil, **given)
            ):
                st.rerun()
            if (
                "reject" in able
                and st.button(t("Refuse"), icon=":material/close:", key="reject")
                and did(at, DECISIONS, store_saves.reject, note_text=note, **given)
            ):
                st.rerun()


def _order_words(row: Mapping[str, Any]) -> str:
    state = store_view.order_state(row["state_name"])["word"]
    return f"{words.name(row['agent_name'])}: {row['item_name']} ({row['price_coins']}) · {state}"


def _keeping(at: Moment) -> None:
    """For whoever keeps the store: things, budgets, the rate of coins and the limits."""
    board.show(store_view.budget_table(at.fresh("game_store_budgets", as_of=at.present_at)), key="budgets")
    with st.expander(t("Add a reward"), icon=":material/add:"):
        _item_form(at, None)
    items = {row["item_id"]: row for row in at.fresh("game_store_items", as_of=at.present_at).to_dicts()}
    if items:
        with st.expander(t("Change a reward"), icon=":material/edit:"):
            chosen = st.selectbox(
                t("Which"), list(items), format_func=lambda one: items[one]["item_name"], key="item-which"
            )
            _item_form(at, items[chosen])
    with st.expander(t("Budget of a team"), icon=":material/savings:"):
        _budget_form(at)
    with st.expander(t("How points make coins, and limits"), icon=":material/tune:"):
        _rate_form(at)
        _limits_form(at)


def _item_form(at: Moment, before: Mapping[str, Any] | None) -> None:
    row = before or {}
    mark = row.get("item_id", "new")
    with st.form(f"item-form-{mark}", border=False):
        left, right = st.columns(2)
        name = left.text_input(t("Name"), row.get("item_name", ""), max_chars=80)
        about = right.text_input(t("What it is"), row.get("about_text", ""), max_chars=300)
        price = left.number_input(t("Price in coins"), 1, 1_000_000, row.get("price_coins", 50))
        stock = right.number_input(
            t("How many there are (empty: without end)"), 0, 100_000, row.get("stock_count")
        )
        limit = left.number_input(
            t("Most for one person (empty: any)"), 1, 1000, row.get("person_limit_count")
        )
        who = right.selectbox(
            t("Who has to agree"),
            ("supervisor", "manager"),
            index=int(row.get("approver_name") == "manager"),
            format_func=lambda one: {"supervisor": t("the supervisor"), "manager": t("a manager")}[one],
        )
        tax = left.text_input(t("Note for payroll"), row.get("tax_text", ""), max_chars=300)
        is_on = right.checkbox(t("On the shelf"), row.get("is_on", True))
        if not st.form_submit_button(t("Save"), type="primary"):
            return
    item = Item(
        name.strip(), int(price), about.strip(), None if stock is None else int(stock),
        None if limit is None else int(limit), str(who), row.get("season_name"), tax.strip(),
    )  # fmt: skip
    if before is None:
        done = did(at, RULES, lambda connection, **_who: store_saves.add_item(connection, item=item))
    else:
        known = {field.name: before[field.name] for field in fields(Item)} | {"is_on": before["is_on"]}
        done = did(
            at,
            RULES,
            lambda connection, **_who: store_saves.amend_item(
                connection, item_id=before["item_id"], item=item, before=known, is_on=is_on
            ),
        )
    if done:
        st.rerun()


def _budget_form(at: Moment) -> None:
    teams = {row["team_id"]: row for row in at.fresh("game_store_budgets", as_of=at.present_at).to_dicts()}
    if not teams:
        st.caption(t("There are no teams yet (page Organisation)."))
        return
    chosen = st.selectbox(
        t("Team"), list(teams), format_func=lambda one: teams[one]["team_name"], key="budget-team"
    )
    with st.form(f"budget-{chosen}", border=False):
        coins = st.number_input(
            t("Coins a month (empty: no limit)"), 0, 1_000_000, teams[chosen]["month_coins"]
        )
        if not st.form_submit_button(t("Save"), type="primary"):
            return
    many = None if coins is None else int(coins)
    if did(
        at,
        RULES,
        lambda connection, **_who: store_saves.keep_budget(connection, team_id=chosen, month_coins=many),
    ):
        st.rerun()


def _limits(at: Moment) -> dict[str, Any]:
    return at.fresh("game_social_settings", as_of=at.present_at).row(0, named=True)


def _rate_form(at: Moment) -> None:
    row = _limits(at)
    with st.form("rate", border=False):
        points = st.number_input(
            t("Points of a day that make a coin, from tomorrow on"), 1, 10_000, row["coin_points"]
        )
        if not st.form_submit_button(t("Save the rate"), type="primary"):
            return
    tomorrow = row["site_date"] + timedelta(days=1)
    kinds = row["counted_kinds_text"].split()
    if did(
        at,
        RULES,
        lambda connection, **_who: store_saves.keep_rate(
            connection,
            valid_from_date=tomorrow,
            coin_points=int(points),
            counted_kinds=kinds,
            today=row["site_date"],
        ),
    ):
        st.toast(t("Saved: it holds from {day} on.", day=words.day(tomorrow)))


def _limits_form(at: Moment) -> None:
    row = _limits(at)
    with st.form("limits", border=False):
        left, right = st.columns(2)
        life = left.number_input(t("Coins expire after days (empty: never)"), 30, 3660, row["coin_life_days"])
        week = right.number_input(t("Thanks a person may give in a week"), 1, 100, row["kudos_week_count"])
        each = left.number_input(t("of them to one colleague"), 1, 100, row["kudos_colleague_count"])
        worth = right.number_input(t("Points for being thanked (0: none)"), 0, 5, row["kudos_points"])
        cool = left.number_input(
            t("Months until somebody can be employee of the month again"), 0, 36, row["cool_down_months"]
        )
        hours = right.number_input(
            t("Fewest hours of work in the month for that"), 1, 200, row["month_fewest_hours"]
        )
        if not st.form_submit_button(t("Save the limits"), type="primary"):
            return
    settings = {
        "kudos_week_count": int(week),
        "kudos_colleague_count": int(each),
        "kudos_points": int(worth),
        "coin_life_days": None if life is None else int(life),
        "cool_down_months": int(cool),
        "month_fewest_hours": int(hours),
    }
    if did(
        at,
        RULES,
        lambda connection, **_who: store_saves.keep_settings(connection, settings=settings, before=row),
    ):
        st.rerun()
