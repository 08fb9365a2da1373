"""The tiles about the game: what people reached, and whom colleagues thanked; of those who allow their name on a wall.

In: a moment of the floor. Out: the tiles' part of the payload, and what of it is worth a celebration.
The rule it guards: nobody is named who does not allow it now, what somebody wrote to a colleague is not put on a wall, and
a badge that is secret keeps its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import quote

import polars as pl

from dashboard import board as blocks
from dashboard import words
from dashboard.board import Block
from dashboard.game.rule_texts import rule_of, title_of
from dashboard.privacy.families import off_labels
from dashboard.wall.boards import Tile
from dashboard.wall.good_news import News
from dashboard.wall.tile_parts import Drawn, Kind, Scene, unknown
from dashboard.words import t, t_count

MOMENTS_SECONDS, KUDOS_SECONDS = 30, 60
"""How often each question is worth asking."""
MOST_ITEMS = 12
FRESH = timedelta(minutes=5)
MOST_ALONE = 3
"""Of more within one minute one celebration is made: a posting of a whole day is one moment in the room."""
ART = "/credentials/art"
Row = dict[str, Any]


def badge_moments(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """Badges, levels and records of the last seven days, the newest first."""
    label = t("Reached this week")
    if off := off_labels(scene.at.calm("individual_figures"), "game"):
        return unknown(label, t("Switched off at this site: {what}.", what=", ".join(off)), kind="list")
    rows = _moments(scene)
    return {
        "kind": "list",
        "label": label,
        **blocks.status("none", ""),
        "items": [_moment(row, scene) for row in rows[:MOST_ITEMS]],
        "nothing": t("What people reach stands here, of those who allow their name on a wall."),
        "more": t("of those who allow their name, 7 days") if rows else "",
    }


def _moments(scene: Scene) -> list[Row]:
    """What may be told, the newest first; what somebody took back a moment ago is gone with this look."""
    return scene.once("game moments", lambda: _asked(scene))


def _asked(scene: Scene) -> list[Row]:
    consented = set(scene.at.calm("consented_agents", board_name="wall")["agent_id"].to_list())
    found = scene.at.calm("wall_game_moments", as_of=scene.whole(MOMENTS_SECONDS))
    return found.filter(pl.col("agent_id").is_in(list(consented))).to_dicts()


def _what(row: Row) -> str:
    """What was reached: a badge by its title and tier, a secret one without."""
    if _is_secret(row):
        return t("A secret badge")
    title = title_of(row["spec_text"], row["rule_name"]) if row["rule_name"] else row["name_text"]
    tier = {"bronze": t("Bronze"), "silver": t("Silver"), "gold": t("Gold")}.get(row["tier_name"] or "")
    return f"{words.name(title)} · {tier}" if tier else words.name(title)


def _is_secret(row: Row) -> bool:
    """Whether its name is for those alone who have it; also of a rule that cannot be read: nobody knows, then."""
    rule = rule_of(row["spec_text"])
    return rule.is_secret if rule is not None else bool(row["spec_text"])


def _moment(row: Row, scene: Scene) -> Block:
    item = {
        "key": str(row["moment_id"]),
        "title": words.name(row["agent_name"]),
        "text": f"{_what(row)} · {_when(row['happened_at'], scene)}",
        "tone": "good",
        "shape": "circle",
    }
    return {**item, "art": _art(row)} if row["kind_name"] == "badge" else item


def _art(row: Row) -> str:
    """The address of the badge's picture."""
    rule = rule_of(row["spec_text"])
    if rule is None or _is_secret(row):
        return f"{ART}/secret/question/{row['tier_name'] or 'badge'}/secret.svg"
    parts = (rule.family, rule.icon, row["tier_name"] or "badge", f"{rule.name}.svg")
    return "/".join((ART, *(quote(part, safe="") for part in parts)))


def _when(at: datetime, scene: Scene) -> str:
    """The time of a thing of today, the day of an older one, by the wall's clock."""
    zone = scene.wall.zone_name or scene.at.zone_name
    day = words.local_day(at, zone)
    return words.clock(at, zone) if day == words.local_day(scene.at.now, zone) else words.short_day(day)


