"""The sheets of the organisation, edited in place: a table, what is wrong with it, and what would be saved.

In: what a person types into the table. Out: faults by row and column, or a preview and the button that saves it.
The rule it guards: a row keeps its place, so that no edit ever lands on another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import board
from dashboard.organisation import organisation
from dashboard.organisation import organisation_view as view
from dashboard.organisation.organisation_rows import (
    Change,
    Column,
    Fault,
    Known,
    OrganisationError,
    Row,
    Sheet,
    crossed_faults,
    differences,
    parsed,
    row_faults,
    written,
)
from dashboard.organisation.organisation_save_desk import agent_option, begin_anew, change_block, do, version
from dashboard.ui import choices, desk
from dashboard.ui.moments import Moment
from dashboard.words import UNKNOWN, t, t_count

_TYPES: dict[str, Any] = {
    "text": pl.String, "whole": pl.Int64, "ratio": pl.Float64, "flag": pl.Boolean, "date": pl.Date,
    "instant": pl.Datetime("us", "UTC"), "clock": pl.String,
}  # fmt: skip
_PLACE, _TEAM = "place", "team_name"


def _opened(connection: Connection, *, sheet_name: str) -> tuple[list[Row], Known, dict[int, str]]:
    """The rows as they are now, what they may refer to, and (for agents) the team of today."""
    teams = organisation.teams_now(connection) if sheet_name == "agents" else {}
    return organisation.rows(connection, sheet_name), organisation.known(connection), teams


def edit(at: Moment, sheet: Sheet) -> None:
    """One sheet: search, table, preview, save."""
    opened: tuple[list[Row], Known, dict[int, str]] = desk.kept(
        f"organisation-{sheet.name}",
        lambda: desk.change(at.viewer, "organisation", _opened, sheet_name=sheet.name),
    )
    before, known, teams = opened
    board.show(
        {"kind": "section", "title": view.parts()[sheet.name], "lead": view.lead(sheet.name)}, key="sheet"
    )
    wanted = choices.search(t("Find a row"), key="find", hint=t("Find a row (save or discard first)"))
    places = [n for n, row in enumerate(before) if _holds(row, teams, wanted)]
    frame = _frame(sheet, before, places, known, teams, at.zone_name)
    edited = st.data_editor(
        frame,
        key=f"sheet-{sheet.name}-{version()}-{wanted}",
        hide_index=True,
        num_rows=_row_rule(sheet),
        column_config=_config(sheet, known, teams if sheet.name == "agents" else None),
        disabled=["policy_id", "valid_from_at", "valid_until_at"],
        width="stretch",
        placeholder=UNKNOWN,
    )
    from_date = (
        st.date_input(t("A changed team holds from"), value=at.today, format="DD/MM/YYYY", key="team-from")
        if sheet.name == "agents"
        else at.today
    )
    _preview_sheet(at, sheet, opened, places, edited, from_date=from_date)


def _row_rule(sheet: Sheet) -> Any:
    if sheet.may_add and sheet.may_remove:
        return "dynamic"
    return "add" if sheet.may_add else "fixed"


def _holds(row: Row, teams: dict[int, str], wanted: str) -> bool:
    told = " ".join(str(value) for value in (*row.values(), teams.get(row.get("agent_id", 0), "")) if value)
    return wanted.casefold() in told.casefold()


def _frame(
    sheet: Sheet,
    rows: Sequence[Row],
    places: Sequence[int],
    known: Known,
    teams: dict[int, str],
    zone_name: str,
) -> pl.DataFrame:
    """The rows as the editor holds them: clock times as text, agents by name, each with its place."""
    data: dict[str, Any] = {_PLACE: pl.Series(_PLACE, list(places), dtype=pl.Int64)}
    for column in sheet.columns:
        dtype = pl.String if column.known == "agents" else _TYPES[column.kind]
        values = [_shown(column, rows[n][column.name], known) for n in places]
        data[column.name] = pl.Series(column.name, values, dtype=dtype)
        if column.kind == "instant":
            data[column.name] = data[column.name].dt.convert_time_zone(zone_name)
        if sheet.name == "agents" and column.name == "agent_name":
            data[_TEAM] = pl.Series(_TEAM, [teams.get(rows[n]["agent_id"]) for n in places], dtype=pl.String)
    return pl.DataFrame(data)


def _shown(column: Column, value: Any, known: Known) -> Any:
    if value is None:
        return None
    if column.known == "agents":
        return agent_option(value, known)
    return written(column, value) if column.kind == "clock" else value


def _config(sheet: Sheet, known: Known, teams: dict[int, str] | None) -> dict[str, Any]:
    """How each column is edited: lists where a value comes from a list, bounds where there are some."""
    config: dict[str, Any] = {_PLACE: None}
    for column in sheet.columns:
        config[column.name] = _editor(column, known)
    if teams is not None:
        config[_TEAM] = st.column_config.SelectboxColumn(view.label(_TEAM), options=sorted(known.teams))
    return config


def _editor(column: Column, known: Known) -> Any:
    of = st.column_config
    name = view.label(column.name)
    if column.known == "agents":
        return of.SelectboxColumn(name, options=[agent_option(n, known) for n in known.agents], required=True)
    if column.known in ("teams", "sites", "schedules"):
        return of.SelectboxColumn(name, options=sorted(getattr(known, column.known)))
    if column.choices:
        shown: Callable[[Any], str] = view.weekday if column.name == "weekday_number" else str
        return of.SelectboxColumn(name, options=list(column.choices), format_func=shown)
    if column.kind == "flag":
        return of.CheckboxColumn(name, default=bool(column.default))
    if column.kind == "date":
        return of.DateColumn(name, format="DD/MM/YYYY")
    if column.kind == "instant":
        return of.DatetimeColumn(name, format="DD/MM/YYYY HH:mm")
    if column.kind in ("whole", "ratio"):
        return of.NumberColumn(name, step=1 if column.kind == "whole" else 0.001)
    return of.TextColumn(name)


def _read_back(
    sheet: Sheet, before: Sequence[Row], edited: pl.DataFrame, at: Moment
) -> tuple[list[tuple[int | None, Row]], list[Fault]]:
    """The edited rows with their places, and what cannot be read in them."""
    found: list[tuple[int | None, Row]] = []
    faults: list[Fault] = []
    for line, cells in enumerate(edited.iter_rows(named=True), start=1):
        place = cells[_PLACE]
        row: Row = dict(before[place]) if place is not None else {c.name: c.default for c in sheet.columns}
        for column in sheet.columns:
            if column.kind == "instant":
                row[column.name] = row[column.name] or (at.now if column.name == "valid_from_at" else None)
                continue
            try:
                row[column.name] = _meant(column, cells[column.name], row.get(column.name))
            except OrganisationError as error:
                faults.append(Fault(t("row {n}", n=line), column.name, str(error)))
        found.append((place, row))
    return found, faults


def _meant(column: Column, value: Any, before: Any) -> Any:
    if value is None or (isinstance(value, str) and not value.strip()):
        return column.default if column.kind == "flag" else before if before == value else None
    if column.known == "agents":
        return int(str(value).rpartition(" · ")[2])
    return parsed(column, value) if column.kind == "clock" else value


def _preview_sheet(
    at: Moment, sheet: Sheet, opened: tuple[list[Row], Known, dict[int, str]], places: Sequence[int],
    edited: pl.DataFrame, *, from_date: date,
) -> None:  # fmt: skip
    """What the edit would change, what is wrong with it, and the button that saves it."""
    before, known, teams = opened
    shown = [before[n] for n in places]
    wanted, faults = _read_back(sheet, before, edited, at)
    back = {n: place for place, n in enumerate(places)}
    changes = differences(sheet, shown, [(back.get(p) if p is not None else None, row) for p, row in wanted])
    lines = {id(row): t("row {n}", n=line) for line, (_, row) in enumerate(wanted, start=1)}
    for place, row in wanted:
        was = None if place is None else before[place]
        faults += row_faults(sheet, lines[id(row)], row, known, before=was)
    if changes and not faults:
        rest = [(t("a row not shown"), row) for n, row in enumerate(before) if n not in back]
        faults = crossed_faults(sheet, [*rest, *((lines[id(row)], row) for _, row in wanted)])
    wishes = _team_wishes(sheet, before, edited, teams)
    if faults:
        board.show(
            view.fault_table([(f.place_text, f.column_name, f.sentence) for f in faults]), key="faults"
        )
    elif changes or wishes:
        _offer(at, changes, wishes, from_date=from_date, known=known)


def _team_wishes(
    sheet: Sheet, before: Sequence[Row], edited: pl.DataFrame, teams: dict[int, str]
) -> list[tuple[int, str | None]]:
    if sheet.name != "agents":
        return []
    return [
        (number, cells[_TEAM])
        for cells in edited.iter_rows(named=True)
        if cells[_PLACE] is not None
        if cells[_TEAM] != teams.get(number := before[cells[_PLACE]]["agent_id"])
    ]


def _offer(
    at: Moment,
    changes: list[Change],
    wishes: list[tuple[int, str | None]],
    *,
    from_date: date,
    known: Known,
) -> None:
    """The preview of changes, and the buttons to save or discard them."""
    first, teams = (
        desk.change(at.viewer, "organisation", organisation.team_changes, wishes=wishes, from_date=from_date)
        if wishes
        else ([], [])
    )
    everything = [*first, *changes, *teams]
    board.show(change_block(everything, known, at.zone_name), key="preview")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            t_count("Save {n} change", "Save {n} changes", len(everything)),
            type="primary",
            icon=":material/save:",
        ):
            do(at, _save_both, done=t("Saved."), first=first, changes=[*changes, *teams])
        if st.button(t("Discard"), icon=":material/undo:"):
            begin_anew()
            st.rerun()


def _save_both(connection: Connection, *, first: list[Change], changes: list[Change], **who: Any) -> None:
    """Saves what has to stand before the rest (the date of a team without one), then the rest."""
    if first:
        organisation.save(connection, first, **who)
    if changes:
        organisation.save(connection, changes, **who)
