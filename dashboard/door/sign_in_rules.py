"""How somebody comes in at this site: by which ways, for how long, and what each way needs to know.

In: what the settings say, given once when the pages start. Out: the same for everything at the door.
The rule it guards: where nothing was said, accounts of the site's own are the only way in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

LOCAL, PROVIDER, PROXY = "local", "provider", "proxy"


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """The identity provider, and what Floorboard is called there."""

    address: str
    """Where browsers find this site."""
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str = "your organisation's account"


@dataclass(frozen=True, slots=True)
class ProxyRules:
    """The proxy that says who is there: its own addresses, the lines that it writes, and the secret in one of them."""

    addresses: tuple[str, ...]
    user_header: str
    secret_header: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInRules:
    """The ways in. is_asked: everybody signs in, also while there is no account; is_open: nobody while there is none."""

    ways: frozenset[str] = frozenset({LOCAL})
    lasts: timedelta = timedelta(hours=12)
    idle: timedelta | None = None
    is_asked: bool = False
    is_open: bool = False
    provider: ProviderRules | None = None
    proxy: ProxyRules | None = None


_in_force = [SignInRules()]


def in_force() -> SignInRules:
    """The rules of these pages."""
    return _in_force[0]


def put_in_force(rules: SignInRules) -> None:
    """Says once, when the pages start, which rules hold."""
    _in_force[0] = rules
