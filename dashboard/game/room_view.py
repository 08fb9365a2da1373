"""What waits in the game room, ready to draw: counts first, then one held award or one dispute with all that speaks for it.

In: the answers of the room's questions. Out: blocks for `board.show`, and the labels of a list to choose from.
The rule it guards: a guard's finding is told as a question, never as a verdict; what the agent says stands beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.game.rule_texts import title_of
from dashboard.words import t, t_count

LONG_WAIT_DAYS = 3


def guard_word(guard_name: str) -> str:
    """What a guard looks at, in few words."""
    return {
        "short-calls": t("Very short contacts"),
        "call-dumping": t("Contacts passed on"),
        "repeat-contacts": t("Customers who came back"),
        "cherry-picking": t("Contacts left to others"),
        "avoidance": t("Time away from contacts"),
        "survey-steering": t("Customers who were not asked"),
        "ticket-splitting": t("Tickets counted twice"),
        "kudos-rings": t("Kudos among few"),
        "streak-tricks": t("Days at their edge alone"),
    }.get(guard_name, guard_name.replace("-", " ").capitalize())


def state_status(state_name: str) -> Block:
    """How a hold or a dispute stands, as a mark with its word."""
    tone, word = {
        "held": ("near", t("Waits")),
        "open": ("near", t("Open")),
        "released": ("good", t("Released")),
        "accepted": ("good", t("Accepted")),
        "refused": ("none", t("Refused")),
        "declined": ("none", t("Declined")),
        "withdrawn": ("none", t("Withdrawn")),
    }.get(state_name, ("none", state_name))
    return board.status(tone, word)


def parts(holds: int, disputes: int) -> dict[str, str]:
    """The views of the page, with how much waits in each."""
    return {
        "holds": t("Holds ({n})", n=words.number(holds)) if holds else t("Holds"),
        "disputes": t("Disputes ({n})", n=words.number(disputes)) if disputes else t("Disputes"),
        "rules": t("Rules"),
        "effect": t("Effect"),
        "seasons": t("Seasons"),
    }


def tiles(
    holds: pl.DataFrame,
    disputes: pl.DataFrame,
    rules: pl.DataFrame,
    seasons: pl.DataFrame,
    *,
    now: datetime,
    today: date,
) -> Block:
    """What waits, the oldest first, and how the game stands."""
    waiting = holds.filter(pl.col("state_name") == "held")
    opened = disputes.filter(pl.col("state_name") == "open")
    return {
        "kind": "tiles",
        "tiles": [
            _waits("holds", t("Awards that wait"), waiting["found_at"], now, t("Nobody waits for you.")),
            _waits("disputes", t("Open disputes"), opened["said_at"], now, t("Nobody disagrees.")),
            _rules_tile(rules),
            _season_tile(seasons, today),
        ],
    }


def _waits(key: str, label: str, since: pl.Series, now: datetime, calm: str) -> Block:
    oldest = since.min()
    count = since.len()
    block = board.count_tile(key, label, count, here=f"?view={key}")
    if not isinstance(oldest, datetime):
        return {**block, "status": board.status("good", t("None")), "more": calm}
    seconds = (now - oldest).total_seconds()
    is_long = seconds > LONG_WAIT_DAYS * 86_400
    status = board.status("off", t("Too long")) if is_long else board.status("near", t("Waits for you"))
    return {**block, "status": status, "more": t("the oldest for {time}", time=words.long_time(seconds))}


def _rules_tile(rules: pl.DataFrame) -> Block:
    on, coming = rules.filter(pl.col("is_on")).height, rules.filter(pl.col("next_date").is_not_null()).height
    more = t("of {n}", n=words.number(rules.height))
    if coming:
        more += " · " + t_count("{n} change comes", "{n} changes come", coming)
    return board.count_tile("rules", t("Rules that are on"), on, more=more, here="?view=rules")


def season_at(seasons: pl.DataFrame, today: date) -> Row | None:
    """The season that a day is in."""
    found = seasons.filter((pl.col("start_date") <= today) & (pl.col("end_date") > today))
    return found.row(0, named=True) if found.height else None


def _season_tile(seasons: pl.DataFrame, today: date) -> Block:
    row = season_at(seasons, today)
    block: Block = {"key": "season", "units": 1, "label": t("Season"), "here": "?view=seasons"}
    if row is None:
        return {**block, "value": words.UNKNOWN, "more": t("No season now; points count all the same.")}
    left = (row["end_date"] - today).days
    return {
        **block,
        "value": words.name(row["season_name"]),
        "more": t_count("{n} day left", "{n} days left", left)
        + f" · {words.days(row['start_date'], words.shifted_day(row['end_date'], -1))}",
    }


# ---- what waits


def hold_label(row: Row) -> str:
    """One line of the list of held awards."""
    return f"{words.name(row['agent_name'])} · {guard_word(row['guard_name'])} · {words.short_day(row['effective_date'])}"


def dispute_label(row: Row) -> str:
    """One line of the list of disputes."""
    return f"{words.name(row['agent_name'])} · {about(row)} · {words.short_day(row['effective_date'])}"


def about(row: Row) -> str:
    """What a dispute or a hold is about: the rule's title, else what the entry says."""
    if row.get("rule_name"):
        return title_of(row.get("spec_text"), row["rule_name"])
    return str(row.get("entry_text") or t("an entry without a rule"))


