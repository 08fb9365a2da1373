"""Keeps contests: drafted, announced, joined, finalised by a person, cancelled; who is disqualified reads why.

In: a connection in which something is changed, the contest, who acts. Out: rows of game.contests and what belongs to them,
the prizes in the ledger, one line of the trail for each.
The rule it guards: no step that `social_states` does not have; nobody decides on a contest that they take part in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.access import Viewer
from dashboard.game import social_entries
from dashboard.game.contest_standing import Part, Stand, Tier, standings, terms_of
from dashboard.game.social_states import SocialError, step
from dashboard.words import t
from sql import audit, warehouse

MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Draft:
    """A contest as somebody writes it; rule_name or above_name says what is counted."""

    contest_name: str
    kind_name: str
    first_date: date
    last_date: date
    about_text: str = ""
    team_id: int | None = None
    rule_name: str | None = None
    above_name: str | None = None
    below_name: str | None = None
    is_less_better: bool = False
    minimum_count: int = 0
    minimum_hours: int = 0
    minimum_agents: int = 3
    minimum_qualified_agents: int = 2
    tie_name: str = "share"
    is_anonymous: bool = False
    is_prorated: bool = True
    account_name: str = "coins"


def draft(
    connection: Connection,
    *,
    draft: Draft,
    tiers: list[tuple[str, int, int, str]],
    viewer: Viewer,
    at: datetime,
) -> int:
    """Drafts a contest with its tiers (name, last place, prize, words); its number. SocialError where it cannot be one."""
    _refuse(draft, tiers)
    (contest_id,) = warehouse.one_row(connection, "game/social/contest_new", **asdict(draft))
    for tier_name, last_position, prize_points, prize_text in tiers:
        warehouse.execute(
            connection,
            "game/social/contest_tier_new",
            contest_id=contest_id,
            tier_name=tier_name,
            last_position=last_position,
            prize_points=prize_points,
            prize_text=prize_text,
        )
    warehouse.execute(
        connection,
        "game/social/contest_drafted",
        contest_id=contest_id,
        at=at,
        actor_name=viewer.viewer_name,
    )
    told = {"did": "drafted", "after": {**asdict(draft), "tiers": tiers}}
    audit.note(connection, what_name="game.contest", of_name=f"contest {contest_id}", told=told)
    return int(contest_id)


def _refuse(one: Draft, tiers: list[tuple[str, int, int, str]]) -> None:
    if not one.contest_name.strip():
        raise SocialError(t("The contest has no name; give it one that says what it is about."))
    if one.last_date < one.first_date or (one.last_date - one.first_date).days > MOST_DAYS:
        raise SocialError(t("A contest ends on its first day or later, and within a year."))
    if one.kind_name == "same_day" and one.last_date != one.first_date:
        raise SocialError(t("A challenge of one day begins and ends on the same day."))
    if (one.rule_name is None) == (one.above_name is None):
        raise SocialError(t("Choose what is counted: the points of a rule, or one figure."))
    places = [tier[1] for tier in tiers]
    if not tiers or places != sorted(set(places)):
        raise SocialError(
            t(
                "Gold, silver and bronze each go further down than the one before, from place 1; expected at least one tier."
            )
        )


def _of(connection: Connection, contest_id: int, at: datetime) -> dict[str, Any]:
    found = social_entries.one(connection, "contest_of", contest_id=contest_id, at=at)
    if found is None:
        raise SocialError(t("There is no such contest any more. Reload the page."))
    return found


def _move(
    connection: Connection,
    contest_id: int,
    step_name: str,
    *,
    viewer: Viewer,
    at: datetime,
    note_text: str = "",
) -> dict[str, Any]:
    """Takes one step; the contest as it was before. The line of the trail is written with it."""
    row = _of(connection, contest_id, at)
    taken = step("contests", step_name, row["state_name"], by_name=viewer.role_name, note_text=note_text)
    warehouse.execute(
        connection,
        "game/social/contest_move",
        contest_id=contest_id,
        from_name=taken.from_name,
        to_name=taken.to_name,
        at=at,
        actor_name=viewer.viewer_name,
        note_text=note_text.strip(),
    )
    audit.note(
        connection,
        what_name="game.contest",
        of_name=f"contest {contest_id}",
        told={
            "did": step_name,
            "before": {"state": taken.from_name},
            "after": {"state": taken.to_name},
            "note": note_text,
        },
    )
    return row


def announce(connection: Connection, *, contest_id: int, viewer: Viewer, at: datetime) -> None:
    """Shows a draft to everybody who may join; from now on its terms stand. SocialError where its days are over."""
    row = _move(connection, contest_id, "announce", viewer=viewer, at=at)
    if row["ends_at"] <= at:
        raise SocialError(t("Its last day is over, so nobody could join. Draft it again with days to come."))


def cancel(connection: Connection, *, contest_id: int, note_text: str, viewer: Viewer, at: datetime) -> None:
    """Ends a contest without places or prizes; whoever joined is told why."""
    _move(connection, contest_id, "cancel", viewer=viewer, at=at, note_text=note_text)
    for agent_id in _parts(connection, contest_id):
        social_entries.tell(
            connection,
            moment_key=f"contest|{contest_id}|{agent_id}|cancelled",
            agent_id=agent_id,
            kind_name="contest",
            name_text=t("Cancelled: {why}", why=note_text.strip()),
            at=at,
        )


def join(connection: Connection, *, agent_id: int, contest_id: int, viewer: Viewer, at: datetime) -> None:
    """Lets the viewer take part; nobody joins for somebody else."""
    if viewer.agent_id != agent_id:
        raise SocialError(t("Only the person can join, signed in with an account of their own."))
    if not warehouse.execute(
        connection, "game/social/contest_join", contest_id=contest_id, agent_id=agent_id, at=at
    ):
        raise SocialError(
            t(
                "This contest cannot be joined now: it is over, it is for another team, or you were taken out of it."
            )
        )
    audit.note(
        connection,
        what_name="game.contest_part",
        of_name=f"agent {agent_id}",
        told={"did": "joined", "contest": contest_id},
    )


def leave(connection: Connection, *, agent_id: int, contest_id: int, viewer: Viewer, at: datetime) -> None:
    """Takes the viewer out again, while its places are not being decided."""
    if viewer.agent_id != agent_id:
        raise SocialError(t("Only the person can leave, signed in with an account of their own."))
    if not warehouse.execute(
        connection, "game/social/contest_leave", contest_id=contest_id, agent_id=agent_id, at=at
    ):
        raise SocialError(t("You take no part in this contest, or its places are being decided."))
    audit.note(
        connection,
        what_name="game.contest_part",
        of_name=f"agent {agent_id}",
        told={"did": "left", "contest": contest_id},
    )


def disqualify(
    connection: Connection, *, agent_id: int, contest_id: int, note_text: str, viewer: Viewer, at: datetime
) -> None:
    """Takes somebody out of the places; they are told why. An empty note takes them in again."""
    note = note_text.strip() or None
    if not warehouse.execute(
        connection,
        "game/social/contest_disqualify",
        contest_id=contest_id,
        agent_id=agent_id,
        note_text=note,
        at=at,
    ):
        raise SocialError(
            t("Nobody was taken out: they take no part, or the contest is not under way. Reload the page.")
        )
    did = "disqualified" if note else "taken in again"
    audit.note(
        connection,
        what_name="game.contest_part",
        of_name=f"agent {agent_id}",
        told={"did": did, "contest": contest_id, "note": note or "", "by": viewer.role_name},
    )
    social_entries.tell(
        connection,
        moment_key=f"contest|{contest_id}|{agent_id}|{did}|{at.isoformat()}",
        agent_id=agent_id,
        kind_name="contest",
        name_text=t("Out of the places: {why}", why=note) if note else t("Back among the places"),
        at=at,
    )


def finalise(connection: Connection, *, contest_id: int, viewer: Viewer, at: datetime) -> int:
    """Decides the places and pays the prizes into the ledger; how many prizes. SocialError before the facts are settled."""
    row = _of(connection, contest_id, at)
    if row["state_name"] == "pending" and at < row["settles_at"]:
        raise SocialError(
            t(
                "Late facts may still come in; it can be finalised from {instant} (UTC) on.",
                instant=f"{row['settles_at']:%d %b, %H:%M}",
            )
        )
    parts = _parts(connection, contest_id)
    if viewer.agent_id in parts:
        raise SocialError(t("You take part in this contest, so somebody else has to finalise it."))
    tiers = _tiers(connection, contest_id)
    stands = standings(terms_of(row), list(parts.values()), tiers)
    _move(connection, contest_id, "finalise", viewer=viewer, at=at)
    prizes = {tier.tier_name: tier.prize_points for tier in tiers}
    run_id = social_entries.begun(
        connection,
        kind_name="contest",
        at=at,
        actor_name=viewer.viewer_name,
        note_text=f"contest {contest_id}",
    )
    paid = sum(
        _result(connection, run_id, row, stand, prizes.get(stand.tier_name or "", 0), viewer, at)
        for stand in stands
    )
    social_entries.ended(connection, run_id, at=at, added=paid)
    return paid


def _result(
    connection: Connection,
    run_id: int,
    row: dict[str, Any],
    stand: Stand,
    prize_points: int,
    viewer: Viewer,
    at: datetime,
) -> int:
    """Keeps one place with its prize; 1 where there was one."""
    agent_id, entry_id = int(stand.key), None
    if stand.tier_name and prize_points:
        entry_id = social_entries.book(
            connection,
            run_id,
            entry_key=f"contest|{row['contest_id']}|{agent_id}",
            sequence_number=1,
            agent_id=agent_id,
            account_name=row["account_name"],
            entry_points=prize_points,
            kind_name="prize",
            tier_name=stand.tier_name,
            effective_date=row["site_date"],
            reason_text=t("Place {place} of “{contest}”.", place=stand.place, contest=row["contest_name"]),
            actor_name=viewer.viewer_name,
            workings={"value": stand.value, "n": stand.n, "place": stand.place},
        )
    warehouse.execute(
        connection,
        "game/social/contest_result",
        contest_id=row["contest_id"],
        agent_id=agent_id,
        place_number=stand.place,
        result_value=stand.value,
        tier_name=stand.tier_name if stand.place else None,
        entry_id=entry_id,
    )
    if stand.place:
        social_entries.tell(
            connection,
            moment_key=f"contest|{row['contest_id']}|{agent_id}|place",
            agent_id=agent_id,
            kind_name="contest",
            name_text=row["contest_name"],
            tier_name=stand.tier_name,
            entry_id=entry_id,
            at=at,
        )
    return 1 if entry_id else 0


def _parts(connection: Connection, contest_id: int) -> dict[int, Part]:
    rows = social_entries.rows(connection, "contest_sums", contest_id=contest_id)
    return {
        row["agent_id"]: Part(
            key=str(row["agent_id"]),
            team_id=row["team_id"],
            above_value=row["above_value"],
            below_value=row["below_value"],
            exposure_seconds=row["exposure_seconds"],
            n=row["counted_count"],
            is_disqualified=row["is_disqualified"],
            baseline_above_value=row["baseline_above_value"],
            baseline_below_value=row["baseline_below_value"],
            baseline_exposure_seconds=row["baseline_exposure_seconds"],
        )
        for row in rows
    }


def _tiers(connection: Connection, contest_id: int) -> list[Tier]:
    rows = social_entries.rows(connection, "contest_tiers_of", contest_id=contest_id)
    return [Tier(row["tier_name"], row["last_position"], row["prize_points"]) for row in rows]
