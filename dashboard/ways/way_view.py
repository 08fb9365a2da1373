"""Ways of contacts as blocks: channels, self-service and transfers.

In: the frames of way_queries, and the address of the view. Out: tiles and tables for `board.show`.
The rule it guards: every number leads to its rows, every ratio names its n, and what no source tells of is not shown as 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

Address = Mapping[str, str]


def channel_word(kind_name: str, channel_name: str) -> str:
    """What a channel is called: "Calls", "Chat", "Outbound calls", "E-mail (tickets)", "Spoken menu"."""
    plain = {
        "call": t("Calls"), "chat": t("Chat"), "email": t("E-mail"), "task": t("Tasks"), "social": t("Social media"),
        "video": t("Video"), "web": t("Web form"), "api": t("Other systems"), "menu": t("Spoken menu (IVR)"),
        "bot": t("Bot"), "page": t("Help pages"), "": t("No channel"),
    }.get(channel_name, channel_name)  # fmt: skip
    if kind_name == "ticket":
        return t("{channel} (tickets)", channel=plain)
    if kind_name == "outbound":
        return t("{channel}, outbound", channel=plain)
    return t("{channel}, internal", channel=plain) if kind_name == "internal" else plain


def channel_tiles(channels: pl.DataFrame, view: Filters) -> list[Block]:
    """Contacts served by agents, settled without one, and the share of these; outbound and internal calls apart."""
    sums = channels.select(
        pl.col("served_contacts", "agent_served_contacts", "contained_contacts", "visit_count").sum()
    )
    row = metrics.with_metrics(sums, "self_service_ratio").row(0, named=True)
    by_kind = dict(channels.group_by("kind_name").agg(pl.col("offered_calls").sum()).iter_rows())
    _, n = metrics.metric("self_service_ratio").counts(row)
    share = board.plain_tile(
        "self_service_ratio",
        row,
        n=n,
        basis=t("n = {n}", n=words.number(n)),
        reason=t("Unknown: no contact was served."),
    )
    if not row["visit_count"]:
        share |= {"value": words.UNKNOWN, "more": t("no source tells of menus or bots")}
    return [
        board.count_tile("served", t("Served by agents"), row["served_contacts"],
                         more=t("contacts, each counted once")),
        share,
        board.count_tile("inbound", t("Offered"), by_kind.get("inbound", 0), more=t("stays in queues"),
                         here=behind("offered_calls", view)),
        board.count_tile("outbound", t("Outbound"), by_kind.get("outbound", 0),
                         more=t("{n} internal", n=words.number(by_kind.get("internal", 0)))),
    ]  # fmt: skip


def channel_table(channels: pl.DataFrame, view: Filters) -> Block:
    """One row per channel: what came, what was answered, and how long it took."""
    rows = []
    for row in channels.iter_rows(named=True):
        kind, name = row["kind_name"], row["channel_name"]
        came = row["offered_calls"] + row["created_tickets"] + row["visit_count"]
        served = row["handled_calls"] + row["first_replied_tickets"] + row["contained_contacts"]
        address = behind("offered_calls", view, channel=name) if kind == "inbound" else None
        to_served = to_share = None
        if kind == "ticket":
            address, to_served, to_share = (
                _tickets_behind(of_name, view, name)
                for of_name in ("created_tickets", "first_replied_tickets", "first_replied_ratio")
            )
        word = {"ticket": t("replied"), "self_service": t("settled")}.get(kind, t("handled"))
        is_call = kind in ("inbound", "outbound", "internal")
        rows.append(
            {
                "key": f"{kind}-{name}",
                "cells": [
                    channel_word(kind, name),
                    board.leading(words.number(came), address),
                    board.leading(f"{words.number(served)} {word}", to_served if served else None),
                    words.ratio(row["answered_ratio"])
                    if is_call
                    else board.leading(
                        words.ratio(served / came if came else None), to_share if came else None
                    ),
                    words.duration(row["average_speed_of_answer_seconds"]) if is_call else words.UNKNOWN,
                    words.duration(row["average_handle_time_seconds"]) if is_call else words.UNKNOWN,
                ],
            }
        )
    columns = [
        column(t("Channel")), column(t("Came"), "end"), column(t("Served"), "end"), column(t("Share"), "end"),
        column(t("ASA"), "end", wide=True), column(t("AHT"), "end", wide=True),
    ]  # fmt: skip
    return board.table(
        t("Channels"), columns, rows, nothing=t("Nothing came through any channel in this time."), title=t("Channels"),
        lead=t("Inbound contacts, outbound and internal calls apart, tickets, and what menus, bots and pages settled."),
    )  # fmt: skip


def _tickets_behind(of_name: str, view: Filters, channel_name: str) -> str:
    """The tickets of a channel: narrowed by the period alone, as the channels are."""
    days = Filters(view.period_name, view.first_date, view.last_date)
    return behind(of_name, days, channel=channel_name)


def flow_table(flows: pl.DataFrame, address: Address) -> Block:
    """One row per way through a menu, bot or page, the most taken first; the number of visits leads to them."""
    most = flows["visit_count"].max() if flows.height else None
    rows = []
    for place, row in enumerate(flows.iter_rows(named=True)):
        visits = row["visit_count"]
        visited = here(address, channel=row["channel_name"], flow=row["flow_name"] or "")
        timed = row["timed_count"]
        rows.append(
            {
                "key": str(place),
                "cells": [
                    row["choices_text"] or t("way not told"),
                    row["flow_name"] or words.UNKNOWN,
                    channel_word("self_service", row["channel_name"]),
                    board.amount(words.number(visits), visits / most if most else None, address=visited),
                    _part(row["contained_contacts"], visits),
                    _part(row["passed_on_contacts"], visits),
                    _part(row["left_contacts"], visits),
                    words.duration(row["visit_seconds"] / timed if timed else None),
                ],
            }
        )
    columns = [
        column(t("Way taken"), "text"), column(t("Flow"), wide=True), column(t("Channel"), wide=True),
        column(t("Visits"), "end"), column(t("Settled"), "end"), column(t("Passed on"), "end"),
        column(t("Left"), "end", wide=True), column(t("Average time"), "end", wide=True),
    ]  # fmt: skip
    return board.table(
        t("Ways through menus and bots"), columns, rows, title=t("Ways through menus and bots"),
        nothing=t("No source tells of menus, bots or help pages. Map a file of visits: facts = \"self_services\"."),
        lead=t("Settled: the matter ended there, without an agent."),
    )  # fmt: skip


def visit_table(visits: pl.DataFrame, *, zone_name: str) -> Block:
    """The visits behind a number, the newest first."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['visit_id']}",
            "cells": [
                words.moment(row["started_at"], zone_name), row["choices_text"] or words.UNKNOWN,
                outcome_word(row["outcome_name"]), row["topic_name"] or words.UNKNOWN,
                words.name(row["queue_name"]) if row["queue_name"] else words.UNKNOWN,
                contact_cell(row),
            ],
        }
        for row in visits.iter_rows(named=True)
    ]  # fmt: skip
    columns = [
        column(t("Time")), column(t("Way taken"), "text"), column(t("Ended")), column(t("Topic"), wide=True),
        column(t("To queue"), wide=True), column(t("Contact"), wide=True),
    ]  # fmt: skip
    return board.table(
        t("Visits"), columns, rows, nothing=t("No visit."), title=t("Visits"), lead=counted(visits)
    )


