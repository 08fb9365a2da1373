"""Where the recordings of calls lie and for how long, as the settings of a site have it.

In: the table [recordings] of floorboard.toml. Out: one typed value.
The rule it guards: the pages lead to no host that nobody has listed; without the table they show the reference alone.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from etl.sources import Table
from etl.watch.alert_settings import HostNames


class RecordingSettings(Table):
    """Which recordings may be opened from the pages. Nothing is ever fetched from there by Floorboard itself."""

    hosts: HostNames = ()
    """Hosts to which a recording may lead, such as "recordings.example.com"."""
    kept_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """After how many days the system of the recordings deletes them."""
