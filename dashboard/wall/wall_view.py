"""What the page Walls tells beside the pictures: for whom a board is, its versions, playlists, messages to the floor.

In: frames of boards, playlists and messages, and the present. Out: blocks of a page and texts.
The rule it guards: who changed what and when stands beside everything that can be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboard import board, words
from dashboard.board import Block, column
from dashboard.words import t, t_count

TONES: tuple[str, ...] = ("none", "near", "off", "good")


def parts(*, may_tell: bool) -> dict[str, str]:
    """The parts of the page."""
    own = {"boards": t("Boards"), "playlists": t("Playlists")}
    return {**own, "message": t("Message")} if may_tell else own


def audience_word(audience: str) -> str:
    """For whom a board is, as it stands on its card."""
    known = {
        "supervisors": t("For supervisors"),
        "agents": t("For agents"),
        "executives": t("For executives"),
        "everybody": t("For everybody"),
    }
    return known.get(audience, audience)


def audience_meaning(audience: str) -> str:
    """What a board for them shows and leaves out."""
    known = {
        "supervisors": t("the whole floor, with what presses now"),
        "agents": t("teams, goals and good news; no waiting calls, no pressure"),
        "executives": t("the day as a whole, its cost and what customers say"),
        "everybody": t("nothing that only some may see"),
    }
    return known.get(audience, "")


def origin_word(origin: str, *, is_changed: bool) -> str:
    """Whether a board came with the product, was changed here, or is the site's own."""
    if origin == "shipped":
        return t("Comes with Floorboard")
    return t("Changed by this site") if is_changed else t("Made by this site")


def tone_word(tone: str) -> str:
    """The kind of a message, by its colour's name."""
    known = {"none": t("Information"), "good": t("Good news"), "near": t("Warning"), "off": t("Emergency")}
    return known.get(tone, tone)


def tone_status(tone: str) -> Block:
    """The mark and word of a kind of message."""
    return board.status(tone, tone_word(tone))


