"""Whether a credential holds: who signed it, whether it was changed, whether it is over or was taken back, whose it is.

In: a file as somebody hands it in, the keys of whoever is trusted, what was taken back. Out: what was found, in sentences.
The rule it guards: nothing that the file says is believed before its signature was found to be right; whatever could not be
looked up is said, and is no yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.game import credential_images, credential_keys
from dashboard.game.credential_keys import CredentialError, PublicKey
from dashboard.game.credentials import CONTEXTS, Place, address_of, is_owner

LEEWAY = timedelta(minutes=2)
_STATUS_TYPE = "BitstringStatusListEntry"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """file, signature, content, time, status or owner"""
    tone: str
    """good, off, or none where it could not be looked up"""
    sentence: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file turned out to be."""

    findings: tuple[Finding, ...]
    content: Mapping[str, Any] | None = None
    """What the credential says; None unless its signature is right."""

    @property
    def is_valid(self) -> bool:
        """Whether everything that was looked at is as it should be, the signature and the status included."""
        looked = {one.name: one.tone for one in self.findings}
        return "off" not in looked.values() and looked.get("signature") == looked.get("status") == "good"


def checked(
    data: bytes,
    *,
    key_of: Callable[[str], PublicKey | None],
    why_revoked: Callable[[Place, str], str | None],
    now: datetime,
    address: str | None = None,
) -> Checked:
    """What is found of a file. Raises nothing for a bad one: what is wrong with it is told.

    key_of: the trusted key that is found at that address, None for one that nobody vouches for; why_revoked: why the
    credential at that place of that list (its address) was taken back, None where it was not, and raises LookupError where
    nobody can tell; address: of whoever says that it is theirs.
    """
    try:
        token = credential_images.token_of(data)
        header = credential_keys.header_of(token)
    except CredentialError as error:
        return Checked((Finding("file", "off", str(error)),))
    kid = str(header.get("kid", ""))
    key = key_of(kid)
    if key is None:
        return Checked((Finding("signature", "off", _unknown_signer(kid)),))
    try:
        content = credential_keys.verified(token, key)
    except CredentialError as error:
        return Checked((Finding("signature", "off", str(error)),))
    found = [Finding("signature", "good", f"Signed by {_issuer(content)[:200]}, and unchanged since.")]
    found += [*_content(content, kid), _time(content, now), _status(content, why_revoked)]
    if address is not None:
        found.append(_owner(content, address))
    return Checked(tuple(found), content)


def _unknown_signer(kid: str) -> str:
    return (
        f"Nobody here vouches for the key that it names ({kid[:200] or 'none'}). If you trust its issuer, fetch that "
        "address and give the file as --key."
    )


def _issuer(content: Mapping[str, Any]) -> str:
    issuer = content.get("issuer")
    return str(issuer.get("id", "")) if isinstance(issuer, dict) else str(issuer)


def _content(content: Mapping[str, Any], kid: str) -> list[Finding]:
    """Whether it is an open badge at all, and the claims beside the credential say the same as the credential."""
    subject = content.get("credentialSubject")
    subject = subject if isinstance(subject, dict) else {}
    kinds = content.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    contexts = content.get("@context")
    faults = []
    if not isinstance(contexts, list) or contexts[:1] != [CONTEXTS[0]]:
        faults.append("it does not say that it is a verifiable credential of version 2")
    if "VerifiableCredential" not in kinds or not {"OpenBadgeCredential", "AchievementCredential"} & set(
        map(str, kinds)
    ):
        faults.append("it is no open badge")
    if not isinstance(subject.get("achievement"), dict):
        faults.append("it does not say what was achieved")
    told = {"iss": _issuer(content), "jti": content.get("id"), "sub": subject.get("id")}
    wrong = [name for name, value in told.items() if content.get(name) != value or not value]
    if wrong or not kid.startswith(_issuer(content).rpartition("/")[0] + "/"):
        faults.append(f"it contradicts itself about who gave it to whom ({', '.join(wrong) or 'kid'})")
    if faults:
        return [Finding("content", "off", f"The issuer signed something else: {'; '.join(faults)}.")]
    return [Finding("content", "good", f'An open badge: "{str(content.get("name", ""))[:200]}".')]


def _time(content: Mapping[str, Any], now: datetime) -> Finding:
    starts, ends = _instant(content.get("validFrom")), _instant(content.get("validUntil"))
    claims = [(content.get("nbf"), starts), (content.get("exp"), ends)]
    is_same = all(claim == (None if at is None else int(at.timestamp())) for claim, at in claims)
    if starts is None or not is_same or ("validUntil" in content and ends is None):
        return Finding(
            "time", "off", "It does not say from when on it holds, or says it twice and differently."
        )
    if starts > now + LEEWAY:
        return Finding(
            "time", "off", f"It holds from {starts:%Y-%m-%d %H:%M} UTC on, which has not come yet."
        )
    if ends is not None and ends < now - LEEWAY:
        return Finding("time", "off", f"It held until {ends:%Y-%m-%d %H:%M} UTC; its time is over.")
    return Finding(
        "time",
        "good",
        f"Given on {starts:%Y-%m-%d}" + (f", until {ends:%Y-%m-%d}." if ends else ", without an end."),
    )


def _instant(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _status(content: Mapping[str, Any], why_revoked: Callable[[Place, str], str | None]) -> Finding:
    status = content.get("credentialStatus")
    if not isinstance(status, dict):
        return Finding("status", "off", "It does not say where one can ask whether it still holds.")
    lists, index = str(status.get("statusListCredential", "")), str(status.get("statusListIndex", ""))
    number = lists.rpartition("/")[2]
    is_plain = all(one.isascii() and one.isdigit() and len(one) < 10 for one in (index, number))
    if status.get("type") != _STATUS_TYPE or status.get("statusPurpose") != "revocation" or not is_plain:
        return Finding(
            "status",
            "off",
            "It names a list of another kind for whether it still holds; expected a bitstring status list.",
        )
    try:
        reason = why_revoked(Place(int(number), int(index)), lists)
    except LookupError:
        return Finding(
            "status", "none", f"Whether it still holds could not be looked up here; ask {lists[:200]}."
        )
    if reason is None:
        return Finding("status", "good", "It was not taken back.")
    return Finding("status", "off", f"It holds no longer: {reason}.")


def _owner(content: Mapping[str, Any], address: str) -> Finding:
    subject = content.get("credentialSubject")
    identities = subject.get("identifier", []) if isinstance(subject, dict) else []
    try:
        plain = address_of(address)
    except CredentialError as error:
        return Finding("owner", "off", str(error))
    if any(isinstance(one, dict) and is_owner(one, plain) for one in identities):
        return Finding("owner", "good", f"It was given to {plain}.")
    return Finding("owner", "off", f"It was not given to {plain}.")
