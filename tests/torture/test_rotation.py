"""A log that is rotated while it is read loses no line, gives none twice and none in pieces (TRUST D11)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.torture.campaign import Campaign
from tests.torture.rotation import RENAMED, WAYS, Way, follow_by_name, rotated_while_read

NOTHING = {"lost_lines": 0, "doubled_lines": 0, "broken_lines": 0, "unsaid_losses": 0}


@pytest.mark.by_turns(2)
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
def test_a_log_that_is_rotated_while_it_is_read_gives_each_line_once(
    campaign: Campaign, tmp_path: Path, way: Way
) -> None:
    lines, found, notices, rotations = campaign.times(short=3000, long=32_000), Counter[str](), 0, 0
    seeds = range(campaign.seed, campaign.seed + campaign.times(short=1, long=8))
    for seed in seeds:
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        reading, writer = rotated_while_read(folder / "queue_log", way, lines=lines, seed=seed)
        found.update(reading.figures(writer))
        notices, rotations = notices + len(reading.notices), rotations + writer.rotations
    cut_off_lines = found.pop("cut_off_lines", 0)
    campaign.record(
        "D11",
        f"a log rotated by {way} while it is read: each line once, every loss told",
        lines_count=lines * len(seeds), rotations_count=rotations, notices_count=notices, cut_off_lines=cut_off_lines,
        **found,
    )  # fmt: skip
    assert dict(found) == NOTHING
    assert rotations > 5
    if way in RENAMED:  # nothing can be lost, so nothing may be said to be
        assert (cut_off_lines, notices) == (0, 0)


def test_reading_on_by_name_and_byte_would_lose_lines(campaign: Campaign, tmp_path: Path) -> None:
    """A negative control: the log as many tools follow it."""
    lines = campaign.times(short=3000, long=32_000)
    reading, writer = rotated_while_read(
        tmp_path / "queue_log", "rename", lines=lines, seed=campaign.seed, follows=follow_by_name
    )
    figures = reading.figures(writer)
    campaign.record("D11", "negative control: a log followed by its name and byte loses lines", **figures)
    assert figures["lost_lines"] > 0
