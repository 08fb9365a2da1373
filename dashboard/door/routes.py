"""The door: the sign-in page, signing in and out, and in the demo the switch between personas.

In: a browser's form, the proxy's word, or what somebody brings back from the identity provider. Out: a cookie that holds a
session's token, or one sentence on what to do.
The rule it guards: a wrong name and a wrong password look and last alike, guessing is slowed down, and whoever signs in is
led to a page of this site alone.
"""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import anyio.to_thread
import sqlalchemy as sa
from anyio import CapacityLimiter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.door import accounts, sessions, sign_in_page
from dashboard.door.personas import ISSUER, PERSONAS
from dashboard.door.proxy import TrustedProxy
from dashboard.door.sign_in_page import HEADERS, Shown, next_path
from dashboard.door.sign_in_rules import LOCAL, SignInRules
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

TRIES, TRIES_SECONDS = 10, 60.0
# Of one name from everywhere, and of one address for every name: an office often comes from one address at a shift's start.
TRIES_OF_NAME, TRIES_OF_ADDRESS = 30, 100
CHECKED_AT_ONCE = 4  # each takes 64 MiB for as long as it lasts
LONGEST_FORM_BYTES = 8192
OUT = "signed_out"
_LOG = logging.getLogger(__name__)


@dataclass
class Tries:
    """How often somebody tried in vain of late; forgets what is older than a minute."""

    clock: Callable[[], float] = time.monotonic
    _of: dict[str, deque[float]] = field(default_factory=dict)
    _cleaned_at: float = -math.inf

    def is_one_too_many(self, *keys: str, most: int = TRIES) -> bool:
        """Notes a try under each key; whether one of them had too many."""
        now = self.clock()
        if len(self._of) > 10_000 and now - self._cleaned_at >= TRIES_SECONDS:
            self._cleaned_at = now
            self._of = {
                key: seen for key, seen in self._of.items() if seen and now - seen[-1] < TRIES_SECONDS
            }
        too_many = False
        for key in keys:
            seen = self._of.setdefault(key, deque(maxlen=most + 1))
            while seen and now - seen[0] >= TRIES_SECONDS:
                seen.popleft()
            seen.append(now)
            too_many = too_many or len(seen) > most
        return too_many

    def forget(self, *keys: str) -> None:
        """Takes the newest try under each key back: it was none in vain."""
        for key in keys:
            if seen := self._of.get(key):
                seen.pop()


