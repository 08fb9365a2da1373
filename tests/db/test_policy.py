"""The policy on a real Postgres: a figure that is off is not counted, not stored and not answered for a single agent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries
from dashboard.quality import review_book
from etl import policy_file, prove
from etl.backfill import backfill
from etl.backup import backup, restore
from etl.config import ConfigError
from floorboard.privacy import privacy_apply
from sql import individual, policy, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import engine_of_copy
from tests.db.test_agent_measures import DAY, WINDOW, h, states, talk
from tests.db.test_records import call, tell

NOTED = datetime(2026, 4, 1, tzinfo=UTC)
FAMILIES = [family.name for family in individual.families()]
# Six of the team Day, two of the team Late: agent, and the talk of the one call at 9
WORLD = [
    ("ann", 100),
    ("bob", 200),
    ("cid", 300),
    ("dea", 400),
    ("eve", 500),
    ("fay", 600),
    ("gus", 700),
    ("hal", 800),
]
DAY_TEAM = {
    "handled_calls": 6,
    "talk_seconds": 100 + 200 + 300 + 400 + 500 + 600,
    "available_seconds": 6 * 3600,
    "on_contact_seconds": 6 * 3600,
    "paused_seconds": 5 * 3600 + 4 * 3600,  # fay's pause lasts from 10 p.m. to 2 a.m., five others' one hour
    "solved_tickets": 0,
}
OWN_DAY = {**DAY_TEAM, "paused_seconds": 5 * 3600 + 2 * 3600}
"""Of fay's pause over midnight two hours lie in the day."""


def fill(engine: sa.Engine) -> None:
    drawn = []
    for name, _ in WORLD:
        pause = (22, 26) if name == "fay" else (10, 11)
        away = [(10, "signed_out")] if name == "fay" else []
        drawn += states(
            name, (8, "available"), (9, "on_contact"), *away, (pause[0], "paused"), (pause[1], "signed_out")
        )
    calls = [talk(place, 9, seconds, agent_name=name) for place, (name, seconds) in enumerate(WORLD)]
    reviews = [
        {"review_id": "r1", "reviewed_at": h(12), "agent_name": "ann", "total_score": 80.0, "call_id": "c0"},
        {"review_id": "r2", "reviewed_at": h(12), "agent_name": "bob", "total_score": 60.0, "call_id": "c1"},
    ]
    tell(
        engine,
        {
            "calls": calls,
            "agent_states": drawn,
            "surveys": [
                {
                    "survey_id": "s1",
                    "answered_at": h(10),
                    "call_id": "c0",
                    "agent_name": "ann",
                    "csat_score": 5.0,
                }
            ],
            "quality_reviews": reviews,
            "recordings": [recording("x1", "c0", "ann")],
        },
    )
    with engine.begin() as connection:
        for text in (
            "insert into warehouse.teams (team_id, team_name) values (1, 'Day'), (2, 'Late')",
            "insert into warehouse.team_members (team_id, agent_id, started_date) "
            "select case when agent_name < 'g' then 1 else 2 end, agent_id, '2026-01-01' from warehouse.agents",
            "insert into warehouse.coaching_notes (note_id, save_number, saved_at, agent_id, viewer_name) "
            "select 1, 1, '2026-03-03', agent_id, 'coach' from warehouse.agents where agent_name = 'ann'",
        ):
            connection.execute(sa.text(text))


def recording(recording_id: str, call_id: str, agent: str) -> dict[str, Any]:
    return {
        "recording_id": recording_id, "started_at": h(9), "call_id": call_id, "agent_name": agent,
        "media_name": "voice", "url_text": "https://recordings.example.com/x1",
    }  # fmt: skip


@pytest.fixture(scope="module")
def filled(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, template_name) as engine:
        fill(engine)
        yield engine


@pytest.fixture
def world(filled: sa.Engine) -> Iterator[sa.Connection]:
    """The filled warehouse in a transaction that is taken back."""
    with filled.connect() as connection:
        yield connection
        connection.rollback()


def without(connection: sa.Connection, *names: str) -> policy.Kept:
    named = {name: told for name, told in policy.example().items() if name not in names}
    return policy.keep(connection, named, noted_at=NOTED)


