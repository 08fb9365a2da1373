"""The keys that badges leave the house with: made, kept in a file of the server, and used to sign and to check.

In: what to sign, or a signed text and the public key that it should be of. Out: a compact JWS (RFC 7515), or what it holds.
The rule it guards: the secret half of a key is in no database, no page and no answer; a signature is checked with the key
and the algorithm that the checker chose, never with one that the signed text names for itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

AlgorithmName = Literal["EdDSA", "ES256"]
ALGORITHMS: tuple[AlgorithmName, ...] = ("EdDSA", "ES256")
"""Ed25519 (RFC 8037), and P-256 (RFC 7518) for validators that do not know the first."""
FOLDER = "badge-keys"
LONGEST_TOKEN = 40_000
_ES256_BYTES = 32
_HEADER_NAMES = frozenset({"alg", "kid", "typ"})
"""The only ones that Open Badges 3.0 has a use for here; a header with more is refused, not half understood."""


class CredentialError(ValueError):
    """A badge cannot leave the house, or a credential does not hold; the message says why and what helps."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that everybody may have."""

    key_id: str
    algorithm_name: AlgorithmName
    jwk: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Both halves of a key."""

    public: PublicKey
    _private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)

    def signature(self, data: bytes) -> bytes:
        """The signature of these bytes, as JWS has it."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            return self._private.sign(data)
        r, s = decode_dss_signature(self._private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_ES256_BYTES, "big") + s.to_bytes(_ES256_BYTES, "big")

    def pem(self) -> bytes:
        """The key as it is kept in its file."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def made(algorithm_name: AlgorithmName = "EdDSA") -> SigningKey:
    """A new key at random."""
    if algorithm_name == "EdDSA":
        return _of(ed25519.Ed25519PrivateKey.generate())
    return _of(ec.generate_private_key(ec.SECP256R1()))


def _of(private: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> SigningKey:
    if isinstance(private, ed25519.Ed25519PrivateKey):
        raw = private.public_key().public_bytes_raw()
        return SigningKey(public_key({"kty": "OKP", "crv": "Ed25519", "x": encoded(raw)}), private)
    numbers = private.public_key().public_numbers()
    x, y = (encoded(one.to_bytes(_ES256_BYTES, "big")) for one in (numbers.x, numbers.y))
    return SigningKey(public_key({"kty": "EC", "crv": "P-256", "x": x, "y": y}), private)


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """The public key that a JWK tells; its id is the key's own thumbprint (RFC 7638). Raises CredentialError."""
    kinds: dict[tuple[object, object], tuple[AlgorithmName, tuple[str, ...]]] = {
        ("OKP", "Ed25519"): ("EdDSA", ("crv", "kty", "x")),
        ("EC", "P-256"): ("ES256", ("crv", "kty", "x", "y")),
    }
    kind = kinds.get((jwk.get("kty"), jwk.get("crv")))
    if kind is None or not all(isinstance(jwk.get(name), str) for name in kind[1]):
        raise CredentialError(
            f"This is no key that can check a badge: found kty {jwk.get('kty')!r} and crv {jwk.get('crv')!r}, expected a "
            "JWK of OKP and Ed25519, or of EC and P-256, with its x."
        )
    algorithm_name, names = kind
    told = {name: str(jwk[name]) for name in names}
    thumbprint = hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).digest()
    return PublicKey(encoded(thumbprint), algorithm_name, told)


def public_jwk(key: PublicKey) -> dict[str, str]:
    """The key as a JWK that says what it is for."""
    return {**key.jwk, "kid": key.key_id, "alg": key.algorithm_name, "use": "sig"}


def kept(key: SigningKey, home: Path) -> Path:
    """Writes the key to its file below `home`, readable by this user alone; raises CredentialError where that fails."""
    path = _path(home, key.public.key_id)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(key.pem())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    except OSError as error:
        raise CredentialError(
            f"{path}: the key that signs badges cannot be kept ({error.strerror}); see that the folder belongs to this user."
        ) from error
    return path


