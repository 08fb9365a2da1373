"""A log on to which old copies of itself are written, while it is rotated and its loaders are killed (TRUST D12)."""

from __future__ import annotations

import gzip
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sql import warehouse
from tests.conftest import made_database, url_of
from tests.torture.campaign import Campaign
from tests.torture.contents import differences, facts_of, figures_of, ledger_of
from tests.torture.kills import Loaders, load_once
from tests.torture.worlds import Places, World, world_of

OLDEST_COPIED, NEWEST_COPIED = 0.0, 0.8  # a copy begins somewhere in this part of what was written


@pytest.fixture
def alone(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A second warehouse, for one load of a log to which nothing old was written."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


class Copies:
    """Writes old copies of a growing log on to its end, and rotates it."""

    def __init__(self, path: Path, *, seed: int) -> None:
        self.path, self.chance = path, random.Random(seed)
        self.known = 0
        self.lines: list[bytes] = []
        self.copied = self.rotations = 0

    def note(self) -> None:
        """Takes note of what the world has written since."""
        self.lines += self.path.read_bytes()[self.known :].splitlines(keepends=True)

    def write(self) -> None:
        """An old copy, whole or in part, as a restore that somebody appends."""
        begin = int(len(self.lines) * self.chance.uniform(OLDEST_COPIED, NEWEST_COPIED))
        begin = self.chance.choice((0, begin))
        copy = self.lines[begin : begin + self.chance.choice((5, 40, len(self.lines)))]
        with self.path.open("ab") as file:
            file.write(b"".join(copy))
        self.copied += len(copy)
        self.known = self.path.stat().st_size

    def rotate(self) -> None:
        """As logrotate does; every other rotated file is packed."""
        for number in range(self.rotations, 0, -1):
            for ending in ("", ".gz"):
                old = self.path.with_name(f"{self.path.name}.{number}{ending}")
                if old.exists():
                    old.rename(self.path.with_name(f"{self.path.name}.{number + 1}{ending}"))
        first = self.path.with_name(f"{self.path.name}.1")
        self.path.rename(first)
        if self.rotations % 2:
            first.with_name(f"{first.name}.gz").write_bytes(gzip.compress(first.read_bytes()))
            first.unlink()
        self.path.touch()
        self.known, self.rotations = 0, self.rotations + 1


def expect_the_facts_of_one_clean_load(
    engine: sa.Engine, alone: sa.Engine, world: World, clean: World
) -> dict[str, int]:
    """Every row as from one load of the same log without its copies; each refused line kept once."""
    for each, one in ((engine, world), (alone, clean)):
        one.finish()
        load_once(each, one)
    found, ledger = differences(facts_of(engine), facts_of(alone)), ledger_of(engine)
    assert found == {}
    assert ledger.is_balanced
    assert (ledger.open_rejects, ledger.kept_places) == (clean.refused_rows, clean.refused_rows)
    return figures_of(found)


@pytest.mark.by_turns(1)
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("kind", ["asterisk_queue_log", "asterisk_cel"])
def test_loaders_killed_over_a_log_that_is_told_again_and_rotated_lose_and_double_nothing(
    engine: sa.Engine, database_url: str, alone: sa.Engine, tmp_path: Path, campaign: Campaign, kind: str
) -> None:
    kills = campaign.times(short=4, long=60)
    chance, killed = random.Random(campaign.seed), 0
    with (
        world_of(kind, Places(tmp_path / "told"), pieces=kills, seed=campaign.seed) as world,
        world_of(kind, Places(tmp_path / "clean"), pieces=kills, seed=campaign.seed) as clean,
        Loaders(piece_bytes=1500) as loaders,
    ):
        copies = Copies(world.path, seed=campaign.seed)  # type: ignore[attr-defined]
        for _ in range(kills):
            world.grow()
            clean.grow()
            copies.note()
            copies.write()
            if chance.random() < 0.3:
                copies.rotate()
            pid = loaders.begin(world, database_url)
            if not loaders.is_over_within(chance.uniform(0, 0.5)):
                os.kill(pid, signal.SIGKILL)
            killed += loaders.end() == -signal.SIGKILL
        figures = expect_the_facts_of_one_clean_load(engine, alone, world, clean)
        ledger = ledger_of(engine)
        assert ledger.read_rows == world.rows + copies.copied
    campaign.record(
        "D12", f"{kind}: copies of a log written on to it, rotated and packed, with loaders killed in between",
        kills_count=killed, copied_lines=copies.copied, rotations_count=copies.rotations, **figures,
    )  # fmt: skip
