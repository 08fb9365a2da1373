"""What the world may ask about badges that left the house: who gave them, by which key, for what, and which hold no longer.

In: a request of anybody, without a sign-in. Out: public documents of Open Badges 3.0; a 404 for everything else.
The rule it guards: nothing here tells of a person: not who holds a badge, not how many do; a secret badge is told only once
somebody took it home. Whoever asks often is answered from a copy and costs the warehouse nothing.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dashboard.game import badge_art, credential_keys, credential_saves, credentials
from dashboard.game.credential_keys import CredentialError
from dashboard.game.credentials import LIST_ROOM, PATH
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

KEPT_SECONDS = 30.0
MOST_KEPT = 512
DEADLINE_SECONDS = 5.0
IMAGE_SIZE = 512
_OPEN = {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=300",
}
"""Public documents, made to be read by the pages of other sites."""
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_TIERS = frozenset({*badge_art.MARKS, "badge"})
Answer = tuple[str, str]
"""The text and its kind."""


@dataclass
class CredentialDoor:
    """The routes, and the copies that they answer from."""

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    url: Callable[[], str | None]
    home: Callable[[], Path]
    _kept: dict[str, tuple[float, Answer | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        paths = {
            "/issuer": self._issuer,
            "/did.json": self._did,
            "/keys/{key_id}": self._key,
            "/status/{list_number}": self._status,
            "/achievements/{rule_name}/{version_number}/{tier_name}": self._achievement,
            "/achievements/{rule_name}/{version_number}/{tier_name}/image.svg": self._image,
        }
        found = [
            Route(f"{PATH}{path}", self._answered(make), methods=["GET"]) for path, make in paths.items()
        ]
        return [
            *found,
            Route(f"{PATH}/art/{{family}}/{{emblem}}/{{tier_name}}/{{rule_name}}.svg", art, methods=["GET"]),
        ]

    def _answered(self, make: Callable[[sa.Connection, str, Mapping[str, str]], Answer | None]) -> Any:
        async def answered(request: Request) -> Response:
            url = self.url()
            if url is None:
                return _sentence(t("No badge leaves this site: it has no public address."), 404)
            try:
                found = await run_in_threadpool(
                    self._once, request.url.path, make, url, dict(request.path_params)
                )
            except (WarehouseError, CredentialError):
                return _sentence(t("This cannot be told right now. Try again in a moment."), 503)
            if found is None:
                return _sentence(t("There is nothing here."), 404)
            text, kind = found
            return Response(text, 200, _OPEN, kind)

        return answered

    def _once(
        self,
        path: str,
        make: Callable[[sa.Connection, str, Mapping[str, str]], Answer | None],
        url: str,
        params: Mapping[str, str],
    ) -> Answer | None:
        """The answer of that address, at most half a minute old."""
        with self._lock:
            at, kept = self._kept.get(path, (-KEPT_SECONDS, None))
            if time.monotonic() - at < KEPT_SECONDS:
                return kept
        with warehouse.connected(self.engine(), deadline_seconds=DEADLINE_SECONDS) as connection:
            found = make(connection, url, params)
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[path] = (time.monotonic(), found)
        return found

    def _issuer(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer:  # noqa: ARG002 - one shape
        issuer = credential_saves.issuer_of(connection, url)
        return _json(credentials.profile(issuer, credential_saves.keys(connection)), "application/json")

    def _did(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer:  # noqa: ARG002 - one shape
        issuer = credential_saves.issuer_of(connection, url)
        return _json(credentials.did_document(issuer, credential_saves.keys(connection)), "application/json")

    def _key(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer | None:  # noqa: ARG002
        for key in credential_saves.keys(connection):
            if key.key_id == params["key_id"]:
                return _json(credential_keys.public_jwk(key), "application/jwk+json")
        return None

    def _status(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer | None:
        number = _number(params["list_number"])
        (last,) = warehouse.one_row(connection, "game/credential/numbers")
        if number is None or number > last // LIST_ROOM:
            return None
        token = credential_saves.status_token(
            connection, list_number=number, url=url, home=self.home(), at=self.now()
        )
        return None if token is None else (token, "application/vc+jwt")

    def _achievement(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer | None:
        found = _achieved(connection, url, params)
        if found is None:
            return None
        told = {"@context": list(credentials.CONTEXTS), **credentials.achievement(*found)}
        return _json(told, "application/json")

    def _image(self, connection: sa.Connection, url: str, params: Mapping[str, str]) -> Answer | None:
        found = _achieved(connection, url, params)
        if found is None:
            return None
        _, badge = found
        drawn = badge_art.svg(
            badge.rule_name,
            badge.family,
            badge.tier_name,
            size=IMAGE_SIZE,
            emblem=badge.icon,
            title=badge.name,
        )
        return drawn, "image/svg+xml"


def art(request: Request) -> Response:
    """The picture of a badge, drawn of its address alone: nothing is asked for it, and nothing told by it."""
    told = request.path_params
    if told["tier_name"] not in _TIERS or not all(_WORD.fullmatch(one) for one in told.values()):
        return _sentence(t("There is nothing here."), 404)
    drawn = badge_art.svg(
        told["rule_name"],
        told["family"],
        told["tier_name"],
        is_secret=told["family"] == "secret",
        size=IMAGE_SIZE,
        emblem=told["emblem"],
    )
    return Response(drawn, 200, {"cache-control": "public, max-age=86400"}, "image/svg+xml")


def _achieved(
    connection: sa.Connection, url: str, params: Mapping[str, str]
) -> tuple[credentials.Issuer, credentials.Badge] | None:
    number = _number(params["version_number"])
    if number is None or params["tier_name"] not in _TIERS:
        return None
    return credential_saves.achievement(
        connection,
        rule_name=params["rule_name"],
        version_number=number,
        tier_name=params["tier_name"],
        url=url,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _json(told: Mapping[str, Any], kind: str) -> Answer:
    return json.dumps(told, ensure_ascii=False, indent=2), kind


def _sentence(text: str, status: int) -> Response:
    return Response(text, status, {"cache-control": "no-store"}, "text/plain")
