"""Badges that leave the house, as the warehouse keeps them: signed, handed out, taken back, and told to whoever asks.

In: a connection that may change something, the entry of the ledger and whose it is, the folder of the keys. Out: a signed
credential; public documents.
The rule it guards: a credential is made of a badge that this very agent holds; making it anew ends the one before; what the
ledger takes back holds no longer (sql/schema/044_game_credentials.sql sees to it).
"""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from dashboard.game import credential_keys, credentials
from dashboard.game.credential_keys import AlgorithmName, CredentialError, PublicKey, SigningKey
from dashboard.game.credentials import LIST_ROOM, Badge, Issuer, Place
from dashboard.game.rule_texts import rule_of, title_of
from dashboard.words import t
from sql import audit, warehouse

LIST_LASTS = timedelta(days=1)
"""For so long a copy of the list may be believed: an old one does not bring back for ever what was taken back."""
REASONS = {
    "asked": "its owner took it back",
    "replaced": "its owner took the same badge home again, and that one holds",
    "reversed": "the badge itself was taken back",
    "key": "the key that signed it was lost",
}


def taken(
    connection: sa.Connection,
    *,
    viewer_agent_id: int | None,
    agent_id: int,
    entry_id: int,
    address: str,
    url: str,
    home: Path,
    at: datetime,
) -> str:
    """The agent's own badge as a signed credential, noted as taken home; the one before holds no longer.

    Raises CredentialError for somebody else's badge, one that is not held, and what is no address.
    """
    if viewer_agent_id is None or viewer_agent_id != agent_id:
        raise CredentialError(
            t("A badge is taken home by whoever earned it, signed in with an account of their own.")
        )
    plain = credentials.address_of(address)
    badge = badge_of(connection, agent_id=agent_id, entry_id=entry_id)
    key = key_in_use(connection, home=home, at=at)
    warehouse.one_row(connection, "game/credential/entry_lock", entry_id=entry_id)
    _end(connection, agent_id=agent_id, entry_id=entry_id, reason_name="replaced", at=at)
    (number,) = warehouse.one_row(connection, "game/credential/number_new")
    issuer, credential_key = issuer_of(connection, url), str(uuid.uuid4())
    payload = credentials.credential(
        issuer,
        badge,
        address=plain,
        credential_key=credential_key,
        place=credentials.place_of(number),
        valid_from=at,
    )
    token = credential_keys.signed(payload, key, kid=issuer.key_url(key.public.key_id))
    warehouse.execute(
        connection,
        "game/credential/new",
        credential_key=credential_key,
        status_number=number,
        agent_id=agent_id,
        entry_id=entry_id,
        key_id=key.public.key_id,
        issued_at=at,
        token_text=token,
    )
    told = {"rule_name": badge.rule_name, "tier_name": badge.tier_name or ""}
    audit.note(connection, what_name="credential.taken", of_name=f"agent {agent_id}", told=told)
    return token


def token_in_force(connection: sa.Connection, *, agent_id: int, entry_id: int) -> str | None:
    """The credential of that badge that holds; None where it was not taken home, or was taken back."""
    found = warehouse.frame(connection, "game/credential/in_force", agent_id=agent_id, entry_id=entry_id)
    return str(found[0, "token_text"]) if found.height else None


def revoke(
    connection: sa.Connection,
    *,
    viewer_agent_id: int | None,
    is_administrator: bool,
    agent_id: int,
    entry_id: int,
    at: datetime,
) -> int:
    """Takes back what the agent took home of that badge; how many held until now. Raises CredentialError for another's."""
    if viewer_agent_id != agent_id and not is_administrator:
        raise CredentialError(t("Only the person, or an administrator for them, can take this back."))
    ended = _end(connection, agent_id=agent_id, entry_id=entry_id, reason_name="asked", at=at)
    if ended:
        told = {"entry_id": entry_id}
        audit.note(connection, what_name="credential.revoked", of_name=f"agent {agent_id}", told=told)
    return ended


def _end(connection: sa.Connection, *, agent_id: int, entry_id: int, reason_name: str, at: datetime) -> int:
    found = warehouse.frame(connection, "game/credential/in_force", agent_id=agent_id, entry_id=entry_id)
    for number in found["status_number"].to_list():
        warehouse.execute(
            connection, "game/credential/revoke", status_number=number, revoked_at=at, reason_name=reason_name
        )
    return found.height


def badge_of(connection: sa.Connection, *, agent_id: int, entry_id: int) -> Badge:
    """The badge of that entry; raises CredentialError where this agent does not hold it."""
    found = warehouse.frame(
        connection, "game/credential/badge", agent_id=agent_id, entry_id=entry_id
    ).to_dicts()
    if not found or not found[0]["is_held"]:
        raise CredentialError(
            t("This badge is not held (any more), so it cannot be taken home. Reload the page.")
        )
    row = found[0]
    return _badge(
        row, tier_name=row["tier_name"], earned_date=row["effective_date"], entry_id=row["entry_id"]
    )