def kudos(scene: Scene, tile: Tile) -> Drawn:  # noqa: ARG001 - every kind is drawn alike
    """Whom colleagues thanked in the last seven days, and how many thanks there were in all."""
    found = scene.at.calm("wall_game_kudos", as_of=scene.whole(KUDOS_SECONDS))
    total = int(found[0, "week_count"]) if found.height else 0
    names = {
        row["agent_name"]
        for row in scene.at.calm("consented_agents", board_name="wall").iter_rows(named=True)
    }
    rows = [row for row in found.to_dicts() if row["agent_name"] in names]
    return {
        "kind": "list",
        "label": t("Thanks"),
        **blocks.status("none", ""),
        "items": [_thanks(row, names, scene) for row in rows[:MOST_ITEMS]],
        "nothing": t("A thank-you to somebody who allows their name on a wall stands here.")
        if not total
        else t_count("{n} thank-you this week; its names stay among those concerned.",
                     "{n} thank-yous this week; their names stay among those concerned.", total),
        "more": t_count("{n} thank-you in 7 days", "{n} thank-yous in 7 days", total) if rows else "",
    }  # fmt: skip


def _thanks(row: Row, names: set[str], scene: Scene) -> Block:
    giver = row["from_agent_name"]
    by = t("from {name}", name=words.name(giver)) if giver in names else t("from a colleague")
    return {
        "key": str(row["kudos_id"]),
        "title": words.name(row["agent_name"]),
        "text": " · ".join((_for(row["category_name"]), by, _when(row["given_at"], scene))),
        "tone": "good",
        "shape": "circle",
    }


def _for(category_name: str) -> str:
    """What somebody was thanked for."""
    return {
        "help": t("for helping"),
        "customer": t("for a customer's sake"),
        "teaching": t("for teaching"),
        "idea": t("for an idea"),
        "calm": t("for staying calm"),
        "welcome": t("for a warm welcome"),
    }.get(category_name, t("for good work"))


def fresh(scene: Scene) -> Sequence[News]:
    """What was reached within the last minutes: each to be celebrated once, many of one minute together."""
    if not any(one.shows == "badge_moments" for one in scene.board.tiles):
        return ()
    if off_labels(scene.at.calm("individual_figures"), "game"):
        return ()
    now = scene.at.now
    rows = [row for row in reversed(_moments(scene)) if timedelta(0) <= now - row["happened_at"] <= FRESH]
    found: list[News] = []
    for minute, of_minute in groupby(
        rows, key=lambda row: row["happened_at"].replace(second=0, microsecond=0)
    ):
        together = list(of_minute)
        found += [_many(minute, together)] if len(together) > MOST_ALONE else [_one(row) for row in together]
    return found


def _one(row: Row) -> News:
    return _news(
        f"moment:{row['moment_id']}",
        _what(row),
        t("Congratulations, {name}!", name=words.name(row["agent_name"])),
        row["happened_at"],
    )


def _many(minute: datetime, rows: Sequence[Row]) -> News:
    names = list(dict.fromkeys(words.name(row["agent_name"]) for row in rows))
    shown = ", ".join(names[:MOST_ALONE])
    text = (
        t("Congratulations, {name}!", name=shown)
        if len(names) <= MOST_ALONE
        else t_count("Congratulations, {names} and {n} more!", "Congratulations, {names} and {n} more!",
                     len(names) - MOST_ALONE, names=shown)
    )  # fmt: skip
    title = t_count("{n} thing reached", "{n} things reached", len(rows))
    return _news(f"moments:{minute.astimezone(UTC):%Y%m%d%H%M}", title, text, minute)


def _news(key: str, title: str, text: str, at: datetime) -> News:
    return News(key=key, title=title, text=text, since_at=at, window_start=at, window_end=at, formula="")


KINDS = (
    Kind(
        "badge_moments",
        "Reached this week",
        "Badges, levels and records of those who allow their name on a wall; new ones are celebrated for a moment.",
        badge_moments,
        least_width=3,
        questions=("wall_game_moments", "consented_agents", "individual_figures"),
    ),
    Kind(
        "kudos",
        "Thanks among colleagues",
        "Whom colleagues thanked in the last 7 days, and for what; of those who allow their name on a wall.",
        kudos,
        least_width=3,
        questions=("wall_game_kudos", "consented_agents"),
    ),
)
