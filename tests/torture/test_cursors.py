"""Places that nobody can have written: an absurd cursor stops the load with the next step, or nothing is lost by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from etl import LoadError, load
from sql import warehouse
from tests.conftest import ROOT, made_database, url_of
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of, figures_of, ledger_of
from tests.torture.kills import environment, load_once
from tests.torture.worlds import Places, World, kinds, world_of
from tests.torture.worlds_of_servers import AmiWorld
from tests.unit.test_mapped_file import NOW
from tests.unit.test_mapped_file import reader as file_reader
from tests.unit.test_zendesk_csv import folder as zendesk_folder
from tests.unit.test_zendesk_csv import reader as zendesk_reader
from tests.workbook import write_workbook

RECORDED = ROOT.parent / "shared" / "data"
LATE_YEAR, LATE_SECOND, FAR = "2999", 32_472_144_000, 10**15
Cursor = tuple[str, str]
OF_OTHERS: dict[str, str] = {
    "a growing file": '{"version":1,"offset":999999,"line_count":9000,"head_bytes":4,"head_sha256":"00","tail_bytes":4,'
    '"tail_sha256":"00","file_name":"queue_log","inode":7}',
    "a table": '{"version":1,"number":999999,"row_key":"00","from_time":""}',
    "files of records": '{"version":1,"done":["00"],"tails":{},"after":{}}',
    "an API by windows": '{"version":1,"until_us":1790000000000000,"step":null}',
    "a help desk by dates": '{"calls":"2026-11-20T15:00:00+00:00","tickets":"2026-11-20T15:00:00+00:00"}',
    "a help desk by streams": '{"version":1,"streams":{"tickets":{"asked":1700000000}}}',
    "exported tables": '{"version":1,"stamp":"{}","table":"","rows":0}',
    "mapped files": '{"version":1,"files":[],"column_names":["id"]}',
    "a connection": "0badcafe 999999",
}


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for one load of a place that is right."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


def absurd(position: str, carry: str) -> dict[str, Cursor]:
    """Cursors that nobody can have written, made of one that somebody has."""
    found = {
        "empty": ("", ""),
        "no place": ("soon", carry),
        "another carry": (position, "soon"),
        "a list": ("[]", "[]"),
        "a number": ("7", "7"),
        "null": ("null", "null"),
        "nothing in it": ('{"version":1}', '{"version":1}'),
        "a newer version": (_newer(position), _newer(carry)),
        "the year 2999": (_late(position), carry),
        "the year 2999 carried": (position, _late(carry)),
        "far beyond the end": (_far(position), carry),
    }
    return found | {f"of {name}": (text, carry) for name, text in OF_OTHERS.items()}


def _newer(text: str) -> str:
    return re.sub(r'"version": ?1', '"version":99', text)


def _late(text: str) -> str:
    """The same with every instant in the year 2999."""

    def late(match: re.Match[str]) -> str:
        digits = match.group()
        scale = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}[len(digits)]
        return str(LATE_SECOND * scale)

    instants = re.sub(r"\b20\d\d(?=-\d\d-\d\d)", LATE_YEAR, text)
    return re.sub(r"(?<![\w.])1\d{9}(?:\d{3}){0,3}(?![\w.])", late, instants)


def _far(text: str) -> str:
    """The same with every count of bytes, rows or lines far beyond what there is."""
    names = "offset|line_count|number|rows|records|line_number"
    return re.sub(rf'"({names})": ?\d+', rf'"\1":{FAR}', text)


def stored(engine: sa.Engine) -> Cursor:
    with engine.connect() as connection:
        found = connection.execute(sa.text("select position_text, carry_text from ops.cursors")).one()
    return str(found[0]), str(found[1])


def store(engine: sa.Engine, cursor: Cursor) -> None:
    with engine.begin() as connection:
        text = "update ops.cursors set position_text = :position, carry_text = :carry"
        connection.execute(sa.text(text), {"position": cursor[0], "carry": cursor[1]})


def told_after(world: World, cursor: Cursor) -> int | LoadError:
    """How many rows the source's reader gives after a place; or why it gives none."""
    with environment(world.environment):
        reader: Any = world.reader(world.source) or world.source.reader(world.settings.site.site, b"s" * 32)
        try:
            batches = list(reader.read(*cursor, now=world.now()))
            for batch in batches:
                load.refuse_far_ahead(batch, now=world.now())
            return sum(batch.read_rows for batch in batches)
        except LoadError as error:
            return error
        finally:
            reader.close()


