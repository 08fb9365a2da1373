"""Keeps thanks between people: given within limits, taken back by whoever gave them, hidden by a person with a note.

In: a connection in which something is changed, who thanks whom for what. Out: rows of game.kudos, points where a site gives
some, one line of the trail for each.
The rule it guards: nobody thanks themselves, nobody thanks without end, and a thank-you names only whom its giver may name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from dashboard import access
from dashboard.access import Viewer
from dashboard.game import social_entries
from dashboard.game.social_states import SocialError, step
from dashboard.words import t
from sql import audit, warehouse

CATEGORIES = ("help", "customer", "teaching", "idea", "calm", "welcome")
MOST_LETTERS = 800
UNDO_MINUTES = 30


@dataclass(frozen=True, slots=True)
class Thanks:
    """What somebody thanks a colleague for. contact_id: the contact that it was about, which the giver must find."""

    to_agent_id: int
    category_name: str
    message_text: str
    contact_id: str | None = None


def give(
    connection: Connection, *, thanks: Thanks, viewer: Viewer, at: datetime, agent_id: int | None = None
) -> None:
    """Keeps a thank-you of the viewer (agent_id: their own number, if any). SocialError says what is against it."""
    message = thanks.message_text.strip()
    if thanks.category_name not in CATEGORIES:
        raise SocialError(t("Choose what the thanks are for."))
    if not 3 <= len(message) <= MOST_LETTERS:
        raise SocialError(
            t(
                "Found {n} letters, expected 3 to {most}: say in a sentence what they did.",
                n=len(message),
                most=MOST_LETTERS,
            )
        )
    if agent_id != viewer.agent_id:
        raise SocialError(t("Thanks are given in one's own name only."))
    if agent_id is not None and agent_id == thanks.to_agent_id:
        raise SocialError(t("Nobody thanks themselves here; choose a colleague."))
    source_name = _known(connection, thanks, viewer)
    account_id = (
        None if agent_id is not None else social_entries.rows(connection, "account_id")[0]["account_id"]
    )
    giver = {"from_agent_id": agent_id, "from_account_id": account_id}
    _within_limits(connection, thanks, giver, at)
    _keep(connection, thanks, message, source_name, giver, viewer, at)


def _known(connection: Connection, thanks: Thanks, viewer: Viewer) -> str | None:
    """The source of the contact that the thanks are about, if any; SocialError for whom or what the giver does not find."""
    number = thanks.contact_id
    with access.as_viewer(connection, viewer):
        known = {row["agent_id"] for row in social_entries.rows(connection, "colleagues")}
        found = social_entries.one(connection, "contact_source", contact_id=number) if number else None
    if thanks.to_agent_id not in known:
        raise SocialError(t("Choose a colleague of the list: your team, and those whose name you may read."))
    if number and found is None:
        raise SocialError(
            t("You find no contact of the number '{number}'; leave it out, or look it up.", number=number)
        )
    return found["source_name"] if found else None


def _within_limits(
    connection: Connection, thanks: Thanks, giver: dict[str, int | None], at: datetime
) -> None:
    giver_text = f"{giver['from_agent_id']}|{giver['from_account_id']}"
    warehouse.one_row(connection, "game/social/kudos_lock", giver_text=giver_text)
    counts = _counts(connection, thanks, giver, at)
    if counts["week_count"] >= counts["week_limit_count"]:
        raise SocialError(
            t(
                "You have thanked {n} times this week, which is as often as it goes; the week ends on Sunday.",
                n=counts["week_count"],
            )
        )
    if counts["colleague_count"] >= counts["colleague_limit_count"]:
        raise SocialError(
            t(
                "You have thanked this colleague {n} times this week; thank somebody else, or them again next week.",
                n=counts["colleague_count"],
            )
        )


def _counts(
    connection: Connection, thanks: Thanks, giver: dict[str, int | None], at: datetime
) -> dict[str, Any]:
    return social_entries.rows(connection, "kudos_counts", agent_id=thanks.to_agent_id, at=at, **giver)[0]


def _keep(
    connection: Connection,
    thanks: Thanks,
    message: str,
    source_name: str | None,
    giver: dict[str, int | None],
    viewer: Viewer,
    at: datetime,
) -> None:
    counts = _counts(connection, thanks, giver, at)
    (kudos_id,) = warehouse.one_row(
        connection,
        "game/social/kudos_new",
        agent_id=thanks.to_agent_id,
        category_name=thanks.category_name,
        message_text=message,
        source_name=source_name,
        contact_id=thanks.contact_id or None,
        at=at,
        given_date=counts["given_date"],
        **giver,
    )
    entry_id = _points(connection, kudos_id, thanks.to_agent_id, counts, viewer, at)
    if entry_id is not None:
        told = {"from_name": "standing", "to_name": "standing", "note_text": "", "entry_id": entry_id}
        warehouse.execute(connection, "game/social/kudos_move", kudos_id=kudos_id, at=at, **told)
    social_entries.tell(
        connection,
        moment_key=f"kudos|{kudos_id}",
        agent_id=thanks.to_agent_id,
        kind_name="kudos",
        name_text=message[:200],
        entry_id=entry_id,
        at=at,
    )
    _note(connection, thanks.to_agent_id, kudos_id, "given", {"category": thanks.category_name, **giver})


def _points(
    connection: Connection,
    kudos_id: int,
    to_agent_id: int,
    counts: dict[str, Any],
    viewer: Viewer,
    at: datetime,
) -> int | None:
    if not counts["kudos_points"]:
        return None
    run_id = social_entries.begun(
        connection, kind_name="kudos", at=at, actor_name=viewer.viewer_name, note_text=f"kudos {kudos_id}"
    )
    entry_id = social_entries.book(
        connection,
        run_id,
        entry_key=f"kudos|{kudos_id}",
        agent_id=to_agent_id,
        account_name="points",
        entry_points=counts["kudos_points"],
        kind_name="kudos",
        effective_date=counts["given_date"],
        reason_text=t("Thanked by a colleague."),
        actor_name=viewer.viewer_name,
    )
    social_entries.ended(connection, run_id, at=at, added=1)
    return entry_id


def take_back(
    connection: Connection, *, kudos_id: int, viewer: Viewer, at: datetime, agent_id: int | None = None
) -> None:
    """Takes the viewer's own thank-you back, for half an hour after it was given."""
    row = _of(connection, kudos_id)
    account_id = social_entries.rows(connection, "account_id")[0]["account_id"]
    is_own = row["from_agent_id"] == agent_id == viewer.agent_id and (
        agent_id is not None or row["from_account_id"] == account_id
    )
    if not is_own:
        raise SocialError(t("Only whoever gave it can take it back; a supervisor can hide it."))
    if at - row["given_at"] > timedelta(minutes=UNDO_MINUTES):
        raise SocialError(
            t("It was given more than {n} minutes ago, and stays; a supervisor can hide it.", n=UNDO_MINUTES)
        )
    _end(connection, row, "take_back", by_name="self", note_text="", viewer=viewer, at=at)


