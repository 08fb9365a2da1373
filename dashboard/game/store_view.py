"""The store: a wallet of coins, the things on the shelf, the orders and where each stands.

In: the answers of the questions about the store. Out: blocks for `board.show`.
The rule it guards: coins stand apart from points, and say where they came from; why a thing cannot be had is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.game.rule_texts import title_of
from dashboard.words import t, t_count

Row = Mapping[str, Any]


def order_state(name: str) -> Block:
    """Where an order stands."""
    tone, word = {
        "requested": ("near", t("Waits for agreement")),
        "approved": ("good", t("Agreed to")),
        "fulfilled": ("good", t("Handed over")),
        "rejected": ("off", t("Not agreed to")),
        "cancelled": ("none", t("Taken back")),
    }[name]
    return board.status(tone, word)


def kind_word(name: str) -> str:
    """Why coins came or went."""
    return {
        "earning": t("for points"),
        "prize": t("prize"),
        "purchase": t("order"),
        "refund": t("given back"),
        "expiry": t("expired"),
        "write_off": t("written off"),
        "reversal": t("counted again"),
        "manual": t("by hand"),
    }.get(name, name)


def wallet(coins: pl.DataFrame, limits: Row) -> Block:
    """What is in the wallet, what came in and went out, and how coins are earned."""
    balance = int(coins[0, "balance_coins"]) if coins.height else 0
    spending = pl.col("kind_name").is_in(["purchase", "refund"])
    spent = -int(coins.filter(spending)["entry_coins"].sum() or 0)
    earned = int(coins.filter(~spending)["entry_coins"].sum() or 0)
    rate = limits["coin_points"]
    lead = t_count(
        "Each {n} point of a day makes a coin. Spending coins never lowers points or level.",
        "Each {n} points of a day make a coin. Spending coins never lowers points or level.",
        rate,
    )
    if limits["coin_life_days"]:
        lead += " " + t("Coins that are not spent expire after {n} days.", n=limits["coin_life_days"])
    return {
        "kind": "wallet",
        "label": t("My coins"),
        "value": words.number(balance),
        "unit": t("coins"),
        "facts": [
            {"label": t("Earned"), "value": words.number(earned)},
            {"label": t("Spent"), "value": words.number(spent)},
        ],
        "lead": lead,
    }


def thing(row: Row, balance: int | None) -> Block:
    """One thing on the shelf. balance: of the reader's own wallet; None for whoever has none."""
    why = why_not(row, balance)
    facts = [
        t("always there")
        if row["left_count"] is None
        else t_count("{n} left", "{n} left", row["left_count"]),
        t("a manager decides") if row["approver_name"] == "manager" else t("your supervisor decides"),
    ]
    if row["person_limit_count"] is not None:
        limit = row["person_limit_count"]
        facts.append(t_count("{n} for each person", "at most {n} for each person", limit))
    if row["season_name"]:
        facts.append(t("in {season}", season=row["season_name"]))
    if row["tax_text"]:
        facts.append(t("for tax: {text}", text=row["tax_text"]))
    share = None if balance is None else min(1.0, max(0, balance) / row["price_coins"])
    reached = t("{have} of {price} coins", have=balance or 0, price=row["price_coins"])
    return {
        "kind": "shelf",
        "name": words.name(row["item_name"]),
        "about": row["about_text"],
        "price": words.number(row["price_coins"]),
        "unit": t_count("coin", "coins", row["price_coins"]),
        "share": share,
        "share_text": reached,
        "can": not why,
        "facts": ([why] if why else []) + facts,
        "spoken": t("{item}, {price} coins", item=row["item_name"], price=row["price_coins"]),
    }


def why_not(row: Row, balance: int | None) -> str:
    """Why the reader cannot order it now; empty where they can."""
    if not row["is_for_sale"]:
        return t("not on sale now")
    if row["left_count"] is not None and row["left_count"] < 1:
        return t("none left")
    if row["person_limit_count"] is not None and row["own_count"] >= row["person_limit_count"]:
        return t("you have had yours")
    if balance is None:
        return ""
    missing = row["price_coins"] - balance
    return t_count("{n} coin to go", "{n} coins to go", missing) if missing > 0 else ""


