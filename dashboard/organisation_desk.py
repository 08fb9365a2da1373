"""The desk of the Organisation page: sheets that are edited in place, names that are joined, files, and the way back.

In: what a person types and ticks. Out: a preview of every change, and after a confirmation the save.
The rule it guards: nothing is saved before it has been shown in words, and what was shown is what is saved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

import polars as pl
import streamlit as st
from sqlalchemy import Connection

from dashboard import access, board, organisation, organisation_files, organisation_joins, ui
from dashboard import organisation_view as view
from dashboard.organisation_rows import (
    SHEETS,
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
from dashboard.words import t, t_count
from sql.warehouse import WarehouseError

_TYPES: dict[str, Any] = {
    "text": pl.String, "whole": pl.Int64, "ratio": pl.Float64, "flag": pl.Boolean, "date": pl.Date,
    "instant": pl.Datetime("us", "UTC"), "clock": pl.String,
}  # fmt: skip
_PLACE, _TEAM = "place", "team_name"


def choose() -> None:
    """The choice of the part, in the page's head."""
    ui.choice(t("Part"), view.parts(), key="part")


def waits_for_recount(connection: Connection) -> bool:
    """Whether older figures are still to follow a change."""
    return organisation.has_open_recount(connection)


def show() -> None:
    """The chosen part; where the warehouse fails, the page above it says so."""
    viewer = access.viewer()
    with suppress(WarehouseError):
        at = ui.moment(viewer)
        _tell_outcome()
        part = ui.address("part", list(view.parts()))
        parts: dict[str, Callable[[ui.Moment], None]] = {"join": _join, "files": _files, "history": _history}
        parts.get(part, lambda moment: _sheet(moment, SHEETS[part]))(at)


def _tell_outcome() -> None:
    """What the last save came to, told once."""
    said: list[Any] = ui.kept("organisation-said", list)
    if said:
        board.show(said[0], key="said")
        ui.forget("organisation-said")


def _do(at: ui.Moment, work: Callable[..., Any], *, done: str, **values: Any) -> None:
    """Does what was confirmed and draws the page anew; a refusal is told where it stands."""
    try:
        ui.change(at.viewer, work, viewer_name=at.viewer.viewer_name, now=at.now, **values)
    except OrganisationError as error:
        board.show(board.notice("off", t("Not saved"), str(error)), key="refused")
        return
    said: list[Any] = ui.kept("organisation-said", list)
    said.append(board.notice("good", done, t("History takes it back, if need be.")))
    _begin_anew()
    st.rerun()


def _begin_anew() -> None:
    for name in (*SHEETS, "join", "files"):
        ui.forget(f"organisation-{name}")
    version: list[int] = ui.kept("organisation-version", lambda: [0])
    version[0] += 1


def _version() -> int:
    version: list[int] = ui.kept("organisation-version", lambda: [0])
    return version[0]


# ---- sheets


def _opened(connection: Connection, *, sheet_name: str) -> tuple[list[Row], Known, dict[int, str]]:
    """The rows as they are now, what they may refer to, and (for agents) the team of today."""
    teams = organisation.teams_now(connection) if sheet_name == "agents" else {}
    return organisation.rows(connection, sheet_name), organisation.known(connection), teams


def _sheet(at: ui.Moment, sheet: Sheet) -> None:
    """One sheet: search, table, preview, save."""
    opened: tuple[list[Row], Known, dict[int, str]] = ui.kept(
        f"organisation-{sheet.name}", lambda: ui.change(at.viewer, _opened, sheet_name=sheet.name)
    )
    before, known, teams = opened
    board.show(
        {"kind": "section", "title": view.parts()[sheet.name], "lead": view.lead(sheet.name)}, key="sheet"
    )
    wanted = ui.search(t("Find a row"), key="find", hint=t("Find a row (save or discard first)"))
    places = [n for n, row in enumerate(before) if _holds(row, teams, wanted)]
    frame = _frame(sheet, before, places, known, teams, at.zone_name)
    edited = st.data_editor(
        frame,
        key=f"sheet-{sheet.name}-{_version()}-{wanted}",
        hide_index=True,
        num_rows=_row_rule(sheet),
        column_config=_config(sheet, known, teams if sheet.name == "agents" else None),
        disabled=["policy_id", "valid_from_at", "valid_until_at"],
        width="stretch",
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


def _agent_option(number: int, known: Known) -> str:
    return f"{known.agents.get(number, '')} · {number}"


def _shown(column: Column, value: Any, known: Known) -> Any:
    if value is None:
        return None
    if column.known == "agents":
        return _agent_option(value, known)
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
        return of.SelectboxColumn(
            name, options=[_agent_option(n, known) for n in known.agents], required=True
        )
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
    sheet: Sheet, before: Sequence[Row], edited: pl.DataFrame, at: ui.Moment
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
    at: ui.Moment, sheet: Sheet, opened: tuple[list[Row], Known, dict[int, str]], places: Sequence[int],
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
    if wishes and not isinstance(from_date, date):
        faults.append(
            Fault("", "started_date", t("The day from which the team holds is missing; choose one."))
        )
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
    at: ui.Moment,
    changes: list[Change],
    wishes: list[tuple[int, str | None]],
    *,
    from_date: date,
    known: Known,
) -> None:
    """The preview of changes, and the buttons to save or discard them."""
    first, teams = (
        ui.change(at.viewer, organisation.team_changes, wishes=wishes, from_date=from_date)
        if wishes
        else ([], [])
    )
    everything = [*first, *changes, *teams]
    board.show(_change_block(everything, known, at.zone_name), key="preview")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            t_count("Save {n} change", "Save {n} changes", len(everything)),
            type="primary",
            icon=":material/save:",
        ):
            _do(at, _save_both, done=t("Saved."), first=first, changes=[*changes, *teams])
        if st.button(t("Discard"), icon=":material/undo:"):
            _begin_anew()
            st.rerun()


