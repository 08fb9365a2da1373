"""Asks a web API for records, patiently and politely, and keeps what lets it in to itself.

In: the address of an API and a credential from the environment or a file that only its owner reads.
Out: answers as JSON values; or a WebError that says what came instead, and whether asking later may help.
The rule it guards: never faster than agreed, never waiting for ever, a credential goes to its own host only.
"""

from __future__ import annotations

import logging
import random
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from threading import Timer
from typing import Any

import httpx
import tenacity

from etl import LoadError, signs
from etl.sources.credentials import credential as credential
from etl.sources.credentials import credential_place as credential_place
from etl.sources.web_answer import (
    answer_of,
    explained,
    json_value,
    retry_after,
    secrets_in,
    without_secrets,
)

DEADLINE_SECONDS = 120.0  # for one request and its whole answer, however slowly it drips
PATIENCE_SECONDS = 1800.0  # for one call with all its waits and repeats
LONGEST_WAIT_SECONDS = 900.0  # whatever Retry-After says
MOST_ATTEMPTS = 6
MOST_BYTES = 64 << 20
MOST_REDIRECTS = 3
JITTER_SECONDS = 0.5  # less than the second to which a wait is honoured
_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORTH_RETRY = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
for _name in ("httpx", "httpcore"):  # at DEBUG they log headers, and so the credential
    logging.getLogger(_name).setLevel(logging.WARNING)


