"""Saves goals: made, amended, closed and taken back, each with who did it and what the goal was from then on.

In: a connection, a goal, who saves it. Out: rows of warehouse.goals and of its history, in one transaction.
The rule it guards: nobody overwrites what somebody else has changed meanwhile, and every version can be brought back.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.goals.goal_path import Goal, GoalError
from sql import audit
from sql.warehouse import execute, frame, one_row

_MEASURED = ("metric_name", "scope_kind_name", "scope_key", "window_days", "started_date")
"""What of a goal decides what its days measure."""


def make_goal(connection: Connection, *, goal: Goal, viewer_name: str, at: datetime) -> int:
    """Makes a goal; its number."""
    values = {key: value for key, value in asdict(goal).items() if key != "closed_at"}
    (goal_id,) = one_row(connection, "goals/make", **values, at=at)
    _note(connection, goal_id, 1, goal, "made", "", viewer_name, at)
    audit.note(
        connection,
        what_name="goal.saved",
        of_name=f"goal {goal_id}",
        told={"did": "made", "after": asdict(goal)},
    )
    return int(goal_id)


def amend_goal(
    connection: Connection,
    *,
    goal_id: int,
    version_number: int,
    goal: Goal,
    before: Goal,
    reason_text: str,
    viewer_name: str,
    at: datetime,
    action_name: str = "amended",
) -> None:
    """Gives the goal other values. GoalError where it is not in this version any more."""
    values = asdict(goal)
    if not execute(connection, "goals/amend", **values, goal_id=goal_id, version_number=version_number):
        raise GoalError(
            "Somebody has changed this goal meanwhile, so nothing was saved; expected it as you saw it. Look at it again."
        )
    if all(getattr(goal, name) == getattr(before, name) for name in _MEASURED):
        execute(connection, "goals/days_carry", goal_id=goal_id, version_number=version_number)
    _note(connection, goal_id, version_number + 1, goal, action_name, reason_text, viewer_name, at)
    told = {"did": action_name, **audit.differences(asdict(before), values)}
    audit.note(connection, what_name="goal.saved", of_name=f"goal {goal_id}", told=told)


def close_goal(
    connection: Connection,
    *,
    goal_id: int,
    version_number: int,
    goal: Goal,
    reason_text: str,
    viewer_name: str,
    at: datetime,
) -> None:
    """Closes the goal, or opens it again where it is closed. GoalError as for amending."""
    is_open = goal.closed_at is None
    amend_goal(
        connection,
        goal_id=goal_id,
        version_number=version_number,
        goal=replace(goal, closed_at=at if is_open else None),
        before=goal,
        reason_text=reason_text,
        viewer_name=viewer_name,
        at=at,
        action_name="closed" if is_open else "opened again",
    )


def undo_goal(
    connection: Connection, *, goal_id: int, version_number: int, goal: Goal, viewer_name: str, at: datetime
) -> None:
    """Brings back what the goal was before its last save. GoalError where there is nothing to take back."""
    if version_number < 2:
        raise GoalError("This goal has only been made, so there is nothing to take back; close it instead.")
    amend_goal(
        connection,
        goal_id=goal_id,
        version_number=version_number,
        goal=saved(connection, goal_id=goal_id, version_number=version_number - 1),
        before=goal,
        reason_text="",
        viewer_name=viewer_name,
        at=at,
        action_name="taken back",
    )


def saved(connection: Connection, *, goal_id: int, version_number: int) -> Goal:
    """The goal as it was in a version. GoalError where that is not known."""
    found = frame(connection, "goals/save_of", goal_id=goal_id, version_number=version_number)
    if found.is_empty():
        raise GoalError(f"Version {version_number} of this goal is not known; look at its history.")
    return goal_of(json.loads(found[0, "values_text"]))


def goal_of(row: dict[str, Any]) -> Goal:
    """The goal that a row of the question `goals`, or the history, tells."""
    values = {field.name: row[field.name] for field in fields(Goal)}
    for name, value in values.items():
        if isinstance(value, str) and name.endswith("_date"):
            values[name] = date.fromisoformat(value)
    if isinstance(values["closed_at"], str):
        values["closed_at"] = datetime.fromisoformat(values["closed_at"])
    return Goal(**values)


def _note(
    connection: Connection,
    goal_id: int,
    version_number: int,
    goal: Goal,
    action_name: str,
    reason_text: str,
    viewer_name: str,
    at: datetime,
) -> None:
    execute(
        connection,
        "goals/save_add",
        goal_id=goal_id,
        version_number=version_number,
        at=at,
        viewer_name=viewer_name,
        action_name=action_name,
        reason_text=reason_text,
        values_text=json.dumps(
            {
                key: value.isoformat() if isinstance(value, date) else value
                for key, value in asdict(goal).items()
            }
        ),
    )
