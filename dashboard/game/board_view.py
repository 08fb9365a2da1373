"""The boards of the game, ready to draw: teams, who stands near me, a league, who gained.

In: the answers of the board questions, which hold no more than the reader may know. Out: blocks for `board.show`.
The rule it guards: a place that cannot be known is told as a band, ties share one, nobody is named in the lowest third,
and who is not ranked yet reads what is missing, never that they are last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, Row
from dashboard.own import aliases
from dashboard.words import t, t_count

TIERS = ("top", "middle", "settling", "waiting")


def tier(name: str | None) -> Block:
    """How sure it is where somebody stands, in a word; no tone of it says "bad"."""
    known = {
        "top": board.status("good", t("Top third likely")),
        "middle": {"tone": "none", "shape": "diamond", "word": t("Middle")},
        "settling": {"tone": "none", "shape": "bars", "word": t("Still settling")},
    }
    return known.get(name or "", board.status("none", t("Not ranked yet")))


def place_text(low: int | None, high: int | None) -> str:
    """A likely place in words: "3" where it is known, else "3–8"; empty without one."""
    if low is None or high is None:
        return ""
    return words.number(low) if low == high else f"{words.number(low)}–{words.number(high)}"


def points_text(points: int | None) -> str:
    """Points for a full day in words."""
    return "" if points is None else t_count("{n} point", "{n} points", points, n=words.number(points))


def off() -> Block:
    """What stands instead of people where the policy has no figures of single agents in the game."""
    return board.notice(
        "none",
        t("Boards show teams alone"),
        t(
            "On this site the game has no figures of single people: they are switched off in the policy. Privacy tells more."
        ),
    )


def nothing_yet(name: str) -> Block:
    """What stands there while no points were given in the days that were chosen."""
    bodies = {
        "teams": t(
            "Nobody has worked long enough in these days, or no rule has given points. Choose more days."
        ),
        "league": t("Leagues begin with a season, and whoever is new joins the last one."),
        "improved": t(
            "A gain is told when it is surely more than chance, against the own eight weeks before. Choose more days."
        ),
    }
    return board.notice("none", t("Nobody stands here yet"), bodies.get(name, bodies["teams"]), page=True)


def _share(points: int | None, most: int) -> float | None:
    return None if points is None or most <= 0 else max(0.0, min(1.0, points / most))


def _lines(whole: Row, most: int) -> list[Block]:
    """The benchmarks: what the upper half and quarter reach."""
    named = ((t("Upper half"), whole["half_points"]), (t("Top quarter"), whole["quarter_points"]))
    return [
        {"key": label, "label": label, "value": words.number(points), "share": _share(points, most)}
        for label, points in named
        if points is not None
    ]


def teams(found: pl.DataFrame, *, hours_text: str) -> Block:
    """Teams by points for a full day's work of a member, highest first, each with its likely places."""
    rows = found.to_dicts()
    most = max((row["day_points"] or 0 for row in rows), default=0)
    count = sum(row["place_number"] is not None for row in rows)
    return {
        "kind": "standings",
        "key": "teams",
        "title": t("Teams"),
        "lead": t(
            "Points per member for {hours} of work, so that teams of any size and part-time compare. Places that cannot be "
            "told apart are told as a band.",
            hours=hours_text,
        ),
        "benchmarks": [],
        "rows": [_team_row(row, most, count) for row in rows],
        "note": "",
    }


def _team_row(row: Row, most: int, count: int) -> Block:
    base = {"key": f"team-{row['team_id']}", "own": row["is_own"], "name": words.name(row["team_name"])}
    if row["withheld_name"] is not None:
        few = t("Fewer than {n} people: not told", n=words.number(row["fewest_agents"]))
        return {**base, "kind": "hidden", "place": "–", "value": "", "share": None, "note": few}
    low, high = row["low_place_number"], row["high_place_number"]
    return {
        **base,
        "kind": "named",
        "place": words.number(row["place_number"]),
        "medal": _medal(row),
        "value": words.number(row["day_points"]),
        "share": _share(row["day_points"], most),
        "note": t_count(
            "{n} person", "{n} people", row["ranked_agents"], n=words.number(row["ranked_agents"])
        ),
        "band": _band(low, high, count),
        "tag": t("Your team") if row["is_own"] else "",
    }


def _medal(row: Row) -> int | None:
    """The place as a medal, where it is surely among the first three: a lead that may be luck shines for nobody."""
    place, high = row["place_number"], row["high_place_number"]
    return place if place is not None and high is not None and max(place, high) <= 3 else None


def _band(low: int | None, high: int | None, count: int) -> Block | None:
    """Where on the line of all places the true one lies."""
    if low is None or high is None or count < 1:
        return None
    return {
        "from": (low - 1) / count,
        "to": high / count,
        "text": t("likely {places} of {count}", places=place_text(low, high), count=words.number(count)),
    }


