"""Where an agent stands, ready to draw: the level and the way to the next, the badge that is nearest, the streak with
its freezes.

In: how far the agent has come with each rule that is on. Out: parts of the day's first block.
The rule it guards: the nearest badge is the one with the least of the way left, whatever it is worth; a streak that
ended is told as the best one so far, and days off are no gap in it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta

from dashboard import words
from dashboard.board import Block, Row
from dashboard.game.badge_view import picture, progress_of, tier_word
from dashboard.game.rule_texts import rule_of
from dashboard.words import t, t_count

SHOWN_DAYS = 7
Stands = Sequence[Row]
"""How far an agent has come: one row per rule that is on, as the question game_stands answers."""


def level(stands: Stands) -> Block | None:
    """The ring of the level; None where no ladder is on."""
    row = next((one for one in stands if one["kind_name"] == "level"), None)
    if row is None:
        return None
    earned, start, end = int(row["earned_points"] or 0), int(row["from_points"] or 0), row["next_from_points"]
    number = int(row["level_number"] or 1)
    name = str(row["level_name"] or "")
    rule = rule_of(row["spec_text"])
    count = rule.levels.count if rule is not None and rule.levels is not None else number
    of_all = t("of {n}", n=words.number(count))
    made: Block = {"label": t("Level"), "value": words.number(number), "of": of_all, "name": name}
    unit = t_count("{n} point", "{n} points", earned)
    if end is None:
        return {**made, "label": t("Level"), "share": 1.0, "more": t("The highest there is, with {points}.", points=unit),
                "spoken": t("Level {n}, the highest", n=number)}  # fmt: skip
    left = int(end) - earned
    share = (earned - start) / max(1, int(end) - start)
    next_name = str(row["next_level_name"] or t("level {n}", n=number + 1))
    more = t_count("{n} point to {next}", "{n} points to {next}", left, next=next_name)
    spoken = t("Level {n}, {share} of the way to the next", n=number, share=words.ratio(share))
    return {**made, "label": t("Level"), "share": share, "more": f"{unit}, {more}", "spoken": spoken}


def next_badge(stands: Stands) -> Block | None:
    """The badge with the least of the way left; None where no badge is on the way."""
    ways = []
    for row in stands:
        rule = rule_of(row["spec_text"])
        if row["kind_name"] != "badge" or rule is None or row["next_value"] is None:
            continue
        share, text = progress_of(rule, row, best_tier=row["reached_tier_name"])
        if share is not None and text is not None:
            ways.append((share, rule, row, text))
    if not ways:
        return None
    share, rule, row, text = max(ways, key=lambda way: (way[0], way[1].title))
    return {
        "label": t("Nearest badge"),
        "name": rule.title,
        "tier": tier_word(row["next_tier_name"]),
        "art": picture(rule, row["next_tier_name"], is_locked=True),
        "share": share,
        "more": text,
        "lead": rule.description or rule.purpose,
        "here": "badges?",
    }


def streak(stands: Stands, today: date) -> Block | None:
    """The streak with its last days; None where no rule of that kind is on."""
    rows = [one for one in stands if one["kind_name"] == "streak" and rule_of(one["spec_text"]) is not None]
    row = max(rows, key=lambda one: (one["streak_days"] or 0, one["best_days"] or 0), default=None)
    rule = rule_of(row["spec_text"]) if row is not None else None
    if row is None or rule is None:
        return None
    days, best = int(row["streak_days"] or 0), int(row["best_days"] or 0)
    told = []
    if row["next_value"] is not None and days:
        left = int(row["next_value"]) - days
        aim = tier_word(row["next_tier_name"]).lower() or t("the next step")
        told.append(t_count("{n} day to {aim}.", "{n} days to {aim}.", left, aim=aim))
    if best > days:
        told.append(t_count("Your longest was {n} day.", "Your longest was {n} days.", best))
    if not days:
        told.append(t("Your next good day begins a new one."))
    told.append(t("Days off and leave do not count against it."))
    freezes = row["freezes_count"]
    return {
        "label": t("Streak: {name}", name=rule.title),
        "value": words.number(days),
        "unit": t_count("day", "days", days),
        "days": _chain(row, today),
        "more": " ".join(told),
        "freezes": t_count(
            "{n} freeze left: it bridges a day that was missed",
            "{n} freezes left: each bridges a day that was missed",
            int(freezes),
        )
        if freezes
        else None,
    }


def _chain(row: Row, today: date) -> list[Block]:
    """The last days of the streak, each by its shape: met, bridged, missed, off, and the one that still runs."""
    known = {date.fromisoformat(day): state for day, state in json.loads(row["chain_text"] or "{}").items()}
    shown = []
    for back in range(SHOWN_DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        state = known.get(day, "open" if day == today else "off")
        shape, said = {
            "met": ("circle", t("reached")),
            "frozen": ("diamond", t("bridged by a freeze")),
            "missed": ("dash", t("not reached")),
            "off": ("dash", t("did not count")),
            "open": ("ring", t("still open")),
        }[state]
        shown.append(
            {
                "key": day.isoformat(),
                "state": state,
                "shape": shape,
                "text": words.day(day).partition(",")[0],
                "spoken": f"{words.day(day)}: {said}",
            }
        )
    return shown
