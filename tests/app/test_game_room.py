"""The game room on a real Postgres: what waits first, who decides about whom, and a rule from its draft to its version."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from dashboard import board
from dashboard.access import Viewer
from dashboard.door import accounts, sessions
from dashboard.door.visitor import viewer_of
from dashboard.game import room_rule_form_desk, room_saves
from dashboard.ui import moments, visit
from dashboard.ui.drafts import Drafts
from sql import rights, warehouse
from sql.game_rules import shipped
from tests.db.test_records import call, tell

Open = Callable[..., AppTest]
NOW = datetime(2026, 11, 18, 9, 5, tzinfo=UTC)
PEOPLE = {"mara": "manager", "sam": "supervisor"}
RULE = "points-first-time"
TEXT = shipped.texts()[RULE].spec_text
EVIDENCE = {
    "sentence": "14 contacts ended within seconds of 212 handled contacts; about 2.6 would be usual for the same work.",
    "first_date": "2026-10-21",
    "last_date": "2026-11-17",
    "facts": [
        {
            "counted_name": "short ones",
            "of_name": "contacts",
            "counted": 14,
            "of": 212,
            "expected": 2.6,
            "peers": 11,
        }
    ],
}


@pytest.fixture(scope="module")
def site(shared_engine: sa.Engine) -> sa.Engine:
    """Two agents of one team, a rule, and the people who answer for them; sam is also Boris."""
    names = ("Aino Kask", "Boris Tamm")
    tell(
        shared_engine,
        {"calls": [call(f"c{n}", queue_name="sales", agent_name=name) for n, name in enumerate(names)]},
    )
    rights.install(shared_engine)
    with shared_engine.begin() as connection:
        connection.execute(sa.text("insert into warehouse.teams (team_name) values ('North')"))
        connection.execute(
            sa.text("update warehouse.agents set team_id = (select max(team_id) from warehouse.teams)")
        )
        connection.execute(
            sa.text(
                "insert into warehouse.team_members (agent_id, team_id, started_date) "
                "select agent_id, team_id, '2026-01-01' from warehouse.agents"
            )
        )
        for name, role in PEOPLE.items():
            accounts.add(
                connection, name, role_name=role, identity=("https://id.example", name),
                agent_name="Boris Tamm" if name == "sam" else None, team_names=("North",) if role == "supervisor" else (),
            )  # fmt: skip
        room_saves.publish(
            connection, rule_name=RULE, spec_text=TEXT, valid_from_date=NOW.date(), why_text="First.", day_date=NOW.date(),
            version_number=0, viewer_name="mara", at=NOW,
        )  # fmt: skip
    return shared_engine


@pytest.fixture
def opened(site: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest]) -> Open:
    """The page as somebody opens it in a new tab."""
    people: dict[str, Viewer] = {}
    with site.begin() as connection:
        connection.execute(sa.text("delete from game.disputes"))
        connection.execute(sa.text("delete from game.holds"))
        for name in PEOPLE:
            account = accounts.of_identity(connection, "https://id.example", name)
            assert account is not None
            now = datetime.now(UTC)
            token = sessions.begin(
                connection, account_id=account.account_id, now=now, lasts=timedelta(hours=1)
            )
            holder = sessions.holder(connection, token, now=now)
            assert holder is not None
            people[name] = viewer_of(holder, token)
    monkeypatch.setenv("DATABASE_URL", site.url.render_as_string(hide_password=False))
    monkeypatch.setenv("FLOORBOARD_NOW", NOW.isoformat())
    monkeypatch.setattr(moments, "engine", lambda _url: site)
    drafts = Drafts()
    for module in ("ui.editing", "game.room_rule_desk", "game.room_rules_desk"):
        monkeypatch.setattr(f"dashboard.{module}.DRAFTS", drafts)

    def run(who: str, **address: str) -> AppTest:
        monkeypatch.setattr(visit, "viewer", lambda: people[who])
        board.reach(None)
        return run_page("game_room", **address)

    return run


def blocks(page: AppTest) -> list[dict[str, Any]]:
    assert not page.exception
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def told(page: AppTest) -> str:
    return " ".join(
        f"{one.get('title', '')} {one.get('body', '')} {one.get('lead', '')}" for one in blocks(page)
    )


def tile(page: AppTest, key: str) -> dict[str, Any]:
    found = next(one for one in blocks(page) if one["kind"] == "tiles" and one["tiles"][0]["key"] == "holds")
    return next(one for one in found["tiles"] if one["key"] == key)


def button(page: AppTest, word: str) -> Any:
    return next(one for one in page.button if one.label == word)


def fill(page: AppTest, kind: str, label: str, value: object) -> AppTest:
    widgets: Any = page.get(kind)
    found: AppTest = next(one for one in widgets if one.label == label).set_value(value).run()
    return found


def hold(site: sa.Engine, agent_name: str, key: str, *, hours: int) -> None:
    with site.begin() as connection:
        connection.execute(
            sa.text(
                "insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, guard_name, "
                "held_points, found_at, evidence) select :key, agent_id, :rule, 1, '2026-11-17', 'short-calls', 40, :at, "
                "cast(:evidence as jsonb) from warehouse.agents where agent_name = :name"
            ),
            {
                "key": key,
                "rule": RULE,
                "at": NOW - timedelta(hours=hours),
                "evidence": json.dumps(EVIDENCE),
                "name": agent_name,
            },
        )


def states(site: sa.Engine) -> dict[str, tuple[str, str | None]]:
    with warehouse.connected(site) as connection:
        rows = connection.execute(sa.text("select entry_key, state_name, note_text from game.holds")).all()
    return {row[0]: (row[1], row[2]) for row in rows}


def test_what_waits_longest_comes_first_with_its_evidence_and_is_decided_with_words(
    opened: Open, site: sa.Engine
) -> None:
    hold(site, "Aino Kask", "young", hours=2)
    hold(site, "Aino Kask", "old", hours=90)
    page = opened("mara")
    assert (tile(page, "holds")["value"], tile(page, "holds")["status"]["word"]) == ("2", "Too long")
    assert "14 contacts ended within seconds of 212" in told(page)
    assert "Aino Kask has not answered yet" in told(page)
    page = button(page, "Refuse it").click().run()
    assert "say in a sentence or two" in told(page)  # a refusal without words is none
    assert states(site)["old"] == ("held", None)
    page = fill(page, "text_area", "Your words to the agent", "The line was bad, I know.")
    page = button(page, "Release the award").click().run()
    assert states(site) == {"old": ("released", "The line was bad, I know."), "young": ("held", None)}
    assert tile(page, "holds")["value"] == "1"


def test_nobody_decides_about_themselves(opened: Open, site: sa.Engine) -> None:
    hold(site, "Boris Tamm", "own", hours=2)
    page = opened("sam")
    assert "This is about you" in told(page)
    assert not [one for one in page.button if one.label in ("Release the award", "Refuse it")]


def test_without_anything_to_do_the_page_says_so(opened: Open) -> None:
    assert "Nothing waits for you" in told(opened("sam"))
    assert "Nothing waits for you" in told(opened("sam", view="disputes"))


def test_a_rule_is_published_only_after_its_preview_and_with_a_reason(opened: Open, site: sa.Engine) -> None:
    page = opened("mara", view="rules", rule=RULE)
    assert button(page, "Publish").disabled
    page = fill(page, "number_input", "Weight: most points at a time", 90)
    assert "Look before it is published" in told(page)
    assert button(page, "Publish").disabled
    assert any("+weight_points = 90" in one.value for one in page.code)
    page = button(page, "Preview").click().run()
    assert "Who gains, who loses" in told(page)
    assert not button(page, "Publish").disabled
    page = button(page, "Publish").click().run()
    assert "expected 3 to 600" in told(page)
    page = fill(page, "text_input", "Why", "Too much beside the others.")
    button(page, "Publish").click().run()
    with warehouse.connected(site) as connection:
        newest = connection.execute(
            sa.text(
                "select version_number, published_by_name, why_text from game.rule_versions order by 1 desc limit 1"
            )
        ).one()
    assert tuple(newest) == (2, "mara", "Too much beside the others.")


def test_a_fault_in_the_text_names_its_line_and_field_and_stops_everything(opened: Open) -> None:
    page = opened("mara", view="rules", rule=RULE)
    text = next(one for one in page.text_area if one.label == "Text")
    line = text.value[: text.value.index("hold_on =")].count("\n") + 1
    page = text.set_value(text.value.replace("hold_on =", "hold_of =")).run()
    assert f"points-first-time.toml, line {line}, guards.hold_of" in told(page)
    assert button(page, "Preview").disabled
    assert button(page, "Publish").disabled


def test_a_supervisor_reads_rules_in_words_and_may_publish_none(opened: Open) -> None:
    page = opened("sam", view="rules", rule=RULE)
    assert "What it says" in told(page)
    assert not [one for one in page.button if one.label in ("Publish", "Preview", "Switch it off")]
    assert not [one for one in opened("sam", view="seasons").button if one.label == "Make this season"]


def test_an_effect_without_days_before_says_that_there_is_nothing_to_compare(opened: Open) -> None:
    page = opened("mara", view="effect", of=f"rule-{RULE}")
    assert "There is nothing to compare yet" in told(page)
    rows = next(one for one in blocks(opened("mara", view="effect")) if one["kind"] == "table")["rows"]
    assert [row["cells"][4]["word"] for row in rows] == ["No days to compare"]


def test_a_season_is_made_in_the_room_and_stands_in_its_list(opened: Open) -> None:
    page = opened("mara", view="seasons")
    next(one for one in page.text_input if one.label == "Name").set_value("Winter")
    page = button(page, "Make this season").click().run()
    rows = next(one for one in blocks(page) if one["kind"] == "table" and one["label"] == "Seasons")["rows"]
    assert [row["cells"][0] for row in rows] == ["Winter"]
    assert button(page, "Close this season").disabled  # it has just begun


@pytest.mark.parametrize(
    ("typed", "zones"),
    [
        ("0.5 → 0 %\n0.7 → 50 %", [[0.5, 0], [0.7, 50]]),
        ("0.5 0\n\n 0.85, 100", [[0.5, 0], [0.85, 100]]),
        ("half → 3", [["half", 3]]),
        ("", None),
    ],
)
def test_zones_are_typed_a_line_each(typed: str, zones: object) -> None:
    assert room_rule_form_desk.zones_of(typed) == zones