class WebError(LoadError):
    """An API did not give records; the message says what came, what was expected, and the next step.

    is_worth_retry: asking later may help; status_code: of the last answer, null where there was none;
    is_rate_limit: the API asked for fewer questions; wait_seconds: for how long it asked to be left alone.
    """

    def __init__(
        self,
        message: str,
        *,
        is_worth_retry: bool = False,
        status_code: int | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.is_worth_retry = is_worth_retry
        self.status_code = status_code
        self.wait_seconds = wait_seconds

    @property
    def is_rate_limit(self) -> bool:
        """Whether the API refused because it was asked too often."""
        return self.status_code == 429


class WebClient:
    """One API with its credential, asked at most `most_per_second` times a second.

    base_url: https (http on this machine only), with a path if every path starts with it; headers, auth: as httpx
    takes them; credential_text: what lets us in, in words, for messages; sleep, clock: for tests, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | tuple[str, str] | None = None,
        credential_text: str = "the credential in the settings",
        transport: httpx.BaseTransport | None = None,
        most_per_second: float,
        deadline_seconds: float = DEADLINE_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        most_attempts: int = MOST_ATTEMPTS,
        most_bytes: int = MOST_BYTES,
        sleep: Callable[[float], None] = signs.patient_sleep,
        clock: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._base = _checked_base(base_url)
        self._headers = {"Accept": "application/json", "User-Agent": "Floorboard"} | dict(headers or {})
        self._headers["Accept-Encoding"] = "gzip"  # one layer that can be measured while it unpacks
        self._auth = auth
        self._credential_text = credential_text
        self._secrets = secrets_in(self._headers, auth)
        self._transport = transport
        self._spacing_seconds = 1.0 / most_per_second
        self._deadline_seconds = deadline_seconds
        self._patience_seconds = patience_seconds
        self._most_attempts = most_attempts
        self._most_bytes = most_bytes
        self._sleep, self._clock, self._utc_now = sleep, clock, utc_now
        self._asked_at: float | None = None
        self._client: httpx.Client | None = None
        self._socket: socket.socket | None = None

    def __repr__(self) -> str:
        return f"WebClient({str(self._base)!r})"

    def __enter__(self) -> WebClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections; the next question opens one again."""
        if self._client is not None:
            self._client.close()
        self._client = self._socket = None

    def after(self, other: WebClient | None) -> WebClient:
        """This client, which keeps the pace of the one that it comes after: its last question counts here too."""
        if other is not None:
            self._asked_at = other._asked_at
        return self

    def get_json(self, path_or_url: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON value of the answer to GET; parameters whose value is null are left out. WebError.

        path_or_url: a path below base_url, or a whole address of the same host (the next page, as the API gives it).
        """
        return self._json("GET", path_or_url, params=_present(params))

    def post_json(self, path_or_url: str, value: Any, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON value of the answer to POST with a JSON body; only for questions, they may be repeated. WebError."""
        return self._json("POST", path_or_url, params=_present(params), json=value)

    def post_form(self, path_or_url: str, fields: Mapping[str, str]) -> Any:
        """The JSON value of the answer to POST with form fields, as sign-in endpoints take them. WebError."""
        return self._json("POST", path_or_url, data=dict(fields))

    def _json(self, method: str, path_or_url: str, **parts: Any) -> Any:
        url = self._address(path_or_url)
        started_at = self._clock()

        def is_enough(state: tenacity.RetryCallState) -> bool:
            passed = self._clock() - started_at + state.upcoming_sleep
            return state.attempt_number >= self._most_attempts or passed > self._patience_seconds

        again = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, WebError) and e.is_worth_retry),
            wait=_wait_seconds,
            stop=is_enough,
            sleep=self._sleep,
            reraise=True,
        )
        return again(self._once, method, url, parts)

    def _once(self, method: str, url: httpx.URL, parts: dict[str, Any]) -> Any:
        """One attempt with its redirects; every fault of the network becomes a WebError worth a retry."""
        for _ in range(MOST_REDIRECTS + 1):
            status_code, headers, body = self._send(method, url, parts)
            if status_code not in _REDIRECTS or "location" not in headers:
                return self._judged(method, url, status_code, headers, body)
            there = url.join(headers["location"])
            if method != "GET" or _origin(there) != _origin(self._base):
                raise self._error(
                    f"{_place(method, url)}: found a redirect to {there.scheme}://{there.netloc.decode()}, expected an "
                    "answer from the same host: a credential is not carried elsewhere. Correct the address in the settings.",
                    status_code=status_code,
                )
            url, parts = there, {}
        raise self._error(
            f"{_place(method, url)}: found more than {MOST_REDIRECTS} redirects, expected an answer. "
            "Correct the address in the settings."
        )

    def _send(self, method: str, url: httpx.URL, parts: dict[str, Any]) -> tuple[int, httpx.Headers, bytes]:
        self._keep_the_pace()
        ends_at = self._clock() + self._deadline_seconds
        guard = Timer(self._deadline_seconds, self._hang_up)  # headers, too, can drip for hours
        guard.daemon = True
        guard.start()
        place = _place(method, url)
        try:
            with self._opened().stream(
                method, url, **parts, extensions={"trace": self._note_socket}
            ) as response:
                body = answer_of(
                    response,
                    most_bytes=self._most_bytes,
                    is_late=lambda: self._clock() > ends_at,
                    place=place,
                )
            signs.alive()
            return response.status_code, response.headers, body
        except LoadError as error:
            self.close()
            raise self._error(str(error), is_worth_retry=False) from None
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError) as error:
            self.close()
            late = (
                self._clock() > ends_at or not guard.is_alive() or isinstance(error, httpx.TimeoutException)
            )
            found = f"no whole answer within {self._deadline_seconds:g} s" if late else _fault(error)
            raise self._error(
                f"{place}: found {found}, expected an answer. Check the network and the address in the settings; "
                "the next load asks again.",
                is_worth_retry=not isinstance(error, httpx.UnsupportedProtocol)
                and "certificate" not in found,
            ) from None
        finally:
            guard.cancel()

    def _judged(self, method: str, url: httpx.URL, status: int, headers: httpx.Headers, body: bytes) -> Any:
        place = _place(method, url)
        if status in (401, 403):
            raise self._error(
                f"{place}: found the answer {status} ({'not signed in' if status == 401 else 'not allowed'}), expected "
                f"records. Check {self._credential_text}: it may have expired, or lack the right to read this.",
                status_code=status,
            )
        if status == 429 or (status in _WORTH_RETRY and "retry-after" in headers):
            raise self._error(
                f"{place}: found the answer {status} (asked too often, or busy), expected records. Nothing is lost: the "
                "next load goes on from here; lower the rate in the settings if this comes back.",
                is_worth_retry=True,
                status_code=status,
                wait_seconds=retry_after(headers, self._utc_now(), most=LONGEST_WAIT_SECONDS),
            )
        if status >= 300 or status < 200:
            raise self._error(
                f"{place}: found the answer {status}{explained(body)}, expected records. "
                + ("The next load asks again." if status >= 500 else "Check the address in the settings."),
                is_worth_retry=status in _WORTH_RETRY,
                status_code=status,
            )
        try:
            return json_value(body)
        except ValueError as error:
            self.close()
            is_page = body.lstrip()[:1] == b"<"
            raise self._error(
                f"{place}: found {error}, expected JSON. "
                + (
                    f"Check the address and {self._credential_text}."
                    if is_page
                    else "The next load asks again."
                ),
                is_worth_retry=not is_page,
                status_code=status,
            ) from None

    def _error(self, message: str, **kinds: Any) -> WebError:
        return WebError(without_secrets(message, self._secrets), **kinds)

    def _address(self, path_or_url: str) -> httpx.URL:
        whole = (
            path_or_url
            if "://" in path_or_url
            else f"{str(self._base).rstrip('/')}/{path_or_url.lstrip('/')}"
        )
        try:
            url = httpx.URL(whole)
        except httpx.InvalidURL:
            url = None
        if url is None or _origin(url) != _origin(self._base):
            found = f"{url.scheme}://{url.netloc.decode()}" if url is not None else "an address that is none"
            raise self._error(
                f"{self._base}: found {found} as the next page, expected one of the same host: a credential is not "
                "carried elsewhere. Correct the address in the settings."
            )
        return url

    def _keep_the_pace(self) -> None:
        next_at = self._clock() if self._asked_at is None else self._asked_at + self._spacing_seconds
        if (left := next_at - self._clock()) > 0:
            self._sleep(left)
        self._asked_at = max(self._clock(), next_at)

    def _opened(self) -> httpx.Client:
        if self._client is None:
            try:
                self._client = httpx.Client(
                    headers=self._headers,
                    auth=self._auth,
                    transport=self._transport,
                    timeout=httpx.Timeout(min(30.0, self._deadline_seconds)),
                    limits=httpx.Limits(
                        max_connections=1, max_keepalive_connections=1, keepalive_expiry=15.0
                    ),
                    trust_env=not _LOOPBACK.fullmatch(self._base.host),
                    # Plain http stays on this machine, behind no proxy: it has no certificate to be judged, and to
                    # read those of the whole world takes longer than most answers.
                    verify=self._base.scheme == "https",
                )
            except (ValueError, ImportError, httpx.InvalidURL) as error:
                raise self._error(
                    f"{self._base}: found a proxy in the environment that cannot be used, expected an http or https one. "
                    "Correct HTTPS_PROXY and ALL_PROXY, or add the host to NO_PROXY."
                ) from error
        return self._client

    def _note_socket(self, _event: str, info: dict[str, Any]) -> None:
        """httpcore tells of every connection that it makes; the newest one carries the answer."""
        extra_of = getattr(info.get("return_value"), "get_extra_info", None)
        if extra_of is not None:
            self._socket = extra_of("socket")

    def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # closed meanwhile
                socket.socket.shutdown(
                    self._socket, socket.SHUT_RDWR
                )  # wakes the reader; TLS has no say in it