@dataclass(frozen=True)
class Door:
    """What the routes need: the warehouse as its owner, the present, the rules, whether this is a demo.

    forget: told of a token whose session is over, so that its pages ask anew at once.
    """

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    rules: SignInRules = field(default_factory=SignInRules)
    is_demo: bool = False
    tries: Tries = field(default_factory=Tries)
    proxy: TrustedProxy | None = None
    forget: Callable[[str], None] = lambda _token: None
    farewell: Callable[[str], object] | None = None
    """Where a session of the identity provider signs out there, too (awaitable, an address or None)."""
    _hashing: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(CHECKED_AT_ONCE))

    @property
    def lasts(self) -> timedelta:
        """How long a session lasts at most."""
        return self.rules.lasts

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        routes = [
            Route("/sign-in", self.asked, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out_asked, methods=["GET"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        ]
        return [*routes, Route("/persona", self.persona, methods=["GET"])] if self.is_demo else routes

    async def asked(self, request: Request) -> Response:
        """The sign-in page; whoever the proxy knows is let in without it."""
        target = next_path(request.query_params.get("next"))
        is_out = OUT in request.query_params
        if self.proxy is not None and not is_out and (name := self.proxy.login_name(request.scope)):
            return await self._by_proxy(request, name, target)
        return await self.page(target, is_out=is_out)

    async def page(
        self,
        target: str,
        *,
        login_name: str = "",
        sentence: str = "",
        status: int = 200,
        is_out: bool = False,
    ) -> Response:
        """The sign-in page with what was typed and what is wrong."""
        try:
            has_accounts: bool | None = await run_in_threadpool(self._has_accounts)
        except WarehouseError:
            has_accounts = None
        shown = Shown(target, login_name, sentence, has_accounts, is_out)
        return HTMLResponse(sign_in_page.markup(self.rules, shown), status, HEADERS)

    async def sign_in(self, request: Request) -> Response:
        """Somebody told name and password."""
        if is_from_elsewhere(request) or _length(request) > LONGEST_FORM_BYTES:
            return PlainTextResponse(t("Sign in on the page of this site."), 403, HEADERS)
        if LOCAL not in self.rules.ways:
            return await self.page(
                "/", sentence=t("Nobody signs in with a password at this site."), status=403
            )
        async with request.form(max_files=0, max_fields=8, max_part_size=LONGEST_FORM_BYTES) as form:
            told = {key: str(form.get(key) or "") for key in ("login_name", "password", "next")}
        name, target = told["login_name"], next_path(told["next"])
        keys = _keys(name, request.client.host if request.client else "")
        if self._is_one_too_many(keys):
            _LOG.warning("Too many tries to sign in from %s or of one name; they wait for a minute.", keys[2])
            sentence = t("Too many tries in the last minute. Wait a minute, then try again.")
            return await self.page(target, login_name=name, sentence=sentence, status=429)
        try:
            token = await anyio.to_thread.run_sync(self._begin, name, told["password"], limiter=self._hashing)
        except WarehouseError as error:
            self.tries.forget(*keys)
            return await self.page(target, login_name=name, sentence=str(error), status=503)
        if token is None:
            _LOG.warning("A sign-in failed, from %s; the audit trail knows of whom.", keys[2])
            sentence = t(
                "Name and password do not belong together. Try again, or ask whoever runs this site for a new password."
            )
            return await self.page(target, login_name=name, sentence=sentence, status=401)
        self.tries.forget(*keys)
        _LOG.info("%r signed in with a password.", name[:80])
        return await self.led(request, target, token)

    async def sign_out_asked(self, request: Request) -> Response:
        """Asks whether to sign out; a link of another site, or a picture of it, ends no session."""
        if sessions.COOKIE not in request.cookies:
            return RedirectResponse(self._way_out(), 303, HEADERS)
        return HTMLResponse(sign_in_page.sign_out_markup(), 200, HEADERS)

    async def sign_out(self, request: Request) -> Response:
        """Ends the session for every tab that uses it."""
        if is_from_elsewhere(request):
            return PlainTextResponse(t("Sign out on a page of this site."), 403, HEADERS)
        farewell: str | None = None
        if token := request.cookies.get(sessions.COOKIE):
            try:
                await run_in_threadpool(self._end, token)
            except WarehouseError:
                text = t("The warehouse does not answer: you are not signed out yet. Try again in a moment.")
                return PlainTextResponse(text, 503, HEADERS)
            self.forget(token)
            if self.farewell is not None:
                farewell = await self.farewell(token)  # type: ignore[misc]
        answer: Response
        if farewell is None:
            answer = RedirectResponse(self._way_out(), 303, HEADERS)
        else:
            answer = HTMLResponse(sign_in_page.farewell_markup(farewell), 200, HEADERS)
        answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax")
        return answer

    def _way_out(self) -> str:
        if self.is_demo:
            return "/"  # where nobody has to sign in
        return "/sign-in" if self.proxy is None else f"/sign-in?{OUT}=1"

    async def persona(self, request: Request) -> Response:
        """The demo seen with other eyes: a session of the persona's account."""
        name = request.query_params.get("as", "")
        if is_from_elsewhere(request) or name not in PERSONAS:
            return PlainTextResponse(t("There is no such persona."), 404, HEADERS)
        if await run_in_threadpool(self._has_accounts):  # a warehouse in which people sign in is nobody's toy
            return PlainTextResponse(
                t("People have accounts in this warehouse; personas are let in where nobody has one."),
                404,
                HEADERS,
            )
        token = await run_in_threadpool(self.begin, lambda found: accounts.of_identity(found, ISSUER, name))
        if token is None:
            return PlainTextResponse(
                t("This demo was made before it had personas; start it anew."), 404, HEADERS
            )
        return await self.led(request, next_path(request.query_params.get("next")), token)

    def begin(self, whose: Callable[[sa.Connection], accounts.Account | None]) -> str | None:
        """Begins a session of the account that is found; None where there is none."""
        with self._changing() as connection:
            found = whose(connection)
            if found is None:
                return None
            lasts = min(self.rules.lasts, self.rules.idle or self.rules.lasts)
            return sessions.begin(connection, account_id=found.account_id, now=self.now(), lasts=lasts)

    async def led(self, request: Request, target: str, token: str) -> Response:
        """To the page that was asked for, with the cookie; the session that this browser had before is over."""
        if before := request.cookies.get(sessions.COOKIE):
            await run_in_threadpool(self._end, before)
            self.forget(before)
        answer = RedirectResponse(target, 303, HEADERS)
        answer.set_cookie(
            sessions.COOKIE,
            token,
            max_age=int(self.rules.lasts.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure="https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "")),
        )
        return answer

    async def _by_proxy(self, request: Request, login_name: str, target: str) -> Response:
        try:
            token = await run_in_threadpool(self.begin, lambda found: accounts.of_login(found, login_name))
        except WarehouseError as error:
            return await self.page(target, sentence=str(error), status=503)
        if token is None:
            _LOG.warning("The proxy brought %r, who has no account here.", login_name[:80])
            sentence = t(
                "You are known here as '{name}', but there is no account of that name. Ask whoever runs this site for one.",
                name=login_name[:80],
            )
            return await self.page(target, sentence=sentence, status=403)
        _LOG.info("%r signed in by the proxy.", login_name[:80])
        return await self.led(request, target, token)

    def _is_one_too_many(self, keys: tuple[str, str, str]) -> bool:
        found = [
            self.tries.is_one_too_many(key, most=most)
            for key, most in zip(keys, (TRIES, TRIES_OF_NAME, TRIES_OF_ADDRESS), strict=True)
        ]
        return any(found)

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        with warehouse.connected(self.engine()) as connection:
            warehouse.execute(connection, "requests/may_change")
            yield connection

    def _has_accounts(self) -> bool:
        with warehouse.connected(self.engine()) as connection:
            return accounts.has_accounts(connection)

    def _begin(self, login_name: str, password: str) -> str | None:
        return self.begin(lambda found: accounts.signed_in(found, login_name, password))

    def _end(self, token: str) -> None:
        with self._changing() as connection:
            sessions.end(connection, token, now=self.now())


def is_from_elsewhere(request: Request) -> bool:
    """Whether another site's page sent this browser here; a browser that does not tell sends an Origin with a form."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


def _keys(login_name: str, address: str) -> tuple[str, str, str]:
    name = login_name.strip().casefold()[: sign_in_page.LONGEST_NAME]
    return f"name {name} at {address}", f"name {name}", f"address {address}"


def _length(request: Request) -> int:
    text = request.headers.get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else LONGEST_FORM_BYTES + 1
