"""Reads and saves the organisation: teams, agents, queues, their names in other systems, opening hours, promises.

In: a connection, and the changes that a person has confirmed. Out: the sheets as rows, and the number of the save.
The rule it guards: a save is whole or not at all, it overwrites nothing that somebody else changed meanwhile, and each
changed row is written down as it was and as it is, so that it can be taken back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection

from dashboard.organisation.organisation_rows import (
    SHEETS,
    Change,
    Fault,
    Known,
    OrganisationError,
    Row,
    Sheet,
    crossed_faults,
    row_faults,
)
from sql import audit, warehouse

RECOUNTED = {  # what makes the past count otherwise once it changes
    "queues": ("service_level_threshold_seconds", "short_abandon_seconds", "time_zone_name"),
    "schedules": ("time_zone_name", "is_default"),
    "business_hours": ("weekday_number", "opens_seconds", "closes_seconds"),
    "holidays": ("first_date", "last_date"),
}
_ORDER = {name: place for place, name in enumerate(SHEETS)}
_LONG_AGO = date(1990, 1, 1)
_OF_PERSONS = frozenset(
    {"agents", "agent_keys", "team_members"}
)  # their names stay in one place: the history of the saves
MOST_TOLD = 40


def rows(connection: Connection, sheet_name: str) -> list[Row]:
    """The rows of a sheet as they are now, with what is only shown beside them."""
    return warehouse.frame(connection, f"organisation/{sheet_name}").to_dicts()


def known(connection: Connection) -> Known:
    """What rows may refer to: the teams, sites, timetables, agents and queues that are there."""
    sites = warehouse.frame(connection, "queries/sites")
    return Known(
        teams=frozenset(row["team_name"] for row in rows(connection, "teams")),
        sites=frozenset(sites["site_name"]),
        schedules=frozenset(row["schedule_name"] for row in rows(connection, "schedules")),
        agents={row["agent_id"]: row["agent_name"] for row in rows(connection, "agents")},
        queues={row["queue_id"]: row["queue_name"] for row in rows(connection, "queues")},
    )


def teams_now(connection: Connection) -> dict[int, str]:
    """The team of each agent at present, by the agent's number."""
    found = warehouse.frame(connection, "organisation/teams_now")
    return dict(zip(found["agent_id"], found["team_name"], strict=True))


def key_moves(connection: Connection) -> pl.DataFrame:
    """The newest 50 moves of keys and how far they are; done_at is null while the load has not carried one out."""
    return warehouse.frame(connection, "organisation/key_moves")


def saves(connection: Connection) -> pl.DataFrame:
    """The newest 50 saves: who changed how much in which sheets, and whether it was taken back."""
    return warehouse.frame(connection, "organisation/saves")


def has_open_recount(connection: Connection) -> bool:
    """Whether the past is still to be counted anew after a change."""
    return warehouse.frame(connection, "organisation/recounts_open").height > 0


def save(
    connection: Connection,
    changes: Sequence[Change],
    *,
    viewer_name: str,
    now: datetime,
    undoes_number: int | None = None,
) -> int:
    """Saves the changes together, in the connection's transaction; the number of the save.

    Raises OrganisationError, and the transaction must then end without a commit: when a row is no longer what it was, or
    when the organisation as a whole would break a rule.
    """
    if not changes:
        raise OrganisationError("There is nothing to save: no row differs from what is stored.")
    warehouse.one_row(connection, "organisation/lock")
    wanted = list(changes) if undoes_number is not None else promises_kept(changes, now=now)
    number = int(warehouse.one_row(connection, "organisation/save_number")[0])
    _refuse_cells(wanted, known(connection))
    _refuse_broken(connection, wanted)
    _refuse_homeless(connection, wanted)
    done = _apply_all(connection, wanted if undoes_number is not None else in_order(wanted), now=now)
    for change in done:
        warehouse.execute(
            connection,
            "organisation/changes_add",
            saved_at=now,
            save_number=number,
            undoes_number=undoes_number,
            viewer_name=viewer_name,
            sheet_name=change.sheet_name,
            action_name=change.action,
            before_text=_as_text(change.before),
            after_text=_as_text(change.after),
        )
    _follow_up(connection, done, now=now)
    told = {
        "save_number": number,
        "undoes_number": undoes_number,
        "rows": [_told(change) for change in done[:MOST_TOLD]],
    }
    whose = {
        row["agent_id"]
        for change in done
        for row in (change.before, change.after)
        if row and row.get("agent_id")
    }
    audit.note(
        connection,
        what_name="organisation.saved",
        of_name=f"save {number}",
        told={**told, "changed_rows": len(done), "agent_ids": sorted(whose)},
    )
    return number


