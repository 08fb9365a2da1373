"""Ways of contacts as blocks: channels, self-service and transfers.

In: the frames of way_queries, and the address of the view. Out: tiles and tables for `board.show`.
The rule it guards: every number leads to its rows, every ratio names its n, and what no source tells of is not shown as 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.words import t, t_count
from sql import metrics

Address = Mapping[str, str]
ELSEWHERE = "*"
"""What stands in the address for a target that has only the id of another call."""

_ID = r"^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^ ]*\d{9,}\.\d+)$"
_LOST = ("abandoned", "timed_out", "interrupted")
_OF_CALLS = ("answered_ratio", "average_speed_of_answer_seconds", "average_handle_time_seconds")


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


def channel_tiles(channels: pl.DataFrame, view: Filters, *, dialled_calls: int = 0) -> list[Block]:
    """Contacts served by agents, settled without one, and the share of these; outbound and internal calls apart.

    dialled_calls: whom campaigns reached, who are no calls of a queue.
    """
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
                         more=[t("from queues' own calls"), *_dialled(dialled_calls, view), _calls_part(
                             t("{n} internal", n=words.number(by_kind.get("internal", 0))), "internal", by_kind, view)],
                         here=_calls_behind("outbound", view) if by_kind.get("outbound") else None),
    ]  # fmt: skip


def _dialled(dialled_calls: int, view: Filters) -> list[Block]:
    """Whom campaigns reached, with the way to their attempts; nothing where there are none."""
    if not dialled_calls:
        return []
    told = {**view.address(), "section": "campaigns", "outcome": "connected"}
    return [board.inside(t("{n} reached by campaigns", n=words.number(dialled_calls)), **told)]


def _calls_part(text: str, kind: str, by_kind: Mapping[str, int], view: Filters) -> Block | str:
    return board.leading(text, _calls_behind(kind, view) if by_kind.get(kind) else None)


def _calls_behind(kind: str, view: Filters, **more: str) -> str:
    """The outbound or internal calls of the view, as the search finds them: as many as were counted."""
    told = {"kind": "call", "direction": kind, **_days(view).address(), **more}
    return f"contacts?{urlencode(told)}"


def channel_table(channels: pl.DataFrame, view: Filters) -> Block:
    """One row per channel: what came, what was answered, and how long it took."""
    rows = []
    for row in channels.iter_rows(named=True):
        kind, name = row["kind_name"], row["channel_name"]
        came = row["offered_calls"] + row["created_tickets"] + row["visit_count"]
        served = row["handled_calls"] + row["first_replied_tickets"] + row["contained_contacts"]
        ways = _channel_ways(kind, name, view)
        word = {"ticket": t("replied"), "self_service": t("settled")}.get(kind, t("handled"))
        is_call = kind in ("inbound", "outbound", "internal")
        rows.append(
            {
                "key": f"{kind}-{name}",
                "cells": [
                    channel_word(kind, name),
                    board.leading(words.number(came), ways["came"] if came else None),
                    board.leading(f"{words.number(served)} {word}", ways["served"] if served else None),
                    board.leading(
                        words.ratio(row["answered_ratio"] if is_call else served / came if came else None),
                        ways["share"] if came else None,
                    ),
                    _time_cell(row["average_speed_of_answer_seconds"], ways["wait"] if is_call else None),
                    _time_cell(row["average_handle_time_seconds"], ways["handle"] if is_call else None),
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


def _time_cell(seconds: float | None, address: str | None) -> Block | str:
    return words.UNKNOWN if seconds is None else board.leading(words.duration(seconds), address)


def _channel_ways(kind: str, channel_name: str, view: Filters) -> Mapping[str, str | None]:
    """Where each figure of a channel has its rows, narrowed by the period alone, as the channels are."""
    names = ("came", "served", "share", "wait", "handle")
    if kind == "self_service":
        told = {**view.address(), "section": "self-service", "channel": channel_name}
        came, settled = here(told), here(told, outcome="contained")
        return dict(zip(names, (came, settled, came, None, None), strict=True))
    if kind in ("outbound", "internal"):
        came = _calls_behind(kind, view, channel=channel_name)
        answered = _calls_behind(kind, view, channel=channel_name, outcome="answered")
        return dict(zip(names, (came, answered, came, answered, answered), strict=True))
    of_names = (
        ("created_tickets", "first_replied_tickets", "first_replied_ratio")
        if kind == "ticket"
        else ("offered_calls", "handled_calls", *_OF_CALLS)
    )
    found = [behind(of_name, _days(view), channel=channel_name) for of_name in of_names]
    return dict(zip(names, [*found, None, None][: len(names)], strict=True))


def _days(view: Filters) -> Filters:
    """The same days, narrowed by nothing."""
    return Filters(view.period_name, view.first_date, view.last_date)


def flow_table(flows: pl.DataFrame, address: Address) -> Block:
    """One row per way through a menu, bot or page, the most taken first; the number of visits leads to them."""
    most = flows["visit_count"].max() if flows.height else None
    rows = []
    for place, row in enumerate(flows.iter_rows(named=True)):
        visits = row["visit_count"]
        way = {
            "channel": row["channel_name"],
            "flow": row["flow_name"] or "",
            "way": row["choices_text"] or "",
        }
        timed = row["timed_count"]
        rows.append(
            {
                "key": str(place),
                "cells": [
                    row["choices_text"] or t("way not told"),
                    row["flow_name"] or words.UNKNOWN,
                    channel_word("self_service", row["channel_name"]),
                    board.amount(
                        words.number(visits), visits / most if most else None, address=here(address, **way)
                    ),
                    *(
                        board.leading(
                            _part(row[f"{outcome}_contacts"], visits),
                            here(address, **way, outcome=outcome) if row[f"{outcome}_contacts"] else None,
                        )
                        for outcome in ("contained", "passed_on", "left")
                    ),
                    _time_cell(row["visit_seconds"] / timed if timed else None, here(address, **way)),
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
        passed.with_columns(to=_target())
        .group_by("queue_id", "queue_name", "to", maintain_order=True)
        .agg(
            n=pl.len(),
            **{name: _kept(name).sum() for name in ("blind", "attended", "again", "waited", "lost")},
            wait=pl.col("next_wait_seconds").mean(),
        )
        .sort("n", descending=True)
    )
    most = ways["n"].max() if ways.height else None
    rows = [
        {
            "key": f"{row['queue_id']}-{row['to']}",
            "cells": [
                words.name(row["queue_name"]), target_word(row["to"]),
                board.amount(words.number(row["n"]), row["n"] / most if most else None, address=_handed(row, address)),
                *(
                    board.leading(
                        words.duration(row["wait"]) if name == "waited" else words.number(row[name]),
                        _handed(row, address, kept=name) if row[name] else None,
                    )
                    for name in ("blind", "attended", "again", "waited", "lost")
                ),
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


def _handed(row: Row, address: Address, **more: str) -> str:
    return here(address, queue=str(row["queue_id"]), to=row["to"], **more)


def _target() -> pl.Expr:
    """Where a handover went: the queue, the name that was told, or that it went to another call (only its id is known)."""
    told = pl.col("transferred_to_name")
    folded = pl.when(told.str.contains(_ID)).then(pl.lit(ELSEWHERE)).otherwise(told)
    return pl.coalesce("next_queue_name", folded, pl.lit(""))


def _kept(name: str) -> pl.Expr:
    """Which handovers stand behind a figure: blind, attended, not the first time, with a wait there, lost there."""
    is_blind = (pl.col("transfer_kind_name") == "blind").fill_null(False)
    wanted = {
        "blind": is_blind,
        "attended": ~is_blind,
        "again": pl.col("chain_number") > 1,
        "waited": pl.col("next_wait_seconds").is_not_null(),
        "lost": pl.col("next_outcome_name").is_in(_LOST).fill_null(False),
    }
    return wanted.get(name, pl.lit(True))


def handovers(passed: pl.DataFrame, *, to: str | None, kept: str) -> pl.DataFrame:
    """The handovers behind a number of the table, the newest first; the file keeps the id of another call."""
    chosen = passed if to is None else passed.filter(_target() == to)
    return chosen.filter(_kept(kept)).reverse()


def target_word(name: str) -> str:
    """What the target of a handover is called."""
    if name == ELSEWHERE:
        return t("another call")
    return words.name(name) if name else t("not told")


def transfer_rows(passed: pl.DataFrame, *, zone_name: str) -> Block:
    """The single handovers, as they are given: the newest first."""
    rows = [
        {
            "key": f"{row['source_name']}-{row['call_id']}-{place}",
            "cells": [
                words.moment(row["offered_at"], zone_name), words.name(row["queue_name"]),
                words.name(row["agent_name"]) if row["agent_name"] else words.UNKNOWN,
                t("blind") if row["transfer_kind_name"] == "blind" else t("attended"),
                target_word(row["to"]) if row["to"] else words.UNKNOWN,
                words.duration(row["next_wait_seconds"]), words.number(row["chain_number"]), contact_cell(row),
            ],
        }
        for place, row in enumerate(passed.head(500).with_columns(to=_target()).iter_rows(named=True))
    ]  # fmt: skip
    columns = [
        column(t("Time")), column(t("From")), column(t("Agent"), wide=True), column(t("Kind"), wide=True), column(t("To")),
        column(t("Wait there"), "end", wide=True), column(t("Handover"), "end", wide=True), column(t("Contact"), wide=True),
    ]  # fmt: skip
    lead = t_count("{n} handover, the newest first", "{n} handovers, the newest first", passed.height)
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
