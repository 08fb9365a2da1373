"""The tiles that a floor is told with a good conscience: teams beside their own usual, goals, good news, customers' answers.

In: a moment of the floor. Out: the tiles' part of the payload, and what is worth a celebration.
The rule it guards: nothing here ranks people, nobody is named who did not allow it, and what is too little to tell is
said in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from dashboard import board as blocks
from dashboard import withheld, words
from dashboard.board import Block
from dashboard.goals import amount_view, goal_view
from dashboard.privacy.families import off_labels
from dashboard.wall import news
from dashboard.wall.boards import Tile
from dashboard.wall.news import Against, News, Satisfaction, TeamBar
from dashboard.wall.tile_parts import Drawn, Kind, Scene, number, of_all_queues, unknown
from dashboard.words import t
from sql import metrics

LASTS = timedelta(seconds=7)
"""No celebration lasts longer."""


def asked(scene: Scene, question_name: str) -> pl.DataFrame:
    """The answer of one of the calm questions about now, as old as it may be."""
    return scene.at.calm(question_name, as_of=scene.whole(news.CALM_SECONDS[question_name]))


def team_bars(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """One bar per team, by name: answered in time today, beside the team's own usual."""
    found = news.team_bars(asked(scene, "wall_teams"))
    if scene.wall.team_id is not None:
        found = tuple(one for one in found if one.team_id == scene.wall.team_id)
    return {
        "kind": "bars",
        "label": t("Teams today, beside their usual"),
        **blocks.status("none", ""),
        "rows": [_bar(one) for one in found],
        "nothing": t("No team has answered a contact today."),
    }


def _bar(one: TeamBar) -> Block:
    told = {
        "above": t("better"),
        "usual": t("as usual"),
        "below": "",
        "too_few": t("too few today"),
        "no_usual": t("no usual days yet"),
        "withheld": withheld.cell(one.withheld_name, one.fewest_agents),
    }[one.standing]
    n = (
        ""
        if one.n is None
        else (t("n ≥ {n}") if one.is_rounded else t("n = {n}")).format(n=words.number(one.n))
    )
    return {
        "key": str(one.team_id),
        "name": words.name(one.team_name),
        "text": words.ratio(one.in_time_ratio),
        "share": one.in_time_ratio,
        "goal": one.usual_ratio,
        **blocks.status("good" if one.is_good else "none", " · ".join(part for part in (told, n) if part)),
    }