def _told(change: Change) -> dict[str, Any]:
    """What of a changed row goes into the trail: numbers and promises; of whoever has a name, that there was a change."""
    found: dict[str, Any] = {"sheet": change.sheet_name, "did": change.action}
    if change.sheet_name in _OF_PERSONS:
        return found
    named = next(
        (
            str(row[name])
            for row in (change.after, change.before)
            if row
            for name in _NAMED_BY
            if row.get(name)
        ),
        "",
    )
    return found | {"row": named} | audit.differences(change.before or {}, change.after or {})


def in_order(changes: Iterable[Change]) -> list[Change]:
    """The changes so that nothing refers to what is not there yet: taken away from the last sheet on, then added."""
    return sorted(
        changes,
        key=lambda change: (
            (0, -_ORDER[change.sheet_name]) if change.action == "remove" else (1, _ORDER[change.sheet_name]),
            change.action == "add",  # what gives way comes before what takes its place
        ),
    )


def promises_kept(changes: Iterable[Change], *, now: datetime) -> list[Change]:
    """The changes with every promise that was given already ended instead of changed, and a new one begun.

    Tickets keep the promise under which they came; one that has ended stays as it is.
    """
    found: list[Change] = []
    for change in changes:
        if (
            change.sheet_name != "ticket_policies"
            or change.before is None
            or change.before["valid_from_at"] >= now
        ):
            found.append(change)
            continue
        if change.before["valid_until_at"] is not None and change.before["valid_until_at"] <= now:
            raise OrganisationError(
                f'The promise "{change.before["policy_name"]}" has ended and belongs to the past, expected one that is '
                "in force; add a new one instead."
            )
        ended = {**change.before, "valid_until_at": now}
        found.append(Change("ticket_policies", "change", change.before, ended))
        if change.after is not None:
            begun = {**change.after, "policy_id": None, "valid_from_at": now}
            found.append(Change("ticket_policies", "add", None, begun))
    return found


def _apply(connection: Connection, change: Change, *, now: datetime) -> Change:
    """Carries one change out; gives it as it was done (with the number that a new row got)."""
    sheet = SHEETS[change.sheet_name]
    if change.before is not None and change.after is not None and change.before == change.after:
        return change
    params: Row = {
        **(sheet.values(change.after) if change.after is not None else {}),
        **{f"was_{name}": value for name, value in (change.before or {}).items()},
    }
    if sheet.name.endswith("_keys") and change.action == "change":
        params["asked_at"] = now
    statement = f"organisation/{sheet.name}_{change.action}"
    if change.action == "add" and sheet.id_column:
        frame = warehouse.frame(connection, statement, **params)
        if frame.height == 1:
            return Change(sheet.name, "add", None, {**params, sheet.id_column: frame.row(0)[0]})
        done = 0
    else:
        done = warehouse.execute(connection, statement, **params)
    if done != 1:
        raise OrganisationError(_conflict(sheet, change))
    return change


def _conflict(sheet: Sheet, change: Change) -> str:
    row = change.before or change.after or {}
    named = next((str(row[name]) for name in _NAMED_BY if row.get(name)), "a row")
    if change.action == "add":
        return f'"{named}" ({sheet.name}) is there already. Nothing was saved; load the page again and look at it.'
    return (
        f'"{named}" ({sheet.name}) was changed or taken away by somebody else meanwhile. Nothing was saved, so nothing '
        "of theirs is lost; load it again and repeat your change."
    )


_NAMED_BY = (
    "agent_name", "queue_name", "source_key", "team_name", "holiday_name", "policy_name", "schedule_name",
)  # fmt: skip


def _refuse_cells(changes: Sequence[Change], there: Known) -> None:
    """What stands in the cells that change, before the warehouse sees it."""
    brought = with_new(there, ((change.sheet_name, change.after) for change in changes if change.after))
    for change in changes:
        if change.after is not None:
            sheet = SHEETS[change.sheet_name]
            for fault in row_faults(sheet, "the changed row", change.after, brought, before=change.before):
                raise OrganisationError(_broken(sheet.name, fault))


