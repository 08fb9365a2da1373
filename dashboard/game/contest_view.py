"""Contests as cards, and the places of one: who stands where, under which name, and what can be won.

In: the answers of the questions about contests. Out: blocks for `board.show`.
The rule it guards: a colleague reads the places with prizes and those around their own, never the end of the list; a name
stands there only as the database gave it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.game.contest_standing import Part, Stand, Tier, standings, team_standings, terms_of
from dashboard.own.aliases import alias_text
from dashboard.words import t, t_count

Row = Mapping[str, Any]
NEAR = 1
LEADERS_SEE_ALL = ("supervisor", "manager", "administrator")


@dataclass(frozen=True, slots=True)
class Measure:
    """What a contest can count beside the points of a rule: outcomes for customers and colleagues, never bare speed."""

    name: str
    label: str
    above_name: str
    below_name: str | None
    unit: str


def measures() -> tuple[Measure, ...]:
    """Every such figure; with below_name a share of it, else a count that is told for 40 hours of work."""
    return (
        Measure(
            "first_time",
            t("Solved at first contact"),
            "resolved_first_contacts",
            "followed_contacts",
            "ratio",
        ),
        Measure("satisfied", t("Satisfied customers"), "csat_satisfied_responses", "csat_responses", "ratio"),
        Measure("reviews", t("Quality reviews"), "review_earned_points", "review_possible_points", "ratio"),
        Measure(
            "one_touch", t("Tickets solved in one touch"), "one_touch_tickets", "solved_tickets", "ratio"
        ),
        Measure("in_time", t("First replies in time"), "first_replies_in_target", "first_replies", "ratio"),
        Measure("stayed_away", t("Contacts that did not come back"), "not_repeated_contacts", None, "count"),
        Measure("kudos", t("Thanks from colleagues"), "kudos", None, "count"),
    )


def kind_word(name: str) -> str:
    """What sort of contest it is."""
    return {
        "individual": t("Each for themselves"),
        "team": t("Team against team"),
        "own_best": t("Against your own best"),
        "same_day": t("Challenge of one day"),
    }[name]


def state(name: str) -> Block:
    """How far a contest is, by shape and word."""
    tone, word = {
        "draft": ("none", t("Draft")),
        "announced": ("near", t("Announced")),
        "running": ("good", t("Running")),
        "pending": ("near", t("Being settled")),
        "finalised": ("good", t("Finalised")),
        "cancelled": ("none", t("Cancelled")),
    }[name]
    return board.status(tone, word)


def measure_word(row: Row) -> str:
    """What the contest counts."""
    if row["rule_name"] is not None:
        return t("Points of “{rule}”", rule=rule_title(row["spec_text"], row["rule_name"]))
    found = next(
        (
            one
            for one in measures()
            if (one.above_name, one.below_name) == (row["above_name"], row["below_name"])
        ),
        None,
    )
    return found.label if found else str(row["above_name"]).replace("_", " ")


def rule_title(spec_text: str | None, rule_name: str) -> str:
    """What a rule is called; its own name where the text does not say."""
    try:
        title = tomllib.loads(spec_text or "").get("title")
    except tomllib.TOMLDecodeError:
        title = None
    return str(title or rule_name)


def amount(row: Row, value: float | None) -> str:
    """A standing in the unit of the contest; a gain over one's own weeks as a share of them."""
    if value is None:
        return words.number(None)
    if row["kind_name"] == "own_best":
        return t("{sign}{share}", sign="+" if value > 0 else "", share=words.ratio(value))
    if row["below_name"] is not None:
        return words.ratio(value)
    return words.number(round(value, 1))


def prize_text(tier: Row, account_name: str) -> str:
    """What a tier gets."""
    unit = t_count("{n} coin", "{n} coins", tier["prize_points"])
    if account_name == "points":
        unit = t_count("{n} point", "{n} points", tier["prize_points"])
    parts = ([unit] if tier["prize_points"] else []) + ([tier["prize_text"]] if tier["prize_text"] else [])
    return " + ".join(parts) or t("the honour")


def tier_word(name: str) -> str:
    """The name of a tier."""
    return {"gold": t("Gold"), "silver": t("Silver"), "bronze": t("Bronze")}[name]