def people(
    found: pl.DataFrame, *, title: str, hours_text: str, is_full: bool, moves: int | None = None
) -> list[Block]:
    """Who stands where, as the database let the reader know: the own standing first, then the list."""
    rows = found.to_dicts()
    if not rows:
        return []
    whole = rows[0]
    listed = [row for row in rows[1:] if row["row_name"] in ("named", "nameless")]
    most = max((row["day_points"] or 0 for row in listed), default=0)
    most = max(most, whole["quarter_points"] or 0, whole["half_points"] or 0)
    own = next((row for row in listed if row["is_own"]), None)
    shown: list[Block] = []
    if own is not None:
        shown.append(own_place(own, whole))
    ranked = [row for row in listed if row["row_name"] == "nameless" or row["day_points"] is not None]
    waiting = [row for row in listed if row["row_name"] == "named" and row["day_points"] is None]
    body = [
        _person_row(row, most, whole["ranked_agents"], is_full=is_full)
        for row in _with_gaps(ranked, is_league=moves is not None)
    ]
    body += [_waiting_row(row) for row in waiting if is_full]
    body += _alias_rows(rows)
    shown.append(
        {
            "kind": "standings",
            "key": "people",
            "title": title,
            "lead": t(
                "Points for {hours} of work: absence costs nothing, overtime adds no place.", hours=hours_text
            ),
            "benchmarks": _lines(whole, most),
            "rows": body,
            "note": _note(whole, is_full=is_full, moves=moves),
        }
    )
    return shown


def own_place(own: Row, whole: Row) -> Block:
    """The reader's own standing: tier, likely places, points, and what the next steps ask for."""
    if own["day_points"] is None:
        return {
            "kind": "own_place",
            "label": t("Your place"),
            "value": t("Not ranked yet"),
            "status": tier("waiting"),
            "lines": [
                t(
                    "{worked} of {needed} hours of work so far. With them you have a place; until then only you read this.",
                    worked=words.number(own["worked_hours_value"]),
                    needed=words.number(own["needed_hours_value"]),
                )
            ],
            "band": None,
        }
    steps = []
    if own["next_points"]:
        steps.append(
            t("About {points} more a day reach the next place.", points=words.number(own["next_points"]))
        )
    quarter = whole["quarter_points"]
    if quarter is not None and own["day_points"] < quarter:
        steps.append(
            t(
                "The top quarter reaches {points} a day: {more} more.",
                points=words.number(quarter),
                more=words.number(quarter - own["day_points"]),
            )
        )
    elif quarter is not None:
        steps.append(t("That is what the top quarter reaches."))
    return {
        "kind": "own_place",
        "label": t("Your likely place"),
        "value": place_text(own["low_place_number"], own["high_place_number"]),
        "unit": t("of {count}", count=words.number(whole["ranked_agents"])),
        "status": tier(own["tier_name"]),
        "lines": [
            t(
                "{points} for a full day, {total} in all in {worked} hours.",
                points=points_text(own["day_points"]),
                total=words.number(own["total_points"]),
                worked=words.number(own["worked_hours_value"]),
            ),
            *steps,
        ],
        "band": _band(own["low_place_number"], own["high_place_number"], whole["ranked_agents"]),
    }


def _with_gaps(rows: Sequence[Row], *, is_league: bool) -> list[Row]:
    """The rows in their order, and a mark where some are left out between two of them."""
    found: list[Row] = []
    for row in rows:
        before = found[-1]["order_number"] if found else None
        if (
            before is not None
            and row["order_number"] is not None
            and row["order_number"] > before + 1
            and not is_league
        ):
            found.append({"row_name": "gap", "order_number": before})
        found.append(row)
    return found


def _person_row(row: Row, most: int, count: int, *, is_full: bool) -> Block:
    kind, order = row["row_name"], row["order_number"]
    if kind == "gap":
        return {
            "key": f"gap-{order}",
            "kind": "gap",
            "name": "",
            "place": "",
            "value": "",
            "share": None,
            "own": False,
        }
    place = "" if row["place_number"] is None else words.number(row["place_number"])
    medal = _medal(row)
    if kind == "nameless":
        return {
            "key": f"nameless-{order}", "kind": "nameless", "name": t("A colleague"), "place": place, "medal": medal,
            "value": "", "share": None, "own": False, "note": t("shows no name"),
        }  # fmt: skip
    own_tag = t("You") if row["is_own"] else ""
    league = row["league_number"] if is_full else None
    return {
        "key": f"agent-{row['agent_id']}",
        "kind": "named",
        "name": words.name(row["shown_name"]),
        "own": row["is_own"],
        "place": place,
        "medal": medal,
        "value": words.number(row["day_points"]),
        "share": _share(row["day_points"], most),
        "band": _band(row["low_place_number"], row["high_place_number"], count),
        "status": tier(row["tier_name"]),
        "tag": own_tag,
        "note": t("League {n}", n=words.number(league)) if league is not None else "",
    }