def _refuse_broken(connection: Connection, changes: Sequence[Change]) -> None:
    """The rules between rows over what will be there: two people may save what only together is wrong."""
    for name in dict.fromkeys(change.sheet_name for change in changes):
        sheet, own = SHEETS[name], [change for change in changes if change.sheet_name == name]
        gone = {sheet.key_of(change.before) for change in own if change.before is not None}
        placed = [
            (f"row {place}", row)
            for place, row in enumerate(rows(connection, name), start=1)
            if sheet.key_of(row) not in gone
        ]
        placed += [("the changed row", change.after) for change in own if change.after is not None]
        for fault in crossed_faults(sheet, placed):
            raise OrganisationError(_broken(name, fault))


def _refuse_homeless(connection: Connection, changes: Sequence[Change]) -> None:
    """A timetable that a queue still keeps is not taken away: nobody would know any more when the queue is open."""
    gone = {
        c.before["schedule_name"]
        for c in changes
        if c.sheet_name == "schedules" and c.action == "remove" and c.before
    }
    if not gone:
        return
    queues = {row["queue_id"]: row for row in rows(connection, "queues")}
    queues |= {c.after["queue_id"]: c.after for c in changes if c.sheet_name == "queues" and c.after}
    for row in queues.values():
        if row["schedule_name"] in gone:
            raise OrganisationError(
                f'The timetable "{row["schedule_name"]}" is that of the queue "{row["queue_name"]}", expected one that no '
                "queue keeps; give the queue another one first. Nothing was saved."
            )


def _apply_all(connection: Connection, changes: Sequence[Change], *, now: datetime) -> list[Change]:
    """Carries the changes out in their order; today's teams follow the memberships before anything else does."""
    done: list[Change] = []
    touched: set[int] = set()
    for change in changes:
        if touched and change.sheet_name != "team_members":
            _follow_teams(connection, touched, now=now)
            touched = set()
        done.append(_apply(connection, change, now=now))
        if change.sheet_name == "team_members":
            touched |= {row["agent_id"] for row in (change.before, change.after) if row}
    if touched:
        _follow_teams(connection, touched, now=now)
    return done


def _follow_teams(connection: Connection, agent_ids: set[int], *, now: datetime) -> None:
    warehouse.execute(connection, "organisation/teams_today", as_of=now)
    warehouse.execute(connection, "organisation/teams_undated_gone", agent_ids=sorted(agent_ids))


def _broken(sheet_name: str, fault: Fault) -> str:
    return f"{sheet_name}, {fault.place_text}, {fault.column_name}: {fault.sentence} Nothing was saved."


def with_new(there: Known, brought: Iterable[tuple[str, Row]]) -> Known:
    """What may be referred to, with what these rows (sheet, row) bring themselves."""
    found: dict[str, set[str]] = {"teams": set(), "schedules": set()}
    for sheet_name, row in brought:
        if sheet_name in found and (name := row.get(f"{sheet_name[:-1]}_name")):
            found[sheet_name].add(name)
    return replace(there, teams=there.teams | found["teams"], schedules=there.schedules | found["schedules"])


def _follow_up(connection: Connection, done: Sequence[Change], *, now: datetime) -> None:
    """Asks for a recount where the past counts otherwise now."""
    reasons = sorted({change.sheet_name for change in done if _counts_otherwise(change)})
    if reasons:
        warehouse.execute(
            connection, "organisation/recounts_add", asked_at=now, reason_text=", ".join(reasons)
        )


def _counts_otherwise(change: Change) -> bool:
    columns = RECOUNTED.get(change.sheet_name, ())
    before, after = change.before or {}, change.after or {}
    return any(before.get(name) != after.get(name) for name in columns)


def undo(connection: Connection, save_number: int, *, viewer_name: str, now: datetime) -> int:
    """Takes a save back, as a save of its own; OrganisationError where later changes stand in the way."""
    found = warehouse.frame(connection, "organisation/changes_of_save", save_number=save_number)
    if found.is_empty():
        raise OrganisationError(f"There is no save with the number {save_number}; expected one of the list.")
    if found[0, "is_undone"]:
        raise OrganisationError(
            f"Save {save_number} has been taken back already; there is nothing left to do."
        )
    inverse = [
        Change(
            row["sheet_name"],
            _INVERSE[row["action_name"]],
            _from_text(row, "after"),
            _from_text(row, "before"),
        )
        for row in reversed(found.to_dicts())
    ]
    return save(connection, inverse, viewer_name=viewer_name, now=now, undoes_number=save_number)


