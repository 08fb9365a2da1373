"""Publishes versions of rules: a text that did not change publishes nothing, a changed one holds from a day to come.

In: the text of a rule, the day from which it shall hold, who publishes it and why. Out: a row of game.rule_versions.
The rule it guards: no version reaches back before today, and none before one that is announced already: what was earned
under the old words stays as it was earned.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from sql.game_rules.shipped import Text
from sql.game_rules.spec import GameError
from sql.warehouse import statement


def publish(
    connection: sa.Connection,
    text: Text,
    *,
    valid_from: date,
    today: date,
    actor_name: str,
    now: datetime,
    why_text: str = "",
) -> int | None:
    """The number of the new version; None where the newest says the same already.

    A rule that weighs 0 or is not on is published as switched off. Raises GameError where valid_from lies before today or
    before a version that is announced, and where a rule would change its kind.
    """
    newest = _newest(connection).get(text.rule.name)
    if valid_from < today:
        raise GameError(
            f"A version cannot hold from {valid_from} on: expected {today} or later. Choose such a day; "
            "what lies behind is counted again only by an approved re-scoring."
        )
    if newest and newest["kind_name"] != text.rule.kind:
        raise GameError(
            f"The rule '{text.rule.name}' is of the kind {newest['kind_name']}, found {text.rule.kind}; "
            "a rule keeps its kind. Give the new one another name."
        )
    if newest and newest["spec_sha256"] != text.spec_sha256 and valid_from < newest["valid_from_date"]:
        raise GameError(
            f"Version {newest['version_number']} of '{text.rule.name}' is announced from {newest['valid_from_date']} on; "
            f"found {valid_from}. Choose that day or a later one."
        )
    told = {
        "rule_name": text.rule.name,
        "kind_name": text.rule.kind,
        "is_shipped": False,
        "valid_from_date": valid_from,
        "is_on": text.rule.is_played,
        "spec_text": text.spec_text,
        "spec_sha256": text.spec_sha256,
        "purpose_text": text.rule.purpose,
        "published_at": now,
        "actor_name": actor_name,
        "why_text": why_text,
    }
    found = connection.execute(sa.text(statement("game/rule_publish")), told).scalar()
    return None if found is None else int(found)


def _newest(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    rows = connection.execute(sa.text(statement("game_rules/versions_newest"))).mappings()
    return {row["rule_name"]: dict(row) for row in rows}