def _change_block(changes: Sequence[Change], known: Known, zone_name: str) -> board.Block:
    def named(row: Row | None) -> Row | None:
        if row is None:
            return None
        return {
            n: _agent_option(v, known) if n == "agent_id" and v in known.agents else v for n, v in row.items()
        }

    return view.change_table(
        [(c.sheet_name, c.action, named(c.before), named(c.after)) for c in changes], zone_name=zone_name
    )


def _save_both(connection: Connection, *, first: list[Change], changes: list[Change], **who: Any) -> None:
    """Saves what has to stand before the rest (the date of a team without one), then the rest."""
    if first:
        organisation.save(connection, first, **who)
    if changes:
        organisation.save(connection, changes, **who)


# ---- joining


def _join(at: ui.Moment) -> None:
    """Suggestions to tick, any key to give by hand, and how far the joins are."""
    kind = ui.choice(t("Join"), {"agent": t("Agents"), "queue": t("Queues")}, key="kind")
    keys: list[Row] = ui.change(at.viewer, organisation.rows, sheet_name=f"{kind}_keys")
    people = {row[f"{kind}_id"]: row[f"{kind}_name"] for row in keys}
    board.show(
        {
            "kind": "section",
            "title": t("Probably the same"),
            "lead": t(
                "Tick who really is one and the same; their calls, tickets and states then count together."
            ),
        },
        key="join-head",
    )
    found = organisation_joins.suggestions(keys, kind=kind)
    gifts = _ticked(kind, keys, people, found) if found else []
    if not found:
        board.show(
            board.notice("good", t("Nobody seems to be there twice."), t("Below you can join by hand.")),
            key="none",
        )
    gifts += _by_hand(kind, keys, people)
    if gifts:
        _offer_join(at, kind, keys, people, gifts)
    board.show(
        view.move_table(ui.change(at.viewer, organisation.key_moves), zone_name=at.zone_name), key="moves"
    )


def _ticked(
    kind: str, keys: Sequence[Row], people: dict[int, str], found: Sequence[organisation_joins.Suggestion]
) -> list[tuple[str, str, int]]:
    """The suggestions as a table with boxes; the keys of the ticked ones with their new owner."""
    owner = f"{kind}_id"

    def spoken(of_id: int) -> str:
        return ", ".join(f"{row['source_name']}: {row['source_key']}" for row in keys if row[owner] == of_id)

    frame = pl.DataFrame(
        {
            "join": [False] * len(found),
            "from": [people[each.from_id] for each in found],
            "from_keys": [spoken(each.from_id) for each in found],
            "to": [people[each.to_id] for each in found],
            "to_keys": [spoken(each.to_id) for each in found],
            "why": [view.reason_word(each.reason_name) for each in found],
        }
    )
    of = st.column_config
    edited = st.data_editor(
        frame,
        key=f"suggested-{kind}-{_version()}",
        hide_index=True,
        disabled=["from", "from_keys", "to", "to_keys", "why"],
        column_config={
            "join": of.CheckboxColumn(t("Join")), "from": of.TextColumn(t("This one")),
            "from_keys": of.TextColumn(t("known as")), "to": of.TextColumn(t("is")),
            "to_keys": of.TextColumn(t("known as")), "why": of.TextColumn(t("Why")),
        },
        width="stretch",
    )  # fmt: skip
    chosen = [each for each, is_ticked in zip(found, edited["join"].to_list(), strict=True) if is_ticked]
    return [
        (row["source_name"], row["source_key"], each.to_id)
        for each in chosen
        for row in keys
        if row[owner] == each.from_id
    ]


