"""Agents who cheat in each of eight ways are found among honest ones of every kind, who are left alone: measured, seeded."""

from __future__ import annotations

from etl.game.guard_measure import Tally, judged_floor, measure
from etl.game.guard_report import markdown
from etl.simulation.floor_tricks import WAYS
from tests.torture.campaign import Campaign


def test_who_cheats_is_found_and_who_is_honest_is_left_alone(server_url: str, campaign: Campaign) -> None:
    if campaign.is_long:
        measured = measure(server_url, floors=10)
        tally = measured.main
        assert tally.is_good, markdown(measured)
        assert measured.honest_floors.honest.hits <= 1
    else:  # half a floor: enough to see that nothing has come apart; the shares are those of docs/game-guards.md
        tally = Tally()
        judged_floor(
            server_url, tally, seed=5, cheats={way: 1 + (way == "kudos-rings") for way in WAYS}, every=2
        )
        assert sum(share.hits for share in tally.found.values()) >= 7, tally
        assert tally.honest.hits <= 1, tally
    found = list(tally.found.values())
    campaign.record(
        "8.4",
        "who cheats is found, who is honest is left alone",
        cheats_count=sum(share.n for share in found),
        found_count=sum(share.hits for share in found),
        least_found_ratio=round(min(share.hits / share.n for share in found), 3),
        honest_count=tally.honest.n,
        falsely_flagged_count=tally.honest.hits,
    )