def points_word(points: int, account_name: str = "points") -> str:
    """An amount with its unit."""
    unit = {
        "coins": t_count("coin", "coins", abs(points)),
        "badges": t_count("badge", "badges", abs(points)),
    }.get(account_name, t_count("point", "points", abs(points)))
    return f"{words.number(points)} {unit}"


def hold_title(row: Row, *, zone_name: str) -> Block:
    """The head of one held award: whose, for what, how much, since when."""
    lead = t(
        "{amount} for “{rule}” on {day}; found {when}.",
        amount=points_word(row["held_points"]),
        rule=about(row),
        day=words.day(row["effective_date"]),
        when=words.moment(row["found_at"], zone_name, in_seconds=False),
    )
    name = f"{words.name(row['agent_name'])} · {guard_word(row['guard_name'])}"
    return {"kind": "section", "title": name, "lead": lead, "legend": [state_status(row["state_name"])]}


def evidence(row: Row) -> Block:
    """What the guard counted, beside what others in the same work lead one to expect."""
    found: Mapping[str, Any] = json.loads(row["evidence_text"] or "{}")
    rows = [
        {
            "key": str(place),
            "tone": "none",
            "cells": [
                str(one.get("counted_name", "")).capitalize(),
                board.amount(_figure(one.get("counted")), _share(one, "counted"), tone="near"),
                board.amount(_figure(one.get("expected")), _share(one, "expected"), tone="none"),
                t("{n} {of}", n=_figure(one.get("of")), of=str(one.get("of_name", ""))),
                words.number(one.get("peers")),
            ],
        }
        for place, one in enumerate(found.get("facts", []))
    ]
    columns = [
        column(t("What was counted"), "text"),
        column(t("Found"), "end"),
        column(t("Usual for the same work"), "end"),
        column(t("Of"), "end"),
        column(t("Compared with agents"), "end", wide=True),
    ]
    days = ""
    if found.get("first_date"):
        days = words.days(date.fromisoformat(found["first_date"]), date.fromisoformat(found["last_date"]))
    sentence = str(found.get("sentence", ""))
    return board.table(
        t("Evidence"),
        columns,
        rows,
        nothing=t("The guard noted no figures."),
        title=t("What was found"),
        lead=" · ".join(one for one in (days, sentence) if one),
    )


def _figure(value: object) -> str:
    if not isinstance(value, int | float):
        return words.UNKNOWN
    return words.number(round(value)) if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _share(one: Mapping[str, Any], name: str) -> float | None:
    largest = max(float(one.get("counted") or 0), float(one.get("expected") or 0))
    return float(one.get(name) or 0) / largest if largest else None


def said(row: Row, *, text_name: str, at_name: str, zone_name: str) -> Block:
    """What the agent says about it; that they have said nothing yet is told, too."""
    text, at = row.get(text_name), row.get(at_name)
    if not text:
        return board.notice(
            "none",
            t("{name} has not answered yet", name=words.name(row["agent_name"])),
            t("They see the same evidence on their own page and may answer until you decide."),
        )
    title = t("{name} says", name=words.name(row["agent_name"]))
    when = words.moment(at, zone_name, in_seconds=False)
    return board.notice("good", title, f"“{text}” ({when})")


