"""Badges on their way out of the house, on a real warehouse: who may take one, what ends one, and what the world is told."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from typer.testing import CliRunner

from dashboard import server
from dashboard.game import (
    badge_art,
    credential_check,
    credential_images,
    credential_keys,
    credential_queries,
    credential_saves,
    credentials,
)
from dashboard.game.credential_keys import CredentialError
from dashboard.game.credential_routes import CredentialDoor
from floorboard import app
from sql import rights, warehouse
from sql.warehouse import WarehouseError

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
URL = "https://board.example.com"
SPEC = """
name = "first-try"
kind = "badge"
title = "First try"
description = "90 of 100 resolved at the first try."
purpose = "Customers do not have to come back."
owner = "Quality"
family = "resolution"
icon = "key"
[measure]
above = "resolved_first_contacts"
below = "flagged_contacts"
grain = "month"
[adjust]
fewest = 60
[tiers.bronze]
at = 0.8
[tiers.silver]
at = 0.9
"""


class House:
    """A warehouse with two agents, one rule, and the folder of its keys."""

    def __init__(self, engine: sa.Engine, home: Path) -> None:
        self.engine, self.home = engine, home
        with warehouse.connected(engine) as connection:
            self.ana, self.eve = (self._agent(connection, name) for name in ("Ana Silva", "Eve Mets"))
            connection.execute(sa.text("insert into game.rules values ('first-try', 'badge', false)"))
            connection.execute(
                sa.text(
                    "insert into game.rule_versions (rule_name, version_number, valid_from_date, is_on, spec_text, "
                    "spec_sha256, purpose_text, published_at, published_by_name) values ('first-try', 1, '2026-01-01', "
                    "true, :spec, repeat('ab', 32), 'p', '2026-01-01', 'mari')"
                ),
                {"spec": SPEC},
            )
            self.run = connection.execute(
                sa.text(
                    "insert into game.runs (kind_name, started_at, actor_name) values ('reconcile', now(), 'test') "
                    "returning run_id"
                )
            ).scalar_one()

    @staticmethod
    def _agent(connection: sa.Connection, name: str) -> int:
        return int(
            connection.execute(
                sa.text("insert into warehouse.agents (agent_name) values (:name) returning agent_id"),
                {"name": name},
            ).scalar_one()
        )

    def entry(
        self,
        connection: sa.Connection,
        agent_id: int,
        *,
        tier: str | None = "silver",
        key: str = "k",
        **given: Any,
    ) -> int:
        told = {
            "entry_key": f"first-try|1|{agent_id}|2026-10|{key}",
            "agent_id": agent_id,
            "account_name": "badges",
            "entry_points": 1,
            "kind_name": "award",
            "rule_name": "first-try",
            "version_number": 1,
            "tier_name": tier,
            "reverses_entry_id": None,
            "corrects_entry_id": None,
            **given,
        }
        return int(
            connection.execute(
                sa.text(
                    "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, "
                    "rule_name, version_number, tier_name, effective_date, period_text, run_id, reverses_entry_id, "
                    "corrects_entry_id, reason_text, actor_name) select :entry_key, 1 + count(*), :agent_id, :account_name, "
                    ":entry_points, :kind_name, :rule_name, :version_number, :tier_name, '2026-10-31', '2026-10', :run_id, "
                    "cast(:reverses_entry_id as bigint), cast(:corrects_entry_id as bigint), 'r', 'test' "
                    "from game.ledger as l where l.entry_key = :entry_key returning entry_id"
                ),
                {**told, "run_id": self.run},
            ).scalar_one()
        )

    def reverse(
        self,
        connection: sa.Connection,
        agent_id: int,
        entry_id: int,
        *,
        key: str = "k",
        tier: str | None = "silver",
    ) -> None:
        self.entry(
            connection,
            agent_id,
            key=key,
            tier=tier,
            kind_name="reversal",
            entry_points=-1,
            reverses_entry_id=entry_id,
        )

    def awarded(self, agent_id: int, **given: Any) -> int:
        with warehouse.connected(self.engine) as connection:
            return self.entry(connection, agent_id, **given)

    def take(self, entry_id: int, *, by: int | None = None, of: int | None = None, at: datetime = NOW) -> str:
        agent_id = self.ana if of is None else of
        with warehouse.connected(self.engine) as connection:
            return credential_saves.taken(
                connection,
                viewer_agent_id=agent_id if by is None else by,
                agent_id=agent_id,
                entry_id=entry_id,
                address="ana.silva@example.com",
                url=URL,
                home=self.home,
                at=at,
            )

    def look(self, token: str, *, now: datetime = NOW) -> credential_check.Checked:
        with warehouse.connected(self.engine) as connection:
            own = {one.key_id: one for one in credential_saves.keys(connection)}
            return credential_check.checked(
                token.encode(),
                key_of=lambda kid: own.get(kid.rpartition("/")[2]),
                why_revoked=lambda place, _list: credential_saves.why_revoked(connection, place),
                now=now,
                address="ana.silva@example.com",
            )

    def asked(self, text: str, **given: Any) -> Any:
        with warehouse.connected(self.engine) as connection:
            return connection.execute(sa.text(text), given).scalar()


@pytest.fixture
def house(engine: sa.Engine, tmp_path: Path) -> House:
    return House(engine, tmp_path)


def off(found: credential_check.Checked) -> dict[str, str]:
    return {one.name: one.sentence for one in found.findings if one.tone == "off"}


def test_a_badge_is_taken_home_by_its_owner_checked_and_noted(house: House) -> None:
    entry = house.awarded(house.ana)
    token = house.take(entry)
    found = house.look(token)
    assert (found.is_valid, off(found)) == (True, {})
    content = found.content
    assert content is not None
    assert content["credentialSubject"]["achievement"]["name"] == "First try (silver)"
    assert "Silva" not in json.dumps(content)
    assert house.asked(
        "select what_name || ' ' || of_name from ops.audit_lines where what_name = 'credential.taken'"
    ) == (f"credential.taken agent {house.ana}")
    with warehouse.connected(house.engine) as connection:
        [row] = credential_queries.game_credentials(connection, agent_id=house.ana).to_dicts()
        assert (row["entry_id"], row["revoked_at"]) == (entry, None)
        assert "token_text" not in row
        assert credential_queries.game_credentials(connection, agent_id=house.eve).is_empty()


def test_nobody_takes_home_what_is_not_theirs_not_held_or_no_badge(house: House) -> None:
    own, eves = house.awarded(house.ana), house.awarded(house.eve)
    points = house.awarded(house.ana, account_name="points", key="p", tier=None)
    with pytest.raises(CredentialError, match="whoever earned it"):
        house.take(own, by=house.eve)
    for entry in (eves, points, 999_999):
        with pytest.raises(CredentialError, match="not held"):
            house.take(entry)
    with warehouse.connected(house.engine) as connection:
        house.reverse(connection, house.ana, own)
    with pytest.raises(CredentialError, match="not held"):
        house.take(own)
    # the database itself refuses it, too, whoever writes
    house.take(eves, of=house.eve)
    with (
        pytest.raises(WarehouseError, match="badge that this agent holds"),
        warehouse.connected(house.engine) as connection,
    ):
        connection.execute(
            sa.text(
                "insert into game.credentials select :key, 77, :agent, :entry, key_id, now(), 'x' from game.issuer_keys"
            ),
            {"key": str(uuid.uuid4()), "agent": house.ana, "entry": eves},
        )


def test_taking_it_again_ends_the_one_before_and_its_owner_ends_it_for_good(house: House) -> None:
    entry = house.awarded(house.ana)
    first, second = house.take(entry), house.take(entry)
    assert off(house.look(first)) == {
        "status": "It holds no longer: its owner took the same badge home again, and that one holds."
    }
    assert house.look(second).is_valid
    with warehouse.connected(house.engine) as connection:
        for viewer, is_administrator in ((house.eve, False), (None, False)):
            with pytest.raises(CredentialError, match="Only the person"):
                credential_saves.revoke(
                    connection,
                    viewer_agent_id=viewer,
                    is_administrator=is_administrator,
                    agent_id=house.ana,
                    entry_id=entry,
                    at=NOW,
                )
        told: Any = {
            "viewer_agent_id": house.ana,
            "is_administrator": False,
            "agent_id": house.ana,
            "entry_id": entry,
            "at": NOW,
        }
        assert credential_saves.revoke(connection, **told) == 1
        assert credential_saves.revoke(connection, **told) == 0
        assert credential_saves.token_in_force(connection, agent_id=house.ana, entry_id=entry) is None
    assert house.asked("select count(*) from ops.audit_lines where what_name = 'credential.revoked'") == 1
    assert "its owner took it back" in off(house.look(second))["status"]


def test_a_reversal_in_the_ledger_revokes_what_left_the_house(house: House) -> None:
    """The same for every way a badge can go; beside each, what stays."""
    gone, other = house.awarded(house.ana, key="1"), house.awarded(house.ana, key="2")
    tokens = {name: house.take(entry) for name, entry in (("gone", gone), ("other", other))}
    with warehouse.connected(house.engine) as connection:
        house.reverse(connection, house.ana, gone, key="1")
    assert off(house.look(tokens["gone"])) == {
        "status": "It holds no longer: the badge itself was taken back."
    }
    assert house.look(tokens["other"]).is_valid

    corrected = house.awarded(house.ana, key="3")
    token = house.take(corrected)
    with warehouse.connected(house.engine) as connection:
        house.entry(
            connection,
            house.ana,
            key="adjust",
            kind_name="adjust",
            entry_points=-1,
            corrects_entry_id=corrected,
        )
    assert not house.look(token).is_valid

    again = house.awarded(
        house.ana, key="1"
    )  # a badge that comes back is taken home anew; what was revoked stays so
    assert house.look(house.take(again)).is_valid
    assert not house.look(tokens["gone"]).is_valid


def test_a_badge_that_is_taken_back_and_given_anew_in_one_go_was_never_gone(house: House) -> None:
    entry = house.awarded(house.ana)
    token = house.take(entry)
    with warehouse.connected(house.engine) as connection:  # as late facts change its workings, not its tier
        house.reverse(connection, house.ana, entry)
        house.entry(connection, house.ana)
    assert house.look(token).is_valid
    with warehouse.connected(house.engine) as connection:  # the same, and it is bronze now: silver is gone
        newest = house.asked("select max(entry_id) from game.ledger")
        house.reverse(connection, house.ana, newest)
        house.entry(connection, house.ana, tier="bronze")
    assert not house.look(token).is_valid


def test_what_was_revoked_and_the_keys_stay_as_they_are(house: House) -> None:
    house.take(house.awarded(house.ana))
    house.take(house.asked("select max(entry_id) from game.ledger"))
    for text in (
        "delete from game.credential_revocations",
        "update game.credential_revocations set reason_name = 'key'",
        "truncate game.credential_revocations",
        "delete from game.issuer_keys",
        "update game.issuer_keys set public_jwk = '{}'",
        "truncate game.issuer_keys cascade",
    ):
        with pytest.raises(WarehouseError, match=r"only added to|stays as it was made"):
            house.asked(f"with x as (select 1) {text}" if text.startswith(("delete", "update")) else text)


def test_a_new_key_signs_from_now_on_and_the_old_one_still_checks(house: House) -> None:
    old = house.take(house.awarded(house.ana, key="1"))
    with warehouse.connected(house.engine) as connection:
        credential_saves.new_key(connection, home=house.home, at=NOW, algorithm_name="ES256")
    new = house.take(house.awarded(house.ana, key="2"))
    assert [credential_keys.header_of(one)["alg"] for one in (old, new)] == ["EdDSA", "ES256"]
    assert house.look(old).is_valid
    assert house.look(new).is_valid
    with warehouse.connected(house.engine) as connection:
        credential_saves.new_key(connection, home=house.home, at=NOW, is_lost=True)
    assert "the key that signed it was lost" in off(house.look(new))["status"]
    assert house.look(old).is_valid  # it was another key's


def test_the_secret_half_of_a_key_is_nowhere_in_the_warehouse(house: House) -> None:
    house.take(house.awarded(house.ana))
    [file] = (house.home / credential_keys.FOLDER).iterdir()
    lines = [line for line in file.read_text().splitlines() if not line.startswith("-----")]
    everything = house.asked(
        "select string_agg(t::text, ' ') from (select k::text as t from game.issuer_keys as k "
        "union all select c::text from game.credentials as c union all select l::text from ops.audit_lines as l) as x (t)"
    )
    assert lines
    assert all(line not in everything for line in lines)
    assert '"d"' not in everything


# -- what the world is told


class World:
    """Anybody outside, without a session, behind the guard of the front door."""

    def __init__(self, house: House, url: str | None = URL) -> None:
        door = CredentialDoor(lambda: house.engine, lambda: NOW, lambda: url, lambda: house.home)
        self.app = Starlette(
            routes=door.routes(),
            middleware=[Middleware(server.KnownHosts, names=frozenset({"board.example.com"}))],
        )

    def ask(self, *paths: str, method: str = "GET") -> list[httpx.Response]:
        async def asked() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                return [await client.request(method, path) for path in paths]

        return asyncio.run(asked())


def test_the_addresses_in_a_badge_lead_to_what_checks_it(house: House) -> None:
    token = house.take(house.awarded(house.ana))
    content = credential_keys.content_of(token)
    kid = credential_keys.header_of(token)["kid"]
    achievement = content["credentialSubject"]["achievement"]
    paths = [kid, content["issuer"]["id"], achievement["id"], achievement["image"]["id"],
             content["credentialStatus"]["statusListCredential"], f"{URL}/credentials/did.json"]  # fmt: skip
    answers = World(house).ask(*paths)
    assert [one.status_code for one in answers] == [200] * 6
    key, issuer, told, image, status, did = answers
    public = credential_keys.public_key(key.json())
    assert credential_keys.verified(token, public)["id"] == content["id"]
    assert (
        issuer.json()["verificationMethod"][0]["publicKeyJwk"]
        == key.json()
        == did.json()["verificationMethod"][0]["publicKeyJwk"]
    )
    assert {**told.json(), "@context": None} == {**achievement, "@context": None}
    assert image.headers["content-type"].startswith("image/svg+xml")
    assert image.text.startswith("<svg")
    assert (status.headers["content-type"], key.headers["content-type"]) == (
        "application/vc+jwt",
        "application/jwk+json",
    )
    assert {one.headers["access-control-allow-origin"] for one in answers} == {"*"}
    assert {one.headers["cross-origin-resource-policy"] for one in answers} == {"cross-origin"}
    assert all("set-cookie" not in one.headers for one in answers)
    everything = " ".join(one.text for one in answers)
    assert "Silva" not in everything
    assert "ana" not in everything.replace("standard", "")


def test_the_public_list_tells_what_was_revoked_and_nothing_else(house: House) -> None:
    entries = [house.awarded(house.ana, key=str(n)) for n in range(3)]
    tokens = [house.take(entry) for entry in entries]
    with warehouse.connected(house.engine) as connection:
        house.reverse(connection, house.ana, entries[1], key="1")
    [answer] = World(house).ask("/credentials/status/0")
    with warehouse.connected(house.engine) as connection:
        [key] = credential_saves.keys(connection)
    told = credential_keys.verified(answer.text, key)
    packed = told["credentialSubject"]["encodedList"][1:]
    bits = gzip.decompress(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    places = [int(credential_keys.content_of(one)["credentialStatus"]["statusListIndex"]) for one in tokens]
    assert [bool(bits[place >> 3] & 0x80 >> (place & 7)) for place in places] == [False, True, False]
    assert sum(byte.bit_count() for byte in bits) == 1
    assert told["validUntil"] == credentials.stamp(NOW + timedelta(days=1))


def test_a_badge_that_nobody_took_home_is_told_to_nobody(house: House) -> None:
    house.awarded(house.ana)
    world = World(house)
    paths = [
        "/credentials/achievements/first-try/1/silver",
        "/credentials/achievements/first-try/1/silver/image.svg",
    ]
    assert [one.status_code for one in world.ask(*paths)] == [404, 404]
    token = house.take(house.asked("select max(entry_id) from game.ledger"))
    assert token
    others = ["/credentials/achievements/first-try/1/gold", "/credentials/achievements/first-try/2/silver",
              "/credentials/achievements/first-try/x/silver", "/credentials/achievements/../../etc/1/silver"]  # fmt: skip
    assert [one.status_code for one in World(house).ask(*paths, *others)] == [200, 200, 404, 404, 404, 404]


def test_nothing_else_is_there_and_a_site_without_an_address_tells_nothing(house: House) -> None:
    house.take(house.awarded(house.ana))
    paths = ["/credentials/keys/none", "/credentials/status/1", "/credentials/status/-1", "/credentials/status/x",
             "/credentials/status/99999999999", "/credentials", "/credentials/agents"]  # fmt: skip
    assert {one.status_code for one in World(house).ask(*paths)} == {404}
    assert World(house).ask("/credentials/issuer", method="POST")[0].status_code in (403, 405)
    [silent] = World(house, None).ask("/credentials/issuer")
    assert (silent.status_code, "no public address" in silent.text) == (404, True)


def test_whoever_asks_often_is_answered_from_a_copy(house: House) -> None:
    house.take(house.awarded(house.ana))
    world = World(house)
    asked = 0

    def count(*_args: object) -> None:
        nonlocal asked
        asked += 1

    sa.event.listen(house.engine, "before_cursor_execute", count)
    try:
        answers = world.ask(*["/credentials/status/0"] * 20)
    finally:
        sa.event.remove(house.engine, "before_cursor_execute", count)
    assert {one.status_code for one in answers} == {200}
    assert asked <= 8  # one answer's statements, not twenty times as many


def test_a_key_whose_file_is_lost_is_told_and_the_list_says_to_come_again(house: House) -> None:
    entry = house.awarded(house.ana)
    house.take(entry)
    [file] = (house.home / credential_keys.FOLDER).iterdir()
    file.unlink()
    with pytest.raises(CredentialError, match="badge-key --new"):
        house.take(entry)
    assert [one.status_code for one in World(house).ask("/credentials/status/0", "/credentials/issuer")] == [
        503,
        200,
    ]


def test_readers_find_their_own_credentials_and_everybody_the_public_halves(house: House) -> None:
    house.take(house.awarded(house.ana))
    rights.install(house.engine)
    found = house.asked(
        "select string_agg(table_schema || '.' || table_name, ' ' order by table_name) "
        "from information_schema.role_table_grants where grantee = 'floorboard_reader' "
        "and table_name in ('issuer_keys', 'credentials', 'credential_revocations')"
    )
    assert found == "game.credential_revocations game.credentials game.issuer_keys"
    assert house.asked("select relrowsecurity from pg_class where oid = 'game.credentials'::regclass") is True


def test_the_command_says_what_holds_and_what_does_not_in_sentences(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", house.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_HOME", str(house.home))
    token = house.take(house.awarded(house.ana), at=datetime.now(UTC) - timedelta(hours=1))
    file = tmp_path / "badge.svg"
    file.write_text(credential_images.baked_svg(badge_art.svg("first-try", "resolution", "silver"), token))

    def run(*words: str) -> tuple[int, str]:
        found = CliRunner().invoke(app, ["game", *words])
        return found.exit_code, found.stdout

    code, text = run("verify", str(file), "--email", "ana.silva@example.com", "--json")
    assert (code, [one["is_right"] for one in json.loads(text)]) == (0, ["yes"] * 5)
    code, text = run("verify", str(file), "--email", "eve@example.com", "--json")
    assert (code, json.loads(text)[-1]["found"]) == (1, "It was not given to eve@example.com.")
    changed = tmp_path / "changed.svg"
    changed.write_text(file.read_text().replace(token[-20:-10], "A" * 10))
    code, text = run("verify", str(changed), "--json")
    assert (code, json.loads(text)[0]["is_right"]) == (1, "no")
    code, text = run("badge-key", "--json")
    [key] = json.loads(text)
    assert (code, key["alg"], "d" in key) == (0, "EdDSA", False)
    # somebody outside: the key is trusted by hand, and whether it still holds cannot be looked up
    trusted = tmp_path / "key.json"
    trusted.write_text(json.dumps(key))
    code, text = run("verify", str(file), "--key", str(trusted), "--json")
    assert (code, [one["is_right"] for one in json.loads(text)]) == (1, ["yes", "yes", "yes", "not known"])
    code, text = run("badge-key", "--new", "--algorithm", "es256", "--json")
    assert (code, [one["alg"] for one in json.loads(text)]) == (0, ["ES256", "EdDSA"])
    assert run("verify", str(file), "--json")[0] == 0  # the old key still checks
    assert run("badge-key", "--algorithm", "RS256")[0] == 1
    assert run("verify", str(tmp_path / "absent.png"))[0] == 1


def test_what_an_erased_agent_took_home_is_forgotten_and_what_was_revoked_stays_so(house: House) -> None:
    entry = house.awarded(house.ana)
    house.take(entry)
    house.take(entry)  # the first one is revoked by this
    eves = house.take(house.awarded(house.eve), of=house.eve)
    with warehouse.connected(house.engine) as connection:
        warehouse.execute(connection, "game/credential/forget", agent_id=house.ana)
    assert house.asked("select array_agg(agent_id) from game.credentials") == [house.eve]
    assert house.asked("select array_agg(status_number) from game.credential_revocations") == [0]
    again = house.take(house.awarded(house.eve, key="2"), of=house.eve)
    places = [credential_keys.content_of(one)["credentialStatus"]["statusListIndex"] for one in (eves, again)]
    # no place is ever given twice: those of the forgotten ones stay free
    assert places == [str(credentials.place_of(number).index) for number in (2, 3)]
