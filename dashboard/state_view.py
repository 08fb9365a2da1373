"""How a page stands when not all is well: old data, no data, no tables, no database.

In: the sources' health, or what failed. Out: blocks for `board.show`.
The rule it guards: every state is one calm sentence and its next steps, each said once; an age is never younger than
the figures below it; addresses, names of machines and messages of the database go to the log, never to a viewer.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dashboard import board, words
from dashboard.board import Block
from dashboard.privacy import privacy_view
from dashboard.words import t

NOT_SET_UP = frozenset({"42P01", "3F000"})


def of_interest(health: pl.DataFrame, about: str) -> pl.DataFrame:
    """The sources that a page about "calls" or "tickets" depends on; all of them where none tells of that."""
    if about not in ("calls", "tickets"):
        return health
    telling = health.get_column(f"has_{about}") if health.height else pl.Series(dtype=pl.Boolean)
    return health.filter(telling) if telling.any() and not telling.all() else health


def aged(health: pl.DataFrame, behind_seconds: int) -> pl.DataFrame:
    """The sources' health with the ages of now, where it was asked for `behind_seconds` ago."""
    return health.with_columns(pl.col("newest_event_age_seconds", "checked_age_seconds") + behind_seconds)


def loader_is_silent(loader: pl.DataFrame) -> bool:
    """Whether nobody reads the sources: the loader never ran, or has given no sign of life for two heartbeats."""
    return loader.is_empty() or bool(loader.row(0, named=True)["is_silent"])


def freshness(
    health: pl.DataFrame, *, loader: pl.DataFrame, behind_seconds: int = 0, is_cut_off: bool = False
) -> Block:
    """How old the data is, judged by the source that is furthest behind for its own limit, and what keeps newer data away.

    behind_seconds: how long ago the frames were asked for; is_cut_off: the warehouse does not answer any more.
    """
    rows = list(health.iter_rows(named=True))  # each head of every tab comes by here: plain rows cost a tenth
    told = [row for row in rows if row["newest_event_age_seconds"] is not None]
    if not told:
        text = t("No connection") if is_cut_off else t("No data yet")
        return {**board.status("off" if is_cut_off else "none", ""), "text": text}
    # A rota is told for weeks, a call every minute: an hour says nothing of the one and all of the other.
    furthest = max(told, key=lambda row: row["newest_event_age_seconds"] / max(row["stale_after_seconds"], 1))
    age = words.age(furthest["newest_event_age_seconds"] + behind_seconds)
    if is_cut_off:
        return {**board.status("off", ""), "text": t("No connection · data {age} old", age=age)}
    if loader_is_silent(loader):
        return {**board.status("off", ""), "text": t("Loader silent · data {age} old", age=age)}
    if any(row["is_stale"] in (True, None) for row in rows):
        return {**board.status("off", ""), "text": t("Data {age} old", age=age)}
    main = min(told, key=lambda row: (row["stale_after_seconds"], row["newest_event_age_seconds"]))
    if main["source_name"] == furthest["source_name"]:
        return {**board.status("good", ""), "text": t("Data {age} old", age=age)}
    # A source that is told once a day may be hours old and well: it is named, beside the one that is told most often.
    text = t(
        "Data {age} old · {source} {source_age}",
        age=words.age(main["newest_event_age_seconds"] + behind_seconds),
        source=furthest["source_name"],
        source_age=age,
    )
    return {**board.status("good", ""), "text": text}


def cut_off_notice(taken_at: datetime, *, behind_seconds: int, zone_name: str) -> Block:
    """That the warehouse does not answer, and from when the figures are that stand below."""
    return {
        **board.notice(
            "off",
            t("The database does not answer."),
            t(
                "What you see is how the floor stood {age} ago, at {instant}. Nothing is lost: this page keeps trying "
                "and comes back by itself. If it lasts, run `floorboard doctor` where Floorboard runs.",
                age=words.age(behind_seconds),
                instant=words.instant(taken_at, zone_name),
            ),
        ),
        "key": "cut-off",
    }


def loader_notice(loader: pl.DataFrame) -> Block:
    """That the loader does not run, since when, and how to start it."""
    age = None if loader.is_empty() else loader.row(0, named=True)["beat_age_seconds"]
    if age is None:
        body = t(
            "It has never run here. Start it: `floorboard etl run`, or everything together: `floorboard up`."
        )
    else:
        body = t(
            "It last told of itself {age} ago. Start it again: `floorboard etl run`, or everything together: "
            "`floorboard up` (the demo: `floorboard demo`). Nothing is lost; it goes on where it stopped.",
            age=words.age(age),
        )
    title = t("The loader does not run, so nothing new arrives.")
    return {**board.notice("off", title, body), "key": "loader"}


def stale_notices(health: pl.DataFrame, *, zone_name: str) -> list[Block]:
    """One warning per source that is further behind than its own limit allows; `key` names it."""
    notices = []
    for row in health.iter_rows(named=True):
        if not row["is_stale"]:
            continue
        since = row["newest_event_at"]
        if since is None:
            body = t("It has not delivered a single event yet. Data health says what to do.")
        else:
            body = t(
                "Its newest event is from {instant}, and more than {limit} without one is too long. What "
                "you see below is how the floor stood then. Data health says what to do.",
                instant=words.instant(since, zone_name),
                limit=words.age(row["stale_after_seconds"]),
            )
        title = t("{source} is silent", source=row["source_name"])
        notices.append({**board.notice("off", title, body), "key": f"stale-{row['source_name']}"})
    return notices


def empty(health: pl.DataFrame) -> Block:
    """The page of a warehouse in which nothing has arrived yet, with the way to change that."""
    if health.is_empty():
        title = t("The floor is ready. Nobody has walked in yet.")
        body = t("The warehouse is set up, but no source has delivered anything.")
        steps = [
            t("Name your phone system's queue log in `floorboard.toml`, under `[[sources]]`."),
            t("Run `floorboard etl run --once` and watch this page fill."),
            t("Or look around first: `floorboard demo` brings a simulated floor."),
        ]
    else:
        title = t("Connected, and waiting for the first call.")
        body = t("Sources are being read, but no queue has appeared in them so far.")
        steps = [
            t("Look at Data health: it shows what was read and what was refused."),
            t("Check that the path in `floorboard.toml` is the log the phone system writes to now."),
            t("Run `floorboard doctor`."),
        ]
    return board.notice("none", title, body, steps=steps, page=True)


def trouble(error: Exception) -> Block:
    """The page without a usable warehouse: what is wrong and the next step, by what failed."""
    if family_names := getattr(
        error, "family_names", ()
    ):  # nothing is wrong: it may not exist for a single agent
        return privacy_view.off_page(family_names)
    state = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None)
    if state in NOT_SET_UP:
        title = t("The database is here. Its tables are not.")
        body = t("They are made once, and this page fills by itself as soon as that is done.")
        steps = [t("Run `floorboard db migrate`.")]
    elif error.__cause__ is None:
        title = t("No database is connected.")
        body = t("Floorboard shows what its database holds, and it has been given none that it can use.")
        steps = [
            t("To look around: stop this and run `floorboard demo`, which brings a simulated floor."),
            t("To use your own: set `DATABASE_URL` and start again."),
        ]
    else:
        title = t("The database does not answer.")
        body = t("Nothing is lost. This page keeps trying and comes back by itself.")
        steps = [t("If it lasts: run `floorboard doctor` where Floorboard runs; it says what is wrong.")]
    return board.notice("off", title, body, steps=steps, page=True)
