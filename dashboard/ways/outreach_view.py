"""What we owe and try ourselves, as blocks: callbacks and their promises, and the attempts of campaigns.

In: the frames of way_queries, and the address of the view. Out: tiles and tables for `board.show`.
The rule it guards: a callback is never an abandoned contact; what no source tells of is not shown as 0.
"""

from __future__ import annotations

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.ways.way_view import Address, contact_cell, counted, here, outcome_word, with_n
from dashboard.words import t, t_count
from sql import metrics


def promise_word(requests: pl.DataFrame) -> str:
    """Within what time the callbacks were promised; from the shortest to the longest where queues differ."""
    promised = (requests["promised_at"] - requests["requested_at"]).dt.total_seconds()
    if promised.is_empty():
        return ""
    shortest, longest = (words.long_time(seconds) for seconds in (promised.min(), promised.max()))  # type: ignore[arg-type]
    if shortest == longest:
        return t("promised within {time}", time=longest)
    return t("promised within {low} to {high}", low=shortest, high=longest)


def callback_tiles(totals: pl.DataFrame, address: Address, *, promised: str) -> list[Block]:
    """Callbacks asked for, reached, promise kept, and what is still open; every one leads to its requests."""
    names = [name for name in totals.columns if name.endswith(("_calls", "_seconds"))]
    row = metrics.with_metrics(
        totals.select(pl.col(names).sum()), "callback_reached_ratio", "callback_promise_kept_ratio"
    ).row(0, named=True)
    reached, due = row["reached_callback_calls"], row["due_promise_calls"]
    settled = reached + row["given_up_callback_calls"]
    average = row["reached_callback_seconds"] / reached if reached else None
    none_due = t("Unknown: no promise has fallen due.")
    return [
        board.count_tile("asked", t("Asked for"), row["callback_calls"], more=t("callbacks, never counted as abandoned"),
                         here=here(address, state="all")),
        {**board.plain_tile("callback_reached_ratio", row, n=settled, basis=_settled_word(row, settled),
                            reason=t("Unknown: none is settled.")),
         "here": here(address, state="settled")},
        {**board.plain_tile("callback_promise_kept_ratio", row, n=due, basis=" · ".join(
                            part for part in (t("n = {n} due", n=words.number(due)), promised) if part),
                            reason=none_due), "here": here(address, state="due")},
        board.count_tile("open", t("Still to be made"), row["open_callback_calls"],
                         more=t("{n} given up", n=words.number(row["given_up_callback_calls"])),
                         here=here(address, state="open")),
        {"key": "until", "units": 1, "label": t("Until reached"),
         "value": words.long_time(average) if average else words.UNKNOWN,
         "more": t("average of {n}", n=words.number(reached)),
         "here": here(address, state="reached") if reached else None},
    ]  # fmt: skip


def _settled_word(row: Row, settled: int) -> str:
    """How many were reached, of those settled; while some are open, of all so far."""
    reached, is_open = words.number(row["reached_callback_calls"]), row["open_callback_calls"] > 0
    if not is_open:
        return t("{n} of {all} settled", n=reached, all=words.number(settled))
    given_up = t("{n} given up", n=words.number(row["given_up_callback_calls"]))
    return " · ".join(
        [t("{n} of {all} so far", n=reached, all=words.number(row["callback_calls"])), given_up]
    )


def of_state(requests: pl.DataFrame, state: str) -> pl.DataFrame:
    """The requests of one state: settled, reached, given_up, open, due, late (the promise was not kept), else all.

    The newest first; before them those that a ratio counts (the kept ones of those due, the reached ones of those
    settled), and in the other lists those that are overdue.
    """
    is_open = ~pl.col("is_reached") & ~pl.col("is_given_up")
    wanted = {
        "reached": pl.col("is_reached"),
        "given_up": pl.col("is_given_up"),
        "open": is_open,
        "late": pl.col("is_due") & ~pl.col("is_kept"),
        "due": pl.col("is_due"),
        "settled": ~is_open,
    }.get(state)
    found = requests if wanted is None else requests.filter(wanted)
    overdue = [is_open & pl.col("is_due")]
    first = {"due": [pl.col("is_kept"), pl.col("is_reached")], "settled": [pl.col("is_reached")]}.get(
        state, overdue
    )
    return found.reverse().sort(first, descending=True, maintain_order=True)


