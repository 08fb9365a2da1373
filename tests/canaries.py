"""A floor of fifty agents in eight teams, each with a name that is found nowhere else, and an account of every role.

In: a migrated database. Out: rows of every kind about every agent, all of which carry the agent's canary; and who sees whom.
The rule it guards: whatever reaches somebody can be searched for whom it tells of.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dashboard.quality.review_book import Answers, Note, save_form, save_note, save_review
from dashboard.quality.review_score import Question
from sql import rights, warehouse
from tests.db.test_records import NOW, Row, tell

ROOT = Path(__file__).parents[1]
AGENTS = 50
OWN, SAME_TEAM, OTHER_TEAM = 1, 2, 20  # the agent who looks, a colleague, and somebody of another team
TEAM_SIZES = (7, 7, 7, 7, 7, 7, 6, 2)  # the last one is too small to be told as a whole
WRITTEN_OF = (1, 2, 3, 20, 21, 36, 49, 50)  # of whom reviews and coaching notes are written
CALLS_EACH = 2
GIVEN_UP = 4
SAID = "told-by"
QUESTIONS = [Question(1, "Talk", "Was it friendly?", "scale_5", 1, False, False)]


@dataclass(frozen=True)
class Account:
    """Who signs in: the role, the agent they are, and the teams they answer for."""

    role_name: str
    agent_number: int | None = None
    team_numbers: tuple[int, ...] = ()
    state: str = "signed in"

    def sees(self) -> frozenset[int]:
        """The numbers of the agents whose canaries may reach this account."""
        if self.state != "signed in":
            return frozenset()
        if self.role_name in ("manager", "administrator"):
            return frozenset(range(1, AGENTS + 1))
        if self.role_name == "agent":
            return frozenset({self.agent_number or 0})
        return frozenset(number for number in range(1, AGENTS + 1) if team_of(number) in self.team_numbers)


ACCOUNTS = {
    "aino": Account("agent", OWN),
    "sam": Account("supervisor", None, (1,)),
    "tess": Account("supervisor", None, (2, 8)),
    "new": Account("supervisor"),
    "mara": Account("manager"),
    "eve": Account("executive"),
    "ada": Account("administrator"),
    "wall": Account("wall"),
    "gone": Account("manager", state="revoked"),
    "late": Account("manager", state="expired"),
    "left": Account("manager", state="inactive"),
}


def canary(number: int) -> str:
    """What stands in every row that tells of this agent."""
    return f"Kanarie{number:02d}xq"


def team_of(number: int) -> int:
    """The number of the agent's team."""
    last = 0
    for team, size in enumerate(TEAM_SIZES, start=1):
        last += size
        if number <= last:
            return team
    raise ValueError(f"There is no agent {number}.")


def at(minutes: float) -> datetime:
    """So many minutes after the present of the floor; negative ones before."""
    return NOW + timedelta(minutes=minutes)


def event(ticket_id: str, minutes: float, event_name: str, **more: Any) -> Row:
    """One change of a ticket."""
    occurred = {
        "ticket_id": ticket_id,
        "occurred_at": at(minutes),
        "event_number": 0,
        "event_name": event_name,
    }
    return occurred | more


def token_of(login_name: str) -> str:
    """What the browser of that account holds."""
    return f"token-of-{login_name}-{'0' * 32}"


def fill(engine: sa.Engine) -> dict[int, int]:
    """Puts the whole floor in; the agent_id of each number."""
    summary = tell(engine, _facts())
    assert summary.rejected_rows == 0  # a row that was refused would prove nothing
    with warehouse.connected(engine, deadline_seconds=300.0) as connection:
        known: dict[str, int] = dict(
            connection.execute(sa.text("select agent_name, agent_id from warehouse.agents")).all()
        )
        ids = {number: int(known[canary(number)]) for number in range(1, AGENTS + 1)}
        _organise(connection, ids)
        _write(connection, ids)
        _sign_in(connection, ids)
    rights.install(engine)
    return ids


def _facts() -> dict[str, list[Row]]:
    """Calls, states, tickets, answers and recordings of each agent, and calls that nobody took."""
    facts: dict[str, list[Row]] = {
        name: []
        for name in ("calls", "agent_states", "ticket_events", "surveys", "recordings", "attempts", "shifts")
    }
    for number in range(1, AGENTS + 1):
        name = canary(number)
        for turn in range(CALLS_EACH):
            begun = -60 * (turn + 1) - number % 7
            facts["calls"].append(_call(f"c-{name}-{turn}", begun, name))
        facts["agent_states"] += [
            {"agent_name": name, "started_at": at(-300), "ended_at": at(-30), "state_name": "available"},
            {"agent_name": name, "started_at": at(-30), "state_name": "paused", "reason_name": f"tea-{name}"},
        ]
        ticket = f"t-{name}"
        facts["ticket_events"] += [
            event(ticket, -200, "created", value_text="new", actor_name="requester"),
            event(ticket, -200, "agent", agent_name=name, actor_name="system", event_number=1),
            event(ticket, -190, "reply", actor_name="agent", agent_name=name),
            event(ticket, -180, "request", actor_name="requester"),
        ]
        facts["surveys"].append(
            {"survey_id": f"s-{name}", "answered_at": at(-20), "call_id": f"c-{name}-0", "csat_score": 1.0,
             "agent_name": name, "comment_text": f"{SAID}-{name}"}
        )  # fmt: skip
        facts["recordings"].append(
            {"recording_id": f"r-{name}", "call_id": f"c-{name}-0", "started_at": at(-60), "agent_name": name,
             "media_name": "voice", "url_text": f"https://recordings.example.com/{name}"}
        )  # fmt: skip
        facts["attempts"].append(
            {"attempt_id": f"a-{name}", "attempted_at": at(-50), "campaign_name": "Spring", "outcome_name": "connected",
             "answered_at": at(-49), "ended_at": at(-48), "agent_name": name, "queue_name": "sales"}
        )  # fmt: skip
        facts["shifts"].append(
            {"shift_id": f"w-{name}", "started_at": at(-300), "ended_at": at(120), "is_planned": True, "agent_name": name}
        )  # fmt: skip
    for number in range(GIVEN_UP):
        facts["calls"].append(_call(f"nobody-{number}", -90 - number, None))
    return facts


