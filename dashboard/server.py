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
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import streamlit as st
import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config as streamlit_config

from dashboard import monitoring, ui
from dashboard.words import t

HERE = Path(__file__).resolve().parent
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
STOP_SECONDS = 2
TOKEN_VARIABLE = "FLOORBOARD_METRICS_TOKEN"
SHORTEST_TOKEN = 16
_HEADERS = (
    (b"content-security-policy", b"frame-ancestors 'self'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class ServerError(Exception):
    """The dashboard cannot be served; the message says what is in the way and what to do."""


class KnownHosts:
    """Answers only requests that name this machine, adds the security headers, and keeps the server's own
    figures in.

    A page on the internet can make a visitor's browser ask for its own name and lead that name here; such a
    request carries a foreign Host. Addresses written as numbers cannot be led astray and are always answered.
    """

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self.app = app
        self.names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or one websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        host = _host_name(scope)
        if not self._is_known(host):
            await self._refuse(
                421,
                t(
                    "This board does not answer to the name '{host}'. Add the name to "
                    "STREAMLIT_SERVER_ALLOWED_HOSTS.",
                    host=host,
                ),
                scope,
                receive,
                send,
            )
            return
        if scope["path"].endswith("/_stcore/metrics"):
            await self._refuse(404, t("Not found."), scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message.get("headers", [])}
                message["headers"] = [
                    *message.get("headers", []),
                    *(header for header in _HEADERS if header[0] not in present),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _is_known(self, host: str) -> bool:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            domains = (name[1:] for name in self.names if name.startswith("*."))
            return "*" in self.names or host in self.names or host.endswith(tuple(domains))
        return True

    @staticmethod
    async def _refuse(status: int, text: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": text[:120]})
            return
        await PlainTextResponse(text, status_code=status)(scope, receive, send)


def _host_name(scope: Scope) -> str:
    raw = next((value for name, value in scope.get("headers", []) if name == b"host"), b"").decode("latin-1")
    text = raw.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def serve(*, host: str = "127.0.0.1", port: int = 8501) -> None:
    """Shows the dashboard on host and port until SIGTERM or SIGINT; raises ServerError when the port is
    taken."""
    _check_port(host, port)
    root = config_folder()
    sys.argv = [str(root / "floorboard")]  # Streamlit looks for .streamlit beside the file that started it
    options = {**options_from_environment(os.environ), "server.address": host, "server.port": port}
    names = frozenset({*LOOPBACK_NAMES, socket.gethostname().lower(), *_own_names(options)})
    options["server.allowedHosts"] = ["*"]  # KnownHosts below decides, for pages as well as for websockets
    app = st.App(
        HERE / "app.py",
        routes=monitoring_routes(monitoring.monitor(now=ui.now), metrics_token(os.environ)),
        middleware=[Middleware(KnownHosts, names=names)],
        lifespan=_short_farewell,
    )
    with _quiet_end():
        app.run(config=options)


def metrics_token(environment: Mapping[str, str]) -> str | None:
    """The word by which other machines may ask for figures; ServerError for one that is easily guessed."""
    text = environment.get(TOKEN_VARIABLE, "").strip()
    if not text:
        return None
    if len(text) < SHORTEST_TOKEN or len(set(text)) < SHORTEST_TOKEN // 2 or not text.isascii():
        raise ServerError(
            f"{TOKEN_VARIABLE} is easily guessed, expected at least {SHORTEST_TOKEN} letters and digits at random; make "
            "one with `openssl rand -hex 24`, or leave it out: then only this machine may ask."
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
async def _short_farewell(_app: st.App) -> AsyncIterator[None]:
    """Open tabs and pages in the middle of a run get STOP_SECONDS after the signal, then they are cut off."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = STOP_SECONDS
    yield


def main() -> None:
    """`python -m dashboard.server --port N`: the pages alone, without ETL."""
    parser = argparse.ArgumentParser(description=t("Serve Floorboard's pages."))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8501)
    chosen = parser.parse_args()
    try:
        serve(host=chosen.host, port=chosen.port)
    except ServerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
