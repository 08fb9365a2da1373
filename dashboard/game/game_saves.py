"""Keeps what people say and decide in the game: an agent disagrees or answers, a person in charge decides, with their
reasons.

In: a connection that may change, whose entry or hold it is, who acts, what they say. Out: rows of game.disputes,
game.holds and game.moments, and the entry of the ledger that puts another right; a line of the trail for each.
The rule it guards: nobody decides about a row of somebody else than the agent who was named (so that whoever may decide
about that agent was asked), nothing is decided twice, and every decision has words that the agent can read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from dashboard.words import t
from sql import audit
from sql.game_rules.spec import GameError
from sql.warehouse import statement

MOST_LETTERS = 2000
MOST_CORRECTION = 10_000


def say_dispute(
    connection: Connection,
    *,
    agent_id: int,
    reason_text: str,
    at: datetime,
    entry_id: int | None = None,
    hold_id: int | None = None,
) -> int:
    """Keeps that the agent disagrees with one entry or one hold; the number of the dispute. Raises GameError."""
    reason = _said(reason_text)
    told = {
        "agent_id": agent_id,
        "entry_id": entry_id,
        "hold_id": hold_id,
        "reason_text": reason,
        "said_at": at,
    }
    found = _one(connection, "game/dispute_new", **told)
    if found is None:
        raise GameError(
            t(
                "Nothing was kept: this is not yours, is settled, or you have disagreed with it already. Reload the page."
            )
        )
    _note(
        connection,
        "game.said",
        agent_id,
        dispute_id=found["dispute_id"],
        did="dispute",
        entry_id=entry_id,
        hold_id=hold_id,
    )
    return int(found["dispute_id"])


def withdraw_dispute(
    connection: Connection, *, agent_id: int, dispute_id: int, actor_name: str, at: datetime
) -> None:
    """Takes an open dispute of the agent back. Raises GameError where it is decided already, or another's."""
    told = {"agent_id": agent_id, "dispute_id": dispute_id, "actor_name": actor_name, "decided_at": at}
    if _one(connection, "game/dispute_withdraw", **told) is None:
        raise GameError(t("Nothing was taken back: somebody has answered meanwhile. Reload the page."))
    _note(connection, "game.said", agent_id, dispute_id=dispute_id, did="withdrawn")


def answer_hold(
    connection: Connection, *, agent_id: int, hold_id: int, answer_text: str, at: datetime
) -> None:
    """Keeps what the agent says about an award that waits; it may be put better until somebody decides. Raises GameError."""
    told = {"agent_id": agent_id, "hold_id": hold_id, "answer_text": _said(answer_text), "answered_at": at}
    if _one(connection, "game/hold_answer", **told) is None:
        raise GameError(t("Nothing was kept: somebody has decided meanwhile. Reload the page."))
    _note(connection, "game.said", agent_id, hold_id=hold_id, did="answer")


def moments_seen(connection: Connection, *, agent_id: int, moment_ids: Sequence[int], at: datetime) -> int:
    """Notes that the agent's page has shown these moments of theirs; how many were new."""
    told = {"agent_id": agent_id, "moment_ids": list(moment_ids), "seen_at": at}
    return len(_rows(connection, "game/moments_seen", **told))


def decide_hold(
    connection: Connection,
    *,
    agent_id: int,
    hold_id: int,
    is_released: bool,
    note_text: str,
    actor_name: str,
    at: datetime,
) -> None:
    """Releases or refuses a held award of this agent; a refusal needs a note. Raises GameError.

    What is released is posted by the next reconcile; what is refused never is.
    """
    note = _said(note_text) if note_text.strip() or not is_released else ""
    told = {
        "hold_id": hold_id,
        "is_released": is_released,
        "note_text": note,
        "actor_name": actor_name,
        "decided_at": at,
    }
    found = _one(connection, "game/hold_decide", **told)
    _refuse_stranger(found, agent_id)
    did = "released" if is_released else "refused"
    _note(connection, "game.decided", agent_id, hold_id=hold_id, did=did, note=note)