def ask(connection: sa.Connection, name: str, **params: Any) -> pl.DataFrame:
    return queries.QUESTIONS[name](connection, **params)


def rows(connection: sa.Connection, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(sa.text(text))]


def sums(connection: sa.Connection) -> dict[str, int | None]:
    columns = [name for family in individual.families() for name in family.columns]
    picked = ", ".join(f"sum({name}) as {name}" for name in columns)
    [row] = connection.execute(sa.text(f"select {picked} from warehouse.agent_intervals")).mappings()  # noqa: S608
    return dict(row)


def agent_id(connection: sa.Connection, name: str) -> int:
    return int(rows(connection, f"select agent_id from warehouse.agents where agent_name = '{name}'")[0][0])  # noqa: S608


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_that_is_off_is_stored_for_no_agent_and_takes_nothing_else_along(
    world: sa.Connection, name: str
) -> None:
    before = sums(world)
    without(world, name)
    [family] = [one for one in individual.families() if one.name == name]
    after = sums(world)
    assert {column: value for column, value in after.items() if value is None} == dict.fromkeys(
        family.columns
    )
    assert {column: value for column, value in after.items() if column not in family.columns} == {
        column: value for column, value in before.items() if column not in family.columns
    }
    stored = {  # with an agent: survey, review told by a source, recording; and the coaching note
        "ratings": "select 1 from warehouse.surveys where agent_id is not null",
        "quality": "select 1 from warehouse.quality_reviews where agent_id is not null",
        "recordings": "select 1 from warehouse.recordings where agent_id is not null",
        "coaching": "select 1 from warehouse.coaching_notes",
    }
    for of_family, text in stored.items():
        assert bool(rows(world, text)) == (of_family != name), of_family


@pytest.mark.parametrize("name", FAMILIES)
def test_the_sums_of_a_team_stay_whatever_is_off_for_its_agents(world: sa.Connection, name: str) -> None:
    before = ask(world, "team_totals", **WINDOW).filter(pl.col("team_name") == "Day")
    assert {column: before[column][0] for column in OWN_DAY} == OWN_DAY
    without(world, name)
    after = ask(world, "team_totals", **WINDOW).filter(pl.col("team_name") == "Day")
    apart = [column for column in before.columns if not column.startswith("longest_call")]
    assert after.select(apart).rows() == before.select(apart).rows()


def test_with_everything_off_agents_have_no_figure_and_no_interval_and_small_teams_none_either(
    world: sa.Connection,
) -> None:
    before = ask(world, "team_totals", **WINDOW)
    assert before["handled_calls"].to_list() == [6, 2]
    without(world, *FAMILIES)
    assert rows(world, "select count(*) from warehouse.agent_intervals") == [(0,)]
    assert ask(world, "agent_totals", **WINDOW).select(
        "handled_calls", "talk_seconds", "paused_seconds"
    ).unique().rows() == [(None, None, None)]
    #  two agents of the team Late: its sum would be that of whoever knows the other's
    totals = ask(world, "team_totals", **WINDOW)
    assert totals.select("team_name", "handled_calls", "talk_seconds").rows() == [
        ("Day", 6, 2100),
        ("Late", None, None),
    ]
    assert totals["average_handle_time_seconds"].to_list() == [2100 / 6, None]


# what is off; what a team of two, and one of six, are then told: contacts handled, seconds of talk, AHT, why not
LATE, FEW = (2, 700 + 800, (700 + 800) / 2, None), "few"
SMALL = [
    ((), LATE),
    (("states",), LATE),
    (("handle_time",), (2, None, None, FEW)),
    (("handled_contacts",), (None, None, None, FEW)),
    (("handled_contacts", "handle_time"), (None, None, None, FEW)),
]


