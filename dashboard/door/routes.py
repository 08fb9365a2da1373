"""The door: the sign-in page, signing in and out, and in the demo the switch between personas.

In: a browser's form. Out: a cookie that holds a session's token, or one sentence on what to do.
The rule it guards: a wrong name and a wrong password look and last alike, guessing is slowed down, and whoever signs in is
led to a page of this site alone.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.door import accounts, sessions
from dashboard.words import t
from sql import warehouse
from sql.warehouse import WarehouseError

TRIES, TRIES_SECONDS = 10, 60.0
LONGEST_FORM_BYTES = 8192
PERSONAS = ("administrator", "manager", "supervisor", "agent", "executive", "wall")
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
}


@dataclass
class Tries:
    """How often somebody tried of late, by name and by address; forgets what is older than a minute."""

    clock: Callable[[], float] = time.monotonic
    _of: dict[str, deque[float]] = field(default_factory=dict)

    def is_one_too_many(self, *keys: str) -> bool:
        """Notes a try under each key; whether one of them had too many."""
        now = self.clock()
        if len(self._of) > 10_000:
            self._of = {
                key: seen for key, seen in self._of.items() if seen and now - seen[-1] < TRIES_SECONDS
            }
        too_many = False
        for key in keys:
            seen = self._of.setdefault(key, deque(maxlen=TRIES + 1))
            while seen and now - seen[0] >= TRIES_SECONDS:
                seen.popleft()
            seen.append(now)
            too_many = too_many or len(seen) > TRIES
        return too_many


@dataclass(frozen=True)
class Door:
    """What the routes need: the warehouse as its owner, the present, how long a session lasts, whether this is a demo."""

    engine: Callable[[], sa.Engine]
    now: Callable[[], datetime]
    lasts: timedelta
    is_demo: bool = False
    tries: Tries = field(default_factory=Tries)

    def routes(self) -> list[Route]:
        """The routes beside the pages."""
        routes = [
            Route("/sign-in", self.asked, methods=["GET"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["GET", "POST"]),
        ]
        return [*routes, Route("/persona", self.persona, methods=["GET"])] if self.is_demo else routes

    async def asked(self, request: Request) -> Response:
        """The sign-in page."""
        return _page(_form(next_path(request.query_params.get("next"))))

    async def sign_in(self, request: Request) -> Response:
        """Somebody told name and password."""
        if (
            _is_from_elsewhere(request)
            or int(request.headers.get("content-length") or 0) > LONGEST_FORM_BYTES
        ):
            return PlainTextResponse(t("Sign in on the page of this site."), 403, _HEADERS)
        async with request.form(max_files=0, max_fields=8, max_part_size=LONGEST_FORM_BYTES) as form:
            told = {key: str(form.get(key) or "") for key in ("login_name", "password", "next")}
        target = next_path(told["next"])
        address = request.client.host if request.client else ""
        if self.tries.is_one_too_many(f"name {told['login_name'].strip().casefold()}", f"address {address}"):
            sentence = t("Too many tries in the last minute. Wait a minute, then try again.")
            return _page(_form(target, told["login_name"], sentence), 429)
        try:
            token = await run_in_threadpool(self._begin, told["login_name"], told["password"])
        except WarehouseError as error:
            return _page(_form(target, told["login_name"], str(error)), 503)
        if token is None:
            sentence = t(
                "Name and password do not belong together. Try again, or ask whoever runs this site for a new password."
            )
            return _page(_form(target, told["login_name"], sentence), 401)
        return self._led(request, target, token)

    async def sign_out(self, request: Request) -> Response:
        """Ends the session for every tab that uses it."""
        if _is_from_elsewhere(request):
            return PlainTextResponse(t("Sign out on a page of this site."), 403, _HEADERS)
        if token := request.cookies.get(sessions.COOKIE):
            await run_in_threadpool(self._end, token)
        answer = RedirectResponse("/sign-in", 303, _HEADERS)
        answer.delete_cookie(sessions.COOKIE, path="/", httponly=True, samesite="lax")
        return answer

    async def persona(self, request: Request) -> Response:
        """The demo seen with other eyes: a session of the persona's account."""
        name = request.query_params.get("as", "")
        if _is_from_elsewhere(request) or name not in PERSONAS:
            return PlainTextResponse(t("There is no such persona."), 404, _HEADERS)
        token = await run_in_threadpool(self._begin_persona, name)
        if token is None:
            return PlainTextResponse(
                t("This demo was made before it had personas; start it anew."), 404, _HEADERS
            )
        return self._led(request, next_path(request.query_params.get("next")), token)

    @contextmanager
    def _changing(self) -> Iterator[sa.Connection]:
        with warehouse.connected(self.engine()) as connection:
            warehouse.execute(connection, "requests/may_change")
            yield connection

    def _begin(self, login_name: str, password: str) -> str | None:
        with self._changing() as connection:
            found = accounts.signed_in(connection, login_name, password)
            return self._token(connection, found)

    def _begin_persona(self, name: str) -> str | None:
        with self._changing() as connection:
            found = accounts.of_identity(connection, "demo", name)
            return self._token(connection, found)

    def _token(self, connection: sa.Connection, found: accounts.Account | None) -> str | None:
        if found is None:
            return None
        return sessions.begin(connection, account_id=found.account_id, now=self.now(), lasts=self.lasts)

    def _end(self, token: str) -> None:
        with self._changing() as connection:
            sessions.end(connection, token, now=self.now())

    def _led(self, request: Request, target: str, token: str) -> Response:
        answer = RedirectResponse(target, 303, _HEADERS)
        answer.set_cookie(
            sessions.COOKIE,
            token,
            max_age=int(self.lasts.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure="https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "")),
        )
        return answer


def next_path(text: str | None) -> str:
    """Where to go after signing in: a path of this site as it was asked for, or its first page."""
    plain = (text or "").strip()
    is_path = (
        plain.startswith("/")
        and not plain.startswith(("//", "/\\"))
        and plain.isprintable()
        and "\\" not in plain
    )
    is_own = is_path and not plain.startswith(("/sign-in", "/sign-out", "/persona"))
    return plain[:2000] if is_own else "/"


def address_of_sign_in(path: str) -> str:
    """The sign-in page that leads back to this path afterwards."""
    return f"/sign-in?{urlencode({'next': next_path(path)})}"


def _is_from_elsewhere(request: Request) -> bool:
    """Whether another site's page sent this browser here; a browser that does not tell sends an Origin with a form."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and origin.partition("://")[2] != request.headers.get("host")


def _form(target: str, login_name: str = "", sentence: str = "") -> Mapping[str, str]:
    return {"next": target, "login_name": login_name[:320], "sentence": sentence}


def _page(shown: Mapping[str, str], status: int = 200) -> HTMLResponse:
    """The sign-in page; whatever was typed comes back escaped, the password never."""
    said = {key: escape(value, quote=True) for key, value in shown.items()}
    alert = f'<p role="alert">{said["sentence"]}</p>' if said["sentence"] else ""
    first, second = ("", " autofocus") if said["login_name"] else (" autofocus", "")
    return HTMLResponse(
        f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{t("Sign in")} - Floorboard</title>
<link rel="icon" href="/app/static/mark.svg"><link rel="stylesheet" href="/app/static/door.css"></head>
<body><main><img src="/app/static/mark.svg" alt="" width="48" height="48"><h1>{t("Sign in to Floorboard")}</h1>{alert}
<form method="post" action="/sign-in"><input type="hidden" name="next" value="{said["next"]}">
<label for="login_name">{t("Name or e-mail address")}</label>
<input id="login_name" name="login_name" value="{said["login_name"]}" autocomplete="username" required{first}>
<label for="password">{t("Password")}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{second}>
<button>{t("Sign in")}</button></form>
<p class="help">{t("No account, or the password forgotten? Whoever runs this site gives you one.")}</p>
</main></body></html>""",
        status,
        _HEADERS,
    )
