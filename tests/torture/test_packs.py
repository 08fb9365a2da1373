"""Every bad input known by name, in every field of every reader: refused or taken alone, the good ones loaded."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.export import csv_bytes
from etl import load
from etl.sources import Batch
from tests.db.test_questions import ask
from tests.torture import packs
from tests.torture.campaign import Campaign
from tests.torture.fuzz import places_of
from tests.torture.json_origins import JSON_ORIGINS, JsonOrigin
from tests.torture.laws import account_of
from tests.torture.origins import CDR, NOW, QUEUE_LOG, T0, TEXT_ORIGINS, Origin, lines_of, local

FIRST_GOOD = 300  # contacts from this number on are good ones, which stand between the bad
GOOD_CONTACTS = 12
LATER = NOW.replace(year=NOW.year + 1)  # so that no file is still being written
KEYS = {"calls": "call_id", "tickets": "ticket_id", "surveys": "survey_id", "revenues": "revenue_id"}
FILES = tuple(origin for origin in TEXT_ORIGINS if origin.kind not in ("asterisk_ami", "asterisk_realtime"))


def bad_lines(origin: Origin, items: Sequence[bytes], *, fields: int | None) -> Iterator[bytes]:
    """The items in the fields of good lines: in every field, or in so many, each item in others than the one before."""
    number = 0
    for place, item in enumerate(items):
        lines = origin.good(place % 200)
        for line in lines[:1] if fields else lines:
            parts = line.split(origin.separator)
            for step in range(fields or len(parts)):
                number += 1
                at = (number if fields else step) % len(parts)
                yield origin.separator.join((*parts[:at], item, *parts[at + 1 :]))


def items_of(origin: Origin) -> list[bytes]:
    """What can stand in a field of this origin's lines."""
    texts = (*packs.TEXTS, *packs.NUMBERS, *packs.INSTANTS, *packs.CELLS, *packs.NAMES)
    plain = [text.encode() for text in texts if "\n" not in text] + list(packs.RAW_TEXTS)
    if not origin.has_quotes:
        return plain
    quoted = [b'"%b"' % text.replace(b'"', b'""') for text in plain]
    return [*(text for text in plain if b'"' not in text), *quoted, *packs.QUOTED_TEXTS]


