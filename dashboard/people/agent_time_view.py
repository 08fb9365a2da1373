"""Where agents' time went: on contacts, in wrap-up, available, paused and why; and how it kept to the schedule.

In: the frames of the questions about agents' time, pauses, strain and schedules. Out: blocks for `board.show`.
The rule it guards: seconds stand to scale with their numbers; a pause is weighed against the team's median, never judged
alone; what nobody scheduled is unknown, not zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.filters import Filters, behind
from dashboard.people.agent_view import occupancy_status, team_word, to_agent
from dashboard.words import t, t_count
from sql import metrics

PARTS = (
    ("on_contact", "on_contact_seconds"),
    ("wrap_up", "wrapping_up_seconds"),
    ("ringing", "ringing_seconds"),
    ("available", "free_seconds"),
    ("paused", "paused_seconds"),
)


def state_words() -> dict[str, str]:
    """What each state of an agent is called."""
    return {
        "on_contact": t("On contact"),
        "wrap_up": t("Wrap-up"),
        "ringing": t("Ringing"),
        "available": t("Available"),
        "paused": t("Paused"),
    }


def strain_notice(strain: pl.DataFrame) -> Block | None:
    """The warning that somebody was busier than is good for long; None where nobody was."""
    if strain.is_empty():
        return None
    _, high = metrics.metric("occupancy_ratio").band or (0.75, 0.85)
    named = [
        t(
            "{name} for {time}",
            name=words.name(row["agent_name"]),
            time=words.long_time(row["strained_seconds"], in_days=False),
        )
        for row in strain.sort("strained_seconds", descending=True).head(5).iter_rows(named=True)
    ]
    more = strain.height - len(named)
    if more > 0:
        named.append(t_count("{n} more", "{n} more", more))
    body = t(
        "Above {high} occupancy for an hour or more without a break: {who}. "
        "This wears people out; plan breaks, or more hands.",
        high=words.target_ratio(high),
        who="; ".join(named),
    )
    title = t_count(
        "{n} agent was too busy for too long.", "{n} agents were too busy for too long.", strain.height
    )
    return board.notice("near", title, body)


def time_table(totals: pl.DataFrame, strain: pl.DataFrame, *, filters: Filters) -> Block:
    """Each agent's signed-in time by state, to scale and in numbers, with occupancy and utilisation."""
    strained = {row["agent_id"]: row["strained_seconds"] for row in strain.iter_rows(named=True)}
    timed = totals.filter(pl.col("signed_in_seconds") > 0).with_columns(
        free_seconds=pl.col("available_seconds") - pl.col("ringing_seconds")
    )
    rows = [
        {
            "key": str(row["agent_id"]),
            "cells": [
                to_agent(row, filters),
                _spent(row, filters),
                *(_state_cell(row, name, filters) for _, name in PARTS),
                {
                    **occupancy_status(row["occupancy_ratio"]),
                    "word": words.ratio(row["occupancy_ratio"]),
                    "here": behind("occupancy_ratio", filters, agent=row["agent_id"]),
                },
                board.leading(
                    words.ratio(row["utilisation_ratio"]),
                    behind("utilisation_ratio", filters, agent=row["agent_id"]),
                ),
                board.leading(
                    words.long_time(strained[row["agent_id"]], in_days=False),
                    behind("strained_seconds", filters, agent=row["agent_id"]),
                )
                if row["agent_id"] in strained
                else words.UNKNOWN,
            ],
        }
        for row in timed.iter_rows(named=True)
    ]
    names = state_words()
    columns = [
        column(t("Agent")),
        column(t("Signed in")),
        *(column(names[state], "end", wide=state in ("ringing", "wrap_up")) for state, _ in PARTS),
        column(t("Occupancy"), wide=True),
        column(t("Utilisation"), "end", wide=True),
        column(t("Too busy"), "end", wide=True),
    ]
    low, high = metrics.metric("occupancy_ratio").band or (0.75, 0.85)
    lead = t(
        "Wall-clock time of states that are over. Occupancy should lie between {low} and {high}.",
        low=words.target_ratio(low),
        high=words.target_ratio(high),
    )
    nothing = t("Nobody was signed in to a phone in this time.")
    return board.table(
        t("Signed-in time"), columns, rows, nothing=nothing, title=t("Where time went"), lead=lead
    )


