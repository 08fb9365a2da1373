"""The keyed hash that stands for a customer, and the key that makes it.

In: a number as the phone system writes it, or an e-mail address. Out: a hash that is the same for the same customer.
The rule it guards: the key never lies in the database; who has only the data cannot find a number by trying all.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

import phonenumbers

from etl import LoadError
from sql import embedded

CUSTOMER_KEY_VARIABLE = "FLOORBOARD_CUSTOMER_KEY"
SHORTEST_KEY = 32


def customer_secret() -> bytes:
    """The key of the hash that stands for callers: FLOORBOARD_CUSTOMER_KEY, else a random one kept below home.

    It never lies in the database: who has only the data cannot find a number again by trying all of them.
    """
    given = os.environ.get(CUSTOMER_KEY_VARIABLE)
    if given is not None:
        if len(given) < SHORTEST_KEY:
            raise LoadError(
                f"{CUSTOMER_KEY_VARIABLE} has {len(given)} characters; expected at least {SHORTEST_KEY} random ones. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return given.encode()
    path = embedded.home() / "customer.key"
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise LoadError(
            f"{path}: holds {len(key)} characters; expected the key made at the first load. Restore it from a backup."
        )
    return key.encode()


def _make_key(path: Path) -> None:
    """Writes a new key whole under another name first: a second loader at this moment gets the same one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def customer_key(secret: bytes, number_or_address: str, country_name: str | None = None) -> str | None:
    """The keyed hash (HMAC-SHA-256, 128 bits as hex) that stands for a customer; null for a withheld number.

    A telephone number is brought to its international form first, so that +372 5100 0001, 00372 51000001 and, with
    country_name "EE", 5100 0001 are one customer; an e-mail address counts without regard to case.
    """
    plain = _address(number_or_address) or _number(number_or_address, country_name)
    return hmac.digest(secret, plain.encode(), "sha256").hex()[:32] if plain else None


def _address(text: str) -> str | None:
    """An e-mail address in lower case; null where the text is none (sip:100@pbx is a number)."""
    address = text.strip().casefold()
    if address.startswith(("sip:", "sips:", "tel:")):
        return None
    name, at, host = address.rpartition("@")
    return address if at and name and "." in host and " " not in address else None


def _number(text: str, country_name: str | None) -> str | None:
    """The digits of a number in its international form where it has one, else as they are."""
    dialled = text.strip().removeprefix("tel:").removeprefix("sips:").removeprefix("sip:").partition("@")[0]
    digits = "".join(character for character in dialled if character.isdigit() and character.isascii())
    if len(digits) < 3:
        return None
    if dialled.startswith("+"):
        return digits
    if country_name is None:
        return digits[2:] if digits.startswith("00") and len(digits) > 8 else digits
    try:
        number = phonenumbers.parse(digits, country_name)
    except phonenumbers.NumberParseException:
        return digits
    if not phonenumbers.is_possible_number(number):  # an extension of the house
        return digits
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"
