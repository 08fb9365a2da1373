"""The desk of effects: for every rule and contest what it changed beside those for whom it did not hold, or why not.

In: the rule or contest that the address names (`of`). Out: the verdict, week by week, and what must not get worse.
The rule it guards: each is judged on the measure that it names itself; the overview asks the same as the single one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import streamlit as st

from dashboard import board
from dashboard.effect import Effect
from dashboard.game import room_effect, room_effect_view, room_rule_view
from dashboard.game.room_effect_view import Asked
from dashboard.game.room_queries import BESIDE, OWN_MEASURE
from dashboard.game.rule_texts import rule_of
from dashboard.ui import choices
from dashboard.words import t
from sql.game_rules.spec import GameError, Measure, Rule, Term

if TYPE_CHECKING:
    from dashboard.game.room_desk import Room

STATES_BEGUN: Final = ("running", "pending", "finalised")
MOST_AT_ONCE: Final = 12
"""So many different questions are answered for the overview; the others are answered when they are opened."""


def show(room: Room) -> None:
    """The one that the address names, then all of them."""
    every = {one.key: (one, ask) for one, ask in _every(room)}
    name = st.query_params.get("of", "")
    if name in every:
        if st.button(t("All effects"), icon=":material/arrow_back:", key="all-effects"):
            choices.lead_to("of", None)
        _one(room, *every[name])
        return
    found = []
    known: dict[tuple[object, ...], Effect | None] = {}
    for asked, ask in every.values():
        key = (
            asked.of,
            asked.start_date,
            asked.way,
            ask.get("contest_id"),
        )  # rules of one measure have one effect
        if key not in known and len(known) < MOST_AT_ONCE:
            known[key] = _told(room, asked, ask)
        found.append((asked, known.get(key)))
    board.show(room_effect_view.overview(found), key="effects")


def _every(room: Room) -> Iterator[tuple[Asked, dict[str, Any]]]:
    """Every rule that counts work and holds, and every contest that has begun, with the question that tells its effect."""
    for row in room.rules.filter(pl.col("is_on")).iter_rows(named=True):
        rule = rule_of(row["spec_text"])
        if rule is None or rule.measure is None:
            continue
        ask = {"rule_name": row["rule_name"], "version_number": row["version_number"]}
        yield _of_rule(row, rule, rule.measure), ask
    contests = room.at.fresh("game_contests", as_of=room.at.now)
    for row in contests.filter(pl.col("state_name").is_in(STATES_BEGUN)).iter_rows(named=True):
        yield _of_contest(row)


def _of_rule(row: dict[str, Any], rule: Rule, measure: Measure) -> Asked:
    return Asked(
        key=f"rule-{row['rule_name']}",
        title=rule.title,
        kind_word=room_rule_view.kind_word(rule.kind),
        start_date=row["valid_from_date"],
        what=_what(measure),
        of=replace(measure, grain="day", squares=None),
        unit=room_effect_view.unit_of(measure),
        best_by=rule.adjust.best_by,
    )


def _of_contest(row: dict[str, Any]) -> tuple[Asked, dict[str, Any]]:
    rule = rule_of(row["spec_text"]) if row["rule_name"] else None
    if rule is not None and rule.measure is not None:
        measure, text, best_by = rule.measure, row["spec_text"], rule.adjust.best_by
    else:
        above, below = row["above_name"] or "handled_calls", row["below_name"]
        measure = Measure((Term(above),), (Term(below),) if below else ())
        text = f"{above}/{below}" if below else above
        best_by = "down" if row["is_less_better"] else "up"
    asked = Asked(
        key=f"contest-{row['contest_id']}",
        title=row["contest_name"],
        kind_word=t("Contest"),
        start_date=row["first_date"],
        what=_what(measure),
        of=replace(measure, grain="day", squares=None),
        unit=room_effect_view.unit_of(measure),
        best_by=best_by,
    )
    return asked, {"contest_id": row["contest_id"], "start_date": row["first_date"], "measure_text": text}


def _what(measure: Measure) -> str:
    above = room_rule_view.sum_words(measure.above)
    return (
        t("{above}, of {below}", above=above, below=room_rule_view.sum_words(measure.below))
        if measure.below
        else above
    )


def _rows(room: Room, ask: dict[str, Any], of_name: str) -> pl.DataFrame:
    question = "game_contest_effect_days" if "contest_id" in ask else "game_effect_days"
    return room.at.calm(question, of_name=of_name, last_date=room.day_date - timedelta(days=1), **ask)


def _told(room: Room, asked: Asked, ask: dict[str, Any]) -> Effect | None:
    try:
        return room_effect.told(_rows(room, ask, OWN_MEASURE), best_by=asked.way)
    except GameError:
        return None


def _one(room: Room, asked: Asked, ask: dict[str, Any]) -> None:
    """One rule or contest: the verdict in words, its figures, its weeks, and the guard measures."""
    title = {"kind": "section", "title": asked.title, "lead": f"{asked.kind_word} · {asked.what}"}
    board.show(title, key="effect-title")
    rows = _rows(room, ask, OWN_MEASURE)
    found = room_effect.told(rows, best_by=asked.way)
    board.show(room_effect_view.told(asked, found), key="effect-told")
    if found.verdict == "nothing":
        return
    board.show(room_effect_view.tiles(asked, found), key="effect-tiles")
    left, right = st.columns(2, gap="large")
    with left:
        weeks = room_effect.bars(rows) if found.control_units else []
        board.show(room_effect_view.weeks(weeks, asked.unit), key="effect-weeks")
    with right:
        known = {name: _rows(room, ask, name) for name in BESIDE}
        ways = {name: way for name, (_, _, way) in room_effect_view.beside_words().items()}
        effects = {
            name: one for name, one in room_effect.beside(known, ways).items() if one.verdict != "nothing"
        }
        board.show(room_effect_view.beside(effects), key="effect-beside")
