"""Stands before the pages: whoever has to sign in first is led to the sign-in page, and back to what they asked for; a
wall display is led to its wall.

In: a request for a page or for a prepared file. Out: the page, or the way to the sign-in page or to the wall.
The rule it guards: nobody without a session is sent a page or a file; where the proxy says that somebody else sits at
the browser now, the session before is not theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse

from dashboard.access import Viewer
from dashboard.door import sessions
from dashboard.door.proxy import TrustedProxy
from dashboard.door.sign_in_page import HEADERS, address_of_sign_in
from dashboard.door.visitor import SignedOutError, is_demo
from dashboard.words import t
from sql.warehouse import WarehouseError

FILES = "/media/"
UPLOADS = "/_stcore/upload_file"
SECONDS = 1.5  # a silent warehouse does not keep a page from coming up and saying so
App = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


class Doorstep:
    """Leads whoever is not signed in to the sign-in page, and a wall display to its wall; all else goes on as it is."""

    def __init__(
        self,
        app: App,
        *,
        pages: frozenset[str],
        viewer: Callable[[str | None], Viewer],
        proxy: TrustedProxy | None = None,
    ) -> None:
        self.app = app
        self._pages = pages
        self._viewer = viewer
        self._proxy = proxy

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """One request; a websocket is the page's own, which asks at every turn who looks."""
        if not self._is_guarded(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        is_file = scope["path"].startswith((FILES, UPLOADS))
        try:
            with anyio.fail_after(SECONDS):
                found = await anyio.to_thread.run_sync(
                    self._viewer, request.cookies.get(sessions.COOKIE), abandon_on_cancel=True
                )
        except SignedOutError:
            found = None
        except (
            WarehouseError,
            TimeoutError,
        ):  # nobody can tell: the page itself says so, and shows nothing else
            text = t(
                "The warehouse does not answer, so nobody knows whose file this is. Try again in a moment."
            )
            answer = PlainTextResponse(text, 503, HEADERS) if is_file else self.app
            await answer(scope, receive, send)
            return
        told = self._proxy.login_name(scope) if self._proxy is not None else None
        is_theirs = told is None or (found is not None and found.viewer_name.casefold() == told.casefold())
        if found is not None and is_theirs:
            # In the demo a persona looks as a wall; its page says what that is, and how to look as somebody else.
            is_led = found.board_text is not None and not is_file and not is_demo()
            led = RedirectResponse(found.board_text or "", 303, HEADERS) if is_led else self.app
            await led(scope, receive, send)
        elif is_file:
            is_told = scope["path"].startswith(FILES)
            text = (
                t("Sign in to fetch this file, then prepare it anew on its page.")
                if is_told
                else t("Sign in to hand in a file.")
            )
            await PlainTextResponse(text, 403, HEADERS)(scope, receive, send)
        else:
            asked = scope["path"] + (f"?{request.url.query}" if request.url.query else "")
            await RedirectResponse(address_of_sign_in(asked), 303, HEADERS)(scope, receive, send)

    def _is_guarded(self, scope: MutableMapping[str, Any]) -> bool:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and path.startswith(UPLOADS):
            return (
                True  # whoever may show no page hands in nothing that this program would hold in its memory
            )
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return False
        return path == "/" or path[1:] in self._pages or path.startswith(FILES)