def transfer_table(passed: pl.DataFrame, address: Address) -> Block:
    """One row per way from queue to queue: how often, blind or attended, and what became of it there."""
    ways = (
        passed.with_columns(
            to=pl.coalesce("next_queue_name", "transferred_to_name", pl.lit("")),
            was_lost=pl.col("next_outcome_name").is_in(["abandoned", "timed_out", "interrupted"]),
        )
        .group_by("queue_id", "queue_name", "to", maintain_order=True)
        .agg(
            n=pl.len(),
            blind=(pl.col("transfer_kind_name") == "blind").sum(),
            again=(pl.col("chain_number") > 1).sum(),
            lost=pl.col("was_lost").fill_null(False).sum(),
            wait=pl.col("next_wait_seconds").mean(),
        )
        .sort("n", descending=True)
    )
    most = ways["n"].max() if ways.height else None
    rows = [
        {
            "key": f"{row['queue_id']}-{row['to']}",
            "cells": [
                words.name(row["queue_name"]), words.name(row["to"]) if row["to"] else t("not told"),
                board.amount(words.number(row["n"]), row["n"] / most if most else None,
                             address=here(address, queue=str(row["queue_id"]), to=row["to"])),
                words.number(row["blind"]), words.number(row["n"] - row["blind"]), words.number(row["again"]),
                words.duration(row["wait"]), words.number(row["lost"]),
            ],
        }
        for row in ways.iter_rows(named=True)
    ]  # fmt: skip
    columns = [
        column(t("From")), column(t("To")), column(t("Passed on"), "end"), column(t("Blind"), "end", wide=True),
        column(t("Attended"), "end", wide=True), column(t("Not the first time"), "end", wide=True),
        column(t("Wait there"), "end", wide=True), column(t("Lost there"), "end"),
    ]  # fmt: skip
    return board.table(
        t("Transfers"), columns, rows, nothing=t("Nobody was passed on in this time."), title=t("Who passes on to whom"),
        lead=t("Lost there: the contact gave up, timed out or was cut off after the handover."),
    )  # fmt: skip


