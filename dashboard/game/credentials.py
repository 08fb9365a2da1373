"""What a badge says when it leaves the house: an Open Badges 3.0 credential, and the public documents that it points to.

In: the badge as the ledger has it, whose it is, the public address of the site. Out: JSON documents of the Open Badges 3.0
and Verifiable Credentials 2.0 data models.
The rule it guards: the address of the owner leaves as a salted hash only, nothing in it tells of anybody else, and what
holds no longer is said by a list that names nobody.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from dashboard.game.credential_keys import CredentialError, PublicKey, encoded, public_jwk

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
SCHEMA = {
    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json",
    "type": "1EdTechJsonSchemaValidator2019",
}
LIST_ROOM = 131_072
"""So many credentials one list holds: the fewest that Bitstring Status List 1.0 allows, so that one hides among them."""
_SPREAD, _OFFSET = 57_649, 40_961
"""Odd, so that every place is taken once; neighbours in time are no neighbours in the list."""
PATH = "/credentials"
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[^\s@<>()\",:;\x00-\x1f]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,63}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives the badge: the site, by its public address."""

    url: str
    name: str

    @property
    def id(self) -> str:
        """The address of its profile, which is what it is known by."""
        return f"{self.url}{PATH}/issuer"

    def key_url(self, key_id: str) -> str:
        """Where the public key of that id is found."""
        return f"{self.url}{PATH}/keys/{key_id}"

    def list_url(self, list_number: int) -> str:
        """Where it is told which credentials of that list hold no longer."""
        return f"{self.url}{PATH}/status/{list_number}"


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge as the ledger has it."""

    rule_name: str
    version_number: int
    tier_name: str | None
    title: str
    purpose: str
    criteria: str
    family: str
    icon: str
    earned_date: date
    entry_id: int
    spec_sha256: str

    @property
    def name(self) -> str:
        """What it is called, with its tier."""
        return f"{self.title} ({self.tier_name})" if self.tier_name else self.title

    @property
    def path(self) -> str:
        """The end of the address of what is achieved: rule, version, tier."""
        return f"{self.rule_name}/{self.version_number}/{self.tier_name or 'badge'}"


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a credential in the lists of those that hold no longer."""

    list_number: int
    index: int


def place_of(status_number: int) -> Place:
    """The place of the credential of that number: each has its own, and none is told by the time it was made at."""
    list_number, within = divmod(status_number, LIST_ROOM)
    return Place(list_number, (within * _SPREAD + _OFFSET) % LIST_ROOM)


def number_of(place: Place) -> int:
    """The number of the credential at that place; the way back."""
    within = (place.index - _OFFSET) * pow(_SPREAD, -1, LIST_ROOM) % LIST_ROOM
    return place.list_number * LIST_ROOM + within


def public_url(text: str) -> str:
    """The public address of a site as it is used: https, or this machine by http. Raises CredentialError."""
    parts = urlsplit(text.strip())
    is_local = parts.scheme == "http" and (parts.hostname or "") in _LOOPBACK
    if (
        not parts.hostname
        or (parts.scheme != "https" and not is_local)
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise CredentialError(
            f"public_url is {text[:100]!r}; expected the address by which others reach the site, such as "
            '"https://board.example.com". Correct it in [game] of floorboard.toml.'
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")


def address_of(text: str) -> str:
    """An e-mail address as it is hashed: in small letters, without spaces around it. Raises CredentialError."""
    found = text.strip().lower()
    if len(found) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(found):
        raise CredentialError("This is no e-mail address; expected one such as name@example.com.")
    return found


def identity_hash(address: str, salt: str) -> str:
    """The address hashed as Open Badges has it: SHA-256 of the address with the salt behind it."""
    return f"sha256${hashlib.sha256((address + salt).encode()).hexdigest()}"


def is_owner(identity: Mapping[str, Any], address: str) -> bool:
    """Whether the identity of a credential is that address, hashed or not."""
    if identity.get("identityType") != "emailAddress":
        return False
    kept = str(identity.get("identityHash", ""))
    told = (
        identity_hash(address, str(identity.get("salt", ""))) if identity.get("hashed") is True else address
    )
    return hmac.compare_digest(kept.lower().encode(), told.encode())


def achievement(issuer: Issuer, badge: Badge) -> dict[str, Any]:
    """What was achieved: the same for everybody who holds this badge at this tier."""
    url = f"{issuer.url}{PATH}/achievements/{quote(badge.path)}"
    return {
        "id": url,
        "type": ["Achievement"],
        "achievementType": "Badge",
        "name": badge.name,
        "description": badge.purpose,
        "criteria": {"narrative": badge.criteria},
        "image": {"id": f"{url}/image.svg", "type": "Image", "caption": badge.name},
        "tag": [badge.family],
        "version": str(badge.version_number),
        "inLanguage": "en",
    }


def credential(
    issuer: Issuer,
    badge: Badge,
    *,
    address: str,
    credential_key: str,
    place: Place,
    valid_from: datetime,
    valid_until: datetime | None = None,
    salt: str | None = None,
) -> dict[str, Any]:
    """The payload that is signed: the credential, with the claims of a JWT that say the same.

    address: as address_of gives it; salt: at random where it is not given. The subject is a number of its own, which leads
    nowhere: whoever knows the address can check that it is meant, and nobody else finds it.
    """
    salted = salt or secrets.token_hex(16)
    urn, subject = f"urn:uuid:{credential_key}", f"urn:uuid:{_second(credential_key)}"
    lists = issuer.list_url(place.list_number)
    found: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": badge.name,
        "issuer": {"id": issuer.id, "type": ["Profile"], "name": issuer.name, "url": issuer.url},
        "validFrom": stamp(valid_from),
        "awardedDate": f"{badge.earned_date.isoformat()}T00:00:00Z",
        "credentialSubject": {
            "id": subject,
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityType": "emailAddress",
                    "identityHash": identity_hash(address, salted),
                    "salt": salted,
                }
            ],
            "achievement": achievement(issuer, badge),
        },
        "evidence": [{"type": ["Evidence"], "name": "Entry of the ledger", "narrative": evidence(badge)}],
        "credentialStatus": {
            "id": f"{lists}#{place.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place.index),
            "statusListCredential": lists,
        },
        "credentialSchema": [SCHEMA],
        "iss": issuer.id,
        "jti": urn,
        "sub": subject,
        "nbf": int(valid_from.timestamp()),
    }
    if valid_until is not None:
        found |= {"validUntil": stamp(valid_until), "exp": int(valid_until.timestamp())}
    return found