def _waiting_row(row: Row) -> Block:
    note = t(
        "not ranked yet, {worked} of {needed} hours",
        worked=words.number(row["worked_hours_value"]),
        needed=words.number(row["needed_hours_value"]),
    )
    return {
        "key": f"agent-{row['agent_id']}", "kind": "waiting", "name": words.name(row["shown_name"]), "own": row["is_own"],
        "place": "–", "value": "", "share": None, "note": note,
    }  # fmt: skip


def _alias_rows(rows: Sequence[Row]) -> list[Block]:
    """Those who stand in a league without their name: a name that stands for each, and the range of all of them."""
    ranges: dict[tuple[int, int], list[str]] = {}
    for row in rows:
        if row["row_name"] == "alias":
            alias = aliases.alias_text(row["alias_number"])
            ranges.setdefault((row["low_points"], row["high_points"]), []).append(alias)
    return [
        {
            "key": f"range-{low}-{high}",
            "kind": "range",
            "name": ", ".join(sorted(names)),
            "own": False,
            "place": "",
            "value": f"{words.number(low)}–{words.number(high)}",
            "share": None,
            "note": t("names that stand for people, in no order"),
        }
        for (low, high), names in sorted(ranges.items(), reverse=True)
    ]


def _note(whole: Row, *, is_full: bool, moves: int | None) -> str:
    """How many are ranked, how many not yet, and what the list leaves out."""
    said = [
        t_count(
            "{n} person is ranked",
            "{n} people are ranked",
            whole["ranked_agents"],
            n=words.number(whole["ranked_agents"]),
        )
    ]
    if whole["waiting_agents"]:
        said.append(
            t_count(
                "{n} not yet, for want of hours", "{n} not yet, for want of hours", whole["waiting_agents"],
                n=words.number(whole["waiting_agents"]),
            )
        )  # fmt: skip
    sentences = [", ".join(said) + "."]
    if moves is not None:
        moved = words.number(moves)
        sentences.append(
            t(
                "When the season ends, the first {n} of a league move up and as many move down; whoever was away stays.",
                n=moved,
            )
        )
    if not is_full:
        sentences.append(
            t(
                "You read your own place, the top, and who stands beside you; a colleague's name only where they allow it, "
                "and no name in the lowest third."
            )
        )
    return " ".join(sentences)


def improved(found: pl.DataFrame) -> Block:
    """Who gained most on the own past; only gains that are surely more than chance are told of others."""
    rows = found.to_dicts()
    best = max((row["gained_ratio"] for row in rows), default=0.0)
    return {
        "kind": "standings",
        "key": "improved",
        "has_places": False,
        "title": t("Most improved"),
        "lead": t(
            "Points for a full day against the own eight weeks before; only gains that are surely more than chance. "
            "Nobody is told who fell back."
        ),
        "benchmarks": [],
        "rows": [
            {
                "key": f"agent-{row['agent_id']}",
                "kind": "named",
                "name": words.name(row["shown_name"]),
                "own": row["is_own"],
                "place": "",
                "value": _gain_text(row["gained_ratio"]),
                "share": max(0.0, row["gained_ratio"] / best) if best > 0 else None,
                "status": board.status("good", t("Surely more"))
                if row["is_sure"]
                else {"tone": "none", "shape": "bars", "word": t("May be chance")},
                "tag": t("You") if row["is_own"] else "",
                "note": ""
                if row["base_points"] is None
                else t(
                    "from {before} to {now} a day",
                    before=words.number(row["base_points"]),
                    now=words.number(row["day_points"]),
                ),
            }
            for row in rows
        ],
        "note": "",
    }


def _gain_text(ratio: float) -> str:
    """A gain in whole percents, with its sign."""
    percents = round(100 * ratio)
    return t(
        "{sign}{n}%", sign="+" if percents > 0 else "−" if percents < 0 else "", n=words.number(abs(percents))
    )


def steps_spoken(found: pl.DataFrame) -> list[str]:
    """What the chart of places says, for whoever cannot see it: each line's first and last place."""
    told: list[str] = []
    for (name,), part in found.sort("step_date").group_by(["line_name"], maintain_order=True):
        first, last = part.row(0, named=True), part.row(-1, named=True)
        told.append(
            t(
                "{name}: from place {first} to {last}",
                name=words.name(str(name)),
                first=words.number(first["place_number"]),
                last=words.number(last["place_number"]),
            )
        )
    return told


def step_rows(found: pl.DataFrame) -> pl.DataFrame:
    """The frame of the chart of places with its texts: label_text, name_text, place_text, and whether it is the reader's."""
    days: Mapping[Any, str] = {
        day: words.short_day(day) for day in found.get_column("step_date").unique().to_list()
    }
    return found.with_columns(
        pl.col("step_date").replace_strict(days, return_dtype=pl.String).alias("label_text"),
        pl.col("line_name").map_elements(words.name, return_dtype=pl.String).alias("name_text"),
        pl.format("{}", pl.col("place_number")).alias("place_text"),
    )