@pytest.mark.timeout(600)
@pytest.mark.by_turns(3)
@pytest.mark.parametrize("kind", kinds())
def test_an_absurd_place_is_an_error_with_the_next_step_or_loses_nothing(
    engine: sa.Engine,
    alone: sa.Engine,
    tmp_path: Path,
    empty_database_url: str,
    campaign: Campaign,
    kind: str,
) -> None:
    places = Places(tmp_path / "world", empty_database_url, RECORDED if RECORDED.is_dir() else None)
    with world_of(kind, places, pieces=4) as world:
        world.grow()
        world.grow()
        load_once(engine, world)
        before = world.rows
        cursor = stored(engine)
        world.grow()
        world.finish()
        unread = told_after(world, cursor)
        assert isinstance(unread, int)
        refused, passed = [], []
        for name, found in absurd(*cursor).items():
            told = told_after(world, found)
            if isinstance(told, LoadError):
                assert "--from-start" in str(told), (name, str(told))
                refused.append(name)
            else:
                assert told >= unread, (
                    f"{name}: {told} rows are told, {unread} were not read yet; {found[0][:200]}"
                )
                passed.append(name)
        assert isinstance(world, AmiWorld) or unread >= world.rows - before > 0
        for name in passed:
            store(engine, absurd(*cursor)[name])
            load_once(engine, world)
        store(engine, absurd(*cursor)["no place"])
        with pytest.raises(LoadError, match=r"--from-start"):
            load_once(engine, world)
        assert load.reset_cursor(engine, "src")
        load_once(engine, world)
        ledger = ledger_of(engine)
        assert ledger.is_balanced
        found_differences: dict[str, tuple[int, int]] = {}
        if not isinstance(world, AmiWorld):
            load_once(alone, world)
            found_differences = differences(facts_of(engine), facts_of(alone))
            assert found_differences == {}
            assert (ledger.open_rejects, ledger.kept_places) == (world.refused_rows, world.refused_rows)
    campaign.record(
        "D16", f"{kind}: an absurd place is an error with the next step, or loses and doubles nothing",
        places_count=len(refused) + len(passed), refused_count=len(refused), **figures_of(found_differences),
    )  # fmt: skip


TWO_ROWS: list[list[Any]] = [
    ["id", "at", "net", "why"],
    ["1", "2026-11-01 10:00:00", "1.5", ""],
    ["2", "2026-11-01 10:00:00", "2.5", ""],
]


def written_whole(folder: Path, ending: str) -> Path:
    """A file of two rows that is not read on but anew when it changes."""
    path, (names, *rows) = folder / f"a.{ending}", TWO_ROWS
    table = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    if ending == "xlsx":
        return write_workbook(path, TWO_ROWS)
    if ending == "parquet":
        table.write_parquet(path)
    else:
        path.write_text(json.dumps(table.to_dicts()))
    return path


@pytest.mark.parametrize("ending", ["json", "parquet", "xlsx"])
def test_a_place_beyond_the_end_of_a_file_that_is_the_same_is_an_error_and_skips_nothing(
    tmp_path: Path, campaign: Campaign, ending: str
) -> None:
    one = file_reader(written_whole(tmp_path, ending))
    first, *others = one.read("", "", now=NOW, piece_bytes=1)
    assert [batch.read_rows for batch in (first, *others)] == [1, 1]
    assert [batch.read_rows for batch in one.read(first.position_text, "", now=NOW)] == [1]
    for offset in (3, FAR):
        far = first.position_text.replace('"offset":1,', f'"offset":{offset},')
        with pytest.raises(LoadError, match=rf"after row {offset}, found 2 rows; .* --from-start"):
            list(one.read(far, "", now=NOW))
    campaign.record(
        "D16", f"file {ending}: a place beyond the end is an error with the next step", places_count=2
    )


def test_a_place_beyond_the_end_of_exported_tables_that_are_the_same_is_an_error_and_skips_nothing(
    tmp_path: Path, campaign: Campaign
) -> None:
    one = zendesk_reader(zendesk_folder(tmp_path))
    batches = list(one.read("", "", now=NOW, piece_bytes=1))
    tables = {}
    for number, batch in enumerate(batches[:-1], start=1):
        place = json.loads(batch.position_text)
        tables[place["table"]] = place
        read_on = sum(later.read_rows for later in one.read(batch.position_text, "", now=NOW))
        assert read_on == sum(later.read_rows for later in batches[number:])
    assert len(tables) >= 3
    for table, place in tables.items():
        with pytest.raises(
            LoadError, match=rf"after row {FAR} of {table}.csv, found [0-9]+ rows; .* --from-start"
        ):
            list(one.read(json.dumps(place | {"rows": FAR}), "", now=NOW))
    campaign.record(
        "D16", "zendesk_csv: a place beyond the end is an error with the next step", places_count=len(tables)
    )