@pytest.mark.by_turns(4)
@pytest.mark.parametrize(("off", "told"), SMALL)
@pytest.mark.parametrize("by", ["team", "site"])
def test_queues_narrowed_to_few_agents_tell_no_more_than_the_few_may_have(
    world: sa.Connection, by: str, off: tuple[str, ...], told: tuple[object, ...]
) -> None:
    """What the section Teams keeps back of a team of two is kept back wherever the queues are narrowed to it."""
    without(world, *off)
    for text in (
        "insert into warehouse.sites (site_name, time_zone_name) select n, coalesce((select min(s.time_zone_name) "
        "from warehouse.sites as s), 'UTC') from unnest(array['A', 'B']) as n",
        "update warehouse.agents set site_name = case when agent_name < 'g' then 'A' else 'B' end",
    ):
        world.execute(sa.text(text))
    day = {"window_start": WINDOW["window_start"], "window_end": WINDOW["window_end"]}
    parts: tuple[dict[str, Any], ...] = ({"team_id": 2}, {"team_id": 1})
    small, large = parts if by == "team" else ({"site_name": "B"}, {"site_name": "A"})

    def figures(row: dict[str, Any]) -> tuple[object, ...]:
        names = ("handled_calls", "talk_seconds", "average_handle_time_seconds", "withheld_name")
        return tuple(row.get(name) for name in names)

    for part, expected in ((small, told), (large, (6, 2100, 350.0, None)), ({}, (8, 3600, 450.0, None))):
        assert figures(ask(world, "queue_together", **day, **part).row(0, named=True)) == expected
        for question in ("queue_totals", "queue_days"):
            answer = ask(world, question, **day, **part)
            has_all = answer.filter(pl.col("handled_calls").eq_missing(pl.lit(expected[0], pl.Int64)))
            row = (has_all if has_all.height else answer).row(0, named=True)
            assert figures(row) == expected, question
        for question in ("queue_hours", "queue_intervals"):
            answer = ask(world, question, **day, **part)
            assert (answer["handled_calls"].sum() or None) == expected[0], question
            assert (answer["talk_seconds"].sum() or None) == expected[1], question
        waits = ask(world, "wait_times", **day, **part)
        assert (waits["answered_calls"].sum() or None) == expected[0]


# question, what is asked beside the window, the family without which it is empty for single agents
ANSWERS = [
    ("agent_lanes", "states"),
    ("agent_pauses", "states"),
    ("agent_strain", "states"),
    ("live_agents", "live_states"),
    ("agent_schedules", "adherence"),
]


@pytest.mark.parametrize(("question", "family"), ANSWERS)
def test_a_question_about_agents_is_empty_while_its_family_is_off(
    world: sa.Connection, question: str, family: str
) -> None:
    world.execute(
        sa.text(
            "insert into warehouse.shifts (started_at, ended_at, version_number, run_id, agent_id, shift_id, activity_name, "
            "source_name, is_planned, is_paid) select :from_at, :until_at, 0, 1, agent_id, agent_name, 'work', 'plan', "
            "true, true from warehouse.agents"
        ),
        {"from_at": h(8), "until_at": h(12)},
    )
    world.execute(
        sa.text(
            "update warehouse.agent_intervals set on_contact_seconds = 900, available_seconds = 0 "
            "where on_contact_seconds > 0"
        )
    )
    asked = {"as_of": h(9.5)} if question == "live_agents" else dict(WINDOW)
    assert ask(world, question, **asked).height > 0
    without(world, family)
    assert ask(world, question, **asked).height == 0
    without(world)
    assert question == "agent_strain" or ask(world, question, **asked).height > 0  # counted anew by the load


@pytest.mark.parametrize(
    ("question", "family"),
    [(question, family.name) for family in individual.families() for question in family.questions],
)
def test_one_agent_cannot_be_asked_about_what_is_off(
    world: sa.Connection, question: str, family: str
) -> None:
    without(world, family)
    with pytest.raises(WarehouseError, match=r"Switched off for single agents on this site: .*policy\.toml"):
        warehouse.frame(world, f"queries/{question}", agent_id=agent_id(world, "ann"))


def test_ratings_and_scores_by_agent_are_gone_and_those_of_the_floor_stay(world: sa.Connection) -> None:
    window = {"window_start": WINDOW["window_start"], "window_end": WINDOW["window_end"]}
    by_agent = ask(world, "quality_groups", **window, by_name="agent")
    assert by_agent["review_count"].sum() == 2
    without(world, "quality", "ratings", "resolution")
    assert ask(world, "quality_groups", **window, by_name="agent").height == 0
    floor = ask(world, "quality_groups", **window, by_name="all")
    assert floor.select("review_count", "review_total_score").rows() == [(2, 80 + 60)]
    assert ask(world, "agent_service", **WINDOW).is_empty()