def decide_dispute(
    connection: Connection,
    *,
    agent_id: int,
    dispute_id: int,
    is_accepted: bool,
    answer_text: str,
    actor_name: str,
    at: datetime,
    day_date: date,
    correction_points: int = 0,
) -> int | None:
    """Accepts or declines a dispute of this agent, with an answer; the number of the entry that put it right, if any.

    correction_points: what an accepted one adds to the disputed entry's account (below 0: takes away); day_date: the present
    working day, for which it is where the disputed entry's own day is closed. Raises GameError.
    """
    answer = _said(answer_text)
    about = _one(connection, "game/dispute_about", dispute_id=dispute_id)
    _refuse_stranger(about, agent_id)
    made = None
    if is_accepted and about is not None and correction_points:
        made = _corrected(connection, about, correction_points, answer, actor_name, at, day_date)
    told = {
        "dispute_id": dispute_id,
        "is_accepted": is_accepted,
        "answer_text": answer,
        "made_entry_id": made,
        "actor_name": actor_name,
        "decided_at": at,
    }
    found = _one(connection, "game/dispute_decide", **told)
    _refuse_stranger(found, agent_id)
    did = "accepted" if is_accepted else "declined"
    _note(
        connection, "game.decided", agent_id,
        dispute_id=dispute_id, did=did, note=answer, made_entry_id=made, points=correction_points if made else 0,
    )  # fmt: skip
    return made


def _corrected(
    connection: Connection,
    about: Mapping[str, Any],
    points: int,
    answer: str,
    actor_name: str,
    at: datetime,
    day_date: date,
) -> int:
    """The entry that puts a disputed one right: for its own day while that is open, for the present one afterwards."""
    if about["entry_id"] is None:
        raise GameError(
            t("A hold has no points to correct yet; accept it without any, which releases the award.")
        )
    if abs(points) > MOST_CORRECTION:
        raise GameError(
            t("Found {points} points, expected {most} at most.", points=points, most=MOST_CORRECTION)
        )
    effective = day_date if about["is_closed"] else about["effective_date"]
    run = {"kind_name": "decision", "started_at": at, "first_date": effective, "last_date": effective}
    opened = _one(connection, "game/run_new", **run, actor_name=actor_name, note_text="dispute")
    if opened is None:
        raise GameError(t("The ledger could not be opened; try again in a moment."))
    entry = _one(
        connection,
        "game/entry_new",
        entry_key=f"dispute|{about['dispute_id']}",
        sequence_number=1,
        agent_id=about["agent_id"],
        account_name=about["account_name"],
        entry_points=points,
        kind_name="adjust",
        rule_name=about["rule_name"],
        version_number=about["version_number"],
        tier_name=None,
        effective_date=effective,
        period_text=effective.isoformat() if about["is_closed"] else about["period_text"],
        run_id=opened["run_id"],
        reverses_entry_id=None,
        corrects_entry_id=about["entry_id"],
        is_quiet=False,
        reason_text=answer[:600],
        actor_name=actor_name,
        workings_text=json.dumps({"kind": "correction", "points": points}),
    )
    if entry is None:
        raise GameError(t("This was put right already. Reload the page."))
    ended = {"run_id": opened["run_id"], "ended_at": at, "added_entries": 1, "reversed_entries": 0}
    connection.execute(sa.text(statement("game/run_end")), {**ended, "basis_sha256": None})
    return int(entry["entry_id"])


def _said(text: str) -> str:
    """What a person has written, without the blanks around it. Raises GameError where it is nothing, or too long."""
    plain = text.strip()
    if not 1 <= len(plain) <= MOST_LETTERS:
        raise GameError(
            t(
                "Found {n} letters, expected 1 to {most}: say in a sentence or two what happened.",
                n=len(plain),
                most=MOST_LETTERS,
            )
        )
    return plain


def _refuse_stranger(found: Mapping[str, Any] | None, agent_id: int) -> None:
    """Raises GameError where nothing was found to decide, or it is another agent's than the one who was named."""
    if found is None or found["agent_id"] != agent_id:
        raise GameError(t("Nothing was changed: this was decided before, or is not there. Reload the page."))


def _note(connection: Connection, what_name: str, agent_id: int, **told: object) -> None:
    plain = {key: value for key, value in told.items() if value not in (None, "", 0)}
    audit.note(connection, what_name=what_name, of_name=f"agent {agent_id}", told=plain)


def _rows(connection: Connection, name: str, **values: object) -> list[dict[str, Any]]:
    found = connection.execute(sa.text(statement(name)), values)
    return [dict(row) for row in found.mappings().all()]


def _one(connection: Connection, name: str, **values: object) -> dict[str, Any] | None:
    rows = _rows(connection, name, **values)
    return rows[0] if rows else None
