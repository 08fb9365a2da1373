"""Asks the house's identity provider who somebody is (OpenID Connect), and believes only an answer that it can check.

In: a browser that wants to come in, and the answer it brings back. Out: who they are at the provider, or one sentence.
The rule it guards: an answer counts once, in the browser that asked, for this program, from the expected issuer, signed
with a key that the issuer publishes, and while it is fresh.
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import (
    BadSignatureError,
    ExpiredTokenError,
    InvalidClaimError,
    InvalidKeyIdError,
    JoseError,
    MissingClaimError,
)
from starlette.requests import Request
from starlette.responses import RedirectResponse

from dashboard.door.sign_in_rules import ProviderRules
from dashboard.words import t

with warnings.catch_warnings():  # it asks for httpx under a new name; this one is the one that is locked
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.starlette_client import OAuth, OAuthError

CALLBACK = "/sign-in/callback"
SECONDS = 5.0
LEEWAY_SECONDS = 60
MOST_HINTS = 10_000
# Signed with a key that only the issuer has; "none" and the client's own secret prove nothing here.
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
_LOG = logging.getLogger(__name__)
_CODE = re.compile(r"[a-z_]{1,40}")


class ProviderError(Exception):
    """Nobody was let in; the message says why and what to do, and is fit for the sign-in page."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is at the provider; address_text is an e-mail address that the provider has verified."""

    issuer_text: str
    subject_text: str
    address_text: str | None
    id_token: str = field(repr=False)


class IdentityProvider:
    """The provider of this site, and for as long as this process lives what it needs to be told at sign-out."""

    def __init__(self, rules: ProviderRules) -> None:
        self.rules = rules
        self._hints: OrderedDict[bytes, str] = OrderedDict()
        self._client: Any = OAuth().register(
            name="provider",
            client_id=rules.client_id,
            client_secret=rules.client_secret,
            server_metadata_url=f"{rules.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "timeout": SECONDS,
            },
        )

    async def leave_for(self, request: Request) -> RedirectResponse:
        """Sends the browser to the provider; raises ProviderError where it cannot be found."""
        await self._known()
        address = f"{self.rules.address.rstrip('/')}{CALLBACK}"
        try:
            answer: RedirectResponse = await self._client.authorize_redirect(request, address)
        except (httpx.HTTPError, RuntimeError) as error:
            raise _silent(error) from error
        return answer

    async def identity(self, request: Request) -> Identity:
        """Who came back from the provider; raises ProviderError for every answer that cannot be believed."""
        await self._known()
        options = {
            "iss": {"essential": True, "value": self.rules.issuer},
            "aud": {"essential": True, "value": self.rules.client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True},
        }
        try:
            token = await self._client.authorize_access_token(
                request, claims_options=options, leeway=LEEWAY_SECONDS
            )
        except OAuthError as error:
            raise _refused(error) from error
        except (JoseError, AuthlibBaseError) as error:
            self._client.server_metadata.pop("jwks", None)  # its keys may be others by now
            raise _unbelieved(error) from error
        except httpx.HTTPError as error:
            raise _silent(error) from error
        except (ValueError, KeyError, TypeError) as error:  # no JSON, or none of the expected shape
            raise _unbelieved(error) from error
        claims = token.get("userinfo")
        if not claims:
            raise ProviderError(_unbelievable(t("it does not say who signed in")))
        address = claims.get("email")
        is_verified = isinstance(address, str) and claims.get("email_verified") is True
        return Identity(
            str(claims["iss"]), str(claims["sub"]), address if is_verified else None, token["id_token"]
        )

    def remember(self, token: str, identity: Identity) -> None:
        """Keeps, for the session of this token, what the provider wants to hear at sign-out."""
        self._hints[_key(token)] = identity.id_token
        while len(self._hints) > MOST_HINTS:
            self._hints.popitem(last=False)

    async def farewell(self, token: str) -> str | None:
        """Where a browser signs out at the provider, too; None where it has no such place or the session is not of it."""
        hint = self._hints.pop(_key(token), None)
        if hint is None:
            return None
        try:
            await self._known()
            found = await self._client.create_logout_url(
                post_logout_redirect_uri=f"{self.rules.address.rstrip('/')}/sign-in",
                id_token_hint=hint,
                client_id=self.rules.client_id,
            )
        except (
            ProviderError,
            RuntimeError,
        ):  # it has no such place, or cannot be asked: signed out here all the same
            return None
        return str(found["url"])

    async def _known(self) -> None:
        """What the provider publishes about itself, asked once; refused where it speaks for another issuer."""
        metadata: dict[str, Any] = self._client.server_metadata
        if "_loaded_at" in metadata:
            return
        try:
            found = await self._client.load_server_metadata()
        except (httpx.HTTPError, ValueError, AttributeError, TypeError) as error:
            metadata.clear()
            raise _silent(error) from error
        given = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [name for name in ALGORITHMS if name in given]
        issuer = found.get("issuer")
        if issuer != self.rules.issuer or not found["id_token_signing_alg_values_supported"]:
            metadata.clear()
            _LOG.error(
                "The identity provider calls itself %r, expected issuer = %r, and an algorithm of %s; correct [sign_in].",
                issuer,
                self.rules.issuer,
                ", ".join(ALGORITHMS),
            )
            raise ProviderError(_unbelievable(t("it calls itself by another name than expected")))


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _silent(error: Exception) -> ProviderError:
    _LOG.warning("The identity provider could not be asked: %s", error)
    return ProviderError(
        t(
            "The identity provider does not answer. Try again in a minute; if it stays so, tell whoever runs this site."
        )
    )


def _refused(error: OAuthError) -> ProviderError:
    code = str(error.error or "")
    if code == "mismatching_state":
        return ProviderError(
            t("This sign-in was begun in another browser, or more than ten minutes ago. Begin again here.")
        )
    shown = code if _CODE.fullmatch(code) else t("no reason given")
    _LOG.warning("The identity provider refused a sign-in: %s", shown)
    return ProviderError(
        t(
            "The identity provider did not let you in ({reason}). Try again, or ask whoever runs it.",
            reason=shown,
        )
    )


def _unbelieved(error: Exception) -> ProviderError:
    claim = getattr(error, "claim", "")
    reasons: list[tuple[bool, str]] = [
        (isinstance(error, ExpiredTokenError), t("it is too old, or a clock is wrong")),
        (claim == "aud", t("it is meant for another program")),
        (claim == "iss", t("it comes from another issuer")),
        (claim in ("nonce", "at_hash"), t("it belongs to another sign-in")),
        (claim in ("exp", "iat", "nbf"), t("it is too old, or a clock is wrong")),
        (isinstance(error, MissingClaimError | InvalidClaimError), t("a part of it is missing or wrong")),
        (isinstance(error, BadSignatureError | InvalidKeyIdError), t("its signature is not the provider's")),
    ]
    reason = next((text for is_it, text in reasons if is_it), t("it cannot be checked"))
    _LOG.warning("An answer of the identity provider was refused: %s (%s)", type(error).__name__, reason)
    return ProviderError(_unbelievable(reason))


def _unbelievable(reason: str) -> str:
    return t(
        "The identity provider's answer was not believed: {reason}. Begin again; if it stays so, tell whoever runs this "
        "site.",
        reason=reason,
    )
