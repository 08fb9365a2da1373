"""The parts of the page of boards: teams first, then people as the reader may see them, leagues, and who gained.

In: who looks, the days that were chosen. Out: the blocks and the chart of the chosen part.
The rule it guards: where the policy has no figures of single people in the game, nobody is asked about; teams stand alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl
import streamlit as st

from dashboard import board, words
from dashboard.access import Viewer
from dashboard.game import board_charts, board_view, day_view, game_switch
from dashboard.ui import choices, take_along
from dashboard.ui.moments import Moment
from dashboard.words import t

Board = Literal["everyone", "team", "league"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the reader asked for: a part of the page, and the days of it."""

    section: str
    first_date: date
    last_date: date
    season_name: str
    """The season that the days lie in; empty outside of any."""
    days_text: str


def has_people(at: Moment) -> bool:
    """Whether the site's policy has figures of single people in the game."""
    found = at.calm("individual_figures")
    return found.filter(pl.col("family_name") == "game", pl.col("is_on")).height > 0


def chosen(at: Moment) -> Chosen:
    """The part and the days, from the reader's choice."""
    sections = _sections(at.viewer, has_people=has_people(at))
    periods = at.calm("game_board_periods", as_of=at.present_at)
    running = periods.filter(pl.col("period_name") != "season")
    seasons = periods.filter(pl.col("period_name") == "season")
    names = {"week": t("This week"), "day": t("Today"), "month": t("This month")}
    if seasons.height:
        names["season"] = t("Season")
    with st.container(horizontal=True, gap="medium", key="board-choices"):
        section = choices.choice(t("Board"), sections, key="board")
        period = choices.choice(t("Days"), names, key="period")
    if period == "season":
        options = {name: name for name in seasons.get_column("season_name").to_list()}
        with st.container(width=280, key="board-season"):
            season = choices.choice(t("Which season"), options, key="season", kind="list")
        row = seasons.filter(pl.col("season_name") == season).row(0, named=True)
    else:
        row = running.filter(pl.col("period_name") == period).row(0, named=True)
    return Chosen(
        section=section,
        first_date=row["first_date"],
        last_date=row["last_date"],
        season_name=row["season_name"] or "",
        days_text=words.days(row["first_date"], row["last_date"]),
    )


def _sections(viewer: Viewer, *, has_people: bool) -> dict[str, str]:
    if not has_people:
        return {"teams": t("Teams")}
    if viewer.agent_id is not None:
        near = {"everyone": t("Near me"), "team": t("My team")}
    elif viewer.role_name == "supervisor":
        near = {"team": t("My teams"), "everyone": t("The top")}
    else:
        near = {"everyone": t("Everybody")}
    return {"teams": t("Teams"), **near, "league": t("Leagues"), "improved": t("Most improved")}


def draw(at: Moment, asked: Chosen) -> None:
    """The chosen part."""
    if not game_switch.is_on():
        board.show(day_view.switched_off(), key="switched-off")
        return
    settings = at.calm("game_board_settings").row(0, named=True)
    hours_text = t("{n} hours", n=words.number(settings["day_hours_value"]))
    if asked.section == "teams":
        _teams(at, asked, hours_text)
        if not has_people(at):
            board.show(board_view.off(), key="off")
    elif asked.section == "improved":
        found = at.calm("game_improved", first_date=asked.first_date, last_date=asked.last_date)
        board.show(
            board_view.improved(found) if found.height else board_view.nothing_yet("improved"), key="improved"
        )
    elif asked.section == "league":
        _people(at, asked, "league", hours_text, moves=settings["moves_count"])
    else:
        _people(at, asked, "team" if asked.section == "team" else "everyone", hours_text)


def _teams(at: Moment, asked: Chosen, hours_text: str) -> None:
    found = at.calm("game_teams", first_date=asked.first_date, last_date=asked.last_date)
    if found.is_empty():
        board.show(board_view.nothing_yet("teams"), key="none")
        return
    board.show(board_view.teams(found, hours_text=hours_text), key="teams")
    take_along.download(found.drop("team_id"), file_name="board-teams.csv", zone_name=at.zone_name)
    _steps(at, asked, "teams")


def _people(at: Moment, asked: Chosen, name: Board, hours_text: str, *, moves: int | None = None) -> None:
    found = at.calm(
        "game_board",
        board_name=name,
        first_date=asked.first_date,
        last_date=asked.last_date,
        season_name=asked.season_name,
    )
    answers_for_people = at.viewer.agent_id is None and name != "everyone"
    is_full = answers_for_people or at.viewer.role_name in ("manager", "administrator")
    titles: dict[Board, str] = {
        "everyone": t("Everybody") if is_full else t("The top, and who stands near you"),
        "team": t("My team") if at.viewer.agent_id is not None else t("My teams"),
        "league": t("Leagues"),
    }
    title = titles[name]
    if name == "league" and found.height and found.item(0, "league_number") is not None:
        title = t("League {n}", n=words.number(found.item(0, "league_number")))
    if found.height < 2:
        board.show(board_view.nothing_yet(name), key="none")
        return
    blocks = board_view.people(found, title=title, hours_text=hours_text, is_full=is_full, moves=moves)
    for place, block in enumerate(blocks):
        board.show(block, key=f"people-{place}")
    if name != "league":
        _steps(at, asked, name)


def _steps(at: Moment, asked: Chosen, name: Literal["teams", "everyone", "team"]) -> None:
    """How places changed, where there is more than one day to tell of."""
    found = at.calm(
        "game_board_steps",
        board_name=name,
        first_date=asked.first_date,
        last_date=asked.last_date,
        season_name=asked.season_name,
    )
    if found.get_column("step_date").n_unique() < 2:
        return
    drawn = board_view.step_rows(found)
    texts = {
        "day": t("Until"),
        "name": t("Team") if name == "teams" else t("Name"),
        "place": t("Place by points so far"),
    }
    picture: Any = board_charts.bumps(drawn, texts, theme_name=take_along.theme_name())
    title = t("How places changed")
    board.show({"kind": "section", "title": title, "lead": asked.days_text}, key="steps-head")
    take_along.chart(
        picture,
        key=f"steps-{name}",
        name=f"places-{name}",
        frame=found.select("step_date", "line_name", "place_number"),
        zone_name=at.zone_name,
        title=title,
        lines=[asked.days_text, *board_view.steps_spoken(found)[:8]],
    )