def between(bad: Sequence[bytes], good: Sequence[bytes]) -> list[bytes]:
    """Good lines spread evenly among bad ones, and one at the end."""
    step = max(1, len(bad) // len(good))
    mixed = [
        line for place, line in enumerate(good) for line in (*bad[place * step : (place + 1) * step], line)
    ]
    return [*mixed[:-1], *bad[len(good) * step :], mixed[-1]]


def keys_of(batches: Sequence[Batch]) -> set[tuple[str, str]]:
    """The facts by their table and their id."""
    return {
        (name, key)
        for batch in batches
        for name, column in KEYS.items()
        for key in (batch.facts[name][column].to_list() if name in batch.facts else [])
    }


def expect_loaded(engine: sa.Engine, expected: set[tuple[str, str]], name: str) -> None:
    """Every one of these facts is in the warehouse."""
    with engine.connect() as connection:
        for table in {table for table, _ in expected}:
            column = sa.column(KEYS[table])
            found = set(
                connection.execute(
                    sa.select(column).select_from(sa.table(table, schema="warehouse"))
                ).scalars()
            )
            missing = {key for of, key in expected if of == table} - found
            assert not missing, (
                f"{name}: {table} {sorted(missing)[:5]} were good and are not in the warehouse"
            )


@pytest.mark.timeout(3_600)
def test_d8_every_pack_in_every_reader_is_accounted_for_and_the_good_rows_beside_it_are_loaded(
    engine: sa.Engine, tmp_path: Path, campaign: Campaign
) -> None:
    told, lines_count = load.RunSummary(), 0
    for number, origin in enumerate(FILES):
        folder = tmp_path / str(number)
        folder.mkdir()
        good = lines_of(origin, GOOD_CONTACTS, first=FIRST_GOOD)
        bad = [*bad_lines(origin, items_of(origin), fields=None if campaign.is_long else 1)]
        expected = keys_of(origin.read(folder, good))
        assert expected or origin.name.startswith("zendesk_csv ticket_")
        origin.write(folder, between(bad, good))
        found = loaded(engine, origin, folder, name=f"origin {number}")
        expect_loaded(engine, expected, origin.name)
        if origin.counts_lines and origin.kind != "asterisk_cdr":
            newlines = sum(line.count(b"\n") for line in bad)
            assert found.read_rows == len(bad) + len(good) + newlines, origin.name
        told.read_rows += found.read_rows
        told.rejected_rows += found.rejected_rows
        lines_count += len(bad) + len(good)
    expect_reasons(engine, told.rejected_rows)
    for question in queries.QUESTIONS:
        ask(engine, question)
    campaign.record(
        "D8", "every row of every pack is accounted for, the good rows beside it are loaded",
        lines_count=lines_count, read_rows=told.read_rows, refused_rows=told.rejected_rows, lost_good_rows=0,
        readers_count=len(FILES), questions_count=len(queries.QUESTIONS),
    )  # fmt: skip


def loaded(engine: sa.Engine, origin: Origin, folder: Path, *, name: str) -> load.RunSummary:
    """One load of this origin; the ledger's own constraint holds its sum."""
    settings = origin.settings(folder)
    source = settings.sources[0].model_copy(update={"name": name})
    settings = settings.model_copy(update={"sources": (source,)})
    summary = load.run_source(engine, settings, source, now=lambda: NOW)
    assert summary.read_rows == summary.loaded_rows + summary.unchanged_rows + summary.rejected_rows
    return summary


def expect_reasons(engine: sa.Engine, refused_rows: int) -> None:
    """Every refused row is kept with its place, its text and a reason that says what was expected or found where."""
    with engine.connect() as connection:
        rejects = connection.execute(
            sa.select(sa.column("place_text"), sa.column("reason_text"), sa.column("raw_text")).select_from(
                sa.table("rejects", schema="ops")
            )
        ).all()
    assert len(rejects) >= refused_rows > 0
    for place, reason, raw in rejects:
        assert place
        said = (
            "expected",
            "is missing",
            "is given",
            "before",
            "outside",
            "negative",
            "more than",
            "holds",
            "too large",
            "for a call",
            "second time",
        )
        assert any(words in reason for words in said), (reason, raw)


@pytest.mark.by_turns(3)
@pytest.mark.parametrize("origin", JSON_ORIGINS, ids=lambda origin: origin.name.replace(" ", "_"))
@pytest.mark.timeout(3_600)
def test_d8_every_value_in_every_place_of_a_record_is_accounted_for(
    origin: JsonOrigin, tmp_path: Path, campaign: Campaign
) -> None:
    values = (
        *packs.JSON_VALUES,
        *packs.NUMBERS,
        *packs.INSTANTS,
        *(text for text in packs.TEXTS if len(text) < 9_000),
    )
    records = []
    for place, value in enumerate(values):
        steps = len(places_of(origin.good(0))) if campaign.is_long else 1
        for step in range(steps):
            record = origin.good(len(records) % 900)
            ways = places_of(record)
            *before, last = ways[(step if campaign.is_long else place) % len(ways)]
            table: Any = record
            for key in before:
                table = table[key]
            table[last] = value
            records.append(record)
    good = [origin.good(901 + place) for place in range(5)]
    expected = keys_of(origin.read(tmp_path, good))
    batches: list[Batch] = []
    for start in range(0, len(records), 500):
        part = origin.read(tmp_path, [*records[start : start + 500], *good])
        batches += part
        assert expected <= keys_of(part), (
            f"{origin.name}: {sorted(expected - keys_of(part))[:5]} were good and are not told"
        )
    found = account_of(batches)
    campaign.record(
        "D8", f"every value in every place of a record of {origin.name} is accounted for", records_count=len(records),
        read_rows=found.read_rows, refused_rows=found.refused_rows,
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["amazon_connect", "genesys_cloud", "file jsonl"])
def test_lines_that_are_no_json_are_refused_each_alone(kind: str, tmp_path: Path) -> None:
    origin = next(one for one in JSON_ORIGINS if one.name.startswith(kind))
    text_origin = next((one for one in TEXT_ORIGINS if one.name == kind), None)
    text_origin = text_origin or replace(
        TEXT_ORIGINS[0], name=kind, kind=kind, file_name="records.json", options=()
    )
    good = [json.dumps(origin.good(FIRST_GOOD + place)).encode() for place in range(len(packs.BROKEN_JSON))]
    expected = keys_of(text_origin.read(tmp_path, good))
    for folder in tmp_path.iterdir():
        folder.unlink()
    mixed = [line for pair in zip(packs.BROKEN_JSON, good, strict=True) for line in pair]
    batches = text_origin.read(tmp_path, mixed)
    assert len(expected) >= len(good)
    assert expected <= keys_of(batches)
    assert account_of(batches).refused_rows >= len(packs.BROKEN_JSON) - 8


WHOLE_FILES = {
    "returns before the ends of lines": lambda lines: b"".join(line + b"\r\n" for line in lines),
    "a byte order mark at the start": lambda lines: (
        b"\xef\xbb\xbf" + b"".join(line + b"\n" for line in lines)
    ),
    "empty lines between": lambda lines: b"".join(line + b"\n\n" for line in lines),
    "lines of blanks between": lambda lines: b"".join(line + b"\n   \n" for line in lines),
    "a line of NUL bytes": lambda lines: b"".join(
        (lines[0], b"\n", b"\x00" * 100, b"\n", *(line + b"\n" for line in lines[1:]))
    ),
    "a line of 70,000 signs": lambda lines: b"".join(
        (lines[0], b"\n", b"x" * 70_000, b"\n", *(line + b"\n" for line in lines[1:]))
    ),
    "the first line again in the middle": lambda lines: b"".join(
        line + b"\n" for line in (*lines[:9], lines[0], *lines[9:])
    ),
}


@pytest.mark.by_turns(4)
@pytest.mark.parametrize("origin", FILES, ids=lambda origin: origin.name.replace(" ", "_"))
def test_what_a_writer_does_to_a_whole_file_costs_no_good_row(origin: Origin, tmp_path: Path) -> None:
    good = lines_of(origin, GOOD_CONTACTS, first=FIRST_GOOD)
    expected = keys_of(origin.read(tmp_path, good))
    for number, (how, change) in enumerate(WHOLE_FILES.items()):
        (folder := tmp_path / str(number)).mkdir()
        origin.write(folder, good)
        lines = (folder / origin.file_name).read_bytes().splitlines()
        (folder / origin.file_name).write_bytes(change(lines))
        batches = list(origin.reader(folder).read("", "", now=LATER))
        account_of(batches, now=LATER)
        assert expected <= keys_of(batches), how


@pytest.mark.parametrize("origin", FILES[:6], ids=lambda origin: origin.name.replace(" ", "_"))
def test_a_file_that_holds_nothing_tells_nothing(origin: Origin, tmp_path: Path) -> None:
    for content in (b"", b"\n", b"\n\n\n", b"\r\n", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf"):
        origin.write(tmp_path, [])
        (tmp_path / origin.file_name).write_bytes(content)
        assert keys_of(list(origin.reader(tmp_path).read("", "", now=LATER))) == set()


def test_stories_that_asterisk_should_not_write_change_nothing_for_the_calls_beside_them(
    tmp_path: Path,
) -> None:
    good = lines_of(QUEUE_LOG, GOOD_CONTACTS, first=FIRST_GOOD)
    odd = []
    for number, story in enumerate(packs.QUEUE_LOG_STORIES):
        for step, part in enumerate(story.strip().split(";")):
            verb, _, rest = part.partition(" ")
            queue = "NONE" if verb == "QUEUESTART" else "odd"
            odd.append(f"{T0 + 60 * number + step}|{T0}.{9_000 + number}|{queue}|Odd|{verb}|{rest}".encode())
    batches = QUEUE_LOG.read(tmp_path, [*odd, *good])
    found = account_of(batches)
    assert found.read_rows == len(odd) + len(good)
    assert keys_of(QUEUE_LOG.read(tmp_path, good)) <= keys_of(batches)
    for batch in batches:
        assert set(batch.unused["event_name"]) >= {"FUTUREEVENT"}


@pytest.mark.parametrize(("begin", "answer", "talk"), packs.WRONG_ORDERS)
def test_records_whose_instants_cannot_be_are_refused_by_name(
    begin: int, answer: int | None, talk: int, tmp_path: Path
) -> None:
    line = CDR.good(0)[0].decode()
    end = (answer if answer is not None else begin) + talk
    for old, new in ((5, answer if answer is not None else begin), (65, end), (0, begin)):
        line = line.replace(f'"{local(T0 + old)}"', f'"{local(T0 + new)}"')
    batches = CDR.read(tmp_path, [line.encode(), *lines_of(CDR, 2, first=FIRST_GOOD)])
    account_of(batches)
    told = [reason for batch in batches for reason in batch.rejects["reason_text"]]
    assert len([batch for batch in batches for _ in batch.facts["calls"]["call_id"]]) >= 2
    if talk < 0 or (answer is not None and answer < begin):
        assert any("answer" in reason or "end" in reason for reason in told), told


NAME_FILE = "call_id,queue,agent,started,wait,talk,result,customer,csat\n"


def test_names_made_against_pages_arrive_as_they_are_and_leave_as_no_formula(
    engine: sa.Engine, tmp_path: Path
) -> None:
    origin = next(one for one in TEXT_ORIGINS if one.name == "file csv")
    names = [
        *dict.fromkeys(
            name.strip()
            for name in (*packs.NAMES, *packs.CELLS)
            if name.strip().isprintable() and 0 < len(name.strip()) <= 250
        )
    ]
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for number, name in enumerate(names):
        rows.writerow([f"n{number}", name, name, "2026-11-22T10:00:00Z", "5", "60", "answered", "", ""])
    origin.write(tmp_path, out.getvalue().encode().splitlines())
    summary = loaded(engine, origin, tmp_path, name="names")
    empty = {"-", "None", "NaN"}  # which the settings take for nothing
    with engine.connect() as connection:
        agents = set(connection.execute(sa.text("select agent_name from warehouse.agents")).scalars())
        queue_names = set(connection.execute(sa.text("select queue_name from warehouse.queues")).scalars())
    assert {name for name in names if name not in empty} <= queue_names
    assert {name for name in names if name not in empty} <= agents
    assert summary.rejected_rows <= len(empty)
    table = pl.DataFrame({"agent_name": names, "wait_seconds": [-5] * len(names)})
    text = csv_bytes(table, zone_name="UTC").decode("utf-8-sig")
    cells = [line[0] for line in csv.reader(io.StringIO(text))][1:]
    signs = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "|", ";", "%")
    assert not [cell for cell in cells if cell.startswith(signs)]
    assert all(cell in (name, f"'{name}") for cell, name in zip(cells, names, strict=True))
    assert text.count(",-5\n") == len(names)  # a number stays one


def test_the_warehouse_itself_refuses_what_would_poison_a_page(engine: sa.Engine, tmp_path: Path) -> None:
    QUEUE_LOG.write(tmp_path, lines_of(QUEUE_LOG, 1))
    loaded(engine, QUEUE_LOG, tmp_path, name="pbx")
    for table, column, value in packs.POISON_SQL:
        with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
            connection.exec_driver_sql(f"update warehouse.{table} set {column} = {value}")  # noqa: S608 - of the pack