def callback_table(requests: pl.DataFrame, *, state: str, zone_name: str) -> Block:
    """One row per callback: when it was asked for and promised, when it was tried, and whether it was reached."""
    rows = []
    for row in requests.head(500).iter_rows(named=True):
        if row["is_reached"]:
            mark = board.status(
                "good" if row["is_kept"] else "near", t("Reached") if row["is_kept"] else t("Reached late")
            )
        elif row["is_given_up"]:
            mark = board.status("off", t("Given up"))
        else:
            mark = board.status(
                "near" if row["is_due"] else "none", t("Overdue") if row["is_due"] else t("Open")
            )
        rows.append(
            {
                "key": f"{row['source_name']}-{row['call_id']}",
                "cells": [
                    words.moment(row["requested_at"], zone_name), mark, words.name(row["queue_name"]),
                    words.moment(row["promised_at"], zone_name),
                    words.moment(row["tried_at"], zone_name) if row["tried_at"] else words.UNKNOWN,
                    words.moment(row["reached_at"], zone_name) if row["reached_at"] else words.UNKNOWN,
                    words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                    contact_cell(row),
                ],
            }
        )  # fmt: skip
    columns = [
        column(t("Asked for")), column(t("State")), column(t("Queue"), wide=True), column(t("Promised by"), wide=True),
        column(t("First tried"), wide=True), column(t("Reached")), column(t("Agent"), wide=True),
        column(t("Contact"), wide=True),
    ]  # fmt: skip
    title = {
        "reached": t("Callbacks that were reached"), "given_up": t("Callbacks that were given up"),
        "open": t("Callbacks still to be made"), "late": t("Callbacks whose promise was not kept"),
        "due": t("Callbacks whose promise fell due, the kept ones first"),
        "settled": t("Callbacks that are settled, the reached ones first"),
    }.get(state, t("Callbacks asked for"))  # fmt: skip
    return board.table(
        title, columns, rows, nothing=t("No callback."), title=title,
        lead=t_count("{n} callback", "{n} callbacks", requests.height),
    )  # fmt: skip


def campaign_tiles(campaigns: pl.DataFrame, address: Address) -> list[Block]:
    """Attempts, how many were connected, how many met their aim, and what was sold, over all campaigns."""
    names = [
        name for name in campaigns.columns if name.endswith(("_calls", "_contacts", "_seconds", "_amount"))
    ]
    row = metrics.with_metrics(
        campaigns.select(pl.col(names).sum(), has_sales=pl.col("sale_amount").is_not_null().any()),
        "connect_ratio",
    ).row(0, named=True)
    # Of campaigns that do not tell whether a call met its aim, nobody knows the rate: they are in neither part.
    telling = campaigns.filter(pl.col("converted_calls").is_not_null())
    aimed = metrics.with_metrics(
        telling.select(pl.col("converted_calls", "connected_calls").sum()), "conversion_ratio"
    ).row(0, named=True)
    attempted, connected = row["attempted_calls"], row["connected_calls"]
    return [
        board.count_tile("attempted", t("Attempts"), attempted,
                         more=t("{n} answered, and no agent free", n=words.number(row["abandoned_attempt_calls"])),
                         here=here(address, outcome="") if attempted else None),
        {**board.plain_tile("connect_ratio", row, n=attempted, basis=t("{n} of {all}", n=words.number(connected),
                            all=words.number(attempted)), reason=t("Unknown: nothing was attempted.")),
         "here": here(address, outcome="connected") if connected else None},
        {**board.plain_tile("conversion_ratio", aimed, n=aimed["connected_calls"], basis=t("{n} of {all} connected",
                            n=words.number(aimed["converted_calls"]), all=words.number(aimed["connected_calls"])),
                            reason=t("Unknown: nobody was connected, or no campaign tells whether a call met its aim.")),
         "here": here(address, outcome="connected", of="aimed") if aimed["connected_calls"] else None},
        {"key": "sales", "units": 1, "label": t("Sold"),
         "value": words.money(row["sale_amount"]) if row["has_sales"] else words.UNKNOWN,
         "more": t("in the currency of the source"),
         "here": here(address, of="sold") if row["has_sales"] else None},
    ]  # fmt: skip


