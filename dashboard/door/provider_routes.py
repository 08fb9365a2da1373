"""The way in by the house's identity provider: to it, back from it, and to the account that it means.

In: a browser that chose this way, then what it brings back. Out: a session of an account that was there before.
The rule it guards: a provider's word opens an account that an administrator made, and makes none; an address opens it once,
verified, and from then on the provider's own number does.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, field

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard.door import accounts
from dashboard.door.identity_provider import CALLBACK, Identity, IdentityProvider, ProviderError
from dashboard.door.routes import TRIES_OF_ADDRESS, Door
from dashboard.door.sign_in_page import next_path
from dashboard.words import t
from sql.warehouse import WarehouseError

COOKIE = "floorboard_sign_in"
UNDERWAY_SECONDS = 600
NEXT = "next"
_LOG = logging.getLogger(__name__)


class Apart:
    """Keeps what is underway out of the session that the pages' own server keeps for itself, in a cookie of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        await self.app(dict(scope), receive, send)


@dataclass(frozen=True)
class ProviderDoor:
    """The two routes; what must come back is kept in the browser, signed with a key that this process alone has."""

    door: Door
    provider: IdentityProvider
    key_text: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        kept = [
            Middleware(Apart),
            Middleware(
                SessionMiddleware,
                secret_key=self.key_text,
                session_cookie=COOKIE,
                max_age=UNDERWAY_SECONDS,
                path="/sign-in",
                same_site="lax",
                https_only=self.provider.rules.address.startswith("https:"),
            ),
        ]
        return [
            Route("/sign-in/provider", self.leave, methods=["GET"], middleware=kept),
            Route(CALLBACK, self.back, methods=["GET"], middleware=kept),
        ]

    async def leave(self, request: Request) -> Response:
        """To the provider."""
        target = next_path(request.query_params.get("next"))
        if self._is_one_too_many(request):
            return await self.door.page(target, sentence=_too_many(), status=429)
        try:
            answer = await self.provider.leave_for(request)
        except ProviderError as error:
            return await self.door.page(target, sentence=str(error), status=503)
        request.session[NEXT] = target
        answer.headers["cache-control"] = "no-store"
        return answer

    async def back(self, request: Request) -> Response:
        """Back from the provider, with its answer."""
        target = next_path(request.session.pop(NEXT, None))
        if self._is_one_too_many(request):
            return await self.door.page(target, sentence=_too_many(), status=429)
        try:
            identity = await self.provider.identity(request)
            token = await run_in_threadpool(self.door.begin, lambda found: self._account(found, identity))
        except ProviderError as error:
            return await self.door.page(target, sentence=str(error), status=401)
        except WarehouseError as error:
            return await self.door.page(target, sentence=str(error), status=503)
        finally:
            request.session.clear()
        if token is None:
            _LOG.warning("%r of the identity provider has no account here.", identity.subject_text[:80])
            return await self.door.page(target, sentence=_no_account(identity), status=403)
        _LOG.info("%r of the identity provider signed in.", identity.subject_text[:80])
        self.provider.remember(token, identity)
        return await self.door.led(request, target, token)

    def _account(self, connection: sa.Connection, identity: Identity) -> accounts.Account | None:
        found = accounts.of_identity(connection, identity.issuer_text, identity.subject_text)
        if found is not None or identity.address_text is None:
            return found
        return accounts.linked(
            connection,
            identity.address_text,
            issuer_text=identity.issuer_text,
            subject_text=identity.subject_text,
        )

    def _is_one_too_many(self, request: Request) -> bool:
        address = request.client.host if request.client else ""
        return self.door.tries.is_one_too_many(f"provider at {address}", most=6 * TRIES_OF_ADDRESS)


def _too_many() -> str:
    return t("Too many tries in the last minute. Wait a minute, then try again.")


def _no_account(identity: Identity) -> str:
    if identity.address_text is None:
        return t(
            "The identity provider knows you, but you have no account at this site, and it tells no verified e-mail address "
            "of yours. Ask whoever runs this site."
        )
    return t(
        "The identity provider knows you as {address}, but there is no account at this site that waits for that address. "
        "Ask whoever runs this site for one.",
        address=identity.address_text[:120],
    )
