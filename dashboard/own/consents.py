"""Whether a person's name may stand on a board: given by that person alone, taken back at any time.

In: the person, the kind of board. Out: a consent that begins or ends.
The rule it guards: without a consent there is no name; nobody gives it for somebody else; its history stays.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from dashboard.access import Viewer
from dashboard.words import t
from sql import audit, warehouse

BOARDS = ("wall", "leaderboard", "team_board")


class ConsentError(ValueError):
    """The consent cannot be given or withdrawn so; the message says by whom it can."""


def give(connection: sa.Connection, *, viewer: Viewer, agent_id: int, board_name: str, at: datetime) -> bool:
    """Allows the viewer's own name on that kind of board; whether that is new. Raises ConsentError for another's."""
    if viewer.agent_id is None or viewer.agent_id != agent_id:
        raise ConsentError(t("Only the person can allow this, signed in with an account of their own."))
    return _kept(connection, "given", agent_id, board_name, at=at)


def withdraw(
    connection: sa.Connection, *, viewer: Viewer, agent_id: int, board_name: str, at: datetime
) -> bool:
    """Takes it back, by the person or an administrator for them; whether there was one. Raises ConsentError."""
    is_by_person = viewer.agent_id == agent_id
    if not is_by_person and not viewer.is_administrator:
        raise ConsentError(t("Only the person, or an administrator for them, can take this back."))
    return _kept(connection, "withdrawn", agent_id, board_name, at=at, is_by_person=is_by_person)


def _kept(connection: sa.Connection, act_name: str, agent_id: int, board_name: str, **told: object) -> bool:
    if board_name not in BOARDS:
        known = ", ".join(BOARDS)
        raise ConsentError(
            t("There is no board '{board}'; expected one of {boards}.", board=board_name, boards=known)
        )
    statement = f"consents/consent_{act_name}"
    is_new = warehouse.execute(connection, statement, agent_id=agent_id, board_name=board_name, **told) == 1
    if is_new:
        of_name, about = f"agent {agent_id}", {"board_name": board_name}
        audit.note(connection, what_name=f"consent.{act_name}", of_name=of_name, told=about)
    return is_new
