"""Takes the word of the proxy in front of the pages on who is there, and nobody else's.

In: the lines of a request, and the address that it came from. Out: the login name that the proxy tells, or nothing.
The rule it guards: the line counts only from a configured address and together with the proxy's secret; from anywhere else
it is passed over and counted in the log.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from dashboard.door.sign_in_rules import ProxyRules

PEER = "floorboard.peer"
LOG_SECONDS = 60.0
LONGEST_NAME = 320
_LOG = logging.getLogger(__name__)
Scope = MutableMapping[str, Any]


class WithPeer:
    """Notes who is at the other end of the line, before a forwarded address takes its place."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request, websocket or start of the server."""
        scope[PEER] = (scope.get("client") or ("",))[0]
        await self.app(scope, receive, send)


class TrustedProxy:
    """Reads who the proxy says is there."""

    def __init__(self, rules: ProxyRules, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._networks = [ipaddress.ip_network(text) for text in rules.addresses]
        self._user_line = rules.user_header.lower().encode()
        self._secret_line = rules.secret_header.lower().encode()
        self._secret = rules.secret.encode()
        self._clock = clock
        self._passed_over = 0
        self._told_at: float | None = None

    @property
    def passed_over_count(self) -> int:
        """How many requests brought the line without being the proxy's."""
        return self._passed_over

    def login_name(self, scope: Mapping[str, Any]) -> str | None:
        """Who the proxy says is there; None where it says nothing, or where it is not the proxy that speaks."""
        told = [value for name, value in scope.get("headers", []) if name.lower() == self._user_line]
        if not told:
            return None
        secrets = [value for name, value in scope.get("headers", []) if name.lower() == self._secret_line]
        is_proven = len(secrets) == 1 and hmac.compare_digest(secrets[0], self._secret)
        if not is_proven or not self._is_the_proxy(str(scope.get(PEER, ""))):
            self._pass_over(str(scope.get(PEER, "")))
            return None
        # Two lines are one of the proxy and one that it passed on: then neither counts.
        name = told[0].decode("utf-8", errors="replace").strip() if len(told) == 1 else ""
        return name if 0 < len(name) <= LONGEST_NAME and name.isprintable() else None

    def _is_the_proxy(self, peer: str) -> bool:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self._networks)

    def _pass_over(self, peer: str) -> None:
        self._passed_over += 1
        now = self._clock()
        if self._told_at is None or now - self._told_at >= LOG_SECONDS:
            self._told_at = now
            _LOG.warning(
                "Somebody at %r says who they are in place of the proxy; passed over, %d times since the start.",
                peer,
                self._passed_over,
            )