def hide(
    connection: Connection, *, agent_id: int, kudos_id: int, note_text: str, viewer: Viewer, at: datetime
) -> None:
    """Takes a thank-you to this agent out of the feed, with a note why."""
    row = _of(connection, kudos_id, agent_id)
    _end(connection, row, "hide", by_name=viewer.role_name, note_text=note_text, viewer=viewer, at=at)


def show_again(connection: Connection, *, agent_id: int, kudos_id: int, viewer: Viewer, at: datetime) -> None:
    """Puts a hidden thank-you to this agent back into the feed; it earns no points a second time."""
    row = _of(connection, kudos_id, agent_id)
    _end(connection, row, "show", by_name=viewer.role_name, note_text="", viewer=viewer, at=at)


def _of(connection: Connection, kudos_id: int, agent_id: int | None = None) -> dict[str, Any]:
    row = social_entries.one(connection, "kudos_of", kudos_id=kudos_id)
    if row is None or (agent_id is not None and row["agent_id"] != agent_id):
        raise SocialError(t("There is no such thank-you any more. Reload the page."))
    return row


def _end(
    connection: Connection,
    row: dict[str, Any],
    step_name: str,
    *,
    by_name: str,
    note_text: str,
    viewer: Viewer,
    at: datetime,
) -> None:
    taken = step("kudos", step_name, row["state_name"], by_name=by_name, note_text=note_text)
    if row["entry_id"] is not None and taken.to_name != "standing":
        run_id = social_entries.begun(
            connection,
            kind_name="kudos",
            at=at,
            actor_name=viewer.viewer_name,
            note_text=f"kudos {row['kudos_id']}",
        )
        why = t("The thank-you was taken back.")
        social_entries.take_back(
            connection, run_id, row["entry_id"], reason_text=why, actor_name=viewer.viewer_name
        )
        social_entries.ended(connection, run_id, at=at, added=0, taken_back=1)
    warehouse.execute(
        connection,
        "game/social/kudos_move",
        kudos_id=row["kudos_id"],
        from_name=taken.from_name,
        to_name=taken.to_name,
        at=at,
        note_text=note_text.strip(),
        entry_id=None,
    )
    _note(connection, row["agent_id"], row["kudos_id"], step_name, {"note": note_text.strip()})


def _note(connection: Connection, agent_id: int, kudos_id: int, did: str, told: dict[str, Any]) -> None:
    audit.note(
        connection,
        what_name="game.kudos",
        of_name=f"agent {agent_id}",
        told={"did": did, "kudos": kudos_id, **told},
    )
