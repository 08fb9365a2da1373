"""Keeps what is changed in the game room: versions of rules, seasons, and the wish that past days be scored again.

In: a connection that may change, a rule's text or a season, who changes it and why. Out: a version, a season, a request.
The rule it guards: only a text that can be read is published, from today on and never for days past; a version stays as it
was; what is past is scored again only when a second person has approved it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import Connection

from dashboard.words import t
from sql import audit
from sql.game_rules import publishing, shipped
from sql.game_rules.spec import GameError
from sql.warehouse import frame, statement

LONGEST_REASON: Final = 600
MOST_AHEAD: Final = timedelta(days=366)
MOST_SEASON: Final = timedelta(days=400)
MOST_RESCORED: Final = timedelta(days=92)


def publish(
    connection: Connection,
    *,
    rule_name: str,
    spec_text: str,
    valid_from_date: date,
    why_text: str,
    day_date: date,
    version_number: int,
    viewer_name: str,
    at: datetime,
) -> int:
    """Publishes a version of a rule; gives its number. Raises GameError, with nothing published.

    A text with `is_on = false`, or one that weighs 0, switches the rule off. day_date: the present working day, before which
    no version may begin; version_number: the newest one that was looked at, 0 for a rule that was never published.
    """
    read = shipped.read(spec_text, f"{rule_name}.toml")
    if read.rule.name != rule_name:
        raise GameError(
            t(
                "{rule}.toml, name: found '{found}'; expected '{rule}': a rule keeps its name. Correct it.",
                rule=rule_name,
                found=read.rule.name,
            )
        )
    if valid_from_date > day_date + MOST_AHEAD:
        raise GameError(
            t(
                "Valid from {found}; expected a day within a year. Choose an earlier one.",
                found=valid_from_date,
            )
        )
    reason = _reason(why_text)
    _refuse_overtaken(connection, rule_name, version_number)
    number = publishing.publish(
        connection,
        read,
        valid_from=valid_from_date,
        today=day_date,
        actor_name=viewer_name,
        now=at,
        why_text=reason,
    )
    if number is None:
        raise GameError(
            t("This is word for word what version {n} says; there is nothing to publish.", n=version_number)
        )
    did = "published" if read.rule.is_played else "switched off"
    audit.note(
        connection,
        what_name="game.rule",
        of_name=f"rule {rule_name}",
        told={"did": did, "version_number": number, "valid_from_date": valid_from_date, "why": reason},
    )
    return number


def _refuse_overtaken(connection: Connection, rule_name: str, version_number: int) -> None:
    """Raises GameError where somebody has published meanwhile."""
    known = frame(connection, "queries/game_rule_versions", rule_name=rule_name)
    newest = int(known[0, "version_number"]) if known.height else 0
    if newest != version_number:
        raise GameError(
            t(
                "Somebody has published '{rule}' meanwhile: it is version {newest} now, and you began with {seen}. "
                "Look at it, and publish yours again.",
                rule=rule_name,
                newest=newest,
                seen=version_number,
            )
        )


def make_season(
    connection: Connection,
    *,
    season_name: str,
    start_date: date,
    end_date: date,
    freezes: int,
) -> str:
    """Makes a season of the working days from start_date until the day before end_date. Raises GameError."""
    name = " ".join(season_name.split())
    if not 1 <= len(name) <= 60 or not name.isprintable():
        raise GameError(t("The name has {n} letters; expected 1 to 60, such as “Winter 2026”.", n=len(name)))
    _refuse_season(start_date, end_date, freezes)
    found = frame(connection, "queries/game_seasons")
    for row in found.iter_rows(named=True):
        if row["season_name"] == name:
            raise GameError(t("There is a season “{name}” already; choose another name.", name=name))
        if start_date < row["end_date"] and row["start_date"] < end_date:
            raise GameError(
                t(
                    "“{other}” has days of it already ({first} to {last}); seasons cannot overlap. Choose other days.",
                    other=row["season_name"],
                    first=row["start_date"].isoformat(),
                    last=(row["end_date"] - timedelta(days=1)).isoformat(),
                )
            )
    told = {"season_name": name, "start_date": start_date, "end_date": end_date, "freezes": freezes}
    _one(connection, "game/season_new", **told)
    _note_season(connection, name, "made", start_date=start_date, end_date=end_date, freezes=freezes)
    return name


def change_season(connection: Connection, *, season_name: str, end_date: date, freezes: int) -> None:
    """Lets an open season end on another day, or gives it other freezes. Raises GameError."""
    known = {
        row["season_name"]: row for row in frame(connection, "queries/game_seasons").iter_rows(named=True)
    }
    row = known.get(season_name)
    if row is None:
        raise GameError(t("There is no season “{name}”. Reload the page.", name=season_name))
    _refuse_season(row["start_date"], end_date, freezes)
    for other in known.values():
        if row["start_date"] < other["start_date"] < end_date:
            raise GameError(
                t("“{other}” begins before that; choose an earlier end.", other=other["season_name"])
            )
    told = {"season_name": season_name, "end_date": end_date, "freezes": freezes}
    if _one(connection, "game/season_change", **told) is None:
        raise GameError(
            t(
                "“{name}” was not changed: it is closed, or days beyond that end are. Choose a later end.",
                name=season_name,
            )
        )
    _note_season(connection, season_name, "changed", end_date=end_date, freezes=freezes)


def ask_close(connection: Connection, *, season_name: str, day_date: date, viewer_name: str) -> None:
    """Asks the loader to close a season that is over. Raises GameError where it runs still, or was asked for before."""
    told = {"season_name": season_name, "actor_name": viewer_name, "day_date": day_date}
    if _one(connection, "game/season_close_ask", **told) is None:
        raise GameError(
            t(
                "“{name}” was not closed: it runs still, or somebody has asked already. Reload the page.",
                name=season_name,
            )
        )
    _note_season(connection, season_name, "asked to close")


def ask_rescore(
    connection: Connection,
    *,
    rule_name: str,
    version_number: int,
    first_date: date,
    last_date: date,
    why_text: str,
    day_date: date,
    viewer_name: str,
    at: datetime,
) -> int:
    """Asks that past days be scored again by a version; gives the number of the request. Raises GameError."""
    if not first_date <= last_date < day_date or last_date - first_date >= MOST_RESCORED:
        raise GameError(
            t(
                "From {first} to {last}; expected at most 92 working days that are over. Choose other days.",
                first=first_date.isoformat(),
                last=last_date.isoformat(),
            )
        )
    told = {
        "rule_name": rule_name,
        "version_number": version_number,
        "first_date": first_date,
        "last_date": last_date,
        "why_text": _reason(why_text),
        "actor_name": viewer_name,
        "started_at": at,
    }
    made = _one(connection, "game/rescore_ask", **told)
    if made is None:
        raise GameError(t("One request for this rule waits already; somebody has to decide on it first."))
    told.pop("actor_name")
    audit.note(
        connection, what_name="game.rescore", of_name=f"rule {rule_name}", told={**told, "did": "asked"}
    )
    return int(made["run_id"])


def decide_rescore(
    connection: Connection,
    *,
    run_id: int,
    is_approved: bool,
    answer_text: str,
    is_alone: bool,
    viewer_name: str,
    at: datetime,
) -> None:
    """Approves or declines a request to score past days again, with a reason; not by whoever asked, but for where nobody
    else can (is_alone: a site where nobody signs in). Raises GameError."""
    told = {
        "run_id": run_id,
        "is_approved": is_approved,
        "answer_text": _reason(answer_text),
        "is_alone": is_alone,
        "actor_name": viewer_name,
        "decided_at": at,
    }
    if _one(connection, "game/rescore_decide", **told) is None:
        raise GameError(
            t(
                "Nothing was decided: it is your own request, which somebody else has to look at, or it was decided before."
            )
        )
    did = "approved" if is_approved else "declined"
    audit.note(
        connection,
        what_name="game.rescore",
        of_name=f"request {run_id}",
        told={"did": did, "why": told["answer_text"]},
    )


def _refuse_season(start_date: date, end_date: date, freezes: int) -> None:
    if not timedelta(0) < end_date - start_date <= MOST_SEASON:
        raise GameError(
            t(
                "From {first} until before {end}; expected 1 to 400 days. Choose other days.",
                first=start_date.isoformat(),
                end=end_date.isoformat(),
            )
        )
    if not 0 <= freezes <= 30:
        raise GameError(t("{n} freezes; expected 0 to 30.", n=freezes))


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 3 <= len(reason) <= LONGEST_REASON:
        raise GameError(
            t(
                "The reason has {n} letters; expected 3 to 600: it stands beside the change for good.",
                n=len(reason),
            )
        )
    return reason


def _note_season(connection: Connection, season_name: str, did: str, **told: object) -> None:
    audit.note(
        connection, what_name="game.season", of_name=f"season {season_name}", told={"did": did, **told}
    )


def _one(connection: Connection, name: str, **values: object) -> dict[str, Any] | None:
    row = connection.execute(sa.text(statement(name)), values).mappings().first()
    return None if row is None else dict(row)
