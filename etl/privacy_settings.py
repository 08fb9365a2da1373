"""How small a group may be of which figures of work are told, as the settings of a site have it.

In: the table [privacy] of floorboard.toml. Out: one typed value, whole without the table.
The rule it guards: the number is never so small that a figure tells of a single person.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from etl.sources import Table


class PrivacySettings(Table):
    """What others than an agent's own see of the work of agents."""

    fewest_agents: Annotated[int, Field(ge=3, le=50)] = 5
    """How many agents must stand behind a figure of their work before others than they and theirs see it."""
