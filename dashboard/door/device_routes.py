"""The way in for a screen on a wall: a code in large letters, or an address that opens once.

In: the browser of a screen that nobody types at. Out: the code that it waits under, then the one wall it may show.
The rule it guards: a person's sign-in is none for a screen; codes come slowly, are short-lived, and are worth nothing
without the browser that asked for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard import words
from dashboard.door import devices, sessions
from dashboard.door.devices import DeviceError, Opened, Waiting
from dashboard.door.routes import LONGEST_FORM_BYTES, Tries, is_from_elsewhere
from dashboard.door.sign_in_page import HEADERS
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

ASKS_AGAIN_SECONDS = 4
LONGEST_TOKEN = 200


@dataclass(frozen=True)
class DeviceDoor:
    """What the routes need: the warehouse as its owner, and the present."""

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    tries: Tries = field(default_factory=Tries)

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        return [
            Route("/wall", self.asked, methods=["GET"]),
            Route("/wall/open", self.offered, methods=["GET"]),
            Route("/wall/open", self.opened, methods=["POST"]),
        ]

    async def asked(self, request: Request) -> Response:
        """A screen asks to be one: it is shown its wall, its code, or why it has to wait."""
        browser, token = request.cookies.get(devices.COOKIE), request.cookies.get(sessions.COOKIE)
        try:
            found = await run_in_threadpool(self._found, browser, token, _address(request))
        except DeviceError as error:
            return _page(_sentence(str(error)), 429, asks_after=60)
        except WarehouseError as error:
            return _page(_sentence(str(error)), 503, asks_after=15)
        if isinstance(found, str):
            return RedirectResponse(found, 303, HEADERS)
        if isinstance(found, Opened):
            return _led(request, found)
        answer = _page(_code(found, request), asks_after=ASKS_AGAIN_SECONDS)
        _keep(
            answer, request, devices.COOKIE, found.browser, int(devices.CODE_LASTS.total_seconds()), "/wall"
        )
        return answer

    async def offered(self, request: Request) -> Response:
        """The address that opens once: it is used by a press of a button, never by whoever looks ahead at links."""
        return _page(_button(request.query_params.get("token", "")))

    async def opened(self, request: Request) -> Response:
        """The button was pressed."""
        if is_from_elsewhere(request) or _length(request) > LONGEST_FORM_BYTES:
            return PlainTextResponse(t("Open the address on the screen itself."), 403, HEADERS)
        async with request.form(max_files=0, max_fields=2, max_part_size=LONGEST_FORM_BYTES) as form:
            token = str(form.get("token") or "")
        if self.tries.is_one_too_many(f"link {_address(request)}"):
            return _page(
                _sentence(t("Too many tries in the last minute. Wait a minute, then try again.")), 429
            )
        try:
            found = await run_in_threadpool(
                self._use, token[:LONGEST_TOKEN], request.cookies.get(sessions.COOKIE)
            )
        except WarehouseError as error:
            return _page(_sentence(str(error)), 503)
        if found is None:
            sentence = t(
                "This address was opened before, is over, or its display was revoked. Ask whoever runs this site for a "
                "new one, or show a code instead."
            )
            return _page(_sentence(sentence, way_text=t("Show a code")), 410)
        return _led(request, found)

    def _found(self, browser: str | None, token: str | None, address_text: str) -> str | Waiting | Opened:
        """The wall of a screen that has one, its session where it was said yes to, else its code."""
        with self._changing() as connection:
            holder = sessions.holder(connection, token, now=self.now()) if token else None
            if holder is not None and holder.board_text and not browser:
                return holder.board_text
            found = devices.waiting(connection, browser, now=self.now()) if browser else None
            if isinstance(found, Opened):
                self._end(connection, token)
            if found is not None:
                return found
            # A screen asks again every few seconds; only a new code counts as a try, whatever cookie came with it.
            if self.tries.is_one_too_many(f"screen {address_text}"):
                raise DeviceError(t("Too many screens asked from here. This one asks again in a minute."))
            return devices.wait(connection, address_text=address_text, now=self.now())

    def _use(self, link: str, token: str | None) -> Opened | None:
        with self._changing() as connection:
            found = devices.open_once(connection, link, now=self.now())
            if found is not None:
                self._end(connection, token)
            return found

    def _end(self, connection: sa.Connection, token: str | None) -> None:
        """Whoever was signed in on this screen is signed out: a wall is no place for a person's session."""
        if token:
            sessions.end(connection, token, now=self.now())

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        with warehouse.connected(self.engine()) as connection:
            warehouse.execute(connection, "requests/may_change")
            yield connection


def _led(request: Request, found: Opened) -> Response:
    answer = RedirectResponse(found.board_text, 303, HEADERS)
    _keep(answer, request, sessions.COOKIE, found.token, int(devices.LASTS.total_seconds()), "/")
    answer.delete_cookie(devices.COOKIE, path="/wall", httponly=True, samesite="lax")
    return answer


def _keep(answer: Response, request: Request, name: str, value: str, seconds: int, path: str) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _length(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else LONGEST_FORM_BYTES + 1


def _code(found: Waiting, request: Request) -> str:
    where = f"{request.url.scheme}://{request.url.netloc}/access"
    what = t("Whoever runs this site opens the page Access, and types this code in under Wall displays.")
    then = t("The wall comes up here by itself. A code lasts ten minutes; then another one stands here.")
    shown = escape(devices.written(found.code_text))
    return (
        f"<h1>{escape(t('This screen waits for a yes'))}</h1>"
        f'<p class="code" role="img" aria-label="{escape(" ".join(found.code_text))}">{shown}</p>'
        f'<p>{escape(what)}</p><p class="help">{escape(where)}</p><p class="help">{escape(then)}</p>'
    )


def _button(link: str) -> str:
    what = t(
        "From now on this browser shows one wall, and nothing else of this site, until the display is revoked. Whoever is "
        "signed in here is signed out."
    )
    value = escape(link[:LONGEST_TOKEN], quote=True)
    return (
        f"<h1>{escape(t('Make this screen a wall display?'))}</h1><p>{escape(what)}</p>"
        f'<form method="post" action="/wall/open"><input type="hidden" name="token" value="{value}">'
        f"<button autofocus>{escape(t('Show the wall here'))}</button></form>"
        f'<p class="help">{escape(t("The address opens once. Press the button on the screen itself."))}</p>'
    )


def _sentence(text: str, *, way_text: str | None = None) -> str:
    way = f'<p><a href="/wall">{escape(way_text)}</a></p>' if way_text else ""
    return f'<h1>{escape(t("Wall display"))}</h1><p role="alert">{escape(text)}</p>{way}'


def _page(body: str, status: int = 200, *, asks_after: int | None = None) -> HTMLResponse:
    """A page of a screen; one that waits asks again by itself."""
    again = f'<meta http-equiv="refresh" content="{asks_after}">' if asks_after else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{words.language()}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'{again}<title>{escape(t("Wall display"))} - Floorboard</title><link rel="icon" href="/app/static/mark.svg">'
        f'<link rel="stylesheet" href="/app/static/door.css"></head><body><main class="screen">'
        f'<img src="/app/static/mark.svg" alt="" width="48" height="48">{body}</main></body></html>',
        status,
        HEADERS,
    )