def test_what_a_source_tells_is_loaded_without_its_agent_and_not_told_again_for_ever(
    engine: sa.Engine,
) -> None:
    fill(engine)
    with warehouse.connected(engine) as connection:
        without(connection, "ratings", "quality", "states", "handled_contacts", "handle_time")
    told = {
        "surveys": [
            {
                "survey_id": "s9",
                "answered_at": h(13),
                "call_id": "c0",
                "agent_name": "new one",
                "csat_score": 4.0,
            }
        ]
    }
    assert tell(engine, told).loaded_rows == 1
    again = tell(engine, told)
    assert (again.loaded_rows, again.unchanged_rows, again.rejected_rows) == (0, 1, 0)
    tell(engine, {"calls": [talk(99, 14, 50, agent_name="ann")]}, name="more")
    with engine.connect() as connection:
        assert rows(connection, "select agent_id from warehouse.surveys where survey_id = 's9'") == [(None,)]
        assert rows(connection, "select 1 from warehouse.agents where agent_name = 'new one'") == []
        assert rows(connection, "select count(*) from warehouse.agent_intervals") == [(0,)]


def test_switched_on_again_the_past_is_counted_anew_to_the_same_figures(engine: sa.Engine) -> None:
    fill(engine)
    with warehouse.connected(engine) as connection:
        before = rows(connection, "select * from warehouse.agent_intervals order by 1, 2")
        without(connection, *FAMILIES)
    assert prove.prove(engine, window_start=DAY, window_end=DAY + timedelta(days=2)).is_proven
    with warehouse.connected(engine) as connection:
        without(connection)
        assert rows(connection, "select reason_text from ops.recounts where done_at is null") == [
            ("figures of single agents that the policy lets exist now",)
        ]
    backfill(engine)
    with engine.connect() as connection:
        assert len(before) > 8
        assert rows(connection, "select * from warehouse.agent_intervals order by 1, 2") == before


# the nights on which clocks change in Tallinn, and one over midnight: start, hours that the local day has
NIGHTS = [
    (datetime(2026, 3, 28, 22, tzinfo=UTC), 23),
    (datetime(2026, 10, 24, 21, tzinfo=UTC), 25),
    (DAY, 24),
]


@pytest.mark.parametrize(("start", "hours"), NIGHTS)
def test_sums_made_for_a_moment_are_those_that_would_be_stored(
    engine: sa.Engine, start: datetime, hours: int
) -> None:
    shift = timedelta(hours=hours)
    hour, busy_at, end_at = (
        timedelta(hours=1),
        start + timedelta(seconds=7453),
        start + shift + timedelta(minutes=3),
    )
    drawn = [
        ("available", start - timedelta(minutes=50), busy_at),
        ("on_contact", busy_at, end_at),
        ("paused", end_at, None),
    ]
    seconds = {"talk_seconds": 3180, "hold_seconds": 20, "wrap_up_seconds": 9}
    in_call = call("n1", offered_at=start, answered_at=start + hour, ended_at=start + 2 * hour, **seconds)
    out_call = call(
        "n2",
        offered_at=start,
        answered_at=start + 4 * hour,
        ended_at=start + 5 * hour,
        direction_name="outbound",
    )
    named = ("state_name", "started_at", "ended_at")
    told = [{"agent_name": "mari", **dict(zip(named, row, strict=True))} for row in drawn]
    tell(engine, {"calls": [{**in_call, "transfer_kind_name": "blind"}, out_call], "agent_states": told})
    text = "select to_jsonb(s) - 'agent_id' from warehouse.agent_sums(:from_at, :until_at) as s order by interval_start_at"
    window = {"from_at": start, "until_at": start + shift}
    with engine.connect() as connection:
        stored = connection.execute(sa.text(text), window).scalars().all()
        without(connection, *FAMILIES)
        made = connection.execute(sa.text(text), window).scalars().all()
        connection.rollback()
    assert sum(row["available_seconds"] for row in made) == 7453
    assert sum(row["on_contact_seconds"] for row in made) == hours * 3600 - 7453
    assert made == stored