def _call(call_id: str, minutes: float, agent_name: str | None) -> Row:
    is_taken = agent_name is not None
    return {
        "call_id": call_id,
        "queue_name": "sales",
        "agent_name": agent_name,
        "offered_at": at(minutes),
        "answered_at": at(minutes + 1) if is_taken else None,
        "ended_at": at(minutes + 5),
        "outcome_name": "answered" if is_taken else "abandoned",
        "wait_seconds": 60,
        "talk_seconds": 240 if is_taken else None,
    }


def _organise(connection: sa.Connection, ids: dict[int, int]) -> None:
    for team, size in enumerate(TEAM_SIZES, start=1):
        connection.execute(
            sa.text(
                "insert into warehouse.teams (team_id, team_name) overriding system value values (:i, :n)"
            ),
            {"i": team, "n": f"Team {team} of {size}"},
        )
    connection.execute(
        sa.text(
            "insert into warehouse.team_members (team_id, agent_id, started_date) values (:team_id, :agent_id, '2020-01-01')"
        ),
        [{"team_id": team_of(number), "agent_id": agent_id} for number, agent_id in ids.items()],
    )


def _write(connection: sa.Connection, ids: dict[int, int]) -> None:
    """What people wrote about each agent: a review, a coaching note; a goal of a team, reports, a kept view."""
    form_id, _ = save_form(
        connection, form_name="Listening", questions=QUESTIONS, viewer_name="ada", now=NOW - timedelta(days=8)
    )
    for number in WRITTEN_OF:
        agent_id, name = ids[number], canary(number)
        given = Answers(
            {1: 4}, {1: f"{SAID}-{name}"}, f"whole-{name}", f"https://recordings.example.com/{name}"
        )
        save_review(
            connection, form_id=form_id, source_name="records", contact_id=f"c-{name}-0", reviewer_name="Rita", given=given,
            viewer_name="ada", now=NOW - timedelta(hours=1),
        )  # fmt: skip
        save_note(
            connection,
            note=Note(agent_id, f"seen-{name}", f"agreed-{name}", date(2026, 3, 20)),
            viewer_name="ada",
            now=NOW - timedelta(hours=1),
        )
    for login_name, address in (("mara", "team=8"), ("mara", ""), ("sam", "team=1")):
        _report(connection, login_name, address)


def _report(connection: sa.Connection, login_name: str, address_text: str) -> None:
    connection.execute(
        sa.text(
            "insert into ops.reports (first_date, last_date, asked_at, made_at, state_name, kind_name, report_name, "
            "address_text, viewer_name, headline_text, content_text, definition_number) values ('2026-03-08', '2026-03-08', "
            ":at, :at, 'made', 'daily', :name, :address_text, :login_name, 'All well', :content_text, 1)"
        ),
        {"at": NOW - timedelta(hours=1), "name": f"Report {address_text} of {login_name}", "address_text": address_text,
         "login_name": login_name, "content_text": f"<p>content-{address_text}-{login_name}</p>"},
    )  # fmt: skip


def _sign_in(connection: sa.Connection, ids: dict[int, int]) -> None:
    for login_name, account in ACCOUNTS.items():
        made: dict[str, Any] = {
            "login_name": login_name,
            "role_name": account.role_name,
            "agent_id": ids[account.agent_number] if account.agent_number else None,
            "is_active": account.state != "inactive",
        }
        account_id = connection.execute(
            sa.text(
                "insert into access.accounts (login_name, role_name, agent_id, is_active) "
                "values (:login_name, :role_name, :agent_id, :is_active) returning account_id"
            ),
            made,
        ).scalar_one()
        for team in account.team_numbers:
            connection.execute(
                sa.text("insert into access.account_teams (account_id, team_id) values (:a, :t)"),
                {"a": account_id, "t": team},
            )
        connection.execute(
            sa.text(
                "insert into access.sessions (token_sha256, account_id, started_at, ends_at, ended_at) values (:hash, :a, "
                "'2026-01-01', case when :state = 'expired' then cast('2026-01-02' as timestamptz) else '2099-01-01' end, "
                "case when :state = 'revoked' then cast('2026-02-01' as timestamptz) end)"
            ),
            {
                "hash": hashlib.sha256(token_of(login_name).encode()).digest(),
                "a": account_id,
                "state": account.state,
            },
        )
