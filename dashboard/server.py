"""Serves the dashboard's pages on one address until it is told to stop.

In: host and port, the checkout's `.streamlit/config.toml` (or the copy inside an installed package),
STREAMLIT_* variables. Out: pages, live updates, static files of this project only; /health and /metrics for programs.
The rule it guards: only known names of this machine are answered, the settings are the project's own
wherever the command is started, and SIGTERM ends everything at once, open browser tabs or not.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config as streamlit_config

from dashboard import log_masks, monitoring, web_rules, words
from dashboard.access import Viewer
from dashboard.contacts import recording_door, recording_view
from dashboard.contacts.recording_rules import RecordingError
from dashboard.door import sessions, sign_in_rules
from dashboard.door.device_routes import DeviceDoor
from dashboard.door.doorstep import Doorstep
from dashboard.door.identity_provider import IdentityProvider
from dashboard.door.provider_routes import ProviderDoor
from dashboard.door.proxy import TrustedProxy, WithPeer
from dashboard.door.routes import Door
from dashboard.door.sign_in_rules import SignInRules
from dashboard.door.visitor import is_demo
from dashboard.game import site_address
from dashboard.game.credential_routes import CredentialDoor
from dashboard.ui import clock, desk, moments, visit
from dashboard.ui.head_routes import HeadDoor
from dashboard.wall import house
from dashboard.wall.hub import MOST_STREAMS, Hub
from dashboard.wall.wall_routes import WallDoor
from dashboard.words import t
from sql import embedded, secret_rules, warehouse
from sql.warehouse import WarehouseError

HERE = Path(__file__).resolve().parent
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
STOP_SECONDS = 2
SWITCH_SECONDS = (
    0.0005  # at the usual 5 ms each answer of a library waits as long for its turn among drawn pages
)
TOKEN_VARIABLE = "FLOORBOARD_METRICS_TOKEN"
STREAMS_VARIABLE = "FLOORBOARD_WALL_STREAMS"
SHORTEST_TOKEN = 16
LONGEST_NUMBER = 18
_UNTOLD = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


class ServerError(Exception):
    """The dashboard cannot be served; the message says what is in the way and what to do."""


class KnownHosts:
    """Answers only requests that name this machine and come from its own pages, adds the lines that keep a browser
    safe, and keeps the server's own figures in.

    A page on the internet can make a visitor's browser ask for its own name and lead that name here; such a
    request carries a foreign Host. It can also speak to this machine's own name; then the Origin is foreign.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app = app
        self.names = names
        self._addresses = _page_names()
        policy = web_rules.content_policy(_first_page())
        self._lines = {
            is_https: web_rules.answer_lines(policy, is_https=is_https) for is_https in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        # Behind a proxy that uvicorn trusts (this machine's, or one in FORWARDED_ALLOW_IPS) it is the proxy's scheme.
        is_https = scope.get("scheme") in {"https", "wss"}

        async def send_with_lines(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message.get("headers", [])
                message["headers"] = web_rules.with_lines(
                    given, self._lines[is_https], path=scope["path"], is_https=is_https
                )
            await send(message)

        if refused := self._refusal(scope):
            await self._refuse(*refused, scope, receive, send_with_lines)
        elif scope["type"] == "http" and web_rules.is_unknown_page(scope["path"], self._addresses):
            await HTMLResponse(_no_such_page(), 404, _UNTOLD)(scope, receive, send_with_lines)
        else:
            await self.app(scope, receive, send_with_lines)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        host_text = _line(scope, b"host") or ""
        host = web_rules.host_name(host_text)
        if not web_rules.is_known_host(host, self.names):
            text = t(
                "This board does not answer to the name '{host}'. Add the name to "
                "STREAMLIT_SERVER_ALLOWED_HOSTS.",
                host=host,
            )
            return 421, text
        changes = scope["type"] == "websocket" or scope["method"] not in web_rules.SAFE_METHODS
        if changes and not web_rules.is_own_origin(_line(scope, b"origin"), host_text):
            return 403, t("This request comes from another site; open the board at its own address.")
        return (404, t("Not found.")) if web_rules.is_closed(scope["path"]) else None

    @staticmethod
    async def _refuse(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": text[:120]})
            return
        await PlainTextResponse(text, status_code=status)(scope, receive, send)


def _line(scope: Scope, wanted: bytes) -> str | None:
    """A line of the request's head by its name; two of them are as good as a foreign one."""
    found = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == wanted]
    return ", ".join(found) if found else None


def _page_names() -> frozenset[str]:
    """The addresses of one word that are answered: the pages', by the names of their files, and those of our doors."""
    return _pages() | {"health", "metrics", recording_view.DOOR, "sign-in", "sign-out", "persona", "wall"}


def _pages() -> frozenset[str]:
    files = (path.stem.replace("_", "-") for path in (HERE.parent / "pages").glob("*.py"))
    return frozenset({*files, "live", "home", "signed-out"})


def _no_such_page() -> str:
    """What an address is answered with that no page has; Streamlit would show another page under it, and a dialog."""
    links = {
        "live": t("Live floor"),
        "queues": t("Queues"),
        "contacts": t("Contacts"),
        "definitions": t("Definitions"),
    }
    ways = " ".join(f'<a href="./{path}">{escape(word)}</a>' for path, word in links.items())
    title = escape(t("There is no such page"))
    body = escape(t("The address may be mistyped, or its page has another name now. From here:"))
    return (
        f'<!doctype html><html lang="{words.language()}"><meta charset="utf-8"><title>{title} - Floorboard</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="./app/static/mark.svg"><style>'
        '@font-face{font-family:Inter;font-weight:100 900;src:url("./app/static/fonts/inter-latin-wght-normal.woff2")}'
        ":root{color-scheme:light dark;background:light-dark(#F4F6F8,#0A0E13);color:light-dark(#10171F,#EEF2F6)}"
        "body{font:1rem/1.5 Inter,sans-serif;max-width:40rem;margin:18vh auto 0;padding:0 1.25rem}"
        "a{color:light-dark(#005B8F,#7CC6F0);display:inline-block;padding:.5rem 1rem .5rem 0}</style>"
        f"<h1>{title}</h1><p>{body}</p><p>{ways}</p></html>"
    )


def _first_page() -> str:
    """Streamlit's first page, which every address of a page is answered with."""
    return (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")


def serve(*, host: str = "127.0.0.1", port: int = 8501, rules: SignInRules | None = None) -> None:
    """Shows the dashboard on host and port until SIGTERM or SIGINT; raises ServerError when the port is
    taken.

    rules: how somebody signs in. Where other machines can reach the pages everybody does, unless the rules leave them open.
    """
    _check_port(host, port)
    log_masks.install()
    options = {**options_from_environment(os.environ), "server.address": host, "server.port": port}
    own_names = _own_names(options)
    sign_in_rules.put_in_force(rules_for(host, rules or SignInRules(), own_names))
    at_door, proxy = door()
    root = config_folder()
    sys.argv = [str(root / "floorboard")]  # Streamlit looks for .streamlit beside the file that started it
    names = frozenset({*LOOPBACK_NAMES, socket.gethostname().lower(), *own_names})
    options["server.allowedHosts"] = ["*"]  # KnownHosts below decides, for pages as well as for websockets
    walls = wall_hub(os.environ)
    sys.setswitchinterval(SWITCH_SECONDS)
    app = st.App(
        HERE / "app.py",
        routes=[
            *monitoring_routes(monitoring.monitor(now=clock.now), metrics_token(os.environ)),
            recording_route(),
            *at_door,
            *device_door().routes(),
            *wall_door(walls, proxy).routes(),
            *credential_door().routes(),
            *HeadDoor(_viewer, proxy).routes(),
        ],
        middleware=[
            Middleware(KnownHosts, names=names),
            Middleware(Doorstep, pages=_pages(), viewer=_viewer, proxy=proxy),
        ],
        lifespan=partial(_short_farewell, stop=walls.stop),
    )
    with _quiet_end():
        app.run(config=options)


def metrics_token(environment: Mapping[str, str]) -> str | None:
    """The word by which other machines may ask for figures; ServerError for one that is easily guessed."""
    text = environment.get(TOKEN_VARIABLE, "").strip()
    if not text:
        return None
    if fault := secret_rules.fault_of(text, shortest=SHORTEST_TOKEN):
        raise ServerError(
            f"{TOKEN_VARIABLE} {fault} and is easily guessed, expected at least {SHORTEST_TOKEN} letters and digits at "
            "random; make one with `openssl rand -hex 24`, or leave it out: then only this machine may ask."
        )
    return text


def monitoring_routes(watch: monitoring.Monitor, token_text: str | None) -> list[Route]:
    """What programs ask for: /health tells everybody one word, /metrics answers this machine and the token only."""
    unstored = {"cache-control": "no-store"}

    async def health(request: Request) -> Response:
        found = await watch.latest()
        body = monitoring.health_body(found, is_trusted=monitoring.is_trusted(request.scope, token_text))
        return Response(body, found.http_status, unstored, "application/json")

    async def metrics(request: Request) -> Response:
        if not monitoring.is_trusted(request.scope, token_text):
            text = t(
                "Only this machine, or a program with the token, may read the figures; see docs/monitoring.md."
            )
            return PlainTextResponse(text, 401, {**unstored, "www-authenticate": "Bearer"})
        found = await watch.latest()
        return Response(
            monitoring.metrics_body(found), 200, {**unstored, "content-type": monitoring.CONTENT_TYPE}
        )

    return [Route("/health", health), Route("/metrics", metrics)]


def rules_for(host: str, rules: SignInRules, names: Iterable[str] = ()) -> SignInRules:
    """The rules for pages that listen there: beyond this machine nobody is let in without a sign-in, but in a demo.

    names: what else the site is called. Who names more than this machine has a proxy in front that lets others in.
    """
    if all(_is_here(name) for name in (host, *names)) or rules.is_open or is_demo():
        return rules
    return replace(rules, is_asked=True)


def _is_here(name: str) -> bool:
    """Whether the name is one by which only this machine is reached."""
    plain = name.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(plain).is_loopback
    except ValueError:
        return plain in LOOPBACK_NAMES


def door() -> tuple[list[Route], TrustedProxy | None]:
    """The ways in for whoever signs in at this site, and the proxy whose word is taken."""
    rules = sign_in_rules.in_force()
    provider = IdentityProvider(rules.provider) if rules.provider else None
    proxy = TrustedProxy(rules.proxy) if rules.proxy else None
    found = Door(
        engine=lambda: moments.engine(warehouse.database_url()),
        now=clock.wall,
        rules=rules,
        is_demo=is_demo(),
        proxy=proxy,
        forget=lambda token: visit.visitors(warehouse.database_url()).forget(token),
        farewell=provider.farewell if provider else None,
    )
    return [*found.routes(), *(ProviderDoor(found, provider).routes() if provider else [])], proxy


def _viewer(token: str | None) -> Viewer:
    return visit.visitors(warehouse.database_url()).viewer(token)


def device_door() -> DeviceDoor:
    """The way in for a screen on a wall."""
    return DeviceDoor(lambda: moments.engine(warehouse.database_url()), clock.wall)


def wall_hub(environment: Mapping[str, str]) -> Hub:
    """What tells the walls of this process; ServerError where the number of screens it serves is none."""
    most = _number_setting(
        STREAMS_VARIABLE, environment.get(STREAMS_VARIABLE, "").strip() or str(MOST_STREAMS), int
    )
    if most < 1:
        raise ServerError(
            f"{STREAMS_VARIABLE} is '{most}'; expected a number from 1 on. Correct it or unset it."
        )
    return house.hub(int(most))


def wall_door(walls: Hub, proxy: TrustedProxy | None) -> WallDoor:
    """The addresses of walls."""
    return WallDoor(walls, _viewer, house.used, proxy)


def credential_door() -> CredentialDoor:
    """The addresses at which anybody may check a badge that somebody took home."""
    return CredentialDoor(
        lambda: moments.engine(warehouse.database_url()), clock.wall, site_address.public_url, embedded.home
    )


def recording_route() -> Route:
    """The door from the pages to a recording: whoever is led there is counted first; nothing is fetched from there."""

    async def opened(request: Request) -> Response:
        if request.method != "GET" or request.headers.get("sec-fetch-site", "none") == "cross-site":
            return PlainTextResponse(t("Open the recording from the page of its contact."), 403, _UNTOLD)
        try:
            url = await run_in_threadpool(
                _led_to_recording, request.cookies.get(sessions.COOKIE), dict(request.query_params)
            )
        except (RecordingError, WarehouseError) as error:
            return PlainTextResponse(str(error), 404, _UNTOLD)
        return RedirectResponse(url, 303, _UNTOLD)

    return Route(f"/{recording_view.DOOR}", opened)


def _led_to_recording(token: str | None, asked: Mapping[str, str]) -> str:
    viewer = _viewer(token)
    who = {"at": clock.now()}
    review = asked.get("review", "")
    if review.isascii() and review.isdigit() and len(review) <= LONGEST_NUMBER:
        return desk.change(
            viewer, "recordings.open", recording_door.open_of_review, review_id=int(review), **who
        )
    named = {"source_name": asked.get("source", ""), "recording_id": asked.get("id", "")}
    return desk.change(viewer, "recordings.open", recording_door.open_recording, **named, **who)


def _own_names(options: Mapping[str, Any]) -> list[str]:
    return [str(name).lower() for name in options.get("server.allowedHosts", [])]


def config_folder() -> Path:
    """The folder whose `.streamlit/config.toml` holds for this installation: the package's copy or the
    checkout."""
    for folder in (HERE, HERE.parent):
        if (folder / ".streamlit" / "config.toml").is_file():
            return folder
    raise ServerError(
        f"There is no .streamlit/config.toml beside {HERE} or in it; without it fonts, colours "
        f"and safe settings are "
        "lost. Install Floorboard again, or start it from a whole checkout."
    )


def options_from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """The settings that STREAMLIT_* variables name; Streamlit itself reads them only in its own command."""
    found: dict[str, Any] = {}
    for name, option in streamlit_config._config_options_template.items():
        raw = environment.get(option.env_var)
        if raw is None or option.sensitive:
            continue
        if option.multiple:
            found[name] = [part.strip() for part in raw.split(",") if part.strip()]
        elif option.type is bool:
            found[name] = raw.strip().lower() in {"1", "true", "yes", "on"}
        elif option.type in (int, float):
            found[name] = _number_setting(option.env_var, raw, option.type)
        else:
            found[name] = raw
    return found


def _number_setting(variable: str, raw: str, kind: type) -> int | float:
    try:
        return float(raw) if kind is float else int(raw)
    except ValueError as error:
        raise ServerError(f"{variable} is '{raw}'; expected a number. Correct it or unset it.") from error


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise ServerError(
                f"{host}:{port} cannot be used ({error.strerror}). Stop what runs there, or choose "
                f"another --port."
            ) from error


@contextmanager
def _quiet_end() -> Iterator[None]:
    """A signal ends the serving and nothing more: the server raises it again when it has stopped, for its
    caller.

    Where the caller has no handler of its own that second signal would kill the process before it can tidy
    up.
    """
    before = signal.getsignal(signal.SIGTERM)
    if before is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


@asynccontextmanager
async def _short_farewell(_app: st.App, *, stop: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
    """Open tabs and pages in the middle of a run get STOP_SECONDS after the signal, then they are cut off.

    stop: what ends with the signal already. Streams of walls never end by themselves, and the server waits for them before
    it would say that it ends.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = STOP_SECONDS
        # Before forwarded addresses take the place of the proxy's own; every connection takes the app from here.
        server.config.loaded_app = WithPeer(server.config.loaded_app)
    with house.told_of_signals(stop):
        yield
    stop()


def _refuse_settings(file: Path) -> None:
    """ServerError where a site says how somebody signs in: this way of starting does not read it."""
    try:
        is_said = "sign_in" in tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if is_said:
        raise ServerError(
            f"{file} says how somebody signs in; start the pages with `floorboard dashboard`, which reads it."
        )


def main() -> None:
    """`python -m dashboard.server --port N`: the pages alone, without ETL."""
    parser = argparse.ArgumentParser(description=t("Serve Floorboard's pages."))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    chosen = parser.parse_args()
    try:
        _refuse_settings(Path(os.environ.get("FLOORBOARD_CONFIG") or "floorboard.toml"))
        serve(host=chosen.host, port=chosen.port)
    except ServerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
