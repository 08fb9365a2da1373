"""L1: five hundred screens and three hundred open pages in front of one dashboard; the database does not notice how many."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.torture import crowd
from tests.torture.campaign import Campaign
from tests.torture.crowd import Crowd
from tests.torture.page_sessions import dashboard
from tests.torture.test_web_load import server_of

WHOLE = Crowd(streams=500, agents=280, supervisors=20, seconds=120)
PART = Crowd(streams=30, agents=8, supervisors=2, seconds=2.5, agent_seconds=2, supervisor_seconds=1)
MOST_TRANSACTIONS = (
    40.0  # a second, for ten people and thirty screens: the polls, their sessions and what is their own
)


@pytest.mark.timeout(3600)
def test_a_whole_site_looks_at_once_and_nobody_waits(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    looking = WHOLE if campaign.is_long else PART
    crowd.fill(engine, looking)
    with dashboard(database_url, tmp_path) as address:
        found = crowd.watched(address, database_url, looking, process=server_of(address))
    assert "first_error" not in found
    assert float(found["boards_count"]) >= looking.streams * (
        looking.seconds - 1.5
    )  # each saw each second's change
    assert float(found["turns_count"]) >= looking.supervisors
    if campaign.is_long:
        assert crowd.faults(found) == []
    else:  # how long it takes says something on a quiet machine alone
        assert float(found["transactions_a_second"]) <= MOST_TRANSACTIONS
    campaign.record("L1", "a whole site looks at once and nobody waits", **found)


def test_a_limit_that_is_not_kept_is_told() -> None:
    kept: dict[str, float | str] = dict.fromkeys(crowd.LIMITS, 0)
    assert crowd.faults(kept) == []
    assert crowd.faults({**kept, "turns_p95_seconds": 0.6}) == [
        "turns_p95_seconds is 0.6, at most 0.5 was promised"
    ]
    del kept["made_p95_seconds"]
    assert "unknown" in crowd.faults(kept)[0]
