"""What tests on a real warehouse share: passwords are hashed as they are everywhere else, with less work for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from dashboard.door import passwords


@pytest.fixture(scope="module", autouse=True)
def hashing_costs_little() -> Iterator[None]:
    """64 MiB and three passes for every sign-in is what a guesser shall pay; tests/unit/test_passwords.py holds it."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr(passwords, "_HASHER", hasher)
        patch.setattr(passwords, "_NOBODYS", hasher.hash("the password of nobody"))
        yield