def cards(
    contests: pl.DataFrame, tiers: pl.DataFrame, *, now: datetime, zone_name: str, is_single: bool = False
) -> Block:
    """One card per contest."""
    return {
        "kind": "contests",
        "label": t("Contests and challenges"),
        "is_single": is_single,
        "cards": [
            _card(row, tiers.filter(pl.col("contest_id") == row["contest_id"]).to_dicts(), now, zone_name)
            for row in contests.to_dicts()
        ],
    }


def _card(row: Row, tiers: Sequence[Row], now: datetime, zone_name: str) -> Block:
    whole = (row["ends_at"] - row["begins_at"]).total_seconds()
    gone = min(1.0, max(0.0, (now - row["begins_at"]).total_seconds() / whole))
    whom = t("Team {team}", team=row["team_name"]) if row["team_id"] is not None else t("Everybody")
    prizes, start = [], 1
    for tier in tiers:
        places = str(start) if tier["last_position"] == start else f"{start}–{tier['last_position']}"
        start = tier["last_position"] + 1
        text = prize_text(tier, row["account_name"])
        prizes.append(
            {"tier": tier["tier_name"], "word": places, "text": f"{tier_word(tier['tier_name'])}: {text}"}
        )
    facts = [
        {"label": t("Counts"), "value": measure_word(row)},
        {"label": t("For"), "value": whom},
        {"label": t("Taking part"), "value": words.number(row["joined_agents"])},
        {"label": t("To qualify"), "value": qualifier(row)},
    ]
    marks = [kind_word(row["kind_name"])]
    marks += [t("without names")] if row["is_anonymous"] else []
    marks += [t("you take part")] if row["is_joined"] else []
    return {
        "key": str(row["contest_id"]),
        "here": f"?contest={row['contest_id']}",
        "name": words.name(row["contest_name"]),
        "what": " · ".join(marks),
        "about": row["about_text"],
        "state": row["state_name"],
        "status": state(row["state_name"]),
        "share": gone,
        "span_text": t("{percent} of its days are over", percent=words.ratio(gone)),
        "first_text": words.short_day(row["first_date"]),
        "last_text": "" if row["last_date"] == row["first_date"] else words.short_day(row["last_date"]),
        "left_text": left_text(row, now, zone_name),
        "prizes": prizes,
        "facts": facts,
        "spoken": f"{row['contest_name']}, {state(row['state_name'])['word']}",
    }


def left_text(row: Row, now: datetime, zone_name: str) -> str:
    """When it begins, ends, or can be finalised."""
    name = row["state_name"]
    if name in ("draft", "announced"):
        return t("begins in {time}", time=words.long_time(max(0, (row["begins_at"] - now).total_seconds())))
    if name == "running":
        return t("{time} left", time=words.long_time(max(0, (row["ends_at"] - now).total_seconds())))
    if name == "pending":
        if now < row["settles_at"]:
            return t("settles until {at}", at=words.moment(row["settles_at"], zone_name, in_seconds=False))
        return t("waits for a person's decision")
    return t("places are final") if name == "finalised" else t("no places, no prizes")


def qualifier(row: Row) -> str:
    """How much work a place takes, and how many have to qualify for prizes."""
    parts = []
    if row["minimum_count"]:
        unit = (
            t("{n} days with points", n=row["minimum_count"])
            if row["rule_name"]
            else t("at least {n} counted", n=words.number(row["minimum_count"]))
        )
        parts.append(unit)
    if row["minimum_hours"]:
        parts.append(t("{n} hours of work", n=row["minimum_hours"]))
    if row["kind_name"] == "team":
        parts.append(t_count("{n} member", "{n} members", row["minimum_agents"]))
    return ", ".join(parts) or t("nothing")


def part_of(row: Row) -> Part:
    """What is counted of a row of the question `game_contest_board`; its key is the number of its other name."""
    return Part(
        key=str(row["alias_number"]),
        team_id=row["team_id"],
        above_value=row["above_value"],
        below_value=row["below_value"],
        exposure_seconds=row["exposure_seconds"],
        n=row["counted_count"],
        is_disqualified=row["is_disqualified"],
        baseline_above_value=row["baseline_above_value"],
        baseline_below_value=row["baseline_below_value"],
        baseline_exposure_seconds=row["baseline_exposure_seconds"],
    )