def _spent(row: Row, filters: Filters) -> Block:
    whole, names = row["signed_in_seconds"], state_words()
    parts = [
        {
            "state": state,
            "share": row[name] / whole,
            "text": t("{state} {time}", state=names[state], time=words.long_time(row[name], in_days=False)),
        }
        for state, name in PARTS
    ]
    return {
        "text": words.long_time(whole, in_days=False),
        "parts": parts,
        "here": behind("signed_in_seconds", filters, agent=row["agent_id"]),
    }


def _state_cell(row: Row, name: str, filters: Filters) -> Block | str:
    if not row[name]:
        return words.UNKNOWN if name == "ringing_seconds" else "0"
    share = words.ratio(row[name] / row["signed_in_seconds"])
    text = f"{words.long_time(row[name], in_days=False)} ({share})"
    return board.leading(text, behind(name, filters, agent=row["agent_id"]))


def pause_table(pauses: pl.DataFrame, totals: pl.DataFrame, *, filters: Filters) -> Block:
    """Each agent's pauses by reason: how long, how often, and the median of all agents who were signed in."""
    present = totals.filter(pl.col("signed_in_seconds") > 0).select("agent_id", "agent_name")
    everyone = present.join(pauses.select("reason_name").unique(), how="cross")
    filled = everyone.join(pauses, on=["agent_id", "reason_name"], how="left", nulls_equal=True).with_columns(
        pl.col("paused_seconds", "pause_count").fill_null(0)
    )
    medians = filled.group_by("reason_name").agg(
        pl.col("paused_seconds").median().alias("median_paused_seconds")
    )
    shown = filled.filter(pl.col("paused_seconds") > 0).join(medians, on="reason_name", nulls_equal=True)
    most = max([1, *shown["paused_seconds"].to_list()])
    rows = [
        {
            "key": f"{row['agent_id']}-{row['reason_name']}",
            "cells": [
                to_agent(row, filters),
                reason_word(row["reason_name"]),
                board.amount(
                    words.long_time(row["paused_seconds"], in_days=False),
                    row["paused_seconds"] / most,
                    address=behind(
                        "paused_seconds", filters, agent=row["agent_id"], reason=row["reason_name"] or ""
                    ),
                ),
                board.leading(
                    words.number(row["pause_count"]),
                    behind("pause_count", filters, agent=row["agent_id"], reason=row["reason_name"] or "")
                    if row["pause_count"]
                    else None,
                ),
                words.duration(row["paused_seconds"] / row["pause_count"])
                if row["pause_count"]
                else words.UNKNOWN,
                words.long_time(row["median_paused_seconds"], in_days=False),
                _against(row["paused_seconds"], row["median_paused_seconds"]),
            ],
        }
        for row in shown.sort(
            "agent_name", "agent_id", "paused_seconds", descending=[False, False, True]
        ).iter_rows(named=True)
    ]
    columns = [
        column(t("Agent")),
        column(t("Reason")),
        column(t("Paused"), "end"),
        column(t("Pauses"), "end"),
        column(t("Each"), "end", wide=True),
        column(t("Median"), "end", wide=True),
        column(t("Against the median"), "end"),
    ]
    lead = t(
        "Pauses that are over. Median: of all shown agents who were signed in, those without such a pause as 0."
    )
    return board.table(t("Pauses"), columns, rows, nothing=t("Nobody paused in this time."),
                       title=t("Pauses by reason"), lead=lead)  # fmt: skip


def reason_word(reason_name: str | None) -> str:
    """The reason of a pause as the phone system tells it."""
    return words.name(reason_name) if reason_name else t("no reason told")


