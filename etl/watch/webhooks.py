"""Hands one word of an alert, as JSON, to a program of the site's own choice.

In: an address, the record, the hosts that the settings list. Out: nothing, or a DeliveryError: whether to try again.
The rule it guards: nothing goes to a host that is not listed, nor to an address inside the house that is not, whatever
a name resolves to; no redirect is followed; who receives it can check that it came from here.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import httpx

from etl.watch.alert_settings import AlertSettings
from etl.watch.mail import DeliveryError

TIMEOUT_SECONDS = 10.0
SIGNATURE_HEADER = "X-Floorboard-Signature"
Address = IPv4Address | IPv6Address
_TRANSLATED = ip_network("64:ff9b::/96")  # what a network of the sixth version puts before one of the fourth
Resolve = Callable[[str, int], list[str]]


def resolved(host: str, port: int) -> list[str]:
    """Every address that the name stands for now."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def post(
    settings: AlertSettings,
    url_text: str,
    record: Mapping[str, Any],
    *,
    at: datetime,
    resolve: Resolve = resolved,
    transport: httpx.BaseTransport | None = None,
) -> None:
    """Sends the record once, and is content with any answer of 200 to 299. Raises DeliveryError."""
    url = _checked(settings, url_text)
    address = _address(settings, url, resolve)
    body = json.dumps(dict(record), ensure_ascii=False, separators=(",", ":")).encode()
    host = url.netloc.decode("ascii")
    headers = {
        "Host": host,
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Floorboard",
        "X-Floorboard-Delivery": str(record["id"]),
        **_signed(settings, body, at),
    }
    # The very address that was checked is connected to: a name that changes its mind in between gets nothing.
    pinned = url.copy_with(host=str(address))
    try:
        with httpx.Client(
            timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False, transport=transport
        ) as client:
            answer = client.post(pinned, content=body, headers=headers, extensions={"sni_hostname": url.host})
    except httpx.HTTPError as error:
        raise DeliveryError(
            f"{host} does not answer ({type(error).__name__}); see that it runs and can be reached from here.",
            is_worth_retry=True,
        ) from None
    if answer.is_success:
        return
    if answer.is_redirect:
        raise DeliveryError(
            f"{host} answers with a redirect ({answer.status_code}), which is not followed; write the final address "
            "into the rule and its host into webhook_hosts.",
            is_worth_retry=False,
        )
    is_later = answer.status_code in (408, 425, 429) or answer.status_code >= 500
    raise DeliveryError(
        f"{host} answers {answer.status_code}, expected 200 to 299; see its log.", is_worth_retry=is_later
    )


def signature(secret: str, body: bytes, at: datetime) -> str:
    """What stands in the header: the second at which it was signed, and the HMAC-SHA256 of "<second>.<body>"."""
    second = int(at.timestamp())
    digest = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={second},v1={digest}"


def _signed(settings: AlertSettings, body: bytes, at: datetime) -> dict[str, str]:
    if settings.webhook_secret_env is None:
        return {}
    secret = os.environ.get(settings.webhook_secret_env, "")
    if not secret:
        raise DeliveryError(
            f"{settings.webhook_secret_env} is not set, expected the secret that signs what is sent; set it for the loader.",
            is_worth_retry=True,
        )
    return {SIGNATURE_HEADER: signature(secret, body, at)}


def _checked(settings: AlertSettings, url_text: str) -> httpx.URL:
    try:
        url = httpx.URL(url_text)
    except httpx.InvalidURL:
        raise DeliveryError(
            "The address of the webhook cannot be read, expected https://host/path; correct it in the rule.",
            is_worth_retry=False,
        ) from None
    host = url.netloc.decode("ascii").lower()
    if url.scheme not in ("https", "http") or not url.host or url.userinfo:
        raise DeliveryError(
            "The address of the webhook is none of the form https://host/path; correct it in the rule.",
            is_worth_retry=False,
        )
    if host not in settings.webhook_hosts:
        raise DeliveryError(
            f'{host} is not in webhook_hosts of [alerts] in floorboard.toml; add "{host}" there if alerts may go to it.',
            is_worth_retry=False,
        )
    return url


def _address(settings: AlertSettings, url: httpx.URL, resolve: Resolve) -> Address:
    """The address to connect to. Every one that the name stands for must be allowed, not only the one that is taken."""
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        found = [ip_address(one.partition("%")[0]) for one in resolve(url.host, port)]
    except (OSError, ValueError):
        raise DeliveryError(
            f"{url.host} cannot be resolved; see that the name is right.", is_worth_retry=True
        ) from None
    networks = [ip_network(one) for one in settings.webhook_private_networks]
    for one in found:
        plain = _meant(one)
        is_listed = any(plain in network for network in networks)
        is_outside = plain.is_global and not plain.is_multicast and not plain.is_reserved
        if not is_outside and not is_listed:
            raise DeliveryError(
                f"{url.host} stands for {plain}, an address inside the house; list it in webhook_private_networks of "
                "[alerts] if alerts may go there.",
                is_worth_retry=False,
            )
        if url.scheme == "http" and not is_listed:
            raise DeliveryError(
                f"{url.host} would be told without TLS; write https://, or list its address in webhook_private_networks.",
                is_worth_retry=False,
            )
    return found[0]


def _meant(address: Address) -> Address:
    """The address of the fourth version that one of the sixth stands for, where it does; else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
