"""The commands about badges that leave the house: check one that somebody hands in, and make a new key that signs them.

In: a file, an address, a key. Out: what was found, a sentence each; exit code 1 for a badge that does not hold.
The rule it guards: a badge of this site is checked with the keys of this site, another one with a key that the asker trusts;
nothing that a file names is fetched.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from floorboard.accounts import changing
from floorboard.terminal import AsJson, FrontDoorError, show, tell

if TYPE_CHECKING:
    from dashboard.game.credential_check import Checked
    from dashboard.game.credential_keys import PublicKey

badge_app = typer.Typer(
    help="The game: its ledger, its guards, and badges that leave the house.", no_args_is_help=True
)
TONES = {"good": "yes", "off": "no", "none": "not known"}


@badge_app.command("verify")
def verify(
    file: Annotated[
        Path, typer.Argument(help="The badge as it was downloaded: .png, .svg, or the signed text.")
    ],
    email: Annotated[str | None, typer.Option(help="The address of whoever says that it is theirs.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="The issuer's public key (a JWK), for a badge of another site.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check a badge: signature, time, whether it was taken back, whose it is; exit code 1 where it does not hold."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise FrontDoorError(
            f"{file}: cannot be read ({error.strerror}); expected a badge as it was downloaded."
        ) from error
    found = _checked(data, email, _key_of(key) if key is not None else None)
    told = [
        {"looked_at": one.name, "is_right": TONES[one.tone], "found": one.sentence} for one in found.findings
    ]
    show(told, title=str(file), as_json=as_json)
    if not found.is_valid:
        tell("This badge does not hold, or nobody here can tell.")
        raise typer.Exit(1)
    tell("This badge holds.")


def _key_of(path: Path) -> PublicKey:
    from dashboard.game.credential_keys import CredentialError, public_key

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FrontDoorError(
            f"{path}: is no JWK that can be read ({error}); expected the issuer's public key."
        ) from error
    if not isinstance(found, dict):
        raise CredentialError(f"{path}: is no JWK; expected a JSON object with kty, crv and x.")
    return public_key(found)


def _checked(data: bytes, email: str | None, trusted: PublicKey | None) -> Checked:
    """What is found of the file: with the key that the asker trusts, else with this site's own keys."""
    from datetime import UTC, datetime

    from dashboard.game import credential_check, credential_saves
    from dashboard.game.credentials import Place

    now = datetime.now(UTC)
    if trusted is not None:

        def unknown(_place: Place, _list_url: str) -> str | None:
            raise LookupError

        return credential_check.checked(
            data, key_of=lambda _kid: trusted, why_revoked=unknown, now=now, address=email
        )
    with changing() as connection:
        own = {one.key_id: one for one in credential_saves.keys(connection)}
        return credential_check.checked(
            data,
            key_of=lambda kid: own.get(kid.rpartition("/")[2]),
            why_revoked=lambda place, _list_url: credential_saves.why_revoked(connection, place),
            now=now,
            address=email,
        )


@badge_app.command("badge-key")
def badge_key(
    is_new: Annotated[bool, typer.Option("--new", help="Retire the key in use and make another.")] = False,
    is_lost: Annotated[
        bool,
        typer.Option("--lost", help="With --new: somebody else may have the old key; what it signed ends."),
    ] = False,
    algorithm: Annotated[
        str, typer.Option(help="EdDSA (Ed25519), or ES256 (P-256) for validators that know no other.")
    ] = "EdDSA",
    as_json: AsJson = False,
) -> None:
    """The keys that badges are signed with; with --new another one from now on."""
    from datetime import UTC, datetime

    from dashboard.game import credential_saves
    from dashboard.game.credential_keys import ALGORITHMS, public_jwk
    from sql.embedded import home

    wanted = next((one for one in ALGORITHMS if one.casefold() == algorithm.casefold()), None)
    if wanted is None:
        raise FrontDoorError(
            f"There is no algorithm {algorithm!r} here; expected one of {', '.join(ALGORITHMS)}."
        )
    if is_lost and not is_new:
        raise FrontDoorError("--lost ends what the old key signed, and needs a new one: give --new as well.")
    with changing() as connection:
        if is_new:
            credential_saves.new_key(
                connection, home=home(), at=datetime.now(UTC), algorithm_name=wanted, is_lost=is_lost
            )
        found = [public_jwk(one) for one in credential_saves.keys(connection)]
    if not found:
        tell("There is no key yet; the first badge that is taken home makes one.")
    show(found, title="Keys that signed badges, the one in use first", as_json=as_json)


def address_in_use(port: int) -> str | None:
    """By which address others reach this site, as its settings say: [game] public_url, else [sign_in] address."""
    import os

    from dashboard.door.visitor import is_demo
    from dashboard.game.credentials import public_url
    from etl.config import CONFIG_VARIABLE, load_settings, settings_path

    if is_demo():
        return f"http://127.0.0.1:{port}"
    if not (os.environ.get(CONFIG_VARIABLE) or settings_path().exists()):
        return None
    found = load_settings()
    told = found.game.public_url or (found.sign_in.address if found.sign_in is not None else None)
    return public_url(str(told)) if told else None
