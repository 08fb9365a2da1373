"""Badges that leave the house: what they say, that others can check them without us, and that nothing in them can change."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
import warnings
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from dashboard.game import badge_art, credential_images, credential_keys, credentials
from dashboard.game.credential_check import Checked, checked
from dashboard.game.credential_keys import AlgorithmName, CredentialError, SigningKey
from dashboard.game.credentials import Badge, Issuer, Place

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
ISSUER = Issuer("https://board.example.com", "Harbour Support")
BADGE = Badge(
    rule_name="first-try",
    version_number=3,
    tier_name="silver",
    title="First try",
    purpose="Customers do not have to come back.",
    criteria="90 of 100 contacts resolved at the first try in a month, of at least 60.",
    family="resolution",
    icon="key",
    earned_date=date(2026, 10, 31),
    entry_id=4711,
    spec_sha256="ab" * 32,
)
ADDRESS = "ana.silva@example.com"
KEY = credential_keys.made()
NUMBER = "0b8f2c9e-3c1d-4a57-9f60-1d2e3f405162"
WHOLE = f"urn:uuid:{NUMBER}"


def payload(**given: Any) -> dict[str, Any]:
    told = {
        "address": ADDRESS,
        "credential_key": NUMBER,
        "place": Place(0, 94_567),
        "valid_from": NOW,
        **given,
    }
    return credentials.credential(ISSUER, BADGE, **told)


def token(content: dict[str, Any] | None = None, key: SigningKey = KEY, **header: Any) -> str:
    """The credential as it leaves the house; header: what an attacker puts in its place."""
    kid = ISSUER.key_url(KEY.public.key_id)
    if not header:
        return credential_keys.signed(content or payload(), key, kid=kid)
    told = {"alg": "EdDSA", "kid": kid, "typ": "JWT", **header}
    text = ".".join(
        credential_keys.encoded(json.dumps(part).encode()) for part in (told, content or payload())
    )
    return f"{text}.{credential_keys.encoded(key.signature(text.encode()))}"


def look(
    data: str | bytes, *, address: str | None = None, now: datetime = NOW, revoked: str | None = None
) -> Checked:
    own = {ISSUER.key_url(KEY.public.key_id): KEY.public}
    raw = data.encode() if isinstance(data, str) else data
    return checked(raw, key_of=own.get, why_revoked=lambda _place, _list: revoked, now=now, address=address)


def off(found: Checked) -> dict[str, str]:
    return {one.name: one.sentence for one in found.findings if one.tone == "off"}


def drawn() -> str:
    return badge_art.svg(BADGE.rule_name, BADGE.family, BADGE.tier_name, size=512)


GOOD = token()

# -- what it says


def test_a_credential_says_what_open_badges_asks_for_and_its_claims_say_the_same() -> None:
    found = payload(valid_until=NOW + timedelta(days=365))
    assert found["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert found["@context"][1] == "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
    assert found["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    subject = found["credentialSubject"]
    assert (subject["type"], subject["achievement"]["type"]) == (["AchievementSubject"], ["Achievement"])
    # every field that the standard's Achievement and Profile require
    assert {"id", "type", "name", "description", "criteria"} <= set(subject["achievement"])
    assert {"id", "type"} <= set(found["issuer"])
    assert (found["iss"], found["jti"], found["sub"]) == (found["issuer"]["id"], found["id"], subject["id"])
    assert found["validFrom"] == "2026-11-23T11:00:00Z"
    assert found["nbf"] == 1_795_431_600  # date -d 2026-11-23T11:00:00Z +%s
    assert found["exp"] == found["nbf"] + 365 * 86_400
    assert found["credentialStatus"] == {
        "id": "https://board.example.com/credentials/status/0#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": "https://board.example.com/credentials/status/0",
    }
    empty = [name for name, value in found.items() if value in (None, [], "")]
    assert empty == []  # the standard has them left out


def test_the_address_leaves_as_a_salted_hash_only_and_nobody_else_is_in_it() -> None:
    found = payload(salt="a1b2c3d4")
    text = json.dumps(found)
    assert "ana" not in text.lower().replace("standard", "")
    [identity] = found["credentialSubject"]["identifier"]
    assert identity["hashed"] is True
    assert (
        identity["identityHash"] == "sha256$" + hashlib.sha256(b"ana.silva@example.coma1b2c3d4").hexdigest()
    )
    assert (
        payload()["credentialSubject"]["identifier"][0]["salt"]
        != payload()["credentialSubject"]["identifier"][0]["salt"]
    )
    assert NUMBER not in found["sub"]  # the number of the subject does not tell which credential it is of


@pytest.mark.parametrize(
    ("written", "meant"),
    [(" Ana.Silva@Example.COM ", "ana.silva@example.com"), ("a+b@sub.example.org", "a+b@sub.example.org")],
)
def test_an_address_is_hashed_in_small_letters(written: str, meant: str) -> None:
    assert credentials.address_of(written) == meant


@pytest.mark.parametrize(
    "written", ["", "ana", "ana@", "@example.com", "a b@example.com", "a@b", "a@b..com", "a" * 250 + "@b.de"]
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(CredentialError, match="no e-mail address"):
        credentials.address_of(written)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://board.example.com/", "https://board.example.com"),
        ("https://example.com/floor", "https://example.com/floor"),
        ("http://127.0.0.1:8501", "http://127.0.0.1:8501"),
        ("http://board.example.com", None),
        ("board.example.com", None),
        ("https://u:p@board.example.com", None),
        ("https://board.example.com/?a=1", None),
    ],
)
def test_the_public_address_is_one_that_others_can_trust(text: str, url: str | None) -> None:
    if url is not None:
        assert credentials.public_url(text) == url
    else:
        with pytest.raises(CredentialError, match="public_url"):
            credentials.public_url(text)


def test_the_same_keys_are_found_by_address_and_by_did() -> None:
    old = credential_keys.made("ES256")
    profile = credentials.profile(ISSUER, [KEY.public, old.public])
    did = credentials.did_document(Issuer("https://example.com:8443/floor", "x"), [KEY.public, old.public])
    assert did["id"] == "did:web:example.com%3A8443:floor:credentials"
    assert [one["publicKeyJwk"]["kid"] for one in did["verificationMethod"]] == [
        KEY.public.key_id,
        old.public.key_id,
    ]
    assert profile["verificationMethod"][0]["publicKeyJwk"]["x"] == KEY.public.jwk["x"]
    assert '"d"' not in json.dumps([profile, did])


# -- others can check it


def test_a_program_that_knows_nothing_of_us_checks_the_signature() -> None:
    """By the standards alone: base64url, JSON, and Ed25519 of `cryptography`."""
    head, body, signature = token().split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    assert header == {
        "alg": "EdDSA",
        "kid": f"https://board.example.com/credentials/keys/{KEY.public.key_id}",
        "typ": "JWT",
    }
    jwk = credential_keys.public_jwk(KEY.public)
    assert (jwk["kty"], jwk["crv"], "d" in jwk) == ("OKP", "Ed25519", False)
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(jwk["x"] + "="))
    raw = base64.urlsafe_b64decode(signature + "==")
    public.verify(raw, f"{head}.{body}".encode())
    with pytest.raises(InvalidSignature):
        public.verify(raw, f"{head}.{body[:-2]}xx".encode())
    assert json.loads(base64.urlsafe_b64decode(body + "=="))["id"] == WHOLE


@pytest.mark.parametrize("algorithm_name", credential_keys.ALGORITHMS)
def test_another_library_of_signatures_reads_what_we_sign_and_we_read_what_it_signs(
    algorithm_name: AlgorithmName,
) -> None:
    from joserfc import jws
    from joserfc.jwk import ECKey, OKPKey

    key = credential_keys.made(algorithm_name)
    kind = OKPKey if algorithm_name == "EdDSA" else ECKey
    theirs = kind.import_key(key.pem())
    assert theirs.thumbprint() == key.public.key_id
    signed = credential_keys.signed(payload(), key, kid="https://board.example.com/k")
    with (
        warnings.catch_warnings()
    ):  # it warns that RFC 9864 gave EdDSA over Ed25519 another name, which validators do not know
        warnings.simplefilter("ignore")
        content = jws.deserialize_compact(signed, theirs, algorithms=[algorithm_name]).payload
        header = {"alg": algorithm_name, "kid": "k", "typ": "JWT"}
        back = jws.serialize_compact(header, json.dumps({"a": 1}), theirs, algorithms=[algorithm_name])
    assert json.loads(content)["iss"] == ISSUER.id
    assert credential_keys.verified(back, key.public) == {"a": 1}


def test_a_validator_of_open_badges_accepts_it_baked_and_refuses_it_revoked() -> None:
    ob3 = pytest.importorskip("openbadgeslib.ob3", reason="the validator is not installed")
    public = KEY._private.public_key()
    now = datetime.now(UTC)
    content = payload(valid_from=now - timedelta(hours=1))
    baked = credential_images.baked_svg(drawn(), token(content))
    verifier = ob3.OB3Verifier(pubkey_pem=public)
    found = verifier.verify(ob3.OB3Verifier.extract_token_from_svg(baked.encode()))
    assert found.achievement.name == "First try (silver)"

    def status(revoked: list[int]) -> Callable[[str], bytes]:
        told = credentials.status_list(
            ISSUER, 0, revoked, valid_from=now - timedelta(hours=1), valid_until=now + timedelta(days=1)
        )
        return lambda _url: token(told).encode()

    verifier.verify(token(content), check_status=True, download=status([94_566, 94_568]))
    with pytest.raises(ob3.OB3VerificationError, match="is set at index 94567"):
        verifier.verify(token(content), check_status=True, download=status([94_567]))


def test_a_picture_carries_its_credential_and_stays_the_same_picture() -> None:
    svg = credential_images.baked_svg(drawn(), GOOD)
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert 'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"><openbadges:credential verify="' in svg
    assert svg.endswith(drawn().partition(">")[2])
    assert credential_images.token_of(svg.encode()) == GOOD
    png = credential_images.picture(drawn())
    baked = credential_images.baked_png(credential_images.baked_png(png, GOOD), GOOD)
    assert credential_images.token_of(baked) == GOOD
    # as the standard of PNG has it: length, "iTXt", keyword, not compressed, no language, text, sum
    at = baked.index(b"iTXt")
    (length,) = struct.unpack(">I", baked[at - 4 : at])
    assert baked[at + 4 : at + 4 + length] == b"openbadgecredential\0\0\0\0\0" + GOOD.encode()
    assert baked[at + 4 + length : at + 8 + length] == struct.pack(
        ">I", zlib.crc32(baked[at : at + 4 + length])
    )
    assert baked.count(b"openbadgecredential") == 1
    from PIL import Image  # the picture's own reader finds the same dots, and the text beside them

    with Image.open(_as_file(png)) as plain, Image.open(_as_file(baked)) as full:
        assert plain.size == full.size == (512, 512)
        assert plain.tobytes() == full.tobytes()
        assert full.text == {"openbadgecredential": GOOD}  # type: ignore[attr-defined]


def _as_file(data: bytes) -> Any:
    import io

    return io.BytesIO(data)


# -- nothing in it can be changed


def test_a_good_one_holds_and_is_its_owners() -> None:
    found = look(token(), address=" Ana.Silva@example.com")
    assert (found.is_valid, off(found)) == (True, {})
    assert [one.name for one in found.findings] == ["signature", "content", "time", "status", "owner"]


@given(st.integers(min_value=0))
def test_one_bit_of_what_was_signed_breaks_it(place: int) -> None:
    good = GOOD
    head, body, _ = good.split(".")
    signed = len(head) + 1 + len(body)
    at, bit = divmod(place % (signed * 7), 7)
    changed = bytearray(good.encode())
    changed[at] ^= 1 << bit
    found = look(bytes(changed))
    assert not found.is_valid
    assert off(found)


def test_another_name_in_it_breaks_it_and_the_same_text_signed_by_another_key_too() -> None:
    head, _, signature = token().split(".")
    other = payload()
    other["credentialSubject"]["identifier"][0]["identityHash"] = credentials.identity_hash(
        "eve@example.com", other["credentialSubject"]["identifier"][0]["salt"]
    )
    swapped = ".".join((head, credential_keys.encoded(json.dumps(other).encode()), signature))
    assert "does not fit" in off(look(swapped))["signature"]
    assert "does not fit" in off(look(token(key=credential_keys.made())))["signature"]
    assert look(token()).is_valid  # the control


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"alg": "none"}, "signed by 'none'"),
        ({"alg": "HS256"}, "signed by 'HS256'"),
        ({"alg": "ES256"}, "signed by 'ES256'"),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}}, "says more than it may (jwk)"),
        ({"crit": ["exp"]}, "says more than it may (crit)"),
        ({"kid": "https://evil.example/keys/1"}, "vouches"),
    ],
)
def test_a_header_that_chooses_its_own_way_of_checking_is_refused(header: dict[str, Any], told: str) -> None:
    [sentence] = off(look(token(**header))).values()
    assert told in sentence


def test_a_signature_that_was_taken_off_is_no_signature() -> None:
    head, body, _ = token().split(".")
    unsigned = credential_keys.encoded(
        json.dumps({"alg": "none", "kid": ISSUER.key_url(KEY.public.key_id)}).encode()
    )
    for text in (f"{head}.{body}.", f"{unsigned}.{body}.", f"{head}.{body}", f"{head}.{body}.AA"):
        assert off(look(text)), text


def test_one_that_was_revoked_is_over_or_has_not_begun_does_not_hold() -> None:
    found = look(token(), revoked="its owner took it back")
    assert (found.is_valid, off(found)) == (False, {"status": "It holds no longer: its owner took it back."})
    year = payload(valid_until=NOW + timedelta(days=365))
    assert look(token(year), now=NOW + timedelta(days=365)).is_valid
    assert "its time is over" in off(look(token(year), now=NOW + timedelta(days=365, minutes=3)))["time"]
    assert "has not come" in off(look(token(), now=NOW - timedelta(minutes=3)))["time"]


def test_whoever_is_not_meant_is_told_so() -> None:
    found = look(token(), address="eve@example.com")
    assert off(found) == {"owner": "It was not given to eve@example.com."}
    assert not found.is_valid


def test_a_status_that_cannot_be_looked_up_is_no_yes() -> None:
    def unknown(_place: Place, _list: str) -> str | None:
        raise LookupError

    own = {ISSUER.key_url(KEY.public.key_id): KEY.public}
    found = checked(token().encode(), key_of=own.get, why_revoked=unknown, now=NOW)
    assert (found.is_valid, off(found)) == (False, {})


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"iss": "https://evil.example/credentials/issuer"}, "content"),
        ({"jti": "urn:uuid:x"}, "content"),
        ({"sub": "mailto:eve@example.com"}, "content"),
        ({"type": ["VerifiableCredential"]}, "content"),
        ({"@context": ["https://www.w3.org/2018/credentials/v1"]}, "content"),
        ({"credentialSubject": {"id": "x"}}, "content"),
        ({"nbf": 1}, "time"),
        ({"exp": 9_999_999_999}, "time"),
        ({"validFrom": "yesterday"}, "time"),
        ({"credentialStatus": None}, "status"),
        ({"credentialStatus": {"type": "StatusList2021Entry"}}, "status"),
    ],
)
def test_even_the_issuers_own_signature_does_not_make_a_badge_of_something_else(
    change: dict[str, Any], name: str
) -> None:
    assert name in off(look(token({**payload(), **change})))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "neither a PNG nor an SVG"),
        (b"\xff\xfe\x00", "neither a PNG nor an SVG"),
        (b"\x89PNG\r\n\x1a\n", "do not add up"),
        (b"\x89PNG\r\n\x1a\nabcdefghijklmnop", "do not add up"),
        (b"<svg", "no SVG that can be read"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"></svg>', "holds 0"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>', "entities of its own"),
        (b"x" * 5_000_001, "at most 5000000"),
    ],
)
def test_a_file_that_is_no_badge_is_refused_in_a_sentence(data: bytes, told: str) -> None:
    assert told in off(look(data))["file"]


def test_a_picture_with_two_credentials_is_refused_and_so_is_a_compressed_one() -> None:
    svg = credential_images.baked_svg(drawn(), GOOD)
    element = svg[
        svg.index("<openbadges:") : svg.index("</openbadges:credential>") + len("</openbadges:credential>")
    ]
    assert "holds 2" in off(look(svg.replace(element, element * 2)))["file"]
    with pytest.raises(CredentialError, match="none yet"):
        credential_images.baked_svg(svg, GOOD)
    png = credential_images.baked_png(credential_images.picture(drawn()), GOOD)
    at = png.index(b"iTXt") - 4
    (length,) = struct.unpack(">I", png[at : at + 4])
    chunk = png[at : at + 12 + length]
    assert "holds 2" in off(look(png.replace(chunk, chunk * 2)))["file"]
    body = b"openbadgecredential\0\1\0\0\0" + zlib.compress(GOOD.encode())
    packed = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    assert "compressed" in off(look(png.replace(chunk, packed)))["file"]
    assert "do not add up" in off(look(png.replace(GOOD.encode()[:9], b"eyJhbGcjO")))["file"]


def test_nothing_is_put_into_a_picture_that_could_break_out_of_it() -> None:
    for text in ('a.b.c"><script>', "a.b", "a.b.c\n", "x" * 50_000):
        with pytest.raises(CredentialError, match="no signed credential"):
            credential_images.baked_svg(drawn(), text)


# -- the list of what holds no longer


@given(st.sets(st.integers(min_value=0, max_value=credentials.LIST_ROOM - 1), max_size=40))
def test_the_list_tells_exactly_the_places_that_were_revoked(places: set[int]) -> None:
    packed = credentials.encoded_list(places)
    assert packed[0] == "u"
    bits = gzip.decompress(base64.urlsafe_b64decode(packed[1:] + "=" * (-len(packed[1:]) % 4)))
    assert len(bits) == 16 * 1024  # the least that the standard allows
    assert {8 * at + n for at, byte in enumerate(bits) for n in range(8) if byte & 0x80 >> n} == places


@given(st.integers(min_value=0, max_value=10**9), st.integers(min_value=0, max_value=10**9))
def test_every_credential_has_a_place_of_its_own_and_the_way_back(one: int, other: int) -> None:
    assert credentials.number_of(credentials.place_of(one)) == one
    assert (credentials.place_of(one) == credentials.place_of(other)) == (one == other)


def test_the_list_is_a_credential_of_the_same_issuer_with_an_end() -> None:
    found = credentials.status_list(ISSUER, 2, [5], valid_from=NOW, valid_until=NOW + timedelta(days=1))
    assert found["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert (found["issuer"], found["id"]) == (ISSUER.id, "https://board.example.com/credentials/status/2")
    assert found["credentialSubject"]["statusPurpose"] == "revocation"
    assert credential_keys.verified(token(found), KEY.public) == found


# -- the key


def test_a_key_is_kept_for_its_user_alone_and_read_again(tmp_path: Path) -> None:
    path = credential_keys.kept(KEY, tmp_path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert credential_keys.read(tmp_path, KEY.public.key_id).public == KEY.public
    assert list(path.parent.iterdir()) == [path]
    assert "private" not in repr(KEY).lower()


def test_a_key_that_is_lost_damaged_or_another_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match=r"not on this server; .*badge-key --new"):
        credential_keys.read(tmp_path, KEY.public.key_id)
    path = credential_keys.kept(KEY, tmp_path)
    path.write_bytes(credential_keys.made().pem())
    with pytest.raises(CredentialError, match="another key than its name says"):
        credential_keys.read(tmp_path, KEY.public.key_id)
    path.write_text("x")
    with pytest.raises(CredentialError, match="cannot be read"):
        credential_keys.read(tmp_path, KEY.public.key_id)


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "n": "x", "e": "AQAB"},
        {"kty": "OKP", "crv": "X25519", "x": "a"},
        {"kty": "OKP", "crv": "Ed25519"},
    ],
)
def test_a_key_of_another_kind_checks_nothing(jwk: dict[str, str]) -> None:
    with pytest.raises(CredentialError, match="no key that can check a badge"):
        credential_keys.public_key(jwk)


def test_a_signature_that_is_written_in_two_ways_counts_in_one() -> None:
    """The last letter of base64url has bits that mean nothing; with them one credential would have many texts."""
    text = token()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = text[:-1] + letters[letters.index(text[-1]) ^ 1]
    assert base64.urlsafe_b64decode(other.rpartition(".")[2] + "==") == base64.urlsafe_b64decode(
        text.rpartition(".")[2] + "=="
    )
    assert off(look(other))


def test_the_name_of_a_badge_without_tiers_is_its_title() -> None:
    assert (BADGE.name, replace(BADGE, tier_name=None).name) == ("First try (silver)", "First try")