def _by_hand(kind: str, keys: Sequence[Row], people: dict[int, str]) -> list[tuple[str, str, int]]:
    """Any name of any system, given to any other agent or queue."""
    owner = f"{kind}_id"
    names = [f"{row['source_name']}: {row['source_key']} ({people[row[owner]]})" for row in keys]
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        key = st.selectbox(
            t("This name"), range(len(keys)), index=None, format_func=lambda n: names[n], key=f"key-{kind}-{_version()}",
            placeholder=t("Choose a name of a system"),
        )  # fmt: skip
        to_id = st.selectbox(
            t("belongs to"), list(people), index=None, format_func=lambda n: f"{people[n]} · {n}",
            key=f"to-{kind}-{_version()}", placeholder=t("Choose to whom it belongs"),
        )  # fmt: skip
    if key is None or to_id is None or keys[key][owner] == to_id:
        return []
    return [(keys[key]["source_name"], keys[key]["source_key"], to_id)]


def _offer_join(
    at: ui.Moment, kind: str, keys: Sequence[Row], people: dict[int, str], gifts: list[tuple[str, str, int]]
) -> None:
    """Says what each join moves, warns of what cannot be taken apart again, and offers the button."""
    row_of = {(row["source_name"], row["source_key"]): row for row in keys}
    owner = f"{kind}_id"
    lines = []
    for source_name, source_key, to_id in gifts:
        row = row_of[source_name, source_key]
        is_mixed = any(k["source_name"] == source_name and k[owner] == to_id for k in keys)
        lines.append(
            (f"{source_name}: {source_key}", people[row[owner]], people[to_id], row["has_past"], is_mixed)
        )
    board.show(view.join_table(lines), key="join-preview")
    if any(is_mixed for *_, is_mixed in lines):
        board.show(view.mixed_notice(), key="join-mixed")
    if st.button(
        t_count("Join {n} name", "Join {n} names", len(gifts)), type="primary", icon=":material/merge:"
    ):
        _do(at, _save_join, done=t("Joined. The loader moves what belongs to them."), kind=kind, gifts=gifts)


def _save_join(connection: Connection, *, kind: str, gifts: list[tuple[str, str, int]], **who: Any) -> None:
    organisation.save(connection, organisation.given_away(connection, kind, gifts), **who)


# ---- files and history


def _files(at: ui.Moment) -> None:
    """Everything out as a ZIP of CSV files, and back in with a preview."""
    board.show(
        {
            "kind": "section",
            "title": t("The organisation as files"),
            "lead": t("One CSV per sheet. What a file does not name stays as it is; nothing is taken away."),
        },
        key="files-head",
    )
    st.download_button(
        t("Download everything (ZIP)"),
        data=lambda: ui.change(at.viewer, organisation_files.export_zip),
        file_name="organisation.zip",
        mime="application/zip",
        icon=":material/download:",
        on_click="ignore",
    )
    given = st.file_uploader(
        t("Load a ZIP or one of its CSV files"), type=["zip", "csv"], key=f"file-{_version()}"
    )
    if given is None:
        return
    file = {"file_name": given.name, "data": given.getvalue()}
    try:
        plan = ui.change(at.viewer, organisation_files.plan_import, **file)
    except OrganisationError as error:
        board.show(board.notice("off", t("This file cannot be used"), str(error)), key="bad-file")
        return
    if plan.faults:
        board.show(
            view.fault_table([(f.place_text, f.column_name, f.sentence) for f in plan.faults]), key="faults"
        )
        return
    known = ui.change(at.viewer, organisation.known)
    board.show(_change_block(plan.changes, known, at.zone_name), key="preview")
    st.caption(t_count("{n} row stays as it is.", "{n} rows stay as they are.", plan.unchanged_rows))
    if plan.changes and st.button(
        t_count("Import {n} change", "Import {n} changes", len(plan.changes)),
        type="primary",
        icon=":material/upload:",
    ):
        _do(at, organisation_files.import_file, done=t("Imported."), **file)


def _history(at: ui.Moment) -> None:
    """What was changed, by whom, and the way back."""
    saves = ui.change(at.viewer, organisation.saves)
    board.show(view.save_table(saves, zone_name=at.zone_name), key="saves")
    numbers = saves.filter(~pl.col("is_undone"))["save_number"].to_list()
    if not numbers:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        number = st.selectbox(t("Save"), numbers, key=f"undo-{_version()}", width=160)
        if st.button(t("Take this save back"), icon=":material/undo:"):
            _do(at, organisation.undo, done=t("Save {n} was taken back.", n=number), save_number=number)
