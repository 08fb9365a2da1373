"""Notes which sources the loader reads and with which settings, so that the pages can show them.

In: the settings. Out: rows of ops.sources, where recordings may be opened, and how small a group may be of which others see
the work.
The rule it guards: no secret leaves the settings; what could be one is named as set, never shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.sources import SourceSettings
from sql import audit, warehouse

UPLOAD_KIND = "upload"
_SECRET_KEY = re.compile(r"pass(word|phrase)?|secret|token|credential|api_?key", re.IGNORECASE)
_PLACE_OF_SECRET = ("_env", "_file")  # the name of the place, not what lies there
_SIGNED_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@")
_TOLD_APART = frozenset({"name", "kind", "every_seconds", "stale_after_seconds"})


def note_sources(engine: sa.Engine, settings: Settings, *, now: Callable[[], datetime]) -> None:
    """Notes every source of the settings; those that were there before and are not any more become past ones."""
    try:
        with warehouse.connected(engine) as connection:
            before = _settings_now(connection)
            note(connection, settings.sources, is_whole=True, at=now())
            recordings = settings.recordings
            warehouse.execute(
                connection, "merge/recording_rules", noted_at=now(), kept_days=recordings.kept_days,
                host_names=list(recordings.hosts),
            )  # fmt: skip
            _note_changes(connection, before, _settings_now(connection))
            fewest = settings.privacy.fewest_agents
            if warehouse.execute(connection, "merge/smallest_groups", fewest_agents=fewest):
                audit.note(connection, what_name="policy.group_changed", told={"fewest_agents": fewest})
    except warehouse.WarehouseError as error:
        raise LoadError(str(error)) from error


def note(
    connection: sa.Connection,
    sources: tuple[SourceSettings, ...],
    *,
    is_whole: bool,
    at: datetime,
    kind_name: str = "",
) -> None:
    """Notes these sources; `is_whole` where there are no others. kind_name: instead of the settings' own."""
    warehouse.execute(
        connection,
        "merge/sources",
        source_names=[source.name for source in sources],
        kind_names=[kind_name or str(getattr(source, "kind", "")) for source in sources],
        settings_texts=[settings_text(source) for source in sources],
        every_seconds=[source.every_seconds for source in sources],
        is_whole=is_whole,
        noted_at=at,
    )


def _settings_now(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """What the settings said when they were noted last: by the source's name its settings, and which recordings open."""
    rows = warehouse.frame(connection, "audit/settings").to_dicts()
    return {row["of_text"]: json.loads(row["settings_text"]) for row in rows}


def _note_changes(
    connection: sa.Connection, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> None:
    """One line of the trail for each source whose settings are others now, were added, or are gone."""
    for of_name in sorted({*before, *after}):
        if told := audit.differences(before.get(of_name, {}), after.get(of_name, {})):
            what_name = "recording.rule" if of_name == "recordings" else "source.settings"
            audit.note(connection, what_name=what_name, of_name=of_name, told=told)


def settings_text(source: SourceSettings) -> str:
    """What was set for a source, as a JSON object of texts: keys left at their defaults are left out, secrets too."""
    told = source.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return json.dumps(
        {key: _shown(key, value) for key, value in told.items() if key not in _TOLD_APART}, ensure_ascii=False
    )


def _shown(key: str, value: Any) -> str:
    if _SECRET_KEY.search(key) and not key.endswith(_PLACE_OF_SECRET):
        return "(set)"
    if isinstance(value, str):
        return _SIGNED_ADDRESS.sub("…@", value)
    if isinstance(value, Mapping):
        if "column" in value:
            return str(value["column"])
        return ", ".join(f"{name}: {_shown(str(name), item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(_shown(key, item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