_INVERSE: dict[str, Any] = {"add": "remove", "change": "change", "remove": "add"}


def _as_text(row: Row | None) -> str | None:
    if row is None:
        return None
    plain = {
        k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()
    }  # an instant is a date too
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def _from_text(row: Row, when: str) -> Row | None:
    text = row[f"{when}_text"]
    if text is None:
        return None
    found = SHEETS[row["sheet_name"]].values(json.loads(text))  # a column that came later was empty then
    for column in SHEETS[row["sheet_name"]].columns:
        value = found.get(column.name)
        if value is not None and column.kind == "instant":
            found[column.name] = datetime.fromisoformat(value).astimezone(UTC)
        elif value is not None and column.kind == "date":
            found[column.name] = date.fromisoformat(value)
    return found


def given_away(connection: Connection, kind: str, gifts: Sequence[tuple[str, str, int]]) -> list[Change]:
    """The changes that give keys (source_name, source_key) of agents or queues to others, by their numbers.

    Whoever keeps no key after that is set inactive. Raises OrganisationError for what is not there, or gives nothing.
    """
    keys = {(row["source_name"], row["source_key"]): row for row in rows(connection, f"{kind}_keys")}
    people = {row[f"{kind}_id"]: row for row in rows(connection, f"{kind}s")}
    sheet, owner = SHEETS[f"{kind}_keys"], f"{kind}_id"
    changes: list[Change] = []
    for source_name, source_key, to_id in gifts:
        row = keys.get((source_name, source_key))
        if row is None or to_id not in people:
            raise OrganisationError(
                f'The key "{source_key}" of {source_name} or its new {kind} is gone; load the page again.'
            )
        if row[owner] == to_id:
            raise OrganisationError(
                f'The key "{source_key}" of {source_name} belongs to that {kind} already; choose another.'
            )
        before = sheet.values(row)
        changes.append(Change(sheet.name, "change", before, {**before, owner: to_id}))
    given = {(c.after["source_name"], c.after["source_key"]): c.after[owner] for c in changes if c.after}
    left = {given.get(key, row[owner]) for key, row in keys.items()}
    for from_id in dict.fromkeys(c.before[owner] for c in changes if c.before):
        person = SHEETS[f"{kind}s"].values(people[from_id])
        if from_id not in left and person["is_active"]:
            changes.append(Change(f"{kind}s", "change", person, {**person, "is_active": False}))
    return changes


def team_changes(
    connection: Connection, wishes: Sequence[tuple[int, str | None]], *, from_date: date
) -> tuple[list[Change], list[Change]]:
    """The changes of memberships that put agents into teams (None: into none) from a local day on.

    First those that date the team an agent has had without a date (to be saved before the others), then the wish itself:
    the membership that lasts ends that day, and a new one begins.
    """
    undated = {r["agent_id"]: r["team_name"] for r in rows(connection, "teams_undated")}
    sheet = SHEETS["team_members"]
    members = [sheet.values(row) for row in rows(connection, "team_members")]
    first: list[Change] = []
    wanted: list[Change] = []
    for agent_id, team_name in wishes:
        own = [row for row in members if row["agent_id"] == agent_id]
        if not own and agent_id in undated:
            dated = {
                "agent_id": agent_id,
                "team_name": undated[agent_id],
                "started_date": _LONG_AGO,
                "ended_date": None,
            }
            first.append(Change(sheet.name, "add", None, dated))
            own = [dated]
        later = [row for row in own if row["started_date"] >= from_date]
        wanted += [Change(sheet.name, "remove", row, None) for row in later]
        current = [
            r
            for r in own
            if r["started_date"] < from_date and (r["ended_date"] is None or r["ended_date"] > from_date)
        ]
        if current and current[0]["team_name"] == team_name and not later:
            continue
        wanted += [Change(sheet.name, "change", row, {**row, "ended_date": from_date}) for row in current]
        if team_name is not None:
            row = {
                "agent_id": agent_id,
                "team_name": team_name,
                "started_date": from_date,
                "ended_date": None,
            }
            wanted.append(Change(sheet.name, "add", None, row))
    return first, wanted
