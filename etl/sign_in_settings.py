"""Who may sign in at a site and by what: a password, the house's identity provider, or the proxy in front.

In: the table [sign_in] of floorboard.toml. Out: one typed value, and the secrets that it names.
The rule it guards: no secret stands in the settings; an address over which a sign-in goes is https, except on this machine.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from etl import LoadError
from etl.sources import Name, SettingsPath, Table, WebAddress
from etl.sources.credentials import credential, credential_place
from sql import secret_rules

Kind = Literal["local", "provider", "proxy", "open"]
SHORTEST_SECRET = 16
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
# What a browser or a proxy sends by itself says nothing about who is there.
_TAKEN = frozenset(
    {"host", "cookie", "origin", "referer", "authorization", "x-forwarded-for", "x-forwarded-proto", "user-agent"}
)  # fmt: skip


def _as_list(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise ValueError('"local", "provider", "proxy" or "open", or a list of them')
    return [value] if isinstance(value, str) else value


def _is_safe_address(value: str) -> str:
    parts = urlsplit(value)
    is_here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    is_plain = bool(parts.hostname) and not parts.query and not parts.fragment
    if not is_plain or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not is_here):
        raise ValueError('an address that begins with https:// and has no "?" or "#" in it')
    return value


def _is_a_network(value: str) -> str:
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError('an address or a range of them such as "10.0.0.5" or "10.0.0.0/28"') from None
    if not network.prefixlen:
        raise ValueError("the addresses of the proxy alone; this range holds every address there is")
    return value


def _is_a_header(value: str) -> str:
    if not _HEADER_NAME.fullmatch(value) or value.lower() in _TAKEN:
        raise ValueError('the name of a line that only the proxy writes, such as "X-Forwarded-User"')
    return value


SafeAddress = Annotated[WebAddress, AfterValidator(_is_safe_address)]
Network = Annotated[Name, AfterValidator(_is_a_network)]
Header = Annotated[Name, AfterValidator(_is_a_header)]
_NEEDED = {
    "provider": ("address", "issuer", "client_id", "client_secret_file"),
    "proxy": ("proxy_addresses", "proxy_secret_file"),
}
_OF_ENVIRONMENT = {
    "client_secret_file": "client_secret_env",
    "proxy_secret_file": "proxy_secret_env",
}


class SignInSettings(Table):
    """How somebody comes in. Where the table stands, everybody signs in, also while there is no account yet."""

    kind: Annotated[tuple[Kind, ...], Field(strict=False), BeforeValidator(_as_list)]
    """One or several. "open": nobody is asked while there is no account; only behind a proxy that asks."""
    session_hours: Annotated[int, Field(ge=1, le=744)] = 12
    idle_minutes: Annotated[int, Field(ge=5, le=44_640)] | None = None
    """After how many minutes without a page being opened or changed a session ends; without it, at its end alone."""
    address: Annotated[SafeAddress | None, Field(validate_default=True)] = None
    """Where browsers find this site, as the provider knows it."""
    issuer: Annotated[SafeAddress | None, Field(validate_default=True)] = None
    client_id: Annotated[Name | None, Field(validate_default=True)] = None
    client_secret_env: Name | None = None
    client_secret_file: Annotated[SettingsPath | None, Field(validate_default=True)] = None
    provider_name: Name = "your organisation's account"
    """What the button says after "Sign in with"."""
    proxy_addresses: Annotated[tuple[Network, ...], Field(strict=False, validate_default=True)] = ()
    proxy_user_header: Header = "X-Forwarded-User"
    proxy_secret_header: Header = "X-Floorboard-Proxy-Secret"
    proxy_secret_env: Name | None = None
    proxy_secret_file: Annotated[SettingsPath | None, Field(validate_default=True)] = None

    @field_validator("kind")
    @classmethod
    def _fits_together(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or ("open" in value and len(value) > 1):
            raise ValueError('"open" alone, or a list of "local", "provider" and "proxy"')
        return value

    @field_validator(*sorted({name for names in _NEEDED.values() for name in names}))
    @classmethod
    def _is_there(cls, value: Any, info: ValidationInfo) -> Any:
        name = str(info.field_name)
        is_needed = any(name in _NEEDED.get(kind, ()) for kind in info.data.get("kind", ()))
        if value or not is_needed or info.data.get(_OF_ENVIRONMENT.get(name, "")):
            return value
        raise PydanticCustomError("missing", "Field required")

    def client_secret(self) -> str:
        """What proves to the provider that this is Floorboard; LoadError for none, a short one, a sample."""
        return _secret(self.client_secret_env, self.client_secret_file, what="the client's secret")

    def proxy_secret(self) -> str:
        """What proves that a line comes from the proxy; LoadError for none, a short one, a sample."""
        return _secret(self.proxy_secret_env, self.proxy_secret_file, what="the proxy's secret")


def _secret(env_name: str | None, file: Any, *, what: str) -> str:
    text = credential(env_name, file, what=what)
    if fault := secret_rules.fault_of(text, shortest=SHORTEST_SECRET):
        raise LoadError(
            f"{what}: {credential_place(env_name, file)} {fault} and is easily guessed, expected at least "
            f"{SHORTEST_SECRET} letters and digits at random; make one with `openssl rand -hex 24`."
        )
    return text
