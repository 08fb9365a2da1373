"""A browser for routes without a server: it keeps cookies, and follows nothing by itself."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

import httpx
from starlette.applications import Starlette
from starlette.routing import Route


class Door(Protocol):
    """Something that answers at addresses of its own."""

    def routes(self) -> list[Route]:
        """What it answers."""


class Browser:
    """Asks an application, or a door that stands alone, as `https://floor.example`."""

    def __init__(self, asked: Starlette | Door) -> None:
        self.app = asked if isinstance(asked, Starlette) else Starlette(routes=asked.routes())
        self.cookies = httpx.Cookies()

    def get(self, path: str, *, headers: dict[str, str] | None = None) -> httpx.Response:
        return self._ask("GET", path, headers=headers)

    def post(
        self, path: str, *, data: dict[str, str], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        return self._ask("POST", path, data=data, headers=headers)

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url="https://floor.example", cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(ask())
