"""The part "Take it home" of the page Badges: what each reader is told, who may sign, what a wrong address does."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.access import Viewer
from dashboard.game import credential_keys, credential_saves, credentials, game_switch, site_address
from dashboard.game.credential_keys import CredentialError
from dashboard.game.credentials import Badge, Issuer
from dashboard.ui import desk, visit
from sql import embedded
from sql.game_rules import shipped
from tests.app.conftest import NOW, frame
from tests.app.test_game_day import badges, standing, stands
from tests.app.test_pages import Run, blocks

AINO = Viewer("aino", "agent 1", "agent", 1)
SAM = Viewer("sam", "teams 1", "supervisor", None, (1,))
SMILES = shipped.texts()["customer-favourite"]
HELD = {
    "agent_id": 1, "entry_id": 6, "rule_name": SMILES.rule.name, "version_number": 1, "tier_name": "bronze",
    "spec_text": SMILES.spec_text, "effective_date": date(2026, 3, 10),
}  # fmt: skip
TAKEN = {**HELD, "credential_key": "k", "issued_at": NOW, "revoked_at": None, "reason_name": None}
KEY = credential_keys.made()


def token() -> str:
    badge = Badge(
        "customer-favourite",
        1,
        "bronze",
        "<b>x</b>",
        "p",
        "c",
        "quality",
        "star",
        date(2026, 3, 10),
        6,
        "ab" * 32,
    )
    told = credentials.credential(
        Issuer("https://board.example.com", "Harbour"),
        badge,
        address="aino@example.com",
        credential_key="0b8f2c9e-3c1d-4a57-9f60-1d2e3f405162",
        place=credentials.place_of(1),
        valid_from=NOW,
    )
    return credential_keys.signed(told, KEY, kid="https://board.example.com/credentials/keys/x")


@pytest.fixture
def home(floor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The page of an agent who holds one badge, at a site that others reach."""
    monkeypatch.setattr(visit, "viewer", lambda: AINO)
    monkeypatch.setattr(embedded, "home", lambda: tmp_path)
    floor.asked = []

    def change(viewer: Viewer, name: str, work: Any, **told: Any) -> Any:
        floor.asked.append((viewer.viewer_name, name, told))
        return work(None, **told)

    monkeypatch.setattr(desk, "change", change)
    taken = frame({**TAKEN, "revoked_at": NOW, "reason_name": "asked"})
    floor.answer(
        game_standing=standing,
        game_badges=badges,
        game_stands=lambda *_a, **_v: stands(),
        game_takeable=lambda *_a, **_v: frame(HELD),
        game_credentials=lambda *_a, **_v: taken.clear(),
        agents=lambda *_a, **_v: frame({"agent_id": 1, "agent_name": "Aino", "team_id": None, "team_name": None,
                                        "site_name": None}),
    )  # fmt: skip
    site_address.put_in_force("https://board.example.com")
    yield floor
    site_address.put_in_force(None)
    game_switch.put_in_force(True)


def titles(at: Any) -> list[str]:
    return [one["title"] for one in blocks(at) if one["kind"] in ("notice", "table")]


def test_an_agent_reads_first_what_others_will_read_and_signs_with_an_address(
    home: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(credential_saves, "taken", lambda _connection, **told: asked.append(told))
    at = run_page("badges")
    assert not at.exception
    assert "What others will read in it" in titles(at)
    at.text_input[0].input("aino@example.com")
    next(one for one in at.button if one.label == "Sign it for me").click()
    at.run()
    assert not at.exception
    [told] = asked
    assert (told["viewer_agent_id"], told["agent_id"], told["entry_id"]) == (1, 1, 6)
    assert (told["address"], told["url"]) == ("aino@example.com", "https://board.example.com")
    assert home.asked[-1] == ("aino", "game.own", {"agent_id": 1})


def test_a_wrong_address_is_said_and_nothing_is_signed(
    home: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_connection: object, *, address: str, **_told: Any) -> None:
        raise CredentialError(f"This is no e-mail address: {address}")

    monkeypatch.setattr(credential_saves, "taken", refuse)
    at = run_page("badges")
    at.text_input[0].input("*nobody*")
    next(one for one in at.button if one.label == "Sign it for me").click()
    at.run()
    [notice] = [one for one in blocks(at) if one["kind"] == "notice" and one["title"] == "Not done"]
    assert notice["body"] == "This is no e-mail address: *nobody*"


def test_what_was_signed_is_downloaded_read_and_taken_back(
    home: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    back: list[dict[str, Any]] = []
    monkeypatch.setattr(credential_saves, "token_in_force", lambda _connection, **_told: token())
    monkeypatch.setattr(credential_saves, "revoke", lambda _connection, **told: back.append(told))
    home.answer(game_credentials=lambda *_a, **_v: frame(TAKEN).with_columns(
        revoked_at=pl.lit(None, pl.Datetime("us", "UTC")), reason_name=pl.lit(None, pl.String)
    ))  # fmt: skip
    at = run_page("badges")
    assert not at.exception
    [read] = [one for one in blocks(at) if one["kind"] == "table" and one["label"] == "What is in it"]
    cells = dict(row["cells"] for row in read["rows"])
    assert cells["Badge"] == "<b>x</b> (bronze)"  # a text, placed as a text
    assert cells["Your address"].startswith("sha256$")
    assert "aino@example.com" not in str(blocks(at))
    next(one for one in at.button if one.label == "Take it back").click()
    at.run()
    [told] = back
    assert (told["viewer_agent_id"], told["agent_id"], told["entry_id"]) == (1, 1, 6)


@pytest.mark.parametrize(
    ("url", "held", "title"),
    [
        (None, True, "Badges cannot leave this site yet"),
        ("https://board.example.com", False, "No badge to take home yet"),
    ],
)
def test_where_nothing_can_be_taken_the_part_says_what_to_do(
    home: Any, run_page: Run, url: str | None, held: bool, title: str
) -> None:
    site_address.put_in_force(url)
    if not held:
        home.answer(game_takeable=lambda *_a, **_v: frame(HELD).clear())
    at = run_page("badges")
    assert not at.exception
    assert title in titles(at)
    assert "Sign it for me" not in [one.label for one in at.button]


def test_a_supervisor_cannot_sign_for_an_agent_and_a_site_without_a_game_says_nothing(
    home: Any, run_page: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "viewer", lambda: SAM)
    at = run_page("badges", agent="1")
    assert "Badges are taken home by whoever earned them" in titles(at)
    assert "Sign it for me" not in [one.label for one in at.button]
    monkeypatch.setattr(visit, "viewer", lambda: AINO)
    game_switch.put_in_force(False)
    at = run_page("badges")
    assert not at.exception
    assert "Take it home" not in [one.value for one in at.subheader]
