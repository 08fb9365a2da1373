"""Says whether a secret is one that others could guess: a sample from a document, a short word, one sign repeated.

In: the text of a secret, or the user, host and password of an address. Out: what is wrong with it in a few words, or
nothing. The secret itself is never repeated.
The rule it guards: nothing starts on a secret that stands in somebody's instructions.
"""

from __future__ import annotations

import ipaddress
import re

# As they stand in instructions and default installations, without signs between the letters.
_SAMPLE_WORDS = (
    "changeme", "changeit", "replaceme", "password", "passwort", "secret", "example", "sample", "default", "floorboard",
    "postgres", "letmein", "qwerty", "insert", "yourkey", "mykey", "dummy", "placeholder", "todo", "xxxx",
)  # fmt: skip
_SAMPLE_PASSWORDS = frozenset(
    (
        *_SAMPLE_WORDS,
        "admin",
        "root",
        "test",
        "demo",
        "pass",
        "passw0rd",
        "user",
        "app",
        "db",
        "123456",
        "12345678",
        "1234",
        "",
    )
)
_STEPS = ("0123456789", "9876543210", "abcdefghijklmnopqrstuvwxyz", "0123456789abcdef")


def fault_of(text: str, *, shortest: int) -> str | None:
    """Why a secret of at least so many signs is easily guessed; None for one that looks made at random."""
    if len(text) < shortest:
        return f"has {len(text)} characters"
    if not text.isascii() or not text.isprintable():
        return "holds letters or signs that not every program writes alike"
    if re.fullmatch(r"(.+?)\1+", text):
        return "repeats itself"
    if len(set(text)) < min(10, shortest // 2):
        return f"is made of {len(set(text))} different characters"
    plain = re.sub(r"[^a-z0-9]", "", text.lower())
    if any(word in plain for word in _SAMPLE_WORDS) or any(
        (step * 9)[: len(plain)] == plain for step in _STEPS
    ):
        return "looks like a sample from a document"
    return None


def password_fault(host: str | None, user: str | None, password: str | None) -> str | None:
    """Why a password of the warehouse is none; it counts where others can reach the server, not on this machine.

    An address without a password may lean on a certificate or a password file.
    """
    if password is None or _is_here(host):
        return None
    plain = re.sub(r"[^a-z0-9]", "", password.lower())
    if plain in _SAMPLE_PASSWORDS or plain.rstrip("0123456789") in _SAMPLE_PASSWORDS or password == user:
        return "is one of those that everybody tries first"
    return None


def _is_here(host: str | None) -> bool:
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
