"""Loads that are killed, for every kind of source: nothing lost, nothing twice, and the ledger's sums exact."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import load
from sql import migrate, warehouse
from tests.conftest import ROOT, made_database, url_of
from tests.db.test_ami_load import TOLD_TWICE, expect_the_facts_of_the_log_alone, facts, load_log
from tests.db.test_load import ask
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of, figures_of, ledger_of
from tests.torture.kills import (
    CRASH_POINTS,
    IN_MIGRATION,
    Loaders,
    crashed_at,
    fresh_engine,
    killed_at_random,
    load_once,
)
from tests.torture.worlds import Places, World, kinds, world_of
from tests.torture.worlds_of_servers import AmiWorld

KINDS = tuple(kinds())
MIGRATING_KINDS = tuple(kind for kind in KINDS if kind != "asterisk_realtime")
"""Without the one whose own table would have to be made anew for each step."""
RECORDED = ROOT.parent / "shared" / "data"


@pytest.fixture
def places(tmp_path: Path, empty_database_url: str) -> Places:
    """Where a world of this test lies."""
    return Places(tmp_path / "world", empty_database_url, RECORDED if RECORDED.is_dir() else None)


@pytest.fixture(scope="module")
def loaders() -> Iterator[Loaders]:
    """The process that the loaders are forked off."""
    with Loaders() as started:
        yield started


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for one load that nobody disturbs."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


def expect_what_one_undisturbed_load_gives(
    engine: sa.Engine, alone: sa.Engine, world: World
) -> dict[str, int]:
    """After a last load: every row of the warehouse as from one load of a fresh one; the ledger's sums exact."""
    world.finish()
    load_once(engine, world)
    ledger = ledger_of(engine)
    assert ledger.is_balanced
    if world.is_read_once:
        assert (ledger.read_rows, ledger.rejected_rows) == (world.rows, world.refused_rows)
    assert (ledger.open_rejects, ledger.kept_places) == (world.refused_rows, world.refused_rows)
    without_place = ask(engine, "select count(*) from warehouse.calls where place_text is null")
    assert without_place == [(0,)] or isinstance(world, AmiWorld)  # which tells live, of no row
    if isinstance(world, AmiWorld):  # what happened while nobody listened, only the log tells
        assert ask(engine, TOLD_TWICE) == [(0,)]
        assert load.reset_cursor(engine, "src")
        for each in (engine, alone):
            load_log(each, world.recorded, world.places.folder, name="src")
        expect_the_facts_of_the_log_alone(engine, facts(alone))
        calls = (facts_of(each)["calls"] for each in (engine, alone))
        return figures_of(differences({"calls": next(calls)}, {"calls": next(calls)}))
    load_once(alone, world)
    found = differences(facts_of(engine), facts_of(alone))
    assert found == {}
    return figures_of(found)


@pytest.mark.timeout(1800)
@pytest.mark.by_turns(3, first=0)
@pytest.mark.parametrize("kind", KINDS)
def test_loaders_killed_at_random_moments_lose_and_double_nothing(
    engine: sa.Engine, database_url: str, alone: sa.Engine, places: Places, loaders: Loaders, campaign: Campaign,
    kind: str,
) -> None:  # fmt: skip
    kills = campaign.times(short=4, long=200)
    with world_of(kind, places, pieces=2 * kills, seed=campaign.seed) as world:
        killed = killed_at_random(loaders, world, database_url, kills_count=kills, seed=campaign.seed)
        assert killed == kills
        figures = expect_what_one_undisturbed_load_gives(engine, alone, world)
        campaign.record(
            "D1", f"{kind}: loaders killed at random moments lose and double nothing",
            kills_count=killed, read_rows=ledger_of(engine).read_rows, **figures,
        )  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.by_turns(3, first=3)
@pytest.mark.parametrize("kind", KINDS)
def test_loaders_that_die_at_every_named_point_lose_and_double_nothing(
    engine: sa.Engine, database_url: str, alone: sa.Engine, places: Places, loaders: Loaders, campaign: Campaign,
    kind: str,
) -> None:  # fmt: skip
    rounds = campaign.times(short=1, long=3)
    pieces = rounds * len(CRASH_POINTS)
    with world_of(kind, places, pieces=pieces, seed=campaign.seed) as world:
        died = [
            crashed_at(loaders, world, database_url, point, number=number)
            for number in range(1, rounds + 1)
            for point in CRASH_POINTS
        ]
        assert all(died[: len(CRASH_POINTS)]), dict(zip(CRASH_POINTS, died, strict=False))
        figures = expect_what_one_undisturbed_load_gives(engine, alone, world)
        campaign.record(
            "D2", f"{kind}: loaders that die at the named points lose and double nothing",
            points_count=len(CRASH_POINTS), deaths_count=sum(died), **figures,
        )  # fmt: skip


@pytest.mark.timeout(600)
@pytest.mark.by_turns(1)
@pytest.mark.parametrize("kind", MIGRATING_KINDS)
def test_a_loader_that_dies_while_it_makes_the_tables_leaves_a_warehouse_to_be_loaded(
    server_url: str, template_name: str, places: Places, loaders: Loaders, campaign: Campaign, kind: str
) -> None:
    files = len(migrate.pending_after([]))
    steps = range(1, files + 1) if campaign.is_long else [files]
    for step in steps:
        here = Places(places.folder / f"{step}", places.database_url, places.recorded)
        with (
            made_database(server_url) as name,
            made_database(server_url, template_name=template_name) as undisturbed,
            world_of(kind, here, pieces=1) as world,
        ):
            url = url_of(server_url, name)
            assert crashed_at(loaders, world, url, IN_MIGRATION, number=step)
            with fresh_engine(url) as engine, fresh_engine(url_of(server_url, undisturbed)) as alone:
                load_once(engine, world)
                assert ledger_of(engine).is_balanced
                load_once(alone, world)  # of this very world: a served one has an address of its own
                found = differences(facts_of(engine), facts_of(alone))
                assert found == {}
                figures = figures_of(found)
    campaign.record(
        "D2", f"{kind}: loaders that die in a migration leave a warehouse to be loaded",
        deaths_count=len(steps), **figures,
    )  # fmt: skip