def campaign_table(campaigns: pl.DataFrame, address: Address) -> Block:
    """One row per campaign; each number of attempts leads to them."""
    outcomes = ("attempted_calls", "connected_calls", "no_answer_calls", "busy_calls", "machine_calls",
                "abandoned_attempt_calls")  # fmt: skip
    of = {"connected_calls": "connected", "no_answer_calls": "no_answer", "busy_calls": "busy", "machine_calls": "machine",
          "abandoned_attempt_calls": "abandoned"}  # fmt: skip
    rows = [
        {
            "key": row["campaign_name"],
            "cells": [
                words.name(row["campaign_name"]),
                *(
                    board.leading(
                        words.number(row[name]), here(address, campaign=row["campaign_name"], outcome=of.get(name, ""))
                    )
                    for name in outcomes
                ),
                board.leading(with_n(row, "connect_ratio"), here(address, campaign=row["campaign_name"], outcome="")),
                board.leading(with_n(row, "conversion_ratio"), here(address, campaign=row["campaign_name"],
                              outcome="connected", of="aimed") if row["converted_calls"] is not None else None),
                f"{words.number(row['reached_contacts'])} / {words.number(row['tried_contacts'])}",
                board.leading(words.money(row["sale_amount"]), here(address, campaign=row["campaign_name"], of="sold"))
                if row["sale_amount"] is not None else words.UNKNOWN,
            ],
        }
        for row in campaigns.iter_rows(named=True)
    ]  # fmt: skip
    columns = [
        column(t("Campaign")), column(t("Attempts"), "end"), column(t("Connected"), "end"),
        column(t("No answer"), "end", wide=True), column(t("Busy"), "end", wide=True),
        column(t("Machine"), "end", wide=True), column(t("Abandoned"), "end", wide=True),
        column(t("Connect rate (n)"), "end"), column(t("Conversion (n)"), "end"),
        column(t("Customers reached"), "end", wide=True), column(t("Sold"), "end", wide=True),
    ]  # fmt: skip
    return board.table(
        t("Campaigns"), columns, rows, title=t("Campaigns"),
        nothing=t("No source tells of campaigns. Map a dialler's file of attempts: facts = \"attempts\"."),
        lead=t("Customers reached, of those tried: each counted once, however often."),
    )  # fmt: skip


def _aim_mark(is_converted: bool | None) -> Block | str:
    if is_converted is None:
        return words.UNKNOWN
    return board.status("good", t("yes")) if is_converted else board.status("none", t("no"))


def attempt_table(attempts: pl.DataFrame, *, zone_name: str) -> Block:
    """The attempts behind a number, the newest first."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['attempt_id']}",
            "cells": [
                words.moment(row["attempted_at"], zone_name), words.name(row["campaign_name"]),
                outcome_word(row["outcome_name"]), row["result_name"] or words.UNKNOWN, _aim_mark(row["is_converted"]),
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                words.duration(row["talk_seconds"]),
                words.money(row["sale_amount"]) if row["sale_amount"] is not None else words.UNKNOWN,
            ],
        }
        for row in attempts.iter_rows(named=True)
    ]  # fmt: skip
    columns = [
        column(t("Time")), column(t("Campaign"), wide=True), column(t("Outcome")), column(t("Result"), wide=True),
        column(t("Met its aim"), wide=True), column(t("Agent"), wide=True),
        column(t("Talk"), "end"), column(t("Sold"), "end", wide=True),
    ]  # fmt: skip
    return board.table(
        t("Attempts"), columns, rows, nothing=t("No attempt."), title=t("Attempts"), lead=counted(attempts)
    )