def transfer_rows(passed: pl.DataFrame, *, zone_name: str) -> Block:
    """The single handovers, in the order of time."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['call_id']}-{place}",
            "cells": [
                words.moment(row["offered_at"], zone_name), words.name(row["queue_name"]),
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                t("attended") if row["transfer_kind_name"] == "attended" else t("blind"),
                words.name(row["next_queue_name"] or row["transferred_to_name"] or "") or words.UNKNOWN,
                words.duration(row["next_wait_seconds"]), words.number(row["chain_number"]), contact_cell(row),
            ],
        }
        for place, row in enumerate(passed.head(500).iter_rows(named=True))
    ]  # fmt: skip
    columns = [
        column(t("Time")), column(t("From")), column(t("Agent"), wide=True), column(t("Kind"), wide=True), column(t("To")),
        column(t("Wait there"), "end", wide=True), column(t("Handover"), "end", wide=True), column(t("Contact"), wide=True),
    ]  # fmt: skip
    lead = t_count("{n} handover", "{n} handovers", passed.height)
    return board.table(
        t("Handovers"), columns, rows, nothing=t("No handover."), title=t("Handovers"), lead=lead
    )


def here(address: Address, **more: str) -> str:
    """The address of the rows behind a number on this very page."""
    return str(board.inside("", **{**address, **more})["here"])


def _part(part: int, whole: int) -> str:
    return f"{words.number(part)} ({words.ratio(part / whole)})" if whole else words.number(part)


def with_n(row: Row, metric_name: str) -> str:
    """A ratio with its n, or the sign for unknown."""
    if row[metric_name] is None:
        return words.UNKNOWN
    _, n = metrics.metric(metric_name).counts(row)
    return f"{words.ratio(row[metric_name])} ({words.number(n)})"


def counted(rows: pl.DataFrame) -> str:
    """How many rows there are, and that only the newest stand there where they are more."""
    total = int(rows["total_rows"][0]) if rows.height else 0
    if total > rows.height:
        return t("the newest {n} of {all}", n=words.number(rows.height), all=words.number(total))
    return t_count("{n} row", "{n} rows", total)


def contact_cell(row: Row) -> Block | str:
    """The contact's id, which leads to its journey."""
    contact_id = row["contact_id"]
    if not contact_id:
        return words.UNKNOWN
    inside = board.inside("", contact=contact_id, source=row["source_name"])["here"]
    return board.leading(contact_id, f"contacts{inside}")


def outcome_word(outcome_name: str) -> str:
    """What an outcome of a visit or an attempt is called."""
    known = {
        "contained": t("Settled"), "passed_on": t("Passed on"), "left": t("Left"), "connected": t("Connected"),
        "no_answer": t("No answer"), "busy": t("Busy"), "machine": t("Machine"), "failed": t("Failed"),
        "abandoned": t("Abandoned"),
    }  # fmt: skip
    return known.get(outcome_name, outcome_name)