def places(
    contest: Row, found: pl.DataFrame, tiers: pl.DataFrame, *, sees_all: bool
) -> tuple[list[Block], list[Stand]]:
    """The tables of places (teams first, where teams compete), and every stand by the key of its other name."""
    rows = found.to_dicts()
    named = [Tier(row["tier_name"], row["last_position"], row["prize_points"]) for row in tiers.to_dicts()]
    terms, parts = terms_of(contest), [part_of(row) for row in rows]
    stands = _final(rows) if contest["state_name"] == "finalised" else standings(terms, parts, named)
    blocks = []
    if contest["kind_name"] == "team":
        blocks.append(_team_block(contest, rows, team_standings(terms, parts, named), tiers))
        return blocks, stands
    blocks.append(_place_block(contest, rows, stands, tiers, sees_all=sees_all))
    return blocks, stands


def _final(rows: Sequence[Row]) -> list[Stand]:
    """The stands as a person finalised them: facts that come later change nothing here."""
    return [
        Stand(
            key=str(row["alias_number"]),
            team_id=row["team_id"],
            value=row["result_value"],
            n=row["counted_count"],
            hours=None,
            why_not="" if row["place_number"] else "disqualified" if row["is_disqualified"] else "few",
            place=row["place_number"],
            tier_name=row["tier_name"],
        )
        for row in rows
    ]


def _place_block(
    contest: Row, rows: Sequence[Row], stands: Sequence[Stand], tiers: pl.DataFrame, *, sees_all: bool
) -> Block:
    by_key = {str(row["alias_number"]): row for row in rows}
    ranked = sorted((one for one in stands if one.place), key=lambda one: (one.place or 0, one.key))
    shown = shown_places(ranked, by_key, last_prize=_last_prize(tiers), sees_all=sees_all)
    best = _span([one.value for one in ranked if one.value is not None])
    drawn: list[Block] = []
    for one in shown:
        row = by_key[one.key]
        line = _line(contest, one, _name(row), row["team_name"] or "", row["is_me"], best, tiers)
        drawn.append(line if row["is_me"] or row["agent_name"] else _nameless(line, len(drawn)))
    waiting = [one for one in stands if not one.place and (sees_all or by_key[one.key]["is_me"])]
    for one in waiting:
        row = by_key[one.key]
        drawn.append(_line(contest, one, _name(row), why_text(contest, one, row), row["is_me"], best, tiers))
    hidden = len(ranked) - len(shown)
    return _block(contest, drawn, hidden)


def _nameless(line: Block, order: int) -> Block:
    """The place of somebody who shows no name: who it is must not be found from a team or an exact figure."""
    return {
        **line,
        "key": f"nameless-{order}",
        "name": t("A colleague"),
        "more": "",
        "value": "",
        "n": "",
        "share": 0.0,
    }


def shown_places(
    ranked: Sequence[Stand], by_key: Mapping[str, Row], *, last_prize: int, sees_all: bool
) -> list[Stand]:
    """All of them for whoever answers for the people; else the places with prizes and those around one's own."""
    if sees_all:
        return list(ranked)
    own = next((at for at, one in enumerate(ranked) if by_key[one.key]["is_me"]), None)
    return [
        one
        for at, one in enumerate(ranked)
        if (one.place or 0) <= last_prize or (own is not None and own - NEAR <= at <= own + NEAR)
    ]


def _last_prize(tiers: pl.DataFrame) -> int:
    return max((row["last_position"] for row in tiers.to_dicts()), default=3)


def _span(values: Sequence[float]) -> float:
    return max((abs(one) for one in values), default=0.0) or 1.0


def _line(
    contest: Row, one: Stand, name: str, more: str, is_me: bool, best: float, tiers: pl.DataFrame
) -> Block:
    prize = None
    if one.tier_name and one.place:
        tier = next((row for row in tiers.to_dicts() if row["tier_name"] == one.tier_name), None)
        if tier:
            text = prize_text(tier, contest["account_name"])
            prize = {"tier": one.tier_name, "word": tier_word(one.tier_name), "text": text}
    return {
        "key": one.key,
        "place": words.number(one.place) if one.place else "–",
        "name": name,
        "more": more,
        "is_me": is_me,
        "tier": one.tier_name,
        "share": abs(one.value) / best if one.value is not None else 0.0,
        "value": amount(contest, one.value),
        "n": n_text(contest, one),
        "prize": prize,
    }


def n_text(contest: Row, one: Stand) -> str:
    """Of how many, and what was counted before it was drawn to everybody's."""
    text = t("{n} counted", n=words.number(one.n))
    if (
        one.raw_value is None
        or one.value is None
        or amount(contest, one.raw_value) == amount(contest, one.value)
    ):
        return text
    return t("{n}, counted {raw}", n=text, raw=amount(contest, one.raw_value))