def read(home: Path, key_id: str) -> SigningKey:
    """The key of that id out of its file; raises CredentialError where the file is not there, or holds another one."""
    path = _path(home, key_id)
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise CredentialError(
            f"{path}: the key that signs badges is not on this server; restore it from a backup, or make a new one with "
            "`floorboard game badge-key --new`. What the old one signed stays valid."
        ) from error
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CredentialError(
            f"{path}: the key cannot be read ({error}); restore it from a backup."
        ) from error
    if not isinstance(private, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise CredentialError(
            f"{path}: holds a key of another kind; expected Ed25519 or P-256. Restore it from a backup."
        )
    found = _of(private)
    if found.public.key_id != key_id:
        raise CredentialError(f"{path}: holds another key than its name says; restore it from a backup.")
    return found


def _path(home: Path, key_id: str) -> Path:
    return home / FOLDER / f"{key_id}.pem"


def signed(payload: Mapping[str, Any], key: SigningKey, *, kid: str, typ: str = "JWT") -> str:
    """The payload as a compact JWS; kid: the address at which the public key is found."""
    header = {"alg": key.public.algorithm_name, "kid": kid, "typ": typ}
    text = ".".join(
        encoded(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
        for part in (header, payload)
    )
    return f"{text}.{encoded(key.signature(text.encode('ascii')))}"


def header_of(token: str) -> dict[str, Any]:
    """The header of a compact JWS, of which nothing is proven yet. Raises CredentialError for what is no JWS."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3:
        raise CredentialError(
            "This is no signed credential: expected three parts with dots between them (a compact JWS), found "
            f"{len(parts)} in {len(token)} signs. Ask its owner for the file as they downloaded it."
        )
    found = _json(parts[0], "header")
    if set(found) - _HEADER_NAMES:
        extra = ", ".join(sorted(set(found) - _HEADER_NAMES))
        raise CredentialError(
            f"Its header says more than it may ({extra[:80]}); expected alg, kid and typ. It is refused."
        )
    return found


def content_of(token: str) -> dict[str, Any]:
    """What the text says, of which nothing is proven: for a text of one's own. Raises CredentialError."""
    header_of(token)
    return _json(token.split(".")[1], "content")


def verified(token: str, key: PublicKey) -> dict[str, Any]:
    """What the text says, once this key has been found to have signed it. Raises CredentialError."""
    header = header_of(token)
    if header.get("alg") != key.algorithm_name:
        raise CredentialError(
            f"It says that it was signed by {str(header.get('alg'))[:20]!r}, the issuer signs by {key.algorithm_name!r}"
            " and by nothing else. It is refused."
        )
    text, _, last = token.rpartition(".")
    if not _is_signed(text.encode("ascii", "replace"), _bytes(last, "signature"), key):
        raise CredentialError(
            "The signature does not fit: something in it was changed after it was signed, or another key signed it."
        )
    return _json(text.partition(".")[2], "content")


def _is_signed(data: bytes, signature: bytes, key: PublicKey) -> bool:
    try:
        if key.algorithm_name == "EdDSA":
            ed25519.Ed25519PublicKey.from_public_bytes(_bytes(key.jwk["x"], "key")).verify(signature, data)
            return True
        if len(signature) != 2 * _ES256_BYTES:
            return False
        x, y, r, s = (
            int.from_bytes(one, "big")
            for one in (
                _bytes(key.jwk["x"], "key"),
                _bytes(key.jwk["y"], "key"),
                signature[:_ES256_BYTES],
                signature[_ES256_BYTES:],
            )
        )
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def encoded(data: bytes) -> str:
    """Bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _bytes(text: str, what: str) -> bytes:
    """The bytes of base64url; only the one way of writing them that signing makes is taken."""
    try:
        found = base64.b64decode(
            text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
        )
    except (ValueError, binascii.Error) as error:
        raise CredentialError(
            f"Its {what} is damaged: expected base64url. Ask its owner for the file again."
        ) from error
    if encoded(found) != text:
        raise CredentialError(
            f"Its {what} is written in a way that no signature makes (base64url). It is refused."
        )
    return found


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(text, what))
    except (ValueError, RecursionError) as error:
        if isinstance(error, CredentialError):
            raise
        raise CredentialError(
            f"Its {what} is damaged: expected JSON. Ask its owner for the file again."
        ) from error
    if not isinstance(found, dict):
        raise CredentialError(
            f"Its {what} is damaged: expected a JSON object. Ask its owner for the file again."
        )
    return found
