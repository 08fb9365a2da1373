"""Words and tables of the Organisation page: what a column means, what a save would change, how far a join is.

In: rows, changes and faults as plain values. Out: texts and blocks for `board.show`.
The rule it guards: before anything is saved it stands there in words, old value beside new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

SHOWN_ROWS = 200


def parts() -> dict[str, str]:
    """The parts of the page, by the word that stands in the address."""
    return {
        "join": t("Join"),
        "agents": t("Agents"),
        "teams": t("Teams"),
        "team_members": t("Memberships"),
        "work_rules": t("Work rules"),
        "queues": t("Queues"),
        "schedules": t("Timetables"),
        "business_hours": t("Opening hours"),
        "holidays": t("Holidays"),
        "ticket_policies": t("Promises"),
        "files": t("Files"),
        "history": t("History"),
    }


def lead(part: str) -> str:
    """What a part is for, in a sentence or two."""
    return {
        "agents": t(
            "Agents appear by themselves once a source names them. Choose a team here; it holds from the day below."
        ),
        "teams": t("A team can be taken away once nobody belongs to it."),
        "team_members": t("Who belonged to which team, and since when. The end is the first day without it."),
        "work_rules": t(
            "How far from the schedule still counts as kept, and which handled call is too short to have helped; the row "
            "without a team is for the whole site."
        ),
        "queues": t(
            "A changed threshold, short abandon or callback promise holds for the past too. Without a promise of its own a "
            "queue promises callbacks within a day (86400 s)."
        ),
        "schedules": t("In a timetable's hours the promises to tickets run; one of them is the default."),
        "business_hours": t("One row per stretch of a weekday, as 09:00; 24:00 is midnight at the day's end."),
        "holidays": t("Local days, first to last, on which a timetable is closed."),
        "ticket_policies": t("A changed promise ends now and a new one begins: tickets keep the one under which they came."),
    }.get(part, "")  # fmt: skip


def label(name: str) -> str:
    """A column as a person calls it."""
    return {
        "agent_id": t("Agent"),
        "agent_name": t("Agent"),
        "alias_name": t("Alias"),
        "team_name": t("Team"),
        "site_name": t("Site"),
        "time_zone_name": t("Time zone"),
        "is_active": t("Active"),
        "grace_seconds": t("Grace (s)"),
        "short_call_seconds": t("Short call below (s)"),
        "started_date": t("From"),
        "ended_date": t("Until"),
        "queue_id": t("Queue"),
        "queue_name": t("Queue"),
        "group_name": t("Group"),
        "channel_name": t("Channel"),
        "service_level_threshold_seconds": t("Threshold (s)"),
        "service_level_target_ratio": t("Target (0 to 1)"),
        "service_level_formula_name": t("Formula"),
        "short_abandon_seconds": t("Short abandon (s)"),
        "callback_promise_seconds": t("Callback within (s)"),
        "schedule_name": t("Timetable"),
        "is_default": t("Default"),
        "weekday_number": t("Weekday"),
        "opens_seconds": t("Opens"),
        "closes_seconds": t("Closes"),
        "first_date": t("First day"),
        "last_date": t("Last day"),
        "holiday_name": t("Holiday"),
        "policy_name": t("Promise"),
        "target_name": t("What is promised"),
        "priority_name": t("Priority"),
        "target_seconds": t("Within (s)"),
        "is_business": t("In opening hours only"),
        "valid_from_at": t("Since"),
        "valid_until_at": t("Ended"),
    }.get(name, name)


def weekday(number: int) -> str:
    """The weekday of a number, 0 is Monday."""
    names = (
        t("Monday"),
        t("Tuesday"),
        t("Wednesday"),
        t("Thursday"),
        t("Friday"),
        t("Saturday"),
        t("Sunday"),
    )
    return names[number]


def sheet_word(sheet_name: str) -> str:
    """A sheet as a person calls it."""
    return {"agent_keys": t("Names of agents"), "queue_keys": t("Names of queues")}.get(
        sheet_name, parts().get(sheet_name, sheet_name)
    )


def change_table(
    changes: Sequence[tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any] | None]], *, zone_name: str
) -> Block:
    """What would be saved: (sheet, action, before, after) as rows of old and new values."""
    done = {"add": t("new"), "change": t("changed"), "remove": t("taken away")}
    shown = [
        {
            "key": str(n),
            "cells": [sheet_word(sheet), done[action], _named(before or after or {}), *_both(before, after, zone_name)],
        }
        for n, (sheet, action, before, after) in enumerate(changes[:SHOWN_ROWS])
    ]  # fmt: skip
    return board.table(
        t("What will be saved"),
        [column(t("Where")), column(t("What")), column(t("Which")), column(t("Before"), "text"), column(t("After"), "text")],
        shown,
        nothing=t("Nothing is changed."),
        title=t_count("{n} change to save", "{n} changes to save", len(changes)),
        lead=t("the first {n}", n=words.number(SHOWN_ROWS)) if len(changes) > SHOWN_ROWS else "",
    )  # fmt: skip


def _named(row: Mapping[str, Any]) -> str:
    order = (
        "agent_name",
        "queue_name",
        "source_key",
        "team_name",
        "holiday_name",
        "policy_name",
        "schedule_name",
    )
    return next((words.name(str(row[name])) for name in order if row.get(name)), words.UNKNOWN)


def _both(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, zone_name: str) -> list[str]:
    names = [n for n in (after or before or {}) if (before or {}).get(n) != (after or {}).get(n)]
    return [
        "; ".join(f"{label(name)}: {cell(name, side.get(name), zone_name)}" for name in names) if side else ""
        for side in (before, after)
    ]


def cell(name: str, value: Any, zone_name: str) -> str:
    """One value as a person reads it."""
    if value is None:
        return words.UNKNOWN
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, datetime):
        return words.instant(value, zone_name)
    if isinstance(value, date):
        return words.day(value)
    if name == "weekday_number":
        return weekday(value)
    if name in ("opens_seconds", "closes_seconds"):
        return f"{value // 3600:02d}:{value % 3600 // 60:02d}"
    return str(value)


def fault_table(faults: Sequence[tuple[str, str, str]]) -> Block:
    """What keeps the edit from being saved: (place, column, sentence)."""
    return board.table(
        t("What is wrong"),
        [column(t("Where")), column(t("Column")), column(t("What is wrong"), "text")],
        [
            {"key": str(n), "tone": "off", "cells": [place, label(name), sentence]}
            for n, (place, name, sentence) in enumerate(faults[:SHOWN_ROWS])
        ],
        nothing="",
        title=t_count("{n} thing to correct first", "{n} things to correct first", len(faults)),
    )


def reason_word(reason_name: str) -> str:
    """Why two are probably one."""
    return {
        "same": t("same name"),
        "order": t("same words in another order"),
        "initial": t("an initial for the first name"),
    }.get(reason_name, t("nearly the same name"))


def past_word(has_past: bool) -> str:
    """What moves with a key, said before it is confirmed."""
    if has_past:
        return t("past and future")
    return t("only what is told from now on: the past is mixed with another name of the same system")


def move_table(moves: pl.DataFrame, *, zone_name: str) -> Block:
    """The newest joins and how far the load has come with their facts."""
    return board.table(
        t("Joined names"),
        [column(t("Name")), column(t("System")), column(t("From")), column(t("To")), column(t("State")),
         column(t("Rows moved"), "end"), column(t("Asked"), wide=True)],
        [_move_row(row, zone_name) for row in moves.iter_rows(named=True)],
        nothing=t("Nothing has been joined yet."),
        title=t("Joined so far"),
        lead=t("Take one back under History."),
    )  # fmt: skip


def _move_row(row: Row, zone_name: str) -> Block:
    if row["error_text"]:
        state = board.status("off", t("Could not be moved"))
    elif row["done_at"] is None:
        state = board.status("near", t("Waits for the loader"))
    else:
        state = board.status("good", t("Done") if row["has_past"] else t("From now on"))
    return {
        "key": str(row["move_id"]),
        "cells": [
            row["source_key"], row["source_name"], words.name(row["from_name"]), words.name(row["to_name"]), state,
            words.number(row["moved_rows"]), words.moment(row["asked_at"], zone_name),
        ],
    }  # fmt: skip


def save_table(saves: pl.DataFrame, *, zone_name: str) -> Block:
    """The newest saves: when, who, what."""
    return board.table(
        t("Saves"),
        [column(t("No."), "end"), column(t("When")), column(t("Who")), column(t("Where"), "text"),
         column(t("Changes"), "end"), column(t("Remark"), "text")],
        [
            {
                "key": str(row["save_number"]),
                "cells": [
                    str(row["save_number"]), words.moment(row["saved_at"], zone_name), row["viewer_name"],
                    ", ".join(sheet_word(name) for name in row["sheets_text"].split(",")), words.number(row["change_count"]),
                    _remark(row),
                ],
            }
            for row in saves.iter_rows(named=True)
        ],
        nothing=t("Nothing has been changed here yet."),
        title=t("What was changed here"),
    )  # fmt: skip


def _remark(row: Row) -> str:
    if row["undoes_number"] is not None:
        return t("takes back {n}", n=row["undoes_number"])
    return t("was taken back") if row["is_undone"] else ""


def recount_notice() -> Block:
    """Said while the past is still counted as it was before a change."""
    return board.notice(
        "near",
        t("The past is being counted anew."),
        t(
            "A change of thresholds or opening hours is saved; older figures follow as soon as the loader has done it."
        ),
    )


def join_table(lines: Sequence[tuple[str, str, str, bool, bool]]) -> Block:
    """What each join would move: (key, from, to, whether the past moves, whether it gets mixed)."""
    return board.table(
        t("What will be joined"),
        [
            column(t("Name")),
            column(t("Belonged to")),
            column(t("Will belong to")),
            column(t("What moves"), "text"),
        ],
        [
            {"key": str(n), "cells": [key, words.name(old), words.name(new), past_word(has_past)]}
            for n, (key, old, new, has_past, _) in enumerate(lines)
        ],
        nothing="",
        title=t_count("{n} name to join", "{n} names to join", len(lines)),
    )


def mixed_notice() -> Block:
    """Said where two names of one system become one: the past cannot be told apart afterwards."""
    return board.notice(
        "near",
        t("Two names of one system become one."),
        t(
            "Right for somebody who was renamed there. The past of both is then mixed: taking it back later moves only what "
            "is told from then on. Where both names are in use at the same time, states of one may replace the other's."
        ),
    )
