"""The addresses of a wall: its page, the stream that fills it, one board at a time, and the yes to an alert.

In: a browser's request with the session in its cookie. Out: a page without a figure, lines of a stream,
JSON, or one sentence.
The rule it guards: who looks is asked at each of them; a display is shown its own wall whatever it asks for; nothing that is
sent is kept by a browser or a proxy.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from dashboard import board, words
from dashboard.access import SessionError, Viewer
from dashboard.door import sessions
from dashboard.door.proxy import TrustedProxy
from dashboard.door.routes import LONGEST_FORM_BYTES, is_from_elsewhere
from dashboard.door.sign_in_page import address_of_sign_in
from dashboard.door.visitor import SignedOutError, who_asks
from dashboard.goals import alert_saves
from dashboard.goals.alert_saves import AlertError
from dashboard.ui import clock, desk
from dashboard.wall import address
from dashboard.wall.address import Wall
from dashboard.wall.boards import WallError
from dashboard.wall.hub import Hub, TooManyError
from dashboard.wall.replay import Replay
from dashboard.wall.streams import Stream, over
from dashboard.words import t
from sql import audit
from sql.warehouse import WarehouseError

STREAM, SNAPSHOT, ACKNOWLEDGE = "/wall/stream", "/wall/snapshot", "/wall/acknowledge"
SEEN = "alerts.acknowledge"
UNKEPT = {"cache-control": "no-store", "referrer-policy": "same-origin"}
SEND_SECONDS = 30.0
"""A screen that takes nothing for so long has gone, or its network has; its line is given up."""
RETRY_SECONDS = 10
LONGEST_ID = 18


@dataclass(frozen=True)
class WallDoor:
    """What the routes need: the hub, who holds a session, and the proxy whose word is taken."""

    hub: Hub
    viewer: Callable[[str | None], Viewer]
    used: Callable[[str | None], None] = lambda _token: None
    """Told that somebody opened a wall: their session goes on."""
    proxy: TrustedProxy | None = None

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        return [
            Route(address.PATH, self.shown, methods=["GET"]),
            Route(STREAM, self.streamed, methods=["GET"]),
            Route(SNAPSHOT, self.once, methods=["GET"]),
            Route(ACKNOWLEDGE, self.acknowledged, methods=["POST"]),
        ]

    async def shown(self, request: Request) -> Response:
        """The page: it holds no figure, and fills itself from the stream."""
        try:
            viewer = await self._who(request)
            wall = wall_of(viewer, request.query_params)
            await anyio.to_thread.run_sync(self.used, viewer.token)
        except SignedOutError:
            asked = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
            return RedirectResponse(address_of_sign_in(asked), 303, UNKEPT)
        except (
            WarehouseError
        ):  # nobody can tell who looks: the page says so, and shows nothing until somebody can
            with suppress(WallError):
                return HTMLResponse(page(address.parsed(dict(request.query_params))), 200, UNKEPT)
            return HTMLResponse(page(Wall(("floor",))), 200, UNKEPT)
        except WallError as error:
            return HTMLResponse(_refusal(str(error)), 400, UNKEPT)
        return HTMLResponse(page(wall), 200, UNKEPT)

    async def streamed(self, request: Request) -> Response:
        """The lines of one screen, for as long as it looks."""
        if request.headers.get("sec-fetch-site", "none") == "cross-site":
            return _sentence(t("Open the wall at its own address."), 403)
        query = dict(request.query_params)
        asset_text = query.pop("asset", None)
        try:
            viewer = await self._who(request)
            wall = wall_of(viewer, query)
            stream = self.hub.enter(viewer, wall, began_at=_last_instant(request))
        except SignedOutError:
            return _Lines(_one(over(None, _asked(query))), lambda: None)
        except TooManyError as error:
            return _sentence(str(error), 503, {"retry-after": str(RETRY_SECONDS)})
        except WallError as error:
            return _sentence(str(error), 400)
        except WarehouseError as error:
            return _sentence(str(error), 503, {"retry-after": "2"})
        return _Lines(self.hub.lines(stream, asset_text=asset_text), lambda: self._left(stream))

    async def once(self, request: Request) -> Response:
        """The same board once, for a browser that hears no streams."""
        query = dict(request.query_params)
        query.pop("asset", None)
        try:
            viewer = await self._who(request)
            text = await self.hub.once(viewer, wall_of(viewer, query))
        except (SignedOutError, SessionError) as error:
            return _sentence(str(error), 401)
        except TooManyError as error:
            return _sentence(str(error), 503, {"retry-after": str(RETRY_SECONDS)})
        except WallError as error:
            return _sentence(str(error), 400)
        except WarehouseError as error:
            return _sentence(str(error), 503, {"retry-after": "2"})
        return Response(text, 200, UNKEPT, "application/json")

    async def acknowledged(self, request: Request) -> Response:
        """Somebody says at the wall that they have seen an alert; in their own name, as on every page."""
        if is_from_elsewhere(request):
            return _sentence(t("Say it at the wall of this site."), 403)
        try:
            told = await _told(request)
            viewer = await self._who(request)
            await anyio.to_thread.run_sync(acknowledge, viewer, told)
        except SignedOutError as error:
            return _sentence(str(error), 401)
        except desk.RefusedError as error:
            return _sentence(str(error), 403)
        except WallError as error:
            return _sentence(str(error), 400)
        except AlertError as error:
            return _sentence(str(error), 409)
        except WarehouseError as error:
            return _sentence(str(error), 503)
        return _sentence(t("Acknowledged. The band says so within a few seconds."), 200)

    async def _who(self, request: Request) -> Viewer:
        told_name = self.proxy.login_name(request.scope) if self.proxy is not None else None
        return await who_asks(request.cookies.get(sessions.COOKIE), self.viewer, told_name=told_name)

    def _left(self, stream: Stream | Replay) -> None:
        self.hub.end(stream)
        self.hub.leave(stream)


class _Lines(StreamingResponse):
    """A stream that ends when its browser has gone, when it has nothing more to say, or when nobody takes its lines."""

    media_type = "text/event-stream"

    def __init__(self, lines: AsyncIterator[bytes], left: Callable[[], None]) -> None:
        super().__init__(lines, headers={**UNKEPT, "x-accel-buffering": "no"})
        self._lines, self._left = lines, left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as Starlette calls it
        """Sends line after line; each has to be taken within half a minute."""
        watch = asyncio.create_task(self._until_gone(receive))
        try:
            await send(
                {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            )
            async for line in self._lines:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return
        finally:
            watch.cancel()
            self._left()

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left()


def wall_of(viewer: Viewer, query: Mapping[str, str]) -> Wall:
    """The wall that this viewer is shown: a display its own, of which only the board that stays on can be chosen.

    Raises WallError for an address that cannot be followed.
    """
    if viewer.board_text is None:
        return address.parsed(query)
    own = address.parsed(dict(parse_qsl(urlsplit(viewer.board_text).query)))
    held = query.get("hold", "").strip()
    is_own = held in own.board_names or (own.playlist_name is not None and held != "")
    return replace(own, held_name=held) if is_own else own


def acknowledge(viewer: Viewer, told: Mapping[str, Any]) -> None:
    """Notes that this person has seen the alert, as the pages do. Raises WarehouseError or AlertError with a sentence."""
    with audit.acting(place_text=address.PATH):
        desk.change(
            viewer,
            SEEN,
            alert_saves.acknowledge,
            **told,
            note_text="",
            viewer_name=viewer.viewer_name,
            at=clock.now(),
        )


async def _told(request: Request) -> dict[str, Any]:
    """Which firing of which alert is meant; raises WallError for anything else."""
    length = request.headers.get("content-length", "")
    is_short = length.isascii() and length.isdigit() and len(length) < 6 and int(length) <= LONGEST_FORM_BYTES
    try:
        found = json.loads(await request.body()) if is_short else None
    except ValueError:
        found = None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("rule_id"), int)
        or not isinstance(found.get("firing_number"), int)
        or not isinstance(found.get("scope_id"), str)
        or not found["scope_id"].isprintable()
    ):
        raise WallError(
            t("This names no alert; expected rule_id, scope_id and firing_number of one on the wall.")
        )
    return {name: found[name] for name in ("rule_id", "scope_id", "firing_number")}


def _last_instant(request: Request) -> datetime | None:
    """Where a replay had come to when its line broke, as the browser says; None for what is no such instant."""
    text = request.headers.get("last-event-id", "")
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        return None
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return None


def _asked(query: Mapping[str, str]) -> Wall | None:
    with suppress(WallError):
        return address.parsed(query)
    return None


async def _one(line: bytes) -> AsyncIterator[bytes]:
    yield line


def _sentence(text: str, status: int, more: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"sentence": text}, status, {**UNKEPT, **(more or {})})


def page(wall: Wall) -> str:
    """The page of a wall: files of this site, the wall's ways as data, and one sentence until the first board comes."""
    asset = board.asset_version()
    data = {
        "asset": asset,
        "theme": wall.theme_name,
        "stream": STREAM,
        "snapshot": SNAPSHOT,
        "acknowledge": ACKNOWLEDGE,
    }
    attributes = " ".join(f'data-{name}="{escape(value)}"' for name, value in data.items())
    opening = t("The wall comes up.")
    needs = t("A wall moves by itself, which needs JavaScript; switch it on for this site.")
    body = (
        f'<main id="wall" {attributes}><p class="opening">{escape(opening)}</p></main>'
        f"<noscript><p>{escape(needs)}</p></noscript>"
        f'<script type="module" src="/app/static/wall_show.js?v={asset}"></script>'
    )
    return _document(t("Wall"), body, wall, f'<link rel="stylesheet" href="/app/static/wall.css?v={asset}">')


def _refusal(sentence: str) -> str:
    """What stands at an address that no wall can be shown for."""
    way = escape(t("Choose a wall"))
    body = (
        f'<main class="screen"><img src="/app/static/mark.svg" alt="" width="48" height="48">'
        f'<h1>{escape(t("This wall cannot be shown"))}</h1><p role="alert">{escape(sentence)}</p>'
        f'<p><a href="/walls">{way}</a></p></main>'
    )
    return _document(t("Wall"), body, Wall(), '<link rel="stylesheet" href="/app/static/door.css">')


def _document(title: str, body: str, wall: Wall, head: str) -> str:
    language = (wall.locale_name or words.language()).replace("_", "-")
    return (
        f'<!doctype html><html lang="{escape(language)}" data-theme="{escape(wall.theme_name)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">'
        f'<title>{escape(title)} - Floorboard</title><link rel="icon" href="/app/static/mark.svg">{head}</head>'
        f"<body>{body}</body></html>"
    )
