"""Keeps passwords so that nobody can read them back, and refuses those that are guessed first.

In: a password as somebody typed it. Out: its Argon2id hash, or whether it fits one.
The rule it guards: no password is kept, told or logged, and a wrong one takes as long as a right one.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dashboard.words import t

SHORTEST = 12
LONGEST = 256
_COMMON = (
    "password",
    "passwort",
    "qwerty",
    "letmein",
    "welcome",
    "admin",
    "floorboard",
    "123456",
    "abcdef",
    "callcentre",
    "callcenter",
)
_HASHER = PasswordHasher()  # Argon2id with RFC 9106's low-memory profile: 64 MiB, three passes, four lanes
_NOBODYS = _HASHER.hash("the password of nobody")


class PasswordError(ValueError):
    """The password cannot be used; the message says why and what to do."""


def hashed(password: str, *, login_name: str) -> str:
    """The hash to keep; raises PasswordError for a password that is short, common, or made of the name."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordError(
            t(
                "The password has {length} characters; expected {shortest} to {longest}. "
                "A few words in a row are easy to keep.",
                length=len(password),
                shortest=SHORTEST,
                longest=LONGEST,
            )
        )
    rest = password.casefold()
    for word in (*_COMMON, login_name.casefold(), login_name.casefold().partition("@")[0]):
        rest = rest.replace(word, "") if word else rest
    if len(rest) < SHORTEST // 2 or len(set(rest)) < 4:
        raise PasswordError(
            t(
                "The password is among the first to be guessed (a common word, the name, a repeated sign). "
                "Choose a few words in a row."
            )
        )
    return _HASHER.hash(password)


def fits(password: str, hash_text: str | None) -> bool:
    """Whether the password is the one of the hash; without a hash it takes as long, and is not."""
    try:
        return _HASHER.verify(hash_text or _NOBODYS, password[: LONGEST + 1]) and hash_text is not None
    except (VerificationError, InvalidHashError):
        return False


def is_weak(hash_text: str) -> bool:
    """Whether the hash was made with less than is asked for now, and is to be made anew at the next sign-in."""
    return _HASHER.check_needs_rehash(hash_text)
