"""Reads tickets of a Zendesk account out of a folder of CSV files in the Fivetran schema (also of a dbt seed).

Format: one file per table, with a header, `ticket.csv` or `ticket_data.csv`; instants in UTC. Needed are ticket, user,
ticket_field_history and ticket_comment; group, ticket_schedule, schedule, schedule_holiday and satisfaction_rating are
read where they are there. Grain: one row of ticket, field history, comment, ticket_schedule or rating.
Cursor: the files as they stood and the row in them. When a file changes, all are read again: what is the same changes
nothing. Delay: that of the export. What it cannot know: what was there before the export began; the group of a change
where there is no group file (its number then stands for it); a deleted comment; who was an agent at the time (the role
is today's). SLA targets come from the field history; the files of SLA policies are not needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from etl import LoadError
from etl.customer_key import customer_key
from etl.sources import PIECE_BYTES, Batch, PlaceKind, Reader, SettingsPath, Site, SourceSettings, WebAddress
from etl.sources.desks.csv_table import table_rows
from etl.sources.desks.zendesk_batch import Row, Words, batch_of, read_again
from etl.sources.desks.zendesk_csv_rows import FIELD_PLACES, TARGET_PLACES
from etl.sources.desks.zendesk_records import Known, Record, shown_name
from etl.sources.desks.zendesk_schedules import Schedules, schedules_of

MOST_ROWS = 20_000  # of one batch
ROW_BYTES = 300  # about what a row takes once it is reduced to what is used of it
NEEDED = ("ticket", "user", "ticket_field_history", "ticket_comment")
USED_FIELDS = frozenset({*FIELD_PLACES, *TARGET_PLACES})
DIRECTORIES = ("user", "group", "schedule", "schedule_holiday")


class _Table(NamedTuple):
    """A file whose rows are records: its kind, the columns used of it, and those without which it is another file."""

    name: str
    kind: str
    columns: tuple[str, ...]
    required: tuple[str, ...]


TABLES = (
    _Table(
        "ticket", "ticket",
        ("id", "created_at", "updated_at", "status", "requester_id", "submitter_id", "via_channel"), ("id", "created_at"),
    ),
    _Table(
        "ticket_schedule", "schedule", ("ticket_id", "created_at", "schedule_id"),
        ("ticket_id", "created_at", "schedule_id"),
    ),
    _Table(
        "ticket_field_history", "change", ("ticket_id", "field_name", "updated", "value", "user_id"),
        ("ticket_id", "field_name", "updated", "value"),
    ),
    _Table(
        "ticket_comment", "comment", ("id", "ticket_id", "created", "public", "user_id"),
        ("id", "ticket_id", "created", "public", "user_id"),
    ),
    _Table(
        "satisfaction_rating", "rating",
        ("id", "ticket_id", "created_at", "updated_at", "score", "assignee_id", "requester_id"),
        ("id", "ticket_id", "created_at", "score"),
    ),
)  # fmt: skip


class ZendeskCsvSettings(SourceSettings):
    """A folder of CSV files in the Fivetran schema of Zendesk."""

    reads: ClassVar[PlaceKind] = "folder"

    kind: Literal["zendesk_csv"]
    path: SettingsPath
    """The folder of the files."""
    address: WebAddress | None = None
    """Where agents open tickets, such as "https://example.zendesk.com"; without it tickets have no link."""

    def reader(self, site: Site, secret: bytes) -> ZendeskCsv:
        """The reader of the folder; `secret` keys the hash that stands for a requester."""
        return ZendeskCsv(self.path, Words((self.address or "").rstrip("/")), site, secret)

    def origin_text(self) -> str:
        """The folder, as it stands in the settings."""
        return f'path = "{self.path}"'


@dataclass(frozen=True)
class _Place:
    """Where reading stands: how the files were, and how many rows of which table are done; no table: all of them."""

    stamp: str = ""
    table: str = TABLES[0].name
    rows: int = 0

    def to_text(self) -> str:
        return json.dumps({"version": 1, "stamp": self.stamp, "table": self.table, "rows": self.rows})

    @classmethod
    def from_text(cls, text: str) -> _Place:
        if not text:
            return cls()
        try:
            given = json.loads(text)
            place = cls(given["stamp"], given["table"], given["rows"])
        except (ValueError, TypeError, KeyError):
            given, place = {}, cls()
        known = {"", *(table.name for table in TABLES)}
        if (
            given.get("version") != 1
            or place.table not in known
            or not isinstance(place.rows, int)
            or place.rows < 0
        ):
            raise LoadError(
                f"the stored cursor is {text[:80]!r}; expected one of this version. Run `floorboard etl run --source NAME "
                "--from-start`; rows loaded already do not count twice."
            )
        return place


@dataclass(frozen=True)
class ZendeskCsv(Reader):
    """A folder of files in the Fivetran schema, and how its records are understood."""

    path: Path
    words: Words
    site: Site
    secret: bytes

    def read(
        self,
        position_text: str,
        carry_text: str,
        *,
        now: datetime,
        piece_bytes: int = PIECE_BYTES,
        refusal: str | None = None,
    ) -> Iterator[Batch]:
        """Every row of the files, batch by batch, if one of them has changed since; LoadError where one is unusable."""
        files = self._files()
        place, stamp = _Place.from_text(position_text), _stamp(files)
        if place.stamp != stamp:
            place = _Place(stamp)
        if place.table == "":
            return
        known, notice = self._known(files)
        most_rows = max(1, min(MOST_ROWS, piece_bytes // ROW_BYTES))
        tables = [table for table in TABLES if table.name in files]
        names = [table.name for table in tables]
        at = names.index(place.table) if place.table in names else 0
        for table, following in zip(tables[at:], [*names[at + 1 :], ""], strict=True):
            done = place.rows if table.name == place.table else 0
            for rows, is_last in _pieces(self._rows(files[table.name], table, done), most_rows):
                done += len(rows)
                next_place = _Place(stamp, following, 0) if is_last else _Place(stamp, table.name, done)
                yield batch_of(
                    rows, known, self.words,
                    position_text=next_place.to_text(), carry_text=carry_text, now=now,
                    refusal=refusal, notice=notice,
                )  # fmt: skip
                refusal = notice = None

    def again(
        self,
        raw_texts: list[str],
        carry_text: str,
        *,
        now: datetime,  # noqa: ARG002 - as in every reader
    ) -> tuple[Batch, frozenset[int]]:
        """Rows once refused, read once more: a batch of those taken now, and which (from 0) are still refused."""
        return read_again(raw_texts, carry_text, self.words)

    def schedules(self) -> Schedules:
        """The business hours and holidays in the files, as rows of the warehouse; empty where there are none."""
        return self._schedules(self._files(), {})

    def _files(self) -> dict[str, Path]:
        """The files of the folder by their table."""
        if not self.path.is_dir():
            raise LoadError(
                f"{self.path}: found no folder, expected one with ticket.csv, user.csv and others. "
                "Correct the path in the settings."
            )
        wanted = {*(table.name for table in TABLES), *DIRECTORIES}
        files: dict[str, Path] = {}
        for name in sorted(wanted):
            for file in (self.path / f"{name}_data.csv", self.path / f"{name}.csv"):
                if file.is_file():
                    files[name] = file
        missing = [name for name in NEEDED if name not in files]
        if missing:
            raise LoadError(
                f"{self.path}: found no {missing[0]}.csv (nor {missing[0]}_data.csv), expected the files "
                f"{', '.join(NEEDED)}. Export it too, or correct the path in the settings."
            )
        return files

    def _known(self, files: dict[str, Path]) -> tuple[Known, str | None]:
        """Agents by role, groups, schedules, and the keyed hashes of requesters; addresses go no further.

        Beside them what is to be said of users who cannot be known, since no ticket can name them.
        """
        strange: list[int] = []
        broken: dict[str, list[int]] = {}
        agents, customers = dict[str, str](), dict[str, str | None]()
        for number, user in _directory(files["user"], ("id", "role"), broken):
            id_ = user["id"].partition(".")[0]
            if not (id_.isascii() and id_.removeprefix("-").isdigit()):
                strange.append(number)
                continue
            if user["role"] in ("agent", "admin"):
                agents[id_] = shown_name(user.get("name"), id_)
            contact = (user.get("phone") or "", user.get("email") or "")
            keys = (customer_key(self.secret, text, self.site.country_name) for text in contact if text)
            customers[id_] = next((key for key in keys if key), None)
        groups = _directory(files["group"], ("id", "name"), broken) if "group" in files else iter(())
        known = Known(
            agents=agents,
            groups={
                group["id"].partition(".")[0]: shown_name(group["name"], group["id"]) for _, group in groups
            },
            schedules=self._schedules(files, broken).names,
            customers=customers,
        )
        told = (_strange_users(files["user"].name, strange), *(map(_broken_rows, broken, broken.values())))
        return known, " ".join(text for text in told if text) or None

    def _schedules(self, files: dict[str, Path], broken: dict[str, list[int]]) -> Schedules:
        found: dict[str, Record] = {}
        if "schedule" in files:
            columns = ("id", "name", "time_zone", "start_time", "end_time")
            for _, row in _directory(files["schedule"], columns, broken):
                if row.get("_fivetran_deleted", "").lower() != "true":
                    schedule = found.setdefault(row["id"], {**row, "intervals": []})
                    schedule["intervals"].append(
                        {"start_time": row["start_time"], "end_time": row["end_time"]}
                    )
        holidays: list[Record] = []
        if "schedule_holiday" in files:
            dates = ("schedule_id", "start_date", "end_date")
            holidays = [
                row
                for _, row in _directory(files["schedule_holiday"], dates, broken)
                if row.get("_fivetran_deleted", "").lower() != "true"
            ]
        return schedules_of(found.values(), holidays)

    def _rows(self, file: Path, table: _Table, done: int) -> Iterator[Row]:
        """The rows after the first `done` ones, reduced to what is used of them; LoadError where there are fewer."""
        number = 0
        for row in table_rows(file, table.required):
            number = row.number
            if row.number > done:
                record: dict[str, Any] = {
                    name: row.texts[name] for name in table.columns if row.texts.get(name)
                }
                if table.kind == "change" and record.get("field_name") not in USED_FIELDS:
                    record.pop("value", None)  # a subject, a custom field: nobody's business here
                if "via_channel" in record:
                    record["channel"] = record.pop("via_channel")
                key = _content_key(table, record)
                if row.kept_text:
                    record = {"line": row.kept_text}
                    key = row.kept_text[:250]
                yield Row(table.kind, record, f"{file.name}: row {row.number}", key, row.fault)
        if number < done:
            raise LoadError(
                f"the stored cursor stands after row {done} of {file.name}, found {number} rows; expected a place within "
                "the file. Run `floorboard etl run --source NAME --from-start`; rows loaded already do not count twice."
            )


def _directory(
    file: Path, required: tuple[str, ...], broken: dict[str, list[int]]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a file of names, each with its number; those that cannot be split are noted in `broken`."""
    for row in table_rows(file, required):
        if row.kept_text:
            broken.setdefault(file.name, []).append(row.number)
        else:
            yield row.number, row.texts


