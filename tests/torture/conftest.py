"""What the tests of this folder share: the size of the run."""

from __future__ import annotations

import pytest

from tests.torture.campaign import Campaign, campaign_of_the_environment


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> Campaign:
    """The size of this run (short in the ordinary suite, long in the campaign) and where its figures go."""
    return campaign_of_the_environment(request.node.name)
