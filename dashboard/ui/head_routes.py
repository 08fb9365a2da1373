"""The address where an open page asks how its head stands: a tenth of what it costs to draw it anew.

In: a browser's request with the session in its cookie, and what the page depends on. Out: clock and age as data, and the
mark by which the browser knows that the page must draw its head anew.
The rule it guards: it tells whoever is signed in what the page's own head tells, and nobody else anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dashboard.access import Viewer
from dashboard.door import sessions
from dashboard.door.proxy import TrustedProxy
from dashboard.door.visitor import SignedOutError, who_asks
from dashboard.ui import head
from dashboard.words import t
from sql.warehouse import WarehouseError

UNKEPT = {"cache-control": "no-store"}


@dataclass(frozen=True)
class HeadDoor:
    """What the route needs: who holds a session, and the proxy whose word is taken."""

    viewer: Callable[[str | None], Viewer]
    proxy: TrustedProxy | None = None

    def routes(self) -> list[Route]:
        """The route beside the pages."""
        return [Route(head.PATH, self.told, methods=["GET"])]

    async def told(self, request: Request) -> Response:
        """How the head stands; 401 for whoever has to sign in, 503 while nobody can tell who asks."""
        part = head.Part.of(dict(request.query_params))
        if part is None:
            return _sentence(t("This names no page's head; reload the page."), 400)
        try:
            told_name = self.proxy.login_name(request.scope) if self.proxy is not None else None
            viewer = await who_asks(request.cookies.get(sessions.COOKIE), self.viewer, told_name=told_name)
        except SignedOutError as error:
            return _sentence(str(error), 401)
        except WarehouseError as error:
            return _sentence(str(error), 503)
        if viewer.board_text is not None:  # a display has its wall, and no page
            return _sentence(t("This screen shows its wall alone."), 403)
        found = await anyio.to_thread.run_sync(head.told, viewer, part)
        return JSONResponse({"mark": found.mark, "block": found.block}, 200, UNKEPT)


def _sentence(text: str, status: int) -> JSONResponse:
    return JSONResponse({"sentence": text}, status, UNKEPT)
