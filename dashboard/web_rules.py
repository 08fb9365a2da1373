"""What every answer to a browser carries, which addresses stay closed, and whose requests are taken: the rules alone.

In: the parts of a request (path, Host, Origin, scheme) and Streamlit's own first page. Out: lines for the head of the
answer, or yes and no.
The rule it guards: nothing runs in a reader's browser that this program did not send; no other site can frame a page,
speak in its reader's name, or be told where the reader came from; and Streamlit's own side doors stay shut.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

Line = tuple[bytes, bytes]
YEARS_SECONDS = 2 * 365 * 24 * 3600
_INLINE_SCRIPT = re.compile(r"<script(?P<how>[^>]*)>(?P<text>.*?)</script>", re.S | re.I)
# Streamlit's inner addresses that its pages need. The rest of _stcore (figures of the process, the interface for
# programs, checks that run a page) answers nobody: /health and /metrics are ours.
OPEN_INNER = ("health", "host-config", "stream", "upload_file", "bidi-components")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_POWERS_REFUSED = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}


def content_policy(first_page: str) -> str:
    """What a browser may run and fetch for a page: this site's own files and nothing from elsewhere.

    The scripts written into Streamlit's first page are known by their hashes. A block of ours starts from a blob, charts
    are made by an interpreter that needs no eval; styles alone may stand inline, because Streamlit makes them as it runs.
    """
    hashes = [
        base64.b64encode(hashlib.sha256(found["text"].encode()).digest()).decode()
        for found in _INLINE_SCRIPT.finditer(first_page)
        if "src=" not in found["how"]
    ]
    scripts = " ".join(["'self'", "blob:", *(f"'sha256-{text}'" for text in hashes)])
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src {scripts}",
            "worker-src 'self' blob:",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' data: blob:",
            "frame-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def answer_lines(policy: str, *, is_https: bool) -> tuple[Line, ...]:
    """The lines that every answer carries; behind https also the promise to be asked by https alone for two years."""
    powers = ", ".join(f"{name}=()" for name in _POWERS_REFUSED)
    lines = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": powers,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if is_https:
        lines["strict-transport-security"] = f"max-age={YEARS_SECONDS}; includeSubDomains"
    return tuple((name.encode(), text.encode()) for name, text in lines.items())


def with_lines(given: Iterable[Line], lines: tuple[Line, ...], *, path: str, is_https: bool) -> list[Line]:
    """The head of an answer with those lines where it has none of its own; behind https each cookie is Secure.

    A prepared download holds what its reader may see: neither a browser nor a proxy keeps a copy.
    """
    if path.startswith("/media/"):
        lines = (*lines, (b"cache-control", b"no-store"))
    kept = [
        (name, _secure(value) if is_https and name.lower() == b"set-cookie" else value)
        for name, value in given
    ]
    present = {name.lower() for name, _ in kept}
    return [*kept, *(line for line in lines if line[0] not in present)]


def _secure(cookie: bytes) -> bytes:
    parts = {part.strip().lower() for part in cookie.split(b";")[1:]}
    return cookie if b"secure" in parts else cookie + b"; Secure"


def is_closed(path: str) -> bool:
    """Whether an address is one of Streamlit's inner ones that no page needs, however it is written."""
    parts = [part for part in path.lower().split("/") if part not in {"", "."}]
    if "_stcore" not in parts:
        return False
    inner = parts[parts.index("_stcore") + 1 :]
    return ".." in parts or not inner or inner[0] not in OPEN_INNER


def is_unknown_page(path: str, names: frozenset[str]) -> bool:
    """Whether an address is written like a page's ("/queues"), and no page or door of ours is called so."""
    return re.fullmatch(r"/[^/._~][^/.]*", path) is not None and path[1:] not in names


def host_name(host_text: str) -> str:
    """The name in a Host line, without its port and brackets, in small letters."""
    text = host_text.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.rpartition(":")[0] if text.count(":") == 1 else text


def is_known_host(host: str, names: frozenset[str]) -> bool:
    """Whether this machine answers to the name: one of `names` (*.example takes all below it), or an address in numbers.

    A page on the internet can lead a name of its own here, but never an address in numbers.
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        below = tuple(name[1:] for name in names if name.startswith("*."))
        return "*" in names or host in names or host.endswith(below)
    return True


def is_own_origin(origin_text: str | None, host_text: str) -> bool:
    """Whether a request that may change something comes from a page of this very site; programs send no Origin.

    A Host without a port (as some proxies pass it on) is compared by its name alone.
    """
    if origin_text is None:
        return True
    try:
        origin = urlsplit(origin_text.strip().lower())
        port = origin.port
    except ValueError:
        return False
    is_plain = origin.scheme in {"http", "https"} and not (origin.path or origin.query or origin.fragment)
    if not is_plain or "@" in origin.netloc or origin.hostname != host_name(host_text):
        return False
    asked = _port_of(host_text)
    return asked is None or asked == (port or _PORTS[origin.scheme])


def _port_of(host_text: str) -> int | None:
    text = host_text.strip().rpartition("]")[2] if "[" in host_text else host_text.strip()
    digits = text.rpartition(":")[2] if text.count(":") == 1 else ""
    return int(digits) if digits.isascii() and digits.isdigit() else None