def top_three(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """At most three people whom customers thank most, of those who allowed it."""
    # Both are asked more often than the places are worked out: what is taken back is gone with the next look.
    consented = scene.at.calm("consented_agents", board_name="wall")
    is_off = bool(off_labels(scene.at.calm("individual_figures"), "ratings"))
    found = news.top_three(asked(scene, "wall_top"), consented, is_off=is_off)
    return {
        "kind": "list",
        "label": t("Thanked by customers"),
        **blocks.status("none", ""),
        "items": [
            {
                "key": str(place),
                "title": words.name(one.agent_name),
                "text": one.text,
                "tone": "good",
                "shape": "circle",
            }
            for place, one in enumerate(found.people)
        ],
        "nothing": found.nothing_text,
        "more": found.about_text,
    }


def goals(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """One bar per open goal: how much of the way is gone, and where its path says it should stand."""
    known = scene.at.calm("goals", as_of=scene.whole(60))
    rows = known.filter(pl.col("closed_at").is_null() | (pl.col("closed_at") > scene.at.now))
    if scene.wall.team_id is not None:
        own = (pl.col("scope_kind_name") != "team") | (pl.col("scope_key") == str(scene.wall.team_id))
        rows = rows.filter(own)
    return {
        "kind": "bars",
        "label": t("Goals"),
        **blocks.status("none", ""),
        "rows": [_goal(row, scene) for row in rows.to_dicts()],
        "nothing": t("No goal yet: the page Goals makes the first one."),
    }


def _goal(row: dict[str, object], scene: Scene) -> Block:
    goal, found = goal_view.goal_of(row), goal_view.standing_of(row, scene.at.today)
    way = goal.target_value - goal.baseline_value
    unit = metrics.metric(goal.metric_name).unit
    value = row["measured_value"]
    shown = amount_view.shown(value if isinstance(value, int | float) else None, unit)
    n = row["measured_count"]
    told = [words.name(goal.goal_name), *([t("n = {n}", n=words.number(n))] if isinstance(n, int) else [])]
    return {
        "key": str(row["goal_id"]),
        "name": " · ".join(told),
        "text": shown,
        "share": None if found.done_ratio is None else round(min(1.0, max(0.0, found.done_ratio)), 4),
        "goal": round((found.path_value - goal.baseline_value) / way, 4) if way else None,
        **blocks.status(
            goal_view.TONES.get(found.name, "none"),
            " · ".join(
                [
                    goal_view.standing_word(found.name),
                    t("target {value}", value=amount_view.shown(goal.target_value, unit)),
                ]
            ),
        ),
    }


def the_news(scene: Scene) -> tuple[News, ...]:
    """The good things that hold now, the newest first."""
    return scene.once("news", lambda: _the_news(scene))


def _the_news(scene: Scene) -> tuple[News, ...]:
    return news.good_news(
        asked(scene, "wall_news"),
        now=scene.at.now,
        zone_name=scene.at.zone_name,
        shown_zone_name=scene.wall.zone_name or scene.at.zone_name,
        queues=scene.at.live("live_queues"),
        goals=scene.at.calm("goals", as_of=scene.whole(60)),
        goal_days=scene.at.calm("goal_days", as_of=scene.whole(60)),
    )


def good_news(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """What went well, true now, with how it was counted."""
    return {
        "kind": "list",
        "label": t("Good news"),
        **blocks.status("none", ""),
        "items": [
            {"key": one.key, "title": one.title, "text": one.text, "tone": "good", "shape": "circle"}
            for one in the_news(scene)
        ],
        "nothing": t("Good news stands here as soon as there is some."),
    }


def satisfaction(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """The share of satisfied customers of the last 7 whole days, beside the 28 before."""
    label = t("CSAT, 7 days")
    found = news.satisfaction(asked(scene, "wall_satisfaction"))
    if found is None:
        return number(
            words.UNKNOWN,
            label=label,
            status=blocks.status("none", ""),
            target=t("no target"),
            why=t("No customer has answered a survey yet."),
        )
    if found.withheld_name:
        why = withheld.sentence(found.withheld_name, found.fewest_agents)
        return number(
            words.UNKNOWN, label=label, status=blocks.status("none", ""), target=t("no target"), why=why
        )
    return number(
        words.ratio(found.csat_ratio),
        label=label,
        status=_satisfied(found),
        target=t("usual {value}", value=words.ratio(found.before_ratio)),
        more=" · ".join(
            [
                t("n = {n}", n=words.number(found.n)),
                *(
                    [
                        t(
                            "95 of 100: {low} to {high}",
                            low=words.ratio(found.low_ratio),
                            high=words.ratio(found.high_ratio),
                        )
                    ]
                    if found.low_ratio is not None
                    else []
                ),
                words.days(found.first_date, found.last_date),
                *of_all_queues(scene),
            ]
        ),
        share=found.csat_ratio,
        goal=found.before_ratio,
        n=found.n,
        why=None if found.csat_ratio is not None else t("No customer answered a survey in these days."),
    )


def _satisfied(found: Satisfaction) -> Block:
    return {
        "above": blocks.status("good", t("better than usual")),
        "usual": blocks.status("good", t("as usual")),
        "below": blocks.status("near", t("below its usual")),
        "too_few": blocks.status("none", t("Too few to judge")),
        "no_usual": blocks.status("none", t("nothing to compare with yet")),
        "withheld": blocks.status("none", ""),
    }[found.standing]


def day_against_last_week(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """Today until now beside the same weekday of last week until the same time of day."""
    found = news.against(asked(scene, "wall_against"))
    label = t("Today and last week")
    if not found:
        return unknown(label, t("Nothing is known of last week yet."), kind="rows")
    return {
        "kind": "rows",
        "label": label,
        **blocks.status("none", ""),
        "columns": [
            {"label": "", "kind": ""},
            {"label": t("Today"), "kind": "end"},
            {"label": t("Last week"), "kind": "end"},
            {"label": t("Change"), "kind": "end"},
            {"label": t("n"), "kind": "end", "wide": True},
        ],
        "more": " · ".join(
            [t("until the same time of the day, by when they were offered"), *of_all_queues(scene)]
        ),
        "rows": [_against(one) for one in found],
        "nothing": "",
    }


def _against(one: Against) -> Block:
    label = {
        "offered_calls": t("Offered"),
        "answered_calls": t("Answered"),
        "service_level_ratio": t("Service level"),
        "average_handle_time_seconds": t("Handle time"),
    }[one.column]
    if one.withheld_name:
        kept = withheld.cell(one.withheld_name, one.fewest_agents)
        return {"key": one.column, "cells": [label, kept, "", "", ""]}

    counts = [words.number(n) for n in (one.now_n, one.before_n) if n is not None]
    return {
        "key": one.column,
        "cells": [
            label,
            words.value(one.column, one.now_value),
            words.value(one.column, one.before_value),
            change(one.column, one.now_value, one.before_value),
            " / ".join(counts),
        ],
    }


def change(column: str, now: float | None, before: float | None) -> str:
    """How far a number moved: a share in points, seconds as seconds, a count with its share."""
    if now is None or before is None:
        return words.UNKNOWN
    moved = now - before
    sign = "+" if moved > 0 else "\u2212" if moved < 0 else ""
    if column.endswith("_ratio"):
        return t("{sign}{n} points", sign=sign, n=words.number(round(abs(moved) * 100, 1)))
    if column.endswith("_seconds"):
        return f"{sign}{words.duration(abs(moved))}"
    share = f" ({sign}{words.ratio(abs(moved) / before)})" if before and moved else ""
    return f"{sign}{words.number(abs(moved))}{share}"


def fresh(scene: Scene) -> tuple[News, ...]:
    """The good news that are new, on a board that tells any."""
    if not any(one.shows == "good_news" for one in scene.board.tiles):
        return ()
    return news.celebrations(the_news(scene), now=scene.at.now)


def celebration(scene: Scene, good_things: Sequence[News], *, is_quiet: bool) -> Drawn | None:
    """What is celebrated now: each good thing once, for at most 7 seconds; nothing in quiet hours or in the past."""
    if scene.at.is_past or scene.board.audience == "supervisors" or not _celebrates(scene):
        return None
    found = {one.key: one for one in good_things}
    lasts = LASTS * max(1.0, scene.at.speed)
    shown = scene.standings.celebrated(tuple(found), scene.at.now, lasts=lasts, is_allowed=not is_quiet)
    if shown is None:
        return None
    one = found[shown[0]]
    return {"key": one.key, "title": one.title, "text": one.text, "lasts_ms": _left(shown[1], scene)}


def _left(until: datetime, scene: Scene) -> int:
    """How long it still lasts, in milliseconds of the room's own time."""
    seconds = (until - scene.at.now).total_seconds() / max(1.0, scene.at.speed)
    return round(1000 * min(LASTS.total_seconds(), max(0.0, seconds)))


def _celebrates(scene: Scene) -> bool:
    return any(one.shows in ("good_news", "badge_moments") for one in scene.board.tiles)


KINDS = (
    Kind(
        "team_bars",
        "Teams beside their usual",
        "Each team's contacts answered in time today, beside the same of its last four such weekdays.",
        team_bars,
        least_width=4,
        questions=("wall_teams",),
    ),
    Kind(
        "top_three",
        "Thanked by customers",
        "At most three people who allowed it, by what customers answered in 28 days.",
        top_three,
        least_width=3,
        questions=("wall_top", "consented_agents", "individual_figures"),
    ),
    Kind(
        "goals",
        "Goals",
        "How far each open goal is on its way.",
        goals,
        least_width=4,
        questions=("goals",),
    ),
    Kind(
        "good_news",
        "Good news",
        "What went well, with how it was counted; new ones are celebrated for a moment.",
        good_news,
        least_width=3,
        questions=("wall_news", "live_queues", "goals", "goal_days"),
    ),
    Kind(
        "satisfaction",
        "Satisfied customers",
        "The share of customers who gave 4 or 5 of 5 in the last 7 days, beside the 28 before.",
        satisfaction,
        questions=("wall_satisfaction",),
        is_big_number=True,
    ),
    Kind(
        "day_against_last_week",
        "Today against last week",
        "Offers, answers, service level and handle time beside the same weekday of last week.",
        day_against_last_week,
        audiences=("supervisors", "executives", "everybody"),
        least_width=4,
        questions=("wall_against",),
    ),
)