def about_oneself() -> Block:
    """Nobody decides about themselves."""
    return board.notice(
        "none",
        t("This is about you"),
        t("Somebody else who answers for agents decides. You can answer it on My day."),
    )


def decided(row: Row, *, text_name: str, zone_name: str) -> Block:
    """How it was decided, by whom, and in which words."""
    status = state_status(row["state_name"])
    when = words.moment(row["decided_at"], zone_name, in_seconds=False)
    title = t(
        "{word} by {who}, {when}", word=status["word"], who=words.name(row["decided_by_name"]), when=when
    )
    return board.notice(
        "good" if status["tone"] == "good" else "none", title, str(row.get(text_name) or t("Without a note."))
    )


def dispute_title(row: Row, *, zone_name: str) -> Block:
    """The head of one dispute: who disagrees with what."""
    amount = points_word(row["entry_points"] or 0, row["account_name"] or "points")
    what = t("a held award") if row["hold_id"] is not None else t("an entry")
    lead = t(
        "Disagrees with {what}: {amount} for “{rule}” on {day}; said {when}.",
        what=what,
        amount=amount,
        rule=about(row),
        day=words.day(row["effective_date"]),
        when=words.moment(row["said_at"], zone_name, in_seconds=False),
    )
    name = f"{words.name(row['agent_name'])} · {about(row)}"
    return {"kind": "section", "title": name, "lead": lead, "legend": [state_status(row["state_name"])]}


def counted(rows: pl.DataFrame) -> Block:
    """What the disputed entry was made of: day by day and kind of work, as its evidence says."""
    drawn = [
        {
            "key": str(place),
            "tone": "none",
            "cells": [
                words.short_day(row["effective_date"]),
                " · ".join(
                    str(row[name])
                    for name in ("channel_name", "direction_name", "topic_name")
                    if row.get(name)
                )
                or words.UNKNOWN,
                _figure(row["above_value"]),
                _figure(row["below_value"]),
                _figure(row["expected_value"]),
            ],
        }
        for place, row in enumerate(rows.iter_rows(named=True))
    ]
    columns = [
        column(t("Day")),
        column(t("Kind of work"), "text"),
        column(t("Counted"), "end"),
        column(t("Of"), "end"),
        column(t("As others would have"), "end", wide=True),
    ]
    nothing = t("This entry has no evidence of work: a person made it, or it is a held award.")
    return board.table(t("What was counted"), columns, drawn, nothing=nothing, title=t("What was counted"))


def nothing_waits(view: str, *, is_filtered: bool) -> Block:
    """What stands where nobody waits."""
    if is_filtered:
        return board.notice("none", t("Nothing like that"), t("Choose all of them above, or another word."))
    body = {
        "holds": t(
            "When a guard asks somebody to look at an award, it waits here with its evidence. Until then: nothing to do."
        ),
        "disputes": t(
            "When an agent disagrees with a point, it waits here with their words. Until then: nothing to do."
        ),
    }[view]
    return board.notice("good", t("Nothing waits for you"), body)


def decided_table(rows: Sequence[Row], *, label: str, zone_name: str, note_name: str) -> Block:
    """What was decided lately: whose, about what, how, by whom, and with which words."""
    drawn = [
        {
            "key": str(place),
            "tone": "none",
            "cells": [
                words.name(row["agent_name"]),
                guard_word(row["guard_name"]) if row.get("guard_name") else about(row),
                words.short_day(row["effective_date"]),
                state_status(row["state_name"]),
                f"{words.name(row['decided_by_name'])}, {words.moment(row['decided_at'], zone_name, in_seconds=False)}",
                str(row.get(note_name) or words.UNKNOWN),
            ],
        }
        for place, row in enumerate(rows)
    ]
    columns = [
        column(t("Agent")),
        column(t("About"), "text"),
        column(t("For the day")),
        column(t("Decision")),
        column(t("By whom"), "text", wide=True),
        column(t("In words"), "text", wide=True),
    ]
    return board.table(
        label, columns, drawn, nothing=t("Nothing was decided in these four weeks."), title=label
    )
