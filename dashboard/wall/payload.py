"""Everything that one wall shows at one moment, as data that a browser draws without knowing what it means.

In: a moment of the floor, a wall, the board that is on, how its tiles stood before. Out: a dictionary that goes out as JSON.
The rule it guards: a tile that cannot be drawn says why and leaves the others alone; the age of the data is part of it; in
the past nothing fires, nothing is celebrated and nothing is taken for live.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from dashboard import board as blocks
from dashboard import state_view, words
from dashboard.goals import alert_view
from dashboard.privacy import privacy_view
from dashboard.privacy.families import label_of
from dashboard.ui.moments import Moment
from dashboard.wall import queue_sums, tile_game, tile_news
from dashboard.wall.address import Wall
from dashboard.wall.boards import Board, Tile
from dashboard.wall.good_news import News
from dashboard.wall.playlists import OnNow
from dashboard.wall.thresholds import Standings
from dashboard.wall.tile_kinds import KINDS
from dashboard.wall.tile_parts import Drawn, Scene, unknown
from dashboard.words import t, t_count
from sql.rights import SessionError
from sql.warehouse import SwitchedOffError, WarehouseError

VERSION = 1
ACKNOWLEDGE = "alerts.acknowledge"
LOG_SECONDS = 60.0
MOST_NAMED = 2
"""So many queues the head of a wall names; of more it says how many they are."""
_LOGGED: dict[str, float] = {}
_LEFT_OUT = ("unit", "more", "why", "nothing", "people")
"""What a browser takes for empty where it is not there."""
_LOG = logging.getLogger(__name__)


def payload(
    at: Moment,
    wall: Wall,
    board: Board,
    *,
    standings: Standings,
    turn: OnNow,
    names: Sequence[str] = (),
    messages: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """What the wall shows now, as `static/wall.js` draws it.

    names: the titles of the boards in turn. messages: the answer of `wall_messages`, None for that of the moment. Raises
    SessionError where the viewer's session is over; every other failure stands on the tile that it keeps from being drawn.
    """
    scene = Scene(at, wall, board, standings)
    shown_zone = wall.zone_name or at.zone_name
    return {
        "v": VERSION,
        "asset": blocks.asset_version(),
        "board": {"name": board.name, "title": t(board.title)},
        "turn": _turn(turn, names),
        "site": at.site_name,
        "part": part(scene),
        "zone": shown_zone,
        "lang": words.language(),
        "theme": wall.theme_name,
        "now_ms": blocks.milliseconds(at.now),
        "speed": wall.speed if at.is_past else at.speed,
        "is_past": at.is_past,
        "late_seconds": blocks.LATE_SECONDS,
        "age": age(at),
        "words": running_words(),
        "is_quiet": turn.is_quiet,
        "has_sound": wall.has_sound and not turn.is_quiet and not at.is_past,
        "tiles": tiles(scene),
        "banner": banner(at, wall, board),
        "message": message(at, messages),
        "celebration": celebration(scene, is_quiet=turn.is_quiet),
    }


def part(scene: Scene) -> str:
    """Of which part of the floor the wall is, as its head says; empty where it is of all of it."""
    found = []
    if scene.wall.queue_text:
        queues = [words.name(one) for one in scene.queues["queue_name"]] if scene.queues.height else []
        found.append(
            ", ".join(queues) if 0 < len(queues) <= MOST_NAMED else f"{scene.wall.queue_text} ({len(queues)})"
        )
    elif scene.board.name == "queue":  # called after one queue, and made of all of them without queue=
        found.append(t("All queues"))
    if scene.wall.team_id is not None:
        found.append(_team(scene) or t("Team {n}", n=scene.wall.team_id))
    return " · ".join(found)


def _team(scene: Scene) -> str:
    try:
        return "" if scene.team_name is None else words.name(scene.team_name)
    except WarehouseError:  # the head stands all the same; its tiles say what fails
        return ""


def _turn(turn: OnNow, names: Sequence[str]) -> Drawn:
    return {
        "place": turn.place or 0,
        "count": turn.count,
        "ends_ms": None if turn.ends_at is None else blocks.milliseconds(turn.ends_at),
        "is_pinned": turn.is_pinned,
        "names": list(names),
    }


def running_words() -> dict[str, str]:
    """The texts that the browser fills by itself; none in English, which it knows."""
    return {} if words.language() == words.SOURCE_LANGUAGE else browser_words()


def browser_words() -> dict[str, str]:
    """What the browser says by itself; `static/wall_frame.js` has the same in English."""
    return {
        "seconds": t("{seconds} s"),
        "no_data": t("No data for {age}"),
        "since_then": t("These figures are of {time}. The screen tries again by itself."),
        "opening": t("Opening the wall"),
        "age": t("Data {age} old"),
        "next": t("Next: {board}"),
        "next_in": t("in {age}"),
        "of": t("{place} of {count}"),
        "pinned": t("Pinned"),
        "pinned_until": t("until {time}"),
        "paused": t("Held"),
        "past": t("Replay"),
        "past_band": t("The past"),
        "live": t("Now"),
        "play": t("Play"),
        "pause": t("Pause"),
        "back": t("One minute back"),
        "ahead": t("One minute ahead"),
        "speed": t("Speed"),
        "when": t("Show"),
        "show": t("Show"),
        "acknowledge": t("Seen"),
        "more_alerts": t("{count} more"),
        "sound_blocked": t("Sound is switched on; press any key to allow it."),
        "keys": t("Keys"),
        "full_screen": t("Full screen"),
        "next_board": t("Next or previous board"),
        "hold": t("Hold this board, or go on"),
        "close": t("Close"),
        "over": t("This screen may not look any longer."),
    }


def age(at: Moment) -> Drawn:
    """How old the data is, by the source of calls that tells most often; the browser counts it on from newest_ms."""
    if at.is_past:
        return {**blocks.status("none", t("Replay")), "newest_ms": None}
    health = state_view.of_interest(at.health, "calls") if at.health.height else at.health
    if health.is_empty():
        return {**blocks.status("none", t("No data yet")), "newest_ms": None}
    told = health.filter(pl.col("newest_event_at").is_not_null())
    main = told.sort("stale_after_seconds", "newest_event_age_seconds")
    newest = main[0, "newest_event_at"] if main.height else None
    return {**_age_status(at, health), "newest_ms": None if newest is None else blocks.milliseconds(newest)}


def _age_status(at: Moment, health: pl.DataFrame) -> Drawn:
    """What keeps newer data away, in a word; how old it is, the browser counts."""
    if at.is_cut_off:
        return blocks.status("off", t("No connection"))
    if state_view.loader_is_silent(at.live("loader")):
        return blocks.status("off", t("Loader silent"))
    silent = health.filter(pl.col("is_stale").fill_null(True))
    if silent.height == 1:
        return blocks.status("off", t("{source} is silent", source=silent[0, "source_name"]))
    if silent.height:
        return blocks.status("off", t_count("{n} source is silent", "{n} sources are silent", silent.height))
    return blocks.status("good", t("Live"))


def tiles(scene: Scene) -> list[Drawn]:
    """Every tile of the board in its order; where there is no call yet, one that says what to do."""
    if scene.at.live("live_queues").is_empty() and not scene.at.is_past and _needs_calls(scene.board.tiles):
        return [_welcome(scene)]
    return [_tile(scene, number, tile) for number, tile in enumerate(scene.board.tiles)]


def _needs_calls(tiles: Sequence[Tile]) -> bool:
    return any("live_queues" in KINDS[one.shows].questions for one in tiles if one.shows in KINDS)


def _welcome(scene: Scene) -> Drawn:
    found = state_view.empty(scene.at.health)
    return {
        "key": "welcome",
        "kind": "text",
        "label": found["title"],
        "width": 12,
        "height": 8,
        **blocks.status("none", ""),
        "text": found["body"],
        "steps": found["steps"],
    }


def _tile(scene: Scene, number: int, tile: Tile) -> Drawn:
    key = f"{number}-{tile.shows}"
    found = _drawn(scene.of_tile(f"{scene.board.name}/{key}"), tile)
    if tile.title:
        found["label"] = tile.title
    spare = {name for name in _LEFT_OUT if name in found and not found[name]}
    told = {name: value for name, value in found.items() if name not in spare}
    return {"key": key, "width": tile.width, "height": tile.height, **told}


def celebration(scene: Scene, *, is_quiet: bool) -> Drawn | None:
    """What is celebrated now; nothing of a tile that says why it cannot be drawn."""
    good_things = [one for wing in (tile_news, tile_game) for one in _fresh(wing.fresh, scene)]
    return tile_news.celebration(scene, good_things, is_quiet=is_quiet)


def _fresh(asked: Callable[[Scene], Sequence[News]], scene: Scene) -> Sequence[News]:
    if scene.at.is_past or scene.board.audience == "supervisors":
        return ()
    try:
        return asked(scene)
    except SessionError:
        raise
    except Exception:  # noqa: BLE001 - its tile tells, and logs
        return ()


def _drawn(scene: Scene, tile: Tile) -> Drawn:
    kind = KINDS.get(tile.shows)
    if kind is None:
        why = t("There is no tile '{name}'. Choose another one for this place.", name=tile.shows)
        return unknown(tile.title or tile.shows, why)
    try:
        return kind.drawn(scene, tile)
    except SessionError:  # nobody may see anything here any more
        raise
    except SwitchedOffError as error:
        return unknown(t(kind.label), privacy_view.off_line([label_of(name) for name in error.family_names]))
    except WarehouseError as error:
        return unknown(t(kind.label), str(state_view.trouble(error)["title"]))
    except Exception as error:  # noqa: BLE001 - one tile does not take the others from the wall
        _log(tile.shows, error)
        return unknown(
            t(kind.label),
            t("This tile could not be drawn. The fault is in the program; its log has the details."),
        )


def _log(tile_name: str, error: Exception) -> None:
    """Writes a fault of the program down, the same one once a minute: a wall is drawn every second."""
    key, now = f"{tile_name} {type(error).__name__}", time.monotonic()
    if now - _LOGGED.get(key, -LOG_SECONDS) >= LOG_SECONDS:
        _LOGGED[key] = now
        _LOG.error("The tile %s could not be drawn", tile_name, exc_info=error)


def banner(at: Moment, wall: Wall, board: Board) -> list[Drawn]:
    """The gravest alerts that nobody has seen yet; none in the past, and none on a board for agents.

    A wall for some queues is told nothing of the others.
    """
    alerts = at.live("firing_alerts")
    if at.is_past or board.audience == "agents" or alerts.is_empty():
        return []
    rows = alert_view.unseen(alerts)
    if wall.queue_text:
        shown = queue_sums.matching(at.live("live_queues"), wall.queue_text)["queue_name"].to_list()
        of_others = (pl.col("scope_kind_name") == "queue") & ~pl.col("scope_name").is_in(shown)
        rows = rows.filter(~of_others)
    items = alert_view.firing(rows, at=at.now)["items"]
    may_acknowledge = at.viewer.may_change(ACKNOWLEDGE)
    return [
        {
            "key": f"{item['key']}-{row['firing_number']}",
            "title": f"{item['scope']} · {item['title']}",  # where comes first: a long name is cut off at its end
            "text": f"{item['value']} · {item['limit']}",
            "tone": item["severity"]["tone"],
            "shape": item["severity"]["shape"],
            "word": item["severity"]["word"],
            "since_ms": blocks.milliseconds(row["fired_at"]),
            "may_acknowledge": may_acknowledge,
            "rule_id": row["rule_id"],
            "scope_id": row["scope_id"],
            "firing_number": row["firing_number"],
        }
        for row, item in zip(rows.to_dicts(), items, strict=True)
    ]


def message(at: Moment, messages: pl.DataFrame | None) -> Drawn | None:
    """What a supervisor says to everybody in the room now, whatever their screen shows, the past too."""
    found = at.live("wall_messages") if messages is None else messages
    if found.is_empty():
        return None
    row = found.row(0, named=True)
    return {
        "text": row["message_text"],
        "tone": row["tone_name"],
        "since_ms": blocks.milliseconds(row["starts_at"]),
    }
