"""Everything that is kept about one person, as a file for that person.

In: a connection that reads as the person, or as whoever answers for the site. Out: a ZIP: one CSV and one JSON per table,
and a sheet that says what each table is and what was left out.
The rule it guards: every table with rows of a single agent is in it, found in the catalogue; nothing of other people is.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any

import polars as pl
import sqlalchemy as sa

from dashboard import export, words
from dashboard.own import own_queries
from dashboard.words import t
from sql import metrics, warehouse

NOT_TAKEN = {
    "customer_key": "It stands for the caller, who is another person.",
    "token_sha256": "It would help to guess a session.",
    "password_hash_text": "It would help to guess the password.",
    "url_text": "The recording holds the caller's voice; ask whoever runs the site to listen to it.",
}
"""Columns that are left out whoever asks, and why."""

ANOTHER = "another person"
_OTHERS_NAMES = ("viewer_name", "reviewer_name")


@dataclass(frozen=True, slots=True)
class Table:
    """One table's part: its rows without what belongs to others, and the columns that were left out."""

    table_name: str
    about_text: str
    rows: tuple[Mapping[str, Any], ...]
    left_out: tuple[str, ...]


def tables(connection: sa.Connection, *, agent_id: int) -> list[Table]:
    """What is kept about this agent, table by table; raises WarehouseError for whoever may not take it."""
    told = own_queries.own_data(connection, agent_id=agent_id).to_dicts()
    kept = {
        row["table_name"]: _rows(connection, agent_id, row["table_name"]) for row in told if row["row_count"]
    }
    own_names = {str(row["login_name"]) for row in kept.get("access.accounts", ())}
    return [
        _table(row["table_name"], row["about_text"], kept.get(row["table_name"], ()), agent_id, own_names)
        for row in told
    ]


def _rows(connection: sa.Connection, agent_id: int, table_name: str) -> list[dict[str, Any]]:
    found = warehouse.frame(connection, "own/own_rows", agent_id=agent_id, table_name=table_name)
    return [json.loads(text) for text in found.get_column("row_text")]


def _table(
    table_name: str, about_text: str, rows: Sequence[dict[str, Any]], agent_id: int, own_names: set[str]
) -> Table:
    columns = list(rows[0]) if rows else []
    left_out = tuple(name for name in columns if name in NOT_TAKEN)
    shown = tuple(
        {name: _own(name, value, agent_id, own_names) for name, value in row.items() if name not in left_out}
        for row in rows
    )
    return Table(table_name, about_text, shown, left_out)


def _own(name: str, value: Any, agent_id: int, own_names: set[str]) -> Any:
    """The value, or what stands for another person's number or name."""
    is_agent = name == "agent_id" or name.endswith("_agent_id")
    if is_agent and value is not None and value != agent_id:
        return ANOTHER
    is_name = name in _OTHERS_NAMES or name.endswith("_by_name")
    return ANOTHER if is_name and value is not None and value not in own_names else value


def zip_bytes(
    connection: sa.Connection, *, agent_id: int, agent_name: str, zone_name: str, made_at: datetime
) -> bytes:
    """The ZIP, noted in the trail; raises WarehouseError for whoever may not take it."""
    found = tables(connection, agent_id=agent_id)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, data in _files(found, agent_name, zone_name, made_at):
            pack.writestr(name, data)
    return file.getvalue()


def _files(
    found: Sequence[Table], agent_name: str, zone_name: str, made_at: datetime
) -> Iterator[tuple[str, bytes]]:
    yield "about.html", _sheet(found, agent_name, zone_name, made_at).encode()
    for table in found:
        if not table.rows:
            continue
        about = export.About(
            title=table.table_name,
            view_text=t("all that is kept about {name}", name=agent_name),
            zone_name=zone_name,
            definition_version=metrics.definition_version(),
            made_at=made_at,
        )
        yield f"{table.table_name}.csv", export.csv_bytes(_frame(table), zone_name=zone_name, about=about)
        lines = json.dumps(list(table.rows), ensure_ascii=False, indent=1)
        yield f"{table.table_name}.json", lines.encode()


def _frame(table: Table) -> pl.DataFrame:
    """The rows as text: what a column of many kinds of tables holds differs, and a spreadsheet takes text as it is."""
    return pl.DataFrame(
        {name: [_text(row.get(name)) for row in table.rows] for name in table.rows[0]},
        schema=dict.fromkeys(table.rows[0], pl.String),
    )


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _sheet(found: Sequence[Table], agent_name: str, zone_name: str, made_at: datetime) -> str:
    """The page that says what the files are, for reading and for printing."""
    rows = "".join(
        f"<tr><th scope=row>{escape(table.table_name)}</th><td>{escape(table.about_text)}</td>"
        f"<td class=n>{len(table.rows):,}</td><td>{escape(', '.join(table.left_out))}</td></tr>"
        for table in found
    )
    reasons = "".join(
        f"<li><code>{escape(name)}</code>: {escape(t(why))}</li>" for name, why in NOT_TAKEN.items()
    )
    title = escape(t("What is kept about {name}", name=agent_name))
    when = escape(t("Made {instant} ({zone}).", instant=words.instant(made_at, zone_name), zone=zone_name))
    lead = escape(
        t(
            "One row below per table that can hold rows of a single person; tables with rows are in this archive as CSV and "
            "as JSON. Instants are UTC unless they carry another offset."
        )
    )
    other = escape(
        t(
            "Where a row names somebody else, the file says '{another}'. Left out in every file:",
            another=ANOTHER,
        )
    )
    heads = "".join(
        f"<th scope=col>{escape(word)}</th>"
        for word in (t("Table"), t("What a row is"), t("Rows"), t("Left out"))
    )
    return (
        f'<!doctype html><html lang="{words.language()}"><meta charset="utf-8"><title>{title}</title><style>'
        ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto}"
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.4rem .6rem;"
        "border-bottom:1px solid #8886}.n{text-align:right;font-variant-numeric:tabular-nums}</style>"
        f"<h1>{title}</h1><p>{when}</p><p>{lead}</p><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f"<p>{other}</p><ul>{reasons}</ul></html>"
    )