def _checked_base(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    is_near = bool(_LOOPBACK.fullmatch(url.host))
    if url.scheme not in (("https", "http") if is_near else ("https",)) or not url.host:
        raise LoadError(
            f"found the address {base_url[:100]!r}, expected one that begins with https:// (a credential travels with "
            "every question). Correct it in the settings."
        )
    if url.userinfo or url.query or url.fragment:
        raise LoadError(
            f"found an address of {url.host} with a password, a question mark or a '#', expected the plain address. "
            "Correct it in the settings; credentials come from the environment or a file."
        )
    return url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)


def _place(method: str, url: httpx.URL) -> str:
    """The question without its parameters, which can hold more than belongs into a log."""
    return f"{method} {url.scheme}://{url.netloc.decode()}{url.path}"


def _present(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Null rather than empty where there are none: httpx lets an empty mapping erase the parameters of an address."""
    return {key: value for key, value in (params or {}).items() if value is not None} or None


def _fault(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "a certificate that this machine does not trust"
    words: dict[type[Exception], str] = {
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "an answer that was cut off or no HTTP",
        httpx.DecodingError: "an answer whose packing is broken",
    }
    return words.get(type(error), "a connection that broke")


def _wait_seconds(state: tenacity.RetryCallState) -> float:
    """As long as the API asked, never less; else 1, 2, 4 ... 60 s, half of it by chance: two do not march in step."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.wait_seconds if isinstance(error, WebError) else None
    if asked:
        return asked + random.uniform(0.0, JITTER_SECONDS)
    step = min(60.0, 2.0 ** (state.attempt_number - 1))
    return step * random.uniform(0.5, 1.0)
