"""Keeps the employee of the month: three proposed, one decided on by a person, the name shown when its owner lets it stand.

In: a connection in which something is changed, the month, who acts. Out: rows of game.months and game.month_proposals, one
line of the trail for each.
The rule it guards: only whom the rule proposed can be chosen; nobody decides on themselves; no name without its owner's
word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.access import Viewer
from dashboard.game import social_entries
from dashboard.game.month_pick import Proposal
from dashboard.game.social_states import MANAGERS, SocialError, step
from dashboard.words import t
from sql import audit, warehouse


def propose(
    connection: Connection,
    *,
    month_date: date,
    proposals: Sequence[tuple[Proposal, Mapping[str, object]]],
    viewer: Viewer,
    at: datetime,
) -> None:
    """Keeps whom the rule proposes, each with the evidence of now; again while nobody has decided."""
    if viewer.role_name not in MANAGERS:
        raise SocialError(t("Only a manager or an administrator can open the choice."))
    if not proposals:
        raise SocialError(t("The rule proposes nobody for this month, so there is nothing to decide on."))
    warehouse.execute(connection, "game/social/month_new", month_date=month_date, at=at)
    state = _of(connection, month_date)["state_name"]
    if state != "proposed":
        raise SocialError(t("Somebody has decided on this month already. Reload the page."))
    warehouse.execute(connection, "game/social/month_proposals_clear", month_date=month_date)
    for one, evidence in proposals:
        warehouse.execute(
            connection,
            "game/social/month_proposal_new",
            month_date=month_date,
            agent_id=one.agent_id,
            place_number=one.place,
            lowest_position=one.lowest_position,
            highest_position=one.highest_position,
            people_count=one.people,
            evidence_text=json.dumps(evidence),
        )
    told = {"did": "proposed", "agent_ids": [one.agent_id for one, _ in proposals]}
    audit.note(connection, what_name="game.month", of_name=_name(month_date), told=told)


def decide(
    connection: Connection,
    *,
    month_date: date,
    of_agent_id: int,
    reason_text: str,
    viewer: Viewer,
    at: datetime,
) -> None:
    """Chooses one of the proposed, with the reason that the employee reads and that is shown with the name."""
    row = _of(connection, month_date, of_agent_id)
    if viewer.agent_id == of_agent_id:
        raise SocialError(t("Nobody decides on themselves; ask another manager."))
    if not row["is_proposed"]:
        raise SocialError(t("Only one of the proposed can be chosen. Reload the page."))
    _move(connection, row, "decide", viewer.role_name, reason_text, viewer, at, agent_id=of_agent_id)
    social_entries.tell(
        connection,
        moment_key=f"month|{month_date}|{of_agent_id}|{at.isoformat()}",
        agent_id=of_agent_id,
        kind_name="reward",
        name_text="|".join(("month", month_date.isoformat())),
        at=at,
    )


def choose_nobody(
    connection: Connection, *, month_date: date, reason_text: str, viewer: Viewer, at: datetime
) -> None:
    """Leaves the month without one, with a reason."""
    _move(connection, _of(connection, month_date), "nobody", viewer.role_name, reason_text, viewer, at)


def again(connection: Connection, *, month_date: date, viewer: Viewer, at: datetime) -> None:
    """Takes a decision back that its employee has not answered yet."""
    _move(connection, _of(connection, month_date), "again", viewer.role_name, "", viewer, at)


def answer(
    connection: Connection, *, agent_id: int, month_date: date, is_allowed: bool, viewer: Viewer, at: datetime
) -> None:
    """Lets the viewer's own name stand in the archive, or takes it out; they may change their mind."""
    row = _of(connection, month_date)
    if row["agent_id"] != agent_id or viewer.agent_id != agent_id:
        raise SocialError(t("Only whoever was chosen can say whether the name may stand there."))
    _move(connection, row, "allow" if is_allowed else "forbid", "self", "", viewer, at)


def _of(connection: Connection, month_date: date, agent_id: int | None = None) -> dict[str, Any]:
    row = social_entries.one(connection, "month_of", month_date=month_date, agent_id=agent_id)
    if row is None:
        raise SocialError(t("Nobody was proposed for this month yet; ask for the proposals first."))
    return row


def _move(
    connection: Connection,
    row: Mapping[str, Any],
    step_name: str,
    by_name: str,
    note_text: str,
    viewer: Viewer,
    at: datetime,
    *,
    agent_id: int | None = None,
) -> None:
    taken = step("months", step_name, row["state_name"], by_name=by_name, note_text=note_text)
    warehouse.execute(
        connection,
        "game/social/month_move",
        month_date=row["month_date"],
        from_name=taken.from_name,
        to_name=taken.to_name,
        agent_id=agent_id,
        at=at,
        actor_name=viewer.viewer_name,
        note_text=note_text.strip(),
    )
    about = agent_id or row["agent_id"]
    told = {
        "did": step_name,
        "before": {"state": taken.from_name},
        "after": {"state": taken.to_name},
        "note": note_text.strip(),
        "agent_ids": [about] if about else [],
    }
    audit.note(connection, what_name="game.month", of_name=_name(row["month_date"]), told=told)


def _name(month_date: date) -> str:
    return f"month {month_date:%Y-%m}"
