"""How alerts leave the house: through which mail server, to which hosts, as the settings of a site have it.

In: the table [alerts] of floorboard.toml. Out: one typed value. The rule it guards: nothing goes to a host that nobody has
listed, no password crosses the network in the clear, and no secret stands in the settings, only the name where it is.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from etl.sources import Host, Name, Names, SettingsPath, Table, WebAddress

_MAILBOX = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']{1,255}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _is_a_mailbox(value: str) -> str:
    if not _MAILBOX.fullmatch(value):
        raise ValueError('an e-mail address such as "floorboard@example.com"')
    return value


def _is_a_variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError('the name of an environment variable such as "FLOORBOARD_SMTP_PASSWORD"')
    return value


def _are_hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        if not re.fullmatch(r"[a-z0-9.-]+(?::\d{1,5})?", one):
            raise ValueError('hosts in small letters without https:// and path, such as "hooks.example.com"')
    return value


HostNames = Annotated[Names, AfterValidator(_are_hosts)]
"""Hosts that somebody has listed, such as "hooks.example.com" or "hooks.example.com:8443"."""
Mailbox = Annotated[Name, AfterValidator(_is_a_mailbox)]
Variable = Annotated[Name, AfterValidator(_is_a_variable)]


class SmtpSettings(Table):
    """The mail server that takes our words, and how we speak to it."""

    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls: in the clear until both have agreed on TLS; tls: from the first byte; none: on this machine only."""
    sender: Mailbox
    user: Name | None = None
    password_env: Variable | None = None
    password_file: SettingsPath | None = None
    ca_file: SettingsPath | None = None
    """The certificate of an authority of one's own, that vouches for the server."""

    @model_validator(mode="after")
    def _is_safe(self) -> SmtpSettings:
        if self.security == "none" and not _is_here(self.host):
            raise ValueError(
                'security = "starttls" or "tls" for a mail server on another machine; "none" only for 127.0.0.1'
            )
        if self.user is not None and self.security == "none":
            raise ValueError(
                'security = "starttls" or "tls" beside a user, whose password would cross in the clear'
            )
        if (self.user is None) != (self.password_env is None and self.password_file is None):
            raise ValueError("user together with password_env or password_file, or none of them")
        return self


class AlertSettings(Table):
    """Where alerts may go. Without it they stand on the boards only."""

    smtp: SmtpSettings | None = None
    webhook_hosts: HostNames = ()
    """Hosts to which alerts may be sent, such as "hooks.example.com" or "hooks.example.com:8443"."""
    webhook_private_networks: Names = ()
    """Addresses inside the house that a host of the list may stand for, such as "10.1.0.0/16"."""
    webhook_secret_env: Variable | None = None
    """The environment variable with the secret that signs what is sent."""
    board_address: WebAddress | None = None
    """Where the boards are found by whoever is told, such as "https://floorboard.example.com"."""

    @field_validator("webhook_private_networks")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ip_network(one)
            except ValueError:
                raise ValueError(
                    'networks such as "10.1.0.0/16" or one address such as "127.0.0.1"'
                ) from None
        return value


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