def _second(credential_key: str) -> str:
    """Another number in the form of a UUID, made of the first and telling nothing of it."""
    raw = bytearray(hashlib.sha256(f"subject {credential_key}".encode()).digest()[:16])
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def evidence(badge: Badge) -> str:
    """What it rests on, in a sentence: the day, the rule and its version, the number of the entry; no figures of others."""
    return (
        f"Reached on the working day {badge.earned_date.isoformat()} under version {badge.version_number} of the rule "
        f'"{badge.rule_name}" (SHA-256 {badge.spec_sha256}); entry {badge.entry_id} of a ledger that is only ever added to.'
    )


def stamp(at: datetime) -> str:
    """An instant as credentials write it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def status_list(
    issuer: Issuer, list_number: int, revoked: Iterable[int], *, valid_from: datetime, valid_until: datetime
) -> dict[str, Any]:
    """Which credentials of that list hold no longer, by their places, as a credential of its own."""
    url = issuer.list_url(list_number)
    return {
        "@context": [CONTEXTS[0]],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.id,
        "validFrom": stamp(valid_from),
        "validUntil": stamp(valid_until),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list(revoked),
        },
        "iss": issuer.id,
        "jti": url,
        "nbf": int(valid_from.timestamp()),
        "exp": int(valid_until.timestamp()),
    }


def encoded_list(revoked: Iterable[int]) -> str:
    """The places as the standard packs them: a bit each, the first one leftmost, zipped, in base64url after a "u"."""
    bits = bytearray(LIST_ROOM // 8)
    for index in revoked:
        bits[index >> 3] |= 0x80 >> (index & 7)
    return "u" + encoded(gzip.compress(bytes(bits), mtime=0))


def profile(issuer: Issuer, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """Who the site is, and by which keys its badges are known, those included that sign no more."""
    return {
        "@context": list(CONTEXTS),
        "id": issuer.id,
        "type": ["Profile"],
        "name": issuer.name,
        "url": issuer.url,
        "verificationMethod": [_method(issuer.id, issuer.key_url(key.key_id), key) for key in keys],
        "assertionMethod": [issuer.key_url(key.key_id) for key in keys],
    }


def did_document(issuer: Issuer, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """The same keys for whoever looks them up by did:web."""
    parts = urlsplit(issuer.url)
    path = [part for part in f"{parts.path}{PATH}".split("/") if part]
    did = ":".join(["did:web", quote(parts.netloc, safe=""), *path])
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "alsoKnownAs": [issuer.id],
        "verificationMethod": [_method(did, f"{did}#{key.key_id}", key) for key in keys],
        "assertionMethod": [f"{did}#{key.key_id}" for key in keys],
    }


def _method(controller: str, method_id: str, key: PublicKey) -> dict[str, Any]:
    return {"id": method_id, "type": "JsonWebKey", "controller": controller, "publicKeyJwk": public_jwk(key)}
