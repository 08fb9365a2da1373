"""Whoever has the warehouse without the key of the hashes tries every number of a country in vain."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import partial

from etl.customer_key import customer_key
from tests.torture.campaign import Campaign

FIRST = 37250000000  # mobile numbers of Estonia: ten million
CALLER = FIRST + 4321
Tried = Callable[[bytes], str]


def keyed(key: bytes, number: bytes) -> str:
    return hmac.digest(key, number, "sha256").hex()[:32]


def plain(number: bytes) -> str:
    return hashlib.sha256(number).hexdigest()[:32]


# What somebody would try who knows how the hash is made, and everything but the key.
WAYS: tuple[Tried, ...] = (
    plain,
    *(partial(keyed, key) for key in (b"", b"floorboard", b"secret", bytes(32))),
)


def hits(kept: str, numbers: range, tried: Tried) -> int:
    return sum(1 for number in numbers if tried(b"+%d" % number) == kept)


def test_ten_million_numbers_without_the_key_hit_nobody(campaign: Campaign) -> None:
    kept = customer_key(secrets.token_bytes(32), f"+{CALLER}")
    assert kept is not None
    numbers = range(FIRST, FIRST + campaign.times(short=20_000, long=10_000_000))
    found = [hits(kept, numbers, tried) for tried in WAYS]
    campaign.record(
        "V5",
        "no number without the key",
        tried_numbers=len(numbers),
        ways_count=len(found),
        hit_numbers=sum(found),
    )
    assert found == [0] * len(found)


def test_the_same_search_finds_the_caller_behind_a_plain_hash(campaign: Campaign) -> None:
    """The negative control: without a key the whole range is a matter of seconds."""
    numbers = range(FIRST, FIRST + campaign.times(short=20_000, long=10_000_000))
    assert hits(plain(b"+%d" % CALLER), numbers, plain) == 1
