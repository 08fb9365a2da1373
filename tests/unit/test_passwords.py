"""The door without a warehouse: which passwords are taken, how guessing is slowed down, and where one is led afterwards."""

from __future__ import annotations

import pytest

from dashboard.door import passwords
from dashboard.door.routes import TRIES, TRIES_SECONDS, Tries
from dashboard.door.sign_in_page import address_of_sign_in, next_path

GOOD = "quiet harbour at seven"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "0 characters"),
        ("short", "5 characters"),
        ("x" * 257, "257 characters"),
        ("password1234", "first to be guessed"),
        ("Floorboard2026", "first to be guessed"),
        ("aaaaaaaaaaaaaaaa", "first to be guessed"),
        ("mari.tammmari.tamm", "first to be guessed"),
    ],
)
def test_a_password_that_is_guessed_first_is_refused(password: str, said: str) -> None:
    with pytest.raises(passwords.PasswordError, match=said):
        passwords.hashed(password, login_name="mari.tamm@example.org")


def test_only_the_password_fits_its_hash() -> None:
    hash_text = passwords.hashed(GOOD, login_name="mari")
    assert hash_text.startswith(
        "$argon2id$v=19$m=65536,t=3,p=4$"
    )  # RFC 9106, second choice: 64 MiB, three passes
    assert GOOD not in hash_text
    assert passwords.hashed(GOOD, login_name="mari") != hash_text  # salted
    assert passwords.fits(GOOD, hash_text)
    assert not passwords.is_weak(hash_text)
    for wrong, of in (
        (GOOD.upper(), hash_text),
        (GOOD + " ", hash_text),
        ("", hash_text),
        (GOOD, None),
        (GOOD, "no hash"),
    ):
        assert not passwords.fits(wrong, of)


def test_guessing_is_slowed_down_by_name_and_by_address() -> None:
    now = [0.0]
    tries = Tries(clock=lambda: now[0])
    assert not any(tries.is_one_too_many("name mari", f"address {number}") for number in range(TRIES))
    assert tries.is_one_too_many("name mari", "address of another")  # the name, from wherever
    assert not tries.is_one_too_many("name jaan", "address of a third")
    now[0] = TRIES_SECONDS
    assert not tries.is_one_too_many("name mari", "address 1")


def test_what_is_older_than_a_minute_is_cleaned_away_once_a_minute_and_not_at_each_try() -> None:
    now = [0.0]
    tries = Tries(clock=lambda: now[0])
    for number in range(10_002):
        tries.is_one_too_many(f"name {number}")
    now[0] = TRIES_SECONDS - 1
    tries.is_one_too_many("name late")
    assert len(tries._of) == 10_003
    now[0] += 1
    assert not tries.is_one_too_many("name new")
    assert set(tries._of) == {"name late", "name new"}
    kept = tries._of
    for number in range(10_002):  # a flood within the same minute: nothing is gone through again
        tries.is_one_too_many(f"name {number}")
    assert tries._of is kept


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        (None, "/"),
        ("", "/"),
        ("/queues?period=today", "/queues?period=today"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("javascript:alert(1)", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/sign-out", "/"),
        ("/./sign-out", "/"),
        ("/queues/../sign-out?x=1", "/"),
        ("/%73ign-out", "/"),
        ("/%2e/sign-out", "/"),
        ("/.//sign-out", "/"),
        ("/x/..//wall/open", "/"),
        ("/media", "/"),
        ("/queues?at=/./sign-out", "/queues?at=/./sign-out"),
        ("/persona?as=administrator", "/"),
    ],
)
def test_whoever_signs_in_is_led_to_a_page_of_this_site_alone(asked: str | None, led: str) -> None:
    assert next_path(asked) == led
    assert address_of_sign_in(asked or "").startswith("/sign-in?next=%2F")
