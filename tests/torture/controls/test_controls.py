"""A test that cannot fail is worth nothing: each of twelve wrong ways is caught by a check that the product passes."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.torture.campaign import Campaign
from tests.torture.controls import reading, seeing, working
from tests.torture.controls.control import Control

# How many rows of which second come before each look: some of a second after it was read; more of one than make a page.
TIES = [(5, 0), (7, 0), (3, 1)]
LARGE_TIES = [(5, 0), (3 * reading.PAGE_ROWS, 1), (5, 2)]


def the_twelve(engine: sa.Engine, url: str, folder: Path, campaign: Campaign) -> list[Control]:
    """Every wrong way of the list, with the product's beside it (for 6, 7, 8 and 12 a reference, until its guards come)."""
    product_polling = partial(reading.ProductPolling, url)
    rounds, seed = campaign.times(short=4, long=60), campaign.seed
    numbers = campaign.times(short=100_000, long=1_000_000)
    trying = partial(seeing.found_by_trying, numbers=numbers, chance=random.Random(seed))
    charts = campaign.times(short=300, long=5_000)
    return [
        Control(
            1, "cursor saved after commit", lambda way: reading.after_crashes(way()),
            partial(reading.CursorAfterCommit, engine), partial(reading.ProductLoading, engine, folder),
        ),
        Control(
            2, "cursor by >", partial(reading.ties, engine, groups=TIES),
            partial(reading.ByTime, engine, ">"), product_polling,
        ),
        Control(
            3, "cursor by >= with small pages", partial(reading.ties, engine, groups=LARGE_TIES),
            partial(reading.ByTime, engine, ">="), product_polling,
        ),
        Control(
            4, "random key order", partial(working.deadlocks, engine, rounds=rounds, seed=seed),
            working.in_random_order, working.as_the_product_merges,
        ),
        Control(
            5, "tail by path and offset", partial(reading.rotations, folder),
            reading.PathAndOffset, reading.ProductFollowing,
        ),
        Control(6, "global cache", seeing.crossings, seeing.cached_for_all, seeing.cached_for_each),
        Control(
            7, "set_config(..., false)", partial(seeing.left_behind, engine),
            seeing.for_the_session, seeing.for_the_transaction,
        ),
        Control(
            8, "materialised view", partial(seeing.seen_through, engine), seeing.MATERIALISED, seeing.INVOKED
        ),
        Control(
            9, "SQLAlchemyJobStore", partial(working.outages, engine),
            partial(working.JobsInTheDatabase, engine), working.ProductTiming,
        ),
        Control(
            10, "lock without slot", partial(working.take_overs, engine), working.LockAlone, working.LockAndSlot
        ),
        Control(11, "unsalted hash", trying, seeing.unsalted, seeing.keyed),
        Control(
            12, "small groups without complement",
            partial(seeing.told_by_difference, charts=charts, chance=random.Random(seed)),
            seeing.small_ones_hidden, seeing.small_ones_hidden_among_others,
        ),
    ]  # fmt: skip


@pytest.mark.timeout(600)
def test_twelve_of_twelve_wrong_ways_are_caught_and_the_right_ways_pass_the_same_checks(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    controls = the_twelve(engine, database_url, tmp_path, campaign)
    caught = {control.name: control.check(control.wrong) for control in controls}
    blamed = {control.name: control.check(control.right) for control in controls}
    assert [control.number for control in controls] == list(range(1, 13))
    assert [name for name, faults in caught.items() if not faults] == []
    assert {name: faults for name, faults in blamed.items() if faults} == {}
    campaign.record(
        "7.8",
        "each deliberately wrong way is caught by a check that the right way passes",
        wrong_ways_count=len(controls),
        caught_count=sum(bool(faults) for faults in caught.values()),
        right_ways_passed_count=sum(not faults for faults in blamed.values()),
        deadlocks_of_random_order_count=len(caught["random key order"]),
        numbers_tried_count=campaign.times(short=100_000, long=1_000_000),
    )
