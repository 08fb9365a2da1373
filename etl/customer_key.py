"""The keyed hash that stands for a caller, and the key that makes it.

In: a caller's number as the phone system writes it. Out: a hash that is the same for the same number.
The rule it guards: the key never lies in the database; who has only the data cannot find a number by trying all.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path

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


def customer_key(secret: bytes, number: str) -> str | None:
    """The keyed hash (HMAC-SHA-256, 128 bits as hex) that stands for a caller; null for a withheld number."""
    plain = "".join(character for character in number if character.isdigit() and character.isascii())
    if len(plain) < 3:
        return None
    return hmac.digest(secret, plain.encode(), "sha256").hex()[:32]
