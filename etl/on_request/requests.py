"""Does what people ask the loader to do from a page: look at uploads, load them, read refused rows again.

In: the settings and the open rows of ops.uploads and ops.replays. Out: their outcomes, in the same rows.
The rule it guards: a warehouse that is away costs nothing but time; whatever else fails is told.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from etl.config import ConfigError, Settings, load_settings
from etl.on_request.replays import work_replays
from etl.on_request.source_notes import note_sources
from etl.on_request.uploads import work_uploads


class Requests:
    """The loader's desk; it notes the sources of the settings before it begins."""

    def __init__(
        self,
        engine: sa.Engine,
        settings: Settings,
        *,
        now: Callable[[], datetime],
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine, self._settings, self._now, self._check = engine, settings, now, check
        self._has_noted = False

    def work(self) -> int:
        """Does everything that is asked for; how many requests that were. LoadError, WarehouseError, Stopping."""
        if not self._has_noted:
            self._settings = whole(self._settings)
            note_sources(self._engine, self._settings, now=self._now)
            self._has_noted = True
        done = work_replays(self._engine, self._settings, now=self._now)
        return done + work_uploads(self._engine, self._settings, now=self._now, check=self._check)


def whole(settings: Settings) -> Settings:
    """All settings of the file where these are a part of them (one source may be loaded alone); else these."""
    try:
        found = load_settings()
    except ConfigError:  # settings that were not read from a file
        return settings
    return found if all(source in found.sources for source in settings.sources) else settings