def test_reviews_and_notes_are_refused_while_they_are_off(world: sa.Connection) -> None:
    without(world, "quality", "coaching")
    note = review_book.Note(
        agent_id=agent_id(world, "ann"), comment_text="Listen more", action_text="", due_date=None
    )
    with pytest.raises(WarehouseError, match="Switched off for single agents on this site: Coaching notes"):
        review_book.save_note(world, note=note, viewer_name="coach", now=NOTED)


def test_a_new_warehouse_lets_nothing_exist_and_says_so(engine: sa.Engine, tmp_path: Path) -> None:
    with warehouse.connected(engine) as connection:
        connection.execute(sa.text("delete from warehouse.individual_figures"))
    told: list[str] = []
    kept = policy_file.apply(engine, now=lambda: NOTED, tell=told.append, file=tmp_path / "policy.toml")
    assert not kept
    assert "No figures of single agents are counted: no policy names any." in told[0]
    tell(engine, {"calls": [talk(1, 9, 240)]})
    with engine.connect() as connection:
        assert rows(connection, "select count(*) from warehouse.agent_intervals") == [(0,)]


def test_what_a_file_says_comes_into_force_and_leaves_one_line_in_the_trail(
    engine: sa.Engine, tmp_path: Path
) -> None:
    file = tmp_path / "policy.toml"
    named = {
        name: policy.example(since_date=date(2026, 3, 1), by="Ada")[name] for name in ("states", "tickets")
    }
    file.write_text(policy_file.policy_text(named))
    told: list[str] = []
    for _ in range(2):
        policy_file.apply(engine, now=lambda: NOTED, tell=told.append, file=file)
    with engine.connect() as connection:
        found = policy.standing(connection).filter("is_on")
        assert found.select("family_name", "since_date", "by_text").rows() == [
            ("states", date(2026, 3, 1), "Ada"),
            ("tickets", date(2026, 3, 1), "Ada"),
        ]
        assert found["place_text"][0].startswith(f"{file}, line ")
        assert rows(
            connection, "select count(*) from ops.audit_lines where what_name = 'policy.changed'"
        ) == [(1,)]
    assert len(told) == 1
    file.unlink()
    policy_file.apply(engine, now=lambda: NOTED, tell=told.append, file=file)
    assert "is gone; what it said stays in force: Time in states, Tickets by agent" in told[1]


def taken_over(connection: sa.Connection, *names: str) -> None:
    """As a site is after an upgrade: these existed before there was a policy, and nobody has said what for."""
    text = "update warehouse.individual_figures set is_taken_over = true, purpose_text = null, by_text = null"
    connection.execute(
        sa.text(f"{text} where family_name = any(cast(:names as text []))"), {"names": list(names)}
    )