def order_table(orders: pl.DataFrame, *, zone_name: str, is_own: bool) -> Block:
    """The orders that the reader sees, those that wait first."""
    rows = []
    for row in orders.to_dicts():
        who = [] if is_own else [words.name(row["agent_name"])]
        rows.append(
            {
                "key": str(row["order_id"]),
                "tone": "none",
                "cells": [
                    words.name(row["item_name"]),
                    *who,
                    words.number(row["price_coins"]),
                    order_state(row["state_name"]),
                    words.moment(row["changed_at"], zone_name, in_seconds=False),
                    " · ".join(one for one in (row["note_text"], None if is_own else row["tax_text"]) if one),
                ],
            }
        )
    columns = [
        board.column(t("Reward"), "text"),
        *([] if is_own else [board.column(t("Agent"), "text")]),
        board.column(t("Coins"), "end"),
        board.column(t("State")),
        board.column(t("Since"), wide=True),
        board.column(t("Note"), "text", wide=True),
    ]
    title = t("My orders") if is_own else t("Orders")
    nothing = (
        t(
            "Nothing ordered yet. Press “Order” below a reward: the coins are taken at once, and come back if nobody agrees."
        )
        if is_own
        else t("Nobody has ordered anything yet.")
    )
    return board.table(title, columns, rows, title=title, nothing=nothing)


def _reason(row: Row) -> str:
    """What an entry was for: the rule that gave it, else the sentence that was written with it."""
    is_given = row["kind_name"] == "award" and row["rule_name"]
    return title_of(row["spec_text"], row["rule_name"]) if is_given else str(row["reason_text"])


def coin_table(coins: pl.DataFrame) -> Block:
    """What came into the wallet and went out, the newest first."""
    rows = [
        {
            "key": str(row["entry_id"]),
            "tone": "none",
            "cells": [
                words.day(row["effective_date"]),
                kind_word(row["kind_name"]),
                f"{'+' if row['entry_coins'] > 0 else ''}{words.number(row['entry_coins'])}",
                words.number(row["balance_coins"]),
                _reason(row),
            ],
        }
        for row in coins.head(40).to_dicts()
    ]
    columns = [
        board.column(t("Day")),
        board.column(t("What for")),
        board.column(t("Coins"), "end"),
        board.column(t("Balance"), "end"),
        board.column(t("Reason"), "text", wide=True),
    ]
    title = t("Where my coins came from")
    return board.table(
        title,
        columns,
        rows,
        title=title,
        lead=t("Every entry stays; what was counted again stands beside it."),
        nothing=t("No coins yet: they come with the points of your first settled day."),
    )


def budget_table(budgets: pl.DataFrame) -> Block:
    """What each team may spend in this month, and what it has spent."""
    rows = []
    for row in budgets.to_dicts():
        limit = row["month_coins"]
        share = row["spent_coins"] / limit if limit else None
        tone = (
            "off"
            if share is not None and share >= 1
            else "near"
            if share is not None and share >= 0.8
            else "good"
        )
        rows.append(
            {
                "key": str(row["team_id"]),
                "tone": "none",
                "cells": [
                    words.name(row["team_name"]),
                    board.amount(
                        words.number(row["spent_coins"]),
                        min(1.0, share) if share is not None else None,
                        tone=tone,
                    ),
                    t("no limit") if limit is None else words.number(limit),
                ],
            }
        )
    columns = [
        board.column(t("Team"), "text"),
        board.column(t("Spent"), "end"),
        board.column(t("May spend"), "end"),
    ]
    title = t("Coins of the teams this month")
    return board.table(title, columns, rows, title=title, nothing=t("There are no teams yet."))


def empty(*, may_make: bool) -> Block:
    """The store without a thing in it, with what to do."""
    steps = [
        t(
            "Points of settled days make coins by themselves; they wait in the wallet until there is something."
        ),
        t(
            "Good rewards cost little and mean much: a choice of break, an hour to learn, a lunch with the team."
        ),
    ]
    if may_make:
        steps.insert(0, t("Press “Add a reward”: its price, how many there are, and who has to agree."))
    return board.notice(
        "none",
        t("The shelf is empty."),
        t("Rewards are what coins are for. Each order is agreed to by a person."),
        steps=steps,
        page=True,
    )