def _broken_rows(file_name: str, rows: list[int]) -> str:
    """What is to be said of rows of a file of names that could not be split."""
    places = ", ".join(map(str, rows[:3])) + (" ..." if len(rows) > 3 else "")
    return (
        f"{file_name}: found {len(rows)} {'row that is' if len(rows) == 1 else 'rows that are'} no CSV (row {places}), "
        "expected fields in quotes that end; passed over. Export the file again."
    )


def _strange_users(file_name: str, rows: list[int]) -> str | None:
    """What is to be said of rows of users without a number; null where there are none."""
    if not rows:
        return None
    places = ", ".join(map(str, rows[:3])) + (" ..." if len(rows) > 3 else "")
    return (
        f"{file_name}: found {len(rows)} {'row' if len(rows) == 1 else 'rows'} whose id is no number (row {places}), "
        "expected the number of a user; such users are passed over, what they did is told of nobody. Export the file again."
    )


def _pieces(rows: Iterator[Row], most_rows: int) -> Iterator[tuple[list[Row], bool]]:
    """Pieces of so many rows, and whether it is the last of them; a table without rows is one empty piece."""
    piece: list[Row] = []
    for row in rows:
        if len(piece) == most_rows:
            yield piece, False
            piece = []
        piece.append(row)
    yield piece, True


def _content_key(table: _Table, record: Record) -> str:
    """What makes a refused row the same one in the next export."""
    return json.dumps([table.name, *(str(record.get(name, "")) for name in table.columns)])[:250]


def _stamp(files: dict[str, Path]) -> str:
    """How the files stand: a file that was written anew has another time or length."""
    stats = {name: file.stat() for name, file in files.items()}
    return json.dumps({name: [stat.st_size, stat.st_mtime_ns] for name, stat in sorted(stats.items())})