def _badge(row: dict[str, Any], *, tier_name: str | None, earned_date: date, entry_id: int) -> Badge:
    rule = rule_of(row["spec_text"])
    title = title_of(row["spec_text"], row["rule_name"])
    return Badge(
        rule_name=row["rule_name"],
        version_number=row["version_number"],
        tier_name=tier_name,
        title=title,
        purpose=rule.purpose if rule else title,
        criteria=rule.description if rule else title,
        family=rule.family if rule else "level",
        icon=rule.icon if rule else "star",
        earned_date=earned_date,
        entry_id=entry_id,
        spec_sha256=row["spec_key"],
    )


def issuer_of(connection: sa.Connection, url: str) -> Issuer:
    """Who gives badges here."""
    (name,) = warehouse.one_row(connection, "game/credential/site")
    return Issuer(url, name)


def keys(connection: sa.Connection) -> list[PublicKey]:
    """Every key that this site has signed with, the one in use first."""
    found = warehouse.frame(connection, "game/credential/keys")["public_jwk_text"].to_list()
    return [credential_keys.public_key(json.loads(text)) for text in found]


def key_in_use(connection: sa.Connection, *, home: Path, at: datetime) -> SigningKey:
    """The key that signs; made at the first badge that is taken home. Raises CredentialError where its file is lost."""
    found = warehouse.frame(connection, "game/credential/key_in_use")["key_id"].to_list()
    if found:
        return credential_keys.read(home, str(found[0]))
    return _new_key(connection, home=home, at=at, algorithm_name="EdDSA")


def new_key(
    connection: sa.Connection,
    *,
    home: Path,
    at: datetime,
    algorithm_name: AlgorithmName = "EdDSA",
    is_lost: bool = False,
) -> PublicKey:
    """Retires the key in use and makes another; is_lost: what the old one signed holds no longer either."""
    found = warehouse.frame(connection, "game/credential/key_in_use")["key_id"].to_list()
    warehouse.execute(connection, "game/credential/key_retire", retired_at=at)
    if is_lost and found:
        warehouse.execute(connection, "game/credential/revoke_of_key", key_id=found[0], revoked_at=at)
    return _new_key(connection, home=home, at=at, algorithm_name=algorithm_name).public


def _new_key(
    connection: sa.Connection, *, home: Path, at: datetime, algorithm_name: AlgorithmName
) -> SigningKey:
    """A new key: its secret half in a file first, its public half noted then; whoever is quicker of two is followed."""
    key = credential_keys.made(algorithm_name)
    path = credential_keys.kept(key, home)
    is_new = warehouse.execute(
        connection,
        "game/credential/key_new",
        key_id=key.public.key_id,
        algorithm_name=key.public.algorithm_name,
        public_jwk_text=json.dumps(dict(key.public.jwk)),
        made_at=at,
    )
    if not is_new:
        path.unlink(missing_ok=True)
        found = warehouse.frame(connection, "game/credential/key_in_use")["key_id"].to_list()
        return credential_keys.read(home, str(found[0]))
    audit.note(
        connection,
        what_name="credential.key",
        of_name=key.public.key_id,
        told={"algorithm_name": algorithm_name},
    )
    return key


def status_token(
    connection: sa.Connection, *, list_number: int, url: str, home: Path, at: datetime
) -> str | None:
    """The signed list of what holds no longer; None before the first key, which is before the first credential."""
    if not warehouse.frame(connection, "game/credential/key_in_use").height:
        return None
    key, issuer = key_in_use(connection, home=home, at=at), issuer_of(connection, url)
    first = list_number * LIST_ROOM
    found = warehouse.frame(
        connection, "game/credential/revoked", first_number=first, last_number=first + LIST_ROOM
    )
    places = [credentials.place_of(number).index for number in found["status_number"].to_list()]
    start = at.replace(minute=0, second=0, microsecond=0)
    payload = credentials.status_list(
        issuer, list_number, places, valid_from=start, valid_until=start + LIST_LASTS
    )
    return credential_keys.signed(payload, key, kid=issuer.key_url(key.public.key_id), typ="JWT")


def why_revoked(connection: sa.Connection, place: Place) -> str | None:
    """Why the credential at that place holds no longer, in words; None where it does. LookupError where it is not known."""
    number = credentials.number_of(place)
    is_known, reason_name = warehouse.one_row(connection, "game/credential/standing", status_number=number)
    if reason_name is not None:
        return REASONS[reason_name]
    if not is_known:
        raise LookupError(number)
    return None


def achievement(
    connection: sa.Connection, *, rule_name: str, version_number: int, tier_name: str, url: str
) -> tuple[Issuer, Badge] | None:
    """What a badge is given for, where somebody took it home; else None, also for one that there is."""
    found = warehouse.frame(
        connection,
        "game/credential/achieved",
        rule_name=rule_name,
        version_number=version_number,
        tier_name=tier_name,
    ).to_dicts()
    if not found:
        return None
    tier = None if tier_name == "badge" else tier_name
    return issuer_of(connection, url), _badge(
        found[0], tier_name=tier, earned_date=date(2000, 1, 1), entry_id=0
    )