def lasting_word(lasts: timedelta) -> str:
    """How long something is to stand: "15 minutes", "2 hours"."""
    minutes = round(lasts / timedelta(minutes=1))
    if minutes % 60 == 0:
        return t_count("{n} hour", "{n} hours", minutes // 60)
    return t_count("{n} minute", "{n} minutes", minutes)


def nothing_for_you() -> Block:
    """Where no board is for this role, which no site should have."""
    return board.notice(
        "none",
        t("No board is for your role"),
        t("A manager can make one whose audience is everybody."),
        page=True,
    )


def no_playlists(*, may_change: bool) -> Block:
    """What a playlist is good for, and how to begin."""
    steps = [
        t("Give it a name below, and choose its boards in the order in which they come."),
        t("Pin a board to times of the day, such as the agents' wall during breaks."),
        t("Put it on a display on the page Access; change it here later, and every display follows."),
    ]
    return board.notice(
        "none",
        t("No playlist yet. Which boards take turns on the wall?"),
        t("A playlist shows boards one after the other, on every screen that has it at the same moment."),
        steps=steps if may_change else [t("A manager makes the first one.")],
        page=True,
    )


def faults_notice(sentence: str) -> Block:
    """Why a text cannot be drawn or saved, with its line."""
    return board.notice("off", t("Not yet a wall that can be drawn"), sentence)


def version_table(versions: pl.DataFrame, *, zone_name: str, label: str) -> Block:
    """One row per save: its number, when, by whom, and whether it stands now."""
    drawn = list(versions.sort("version_number", descending=True).iter_rows(named=True))
    standing = drawn[0]["of_version_number"] if drawn else None
    rows = [
        {
            "key": str(row["version_number"]),
            "tone": "none",
            "cells": [
                words.number(row["version_number"]),
                words.moment(row["saved_at"], zone_name, in_seconds=False),
                words.name(row["viewer_name"]),
                _deed(row),
                board.status("good", t("stands")) if row["version_number"] == standing else words.UNKNOWN,
            ],
        }
        for row in drawn
    ]
    columns = [
        column(t("Version"), "end"),
        column(t("When")),
        column(t("Who")),
        column(t("What was done"), "text"),
        column(t("Now")),
    ]
    return board.table(label, columns, rows, nothing=t("Nothing was changed yet."), title=label)


def _deed(row: Mapping[str, Any]) -> str:
    of_number = row["of_version_number"]
    if of_number is None:
        return t("taken away")
    if of_number != row["version_number"]:
        return t("version {n} again", n=of_number)
    return t("saved")


def message_table(messages: pl.DataFrame, *, now: datetime, zone_name: str) -> Block:
    """One row per message: its kind, its words, who wrote it, how long it stood, and who took it back."""
    rows = [
        {
            "key": str(row["message_id"]),
            "tone": row["tone_name"] if is_standing(row, now=now) else "none",
            "cells": [
                tone_status(row["tone_name"]),
                row["message_text"],
                words.name(row["viewer_name"]),
                words.moment(row["starts_at"], zone_name, in_seconds=False),
                _end(row, now, zone_name),
            ],
        }
        for row in messages.iter_rows(named=True)
    ]
    columns = [
        column(t("Kind")),
        column(t("Message"), "text"),
        column(t("Who")),
        column(t("From"), "end"),
        column(t("Until"), "text"),
    ]
    return board.table(
        t("Messages"),
        columns,
        rows,
        nothing=t("Nothing was told to the floor yet."),
        title=t("What was told to the floor"),
        lead=t("Kept with who wrote it and when."),
    )


def is_standing(row: Mapping[str, Any], *, now: datetime) -> bool:
    """Whether a message is on the walls now."""
    return row["ended_at"] is None and row["starts_at"] <= now < row["ends_at"]


def _end(row: Mapping[str, Any], now: datetime, zone_name: str) -> Block | str:
    if row["ended_at"] is not None:
        at = words.moment(row["ended_at"], zone_name, in_seconds=False)
        return t("{at}, taken back by {name}", at=at, name=words.name(row["ended_by_name"]))
    at = words.moment(row["ends_at"], zone_name, in_seconds=False)
    return board.status("good", t("stands until {at}", at=at)) if is_standing(row, now=now) else at


def overtaken_notice() -> Block:
    """Somebody else has saved meanwhile."""
    return board.notice(
        "near",
        t("Somebody else has saved this meanwhile"),
        t("Yours would take the place of theirs. Its version stays in the list: look at it there first."),
    )


def draft_status(*, is_changed: bool, is_whole: bool) -> Block:
    """Whether what is drawn is saved, not saved yet, or the last one that could be drawn."""
    if not is_whole:
        return board.status("off", t("The last one that could be drawn; what is typed now cannot be"))
    if is_changed:
        return board.status("near", t("Not saved yet: no wall shows it"))
    return board.status("good", t("As it stands on the walls"))


def threshold_words() -> dict[str, tuple[str, str]]:
    """The fields of a threshold: label and help."""
    return {
        "near": (t("Yellow from"), t("In the unit of the tile: seconds, calls, or a share from 0 to 1.")),
        "off": (t("Red from"), t("Beyond the yellow one; it says by itself which way is worse.")),
        "hold_seconds": (
            t("Held for (s)"),
            t("How many seconds it must have been so before the tile turns."),
        ),
        "back": (t("Back by"), t("How far on the good side it must come before the tile turns back.")),
        "fewest": (t("Least n"), t("Below so many contacts the tile has no colour.")),
    }


def option_word(name: str) -> str:
    """The label of what more can be said of a tile."""
    return {"text": t("Text"), "queue": t("Queue"), "team": t("Team"), "seconds": t("Seconds")}.get(
        name, name.replace("_", " ").capitalize()
    )


def option_text(value: object) -> str:
    """An option as it is typed."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def option_value(typed: str) -> object:
    """What was typed as a value: true or false, a number, else a text; None where nothing was."""
    text = typed.strip()
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


# ---- playlists


def day_word(day_name: str) -> str:
    """A weekday, short."""
    known = {
        "mon": t("Mon"),
        "tue": t("Tue"),
        "wed": t("Wed"),
        "thu": t("Thu"),
        "fri": t("Fri"),
        "sat": t("Sat"),
        "sun": t("Sun"),
    }
    return known.get(day_name, day_name)


def hours_text(hours: Mapping[str, Any], *, first: str) -> str:
    """Hours of a week in one line: "agents · 10:00–10:15 · Mon, Tue"."""
    days = hours.get("days")
    on = ", ".join(day_word(str(one)) for one in days) if isinstance(days, list) else t("every day")
    return f"{first} · {hours.get('from', '?')}–{hours.get('to', '?')} · {on}"


def theme_words() -> dict[str, str]:
    """The colours that a wall can have."""
    return {
        "auto": t("as the screen is set"),
        "light": t("light"),
        "dark": t("dark"),
        "contrast": t("high contrast"),
    }


def language_word(name: str) -> str:
    """A language in itself, as whoever speaks it looks for it."""
    known = {"de": "Deutsch", "en_GB": "English", "es": "español", "et": "eesti", "fr": "français"}
    return known.get(name, name)