def test_a_file_that_names_one_family_deletes_nothing_of_those_taken_over(
    engine: sa.Engine,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On an upgraded site only what is named as off goes; what nobody wrote of stays, and is asked for each time."""
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(tmp_path / "floorboard.toml"))
    fill(engine)
    with warehouse.connected(engine) as connection:
        taken_over(connection, *FAMILIES)
    file = tmp_path / "policy.toml"
    file.write_text('[individual.handle_time]\npurpose = "Better tools"\nby = "Ada"\n')
    held = (
        "select (select count(*) from warehouse.coaching_notes), "
        "(select count(*) from warehouse.quality_reviews where agent_id is not null), "
        "(select count(*) from warehouse.recordings where agent_id is not null)"
    )

    def applied() -> list[str]:
        told: list[str] = []
        policy_file.apply(engine, now=lambda: NOTED, tell=told.append, file=file)
        return told

    for _ in range(2):  # at each start of the load
        [asked] = applied()
        assert "taken over without a purpose" in asked
        assert "Coaching notes" in asked
        assert "Handle time" not in asked
    with engine.connect() as connection:
        assert rows(connection, held) == [(1, 2, 1)]
        found = policy.standing(connection)
        assert found["is_on"].all()
        assert found.filter(~pl.col("is_taken_over"))["family_name"].to_list() == ["handle_time"]
    [finding] = policy_file.policy_findings(engine)
    assert (finding.state_name, "Coaching notes" in finding.found_text) == ("advice", True)

    with file.open("a") as more:
        more.write("[individual.coaching]\noff = true\n[individual.quality]\noff = true\n")
    [finding] = policy_file.policy_findings(engine)
    assert finding.state_name == "wrong"
    monkeypatch.setenv("DATABASE_URL", database_url)
    privacy_apply(dry_run=True)
    said = capsys.readouterr()
    would = " ".join((said.out + said.err).split())
    assert "Would be switched off: Quality scores, Coaching notes." in would
    assert "2 reviews from sources lose their agent; 1 saved coaching notes are deleted." in would
    assert "taken over without a purpose: Contacts handled, Time in states" in would
    with engine.connect() as connection:
        assert rows(connection, held) == [(1, 2, 1)]  # the rehearsal took nothing away
        assert policy.standing(connection)["is_on"].all()
    told = applied()
    assert "switched off: Quality scores, Coaching notes" in told[0]
    assert told[1:3] == ["2 reviews from sources lose their agent.", "1 saved coaching notes are deleted."]
    with engine.connect() as connection:
        assert rows(connection, held) == [(0, 0, 1)]
        off = policy.standing(connection).filter(~pl.col("is_on"))
        assert off.select("family_name", "is_taken_over").rows() == [("coaching", False), ("quality", False)]


def test_what_a_policy_named_and_names_no_more_goes_though_others_were_taken_over(
    world: sa.Connection,
) -> None:
    """The negative control: only what was taken over, and never named, stays without a word."""
    taken_over(world, *(name for name in FAMILIES if name != "coaching"))
    kept = policy.keep(world, {}, noted_at=NOTED)
    assert (kept.switched_on, kept.switched_off) == ((), ("coaching",))
    assert kept.lost == (("saved coaching notes are deleted", 1),)
    assert policy.standing(world).filter("is_on").height == len(FAMILIES) - 1


def test_every_column_of_an_agents_interval_belongs_to_one_family(world: sa.Connection) -> None:
    found = rows(
        world,
        "select attname from pg_attribute where attrelid = 'warehouse.agent_intervals'::regclass and attnum > 0 "
        "and not attisdropped",
    )
    named = {column for family in individual.families() for column in family.columns}
    assert {str(name) for (name,) in found} - {"agent_id", "interval_start_at"} == named


@pytest.mark.parametrize("table", ["warehouse.goals", "ops.alert_rules"])
def test_no_goal_and_no_alert_can_be_about_one_agent(world: sa.Connection, table: str) -> None:
    checks = rows(
        world,
        f"select pg_get_constraintdef(oid) from pg_constraint where conrelid = '{table}'::regclass "  # noqa: S608
        "and contype = 'c' and pg_get_constraintdef(oid) like '%scope_kind_name%'",
    )
    scopes = " ".join(str(text) for (text,) in checks)
    assert "'team'" in scopes
    assert "agent" not in scopes


def test_what_was_switched_off_since_a_backup_is_gone_from_what_is_restored(
    engine: sa.Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy that is wrong is refused before anything of the warehouse is given up."""
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(tmp_path / "floorboard.toml"))
    tell(engine, {"calls": [talk(1, 9, 240)]})
    kept = backup(database_url, tmp_path / "before.dump", tell=lambda _name: None)
    file = tmp_path / "policy.toml"

    def restored() -> list[tuple[Any, ...]]:
        restore(
            engine, database_url, kept.path, None, replacing=True, now=lambda: NOTED, tell=lambda _name: None
        )
        with engine.connect() as connection:
            return rows(connection, "select handled_calls, talk_seconds from warehouse.agent_intervals")

    assert restored() == [(1, 240)]  # no file: as the backup has it
    file.write_text('[individual.handled_contacts]\npurpose = "Sharing the work out fairly"\n')
    assert restored() == [(1, None)]
    file.write_text("[individual.nothing]\n")
    with pytest.raises(ConfigError, match="found figures"):
        restored()
    with engine.connect() as connection:
        assert rows(connection, "select handled_calls, talk_seconds from warehouse.agent_intervals") == [
            (1, None)
        ]