def _name(row: Row) -> str:
    if row["is_me"]:
        return t("You")
    return words.name(row["agent_name"]) if row["agent_name"] else alias_text(row["alias_number"])


def why_text(contest: Row, one: Stand, row: Row) -> str:
    """Why somebody has no place yet."""
    return {
        "disqualified": t("out of the places: {why}", why=row["note_text"] or t("see your supervisor")),
        "few": t("not ranked yet, {n} of {all} counted", n=one.n, all=contest["minimum_count"]),
        "hours": t(
            "not ranked yet, {n} of {all} hours", n=round(one.hours or 0), all=contest["minimum_hours"]
        ),
        "nothing": t("nothing measured yet"),
        "no_baseline": t("no eight weeks before to compare with"),
        "small_team": t("the team needs {n} members who qualify", n=contest["minimum_agents"]),
    }.get(one.why_not, "")


def _team_block(contest: Row, rows: Sequence[Row], stands: Sequence[Stand], tiers: pl.DataFrame) -> Block:
    names = {row["team_id"]: row["team_name"] or t("without a team") for row in rows}
    own = {row["team_id"] for row in rows if row["is_me"]}
    ranked = sorted(stands, key=lambda one: (one.place is None, one.place or 0, one.key))
    best = _span([one.value for one in ranked if one.value is not None])
    drawn = []
    for one in ranked:
        few = t("{n} of {all} members qualify", n=one.member_count, all=contest["minimum_agents"])
        more = t_count("{n} member", "{n} members", one.member_count) if one.place else few
        is_own = one.team_id in own
        drawn.append(_line(contest, one, names[one.team_id], more, is_own, best, tiers))
    return _block(contest, drawn, 0)


def _block(contest: Row, drawn: list[Block], hidden: int) -> Block:
    lead = {
        "finalised": t("As a person finalised them."),
        "pending": t("Counted until late facts have settled; then a person decides."),
    }.get(contest["state_name"], t("Counted live; ties share a place, and absence costs none."))
    if contest["below_name"] is not None or contest["is_prorated"]:
        lead = (
            f"{lead} {t('Each is drawn a little to everybody’s, so that a lucky few contacts win nothing.')}"
        )
    if contest["kind_name"] == "team":
        note = t(
            "A team's mean per member, with four members of everybody's mean added, so that size is no matter."
        )
        lead = f"{lead} {note}"
    if contest["kind_name"] == "own_best":
        lead = f"{lead} {t('Each against their own eight weeks before.')}"
    rest = (
        t_count("{n} more place is not listed: nobody is shown at the end of a list.",
                "{n} more places are not listed: nobody is shown at the end of a list.", hidden)
        if hidden
        else ""
    )  # fmt: skip
    return {
        "kind": "places",
        "label": t("Places"),
        "title": t("Places"),
        "lead": lead if drawn else t("Nobody has joined yet: places appear with the first who does."),
        "rows": drawn,
        "rest": rest,
    }


def move_table(moves: pl.DataFrame, *, zone_name: str) -> Block:
    """Who took the contest from which state to which, and why."""
    rows = [
        {
            "key": str(row["move_id"]),
            "tone": "none",
            "cells": [
                words.moment(row["moved_at"], zone_name, in_seconds=False),
                state(row["to_name"])["word"],
                t("by the clock") if row["actor_name"] == "floorboard" else words.name(row["actor_name"]),
                row["note_text"],
            ],
        }
        for row in moves.to_dicts()
    ]
    columns = [
        board.column(t("When")),
        board.column(t("Became")),
        board.column(t("By")),
        board.column(t("Why"), "text", wide=True),
    ]
    title = t("History of this contest")
    return board.table(title, columns, rows, title=title, nothing=t("Nothing yet."))


def empty(*, may_make: bool) -> Block:
    """The page without a contest, with what to do."""
    steps = [
        t("Whoever wants to joins; nobody has to, and leaving costs nothing."),
        t("Places are counted live; a person finalises them, and prizes are paid as coins."),
    ]
    if may_make:
        steps.insert(
            0, t("Press “Draft a contest”: choose what counts, the days and the prizes. Nobody sees a draft.")
        )
    return board.notice(
        "none",
        t("No contest yet."),
        t("Each for themselves, team against team, against your own best, or a challenge of one day."),
        steps=steps,
        page=True,
    )