def _against(seconds: int, median: float) -> str:
    difference = round(seconds - median)
    if abs(difference) < 60:
        return t("about the same")
    sign = "+" if difference > 0 else "−"
    return f"{sign}{words.long_time(abs(difference), in_days=False)}"


def schedule_table(schedules: pl.DataFrame, *, filters: Filters) -> Block:
    """Each agent against his schedule: adherence, conformance, and the scheduled time that was lost to contacts."""
    rows = [
        {
            "key": str(row["agent_id"]),
            "cells": [to_agent(row, filters), *_schedule_cells(row, filters, {"agent": row["agent_id"]})],
        }
        for row in schedules.iter_rows(named=True)
    ]
    return board.table(
        t("Schedule"),
        [column(t("Agent")), *_schedule_columns()],
        rows,
        nothing=t(
            "Nobody was scheduled in this time, or no source tells of states. Load shifts under Sources."
        ),
        title=t("Against the schedule"),
        lead=t(
            "Paid scheduled time until now. A departure at the border of a stretch within the grace is none. "
            "Conformance looks at days with scheduled work only; work on other days stands under Unscheduled."
        ),
    )


def team_schedule_table(teams: pl.DataFrame, *, filters: Filters) -> Block:
    """Each team against its schedules."""
    rows = [
        {
            "key": str(row["team_id"]),
            "cells": [team_word(row["team_name"]), *_schedule_cells(row, filters, {"team": row["team_id"]})],
        }
        for row in teams.iter_rows(named=True)
    ]
    columns = [column(t("Team")), *_schedule_columns()]
    return board.table(t("Schedules of teams"), columns, rows, nothing=t("No team was scheduled."),
                       title=t("Teams against their schedules"))  # fmt: skip


def _schedule_columns() -> list[Block]:
    return [
        column(t("Scheduled"), "end"),
        column(t("Adherence"), "end"),
        column(t("Conformance"), "end"),
        column(t("Shrinkage"), "end"),
        column(t("Planned away"), "end", wide=True),
        column(t("Lost"), "end", wide=True),
        column(t("Absent"), "end", wide=True),
        column(t("Unscheduled"), "end", wide=True),
    ]


def _schedule_cells(row: Row, filters: Filters, whose: Mapping[str, object]) -> list[Block | str]:
    def led(text: str, of_name: str, known: object) -> Block | str:
        # Those without a team cannot be chosen by an address: they have no list of their own.
        is_chosen = all(value is not None for value in whose.values())
        return board.leading(text, behind(of_name, filters, **whose) if known and is_chosen else None)

    def lost(name: str, column_name: str) -> Block | str:
        text = f"{words.ratio(row[f'{name}_ratio'])} ({words.long_time(row[column_name], in_days=False)})"
        return led(text, f"{name}_ratio", row[column_name])

    shares = ("adherence_ratio", "conformance_ratio", "shrinkage_ratio")
    return [
        led(
            words.long_time(row["scheduled_seconds"], in_days=False),
            "scheduled_seconds",
            row["scheduled_seconds"],
        ),
        *(led(words.ratio(row[name]), name, row[name] is not None) for name in shares),
        lost("planned_shrinkage", "planned_shrinkage_seconds"),
        lost("unplanned_shrinkage", "unplanned_shrinkage_seconds"),
        lost("absence", "absent_seconds"),
        led(
            words.long_time(row["unscheduled_seconds"], in_days=False),
            "unscheduled_seconds",
            row["unscheduled_seconds"],
        ),
    ]


def schedule_tiles(row: Row, filters: Filters) -> list[Block]:
    """All chosen agents against their schedules, in four tiles."""
    found = []
    basis = t("of {time} scheduled", time=words.long_time(row["scheduled_seconds"], in_days=False))
    reason = t("Unknown: nobody was scheduled.")
    for name in ("adherence_ratio", "conformance_ratio", "shrinkage_ratio", "absence_ratio"):
        n = metrics.metric(name).counts(row)[1]
        tile = board.plain_tile(name, row, n=n, basis=basis, reason=reason)
        found.append({**tile, "here": behind(name, filters)} if n else tile)
    return found
