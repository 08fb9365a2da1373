"""What is noted of a source for people to see: its settings, never a secret."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from etl.on_request.source_notes import settings_text
from etl.sources import SourceSettings


class Api(SourceSettings):
    kind: Literal["api"] = "api"
    address: str = ""
    token: str | None = None
    token_env: str | None = None
    password_text: str | None = None
    queue_names: tuple[str, ...] = ()
    fields: dict[str, dict[str, str]] | None = None
    is_utc: bool = False


def told(**given: object) -> dict[str, str]:
    found: dict[str, str] = json.loads(
        settings_text(Api.model_validate({"name": "a", "every_seconds": 5, **given}))
    )
    return found


def test_what_was_set_is_told_and_defaults_are_left_out() -> None:
    assert told(address="x", is_utc=True, queue_names=("a", "b")) == {
        "address": "x", "is_utc": "true", "queue_names": "a, b",
    }  # fmt: skip
    assert told() == {}


def test_a_mapped_field_is_told_by_its_column() -> None:
    assert told(fields={"offered_at": {"column": "start", "format": "%d"}}) == {"fields": "offered_at: start"}


@pytest.mark.parametrize("key", ["token", "password_text"])
def test_what_could_be_a_secret_is_never_told(key: str) -> None:
    assert told(**{key: "s3cret-word"}) == {key: "(set)"}


def test_an_address_is_told_without_its_password() -> None:
    assert told(address="mysql://reader:s3cret-word@db/asterisk") == {"address": "mysql://…@db/asterisk"}


def test_where_a_secret_lies_is_told() -> None:
    assert told(token_env="ZENDESK_TOKEN") == {"token_env": "ZENDESK_TOKEN"}
