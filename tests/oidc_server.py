"""An OpenID Connect provider on this machine for tests of the sign-in: whole, and wrong wherever a test wants it to be.

with oidc_server() as provider:
    provider.person = {"sub": "17", "email": "ada@example.org", "email_verified": True}
    provider.faults = {"audience"}
    ... a browser is sent to provider.issuer, and comes back ...
    assert provider.asked["token"] == 1

It signs with RSA keys of its own, checks the client's secret, the code and PKCE as a provider does, and takes a code once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.web_server import Answer, Request, web_server

CLIENT_ID, CLIENT_SECRET = "floorboard", "f3Qk81bZpYt0Wm5cV7xR"
FAULTS = frozenset(
    {
        "audience", "issuer", "expired", "nonce missing", "nonce", "unsigned", "signed with the secret", "unknown key",
        "another's state", "another's challenge", "denied", "silent", "no id token", "no json", "subject missing",
        "calls itself another", "only unsigned", "broken",
    }
)  # fmt: skip


@cache
def key_of(name: str) -> RSAKey:
    """A key of that name; made once, because it takes long."""
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig"})


@dataclass
class Provider:
    """What the provider knows, is asked, and does wrong."""

    issuer: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "17", "email": "ada@example.org", "email_verified": True}
    )
    faults: set[str] = field(default_factory=set)
    key_name: str = "first"
    asked: Counter[str] = field(default_factory=Counter)
    signed_out: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        """One question, by its place."""
        assert self.faults <= FAULTS, f"no such fault: {self.faults - FAULTS}"
        place = request.path.rpartition("/")[2]
        self.asked[place] += 1
        if "silent" in self.faults:
            return Answer({}, hangs_seconds=30)
        if "broken" in self.faults:
            return Answer(b"<h1>It is broken</h1>", 502)
        places = {
            "openid-configuration": self._about,
            "jwks": lambda _request: Answer(KeySet([key_of(self.key_name)]).as_dict(private=False)),
            "authorize": self._authorize,
            "token": self._token,
            "logout": self._logout,
        }
        return places[place](request)

    def _about(self, _request: Request) -> Answer:
        at = self.issuer
        return Answer(
            {
                "issuer": f"{at}/other" if "calls itself another" in self.faults else at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks",
                "end_session_endpoint": f"{at}/logout",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["none"]
                if "only unsigned" in self.faults
                else ["none", "HS256", "RS256"],
            }
        )

    def _authorize(self, request: Request) -> Answer:
        asked = request.query
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["client_id"] == CLIENT_ID
        assert len(asked["state"]) >= 20
        assert len(asked["nonce"]) >= 16
        assert "openid" in asked["scope"].split()
        if "denied" in self.faults:
            return self._back(
                asked,
                {"error": "access_denied", "error_description": "<b>Call 555</b>", "state": asked["state"]},
            )
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return self._back(asked, {"code": code, "state": asked["state"]})

    def _back(self, asked: dict[str, str], told: dict[str, str]) -> Answer:
        if "another's state" in self.faults:
            told = {**told, "state": secrets.token_urlsafe(20)}
        return Answer(b"", 302, {"Location": f"{asked['redirect_uri']}?{urlencode(told)}"})

    def _token(self, request: Request) -> Answer:
        told = dict(parse_qsl(request.body.decode()))
        pair = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        name, _, secret = (unquote(part) for part in pair.partition(":"))
        asked = self._codes.pop(told.get("code", ""), None)
        digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked and "another's challenge" in self.faults:
            asked = {**asked, "code_challenge": challenge[::-1]}
        is_right = (
            (name, secret) == (CLIENT_ID, CLIENT_SECRET)
            and asked is not None
            and asked["code_challenge"] == challenge
            and asked["redirect_uri"] == told.get("redirect_uri")
        )
        if not is_right or asked is None:
            return Answer({"error": "invalid_grant"}, 400)
        if "no json" in self.faults:
            return Answer(b"<h1>Welcome</h1>")
        found = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 60}
        return Answer(found if "no id token" in self.faults else {**found, "id_token": self._signed(asked)})

    def _claims(self, asked: dict[str, str]) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 60,
            "nonce": asked["nonce"],
            **self.person,
        }
        changes: dict[str, dict[str, Any]] = {
            "audience": {"aud": "payroll"},
            "issuer": {"iss": "https://login.evil.example"},
            "expired": {"iat": now - 900, "exp": now - 600},
            "nonce": {"nonce": "of another sign-in"},
        }
        for fault in self.faults & changes.keys():
            claims |= changes[fault]
        gone = {"nonce missing": "nonce", "subject missing": "sub"}
        return {
            name: value
            for name, value in claims.items()
            if name not in {gone.get(one) for one in self.faults}
        }

    def _signed(self, asked: dict[str, str]) -> str:
        claims = self._claims(asked)
        if "unsigned" in self.faults:
            return ".".join((_packed({"alg": "none"}), _packed(claims), ""))
        if "signed with the secret" in self.faults:
            from joserfc.jwk import OctKey

            return jwt.encode(
                {"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET * 2), algorithms=["HS256"]
            )
        key = key_of("nobody's" if "unknown key" in self.faults else self.key_name)
        return jwt.encode({"alg": "RS256", "kid": self.key_name}, claims, key)

    def _logout(self, request: Request) -> Answer:
        self.signed_out.append(request.query)
        return Answer(b"", 302, {"Location": request.query["post_logout_redirect_uri"]})


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@contextmanager
def oidc_server() -> Iterator[Provider]:
    """The provider, for the length of the block."""
    provider = Provider()
    with web_server(provider.answer) as base_url:
        provider.issuer = str(base_url)
        yield provider
