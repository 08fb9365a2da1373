"""The trail: one line for each act, in its own transaction; never changed, never forked, and tampering is found."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from dashboard import access
from dashboard.access import LOCAL_VIEWER, Viewer
from dashboard.audit import audit_queries, looks
from dashboard.contacts import recording_door
from dashboard.door import accounts, devices, sessions
from dashboard.game import (
    board_desk,
    contest_saves,
    credential_saves,
    kudos_saves,
    month_saves,
    room_saves,
    store_saves,
)
from dashboard.game.month_pick import Proposal
from dashboard.goals import alert_saves, goal_saves
from dashboard.loading import loader_requests
from dashboard.organisation import organisation, organisation_files
from dashboard.organisation.organisation_rows import SHEETS, Change
from dashboard.own import consents, own_desk
from dashboard.quality import review_book, sample_book
from dashboard.quality.review_book import Answers, Note
from dashboard.quality.review_score import Question
from dashboard.reports import report_requests
from dashboard.reports.report_figures import Asked
from dashboard.ui import desk, moments
from dashboard.voice import voice_desk
from dashboard.wall import boards, wall_saves
from dashboard.wall.tile_kinds import KINDS
from etl import backup, customer_periods, erasure
from etl.on_request import source_notes
from etl.reports.making import Reports
from floorboard import app
from floorboard.visits import command_name
from sql import audit, rights, warehouse
from sql.game_rules import shipped
from sql.warehouse import WarehouseError
from tests.db.test_goals import goal
from tests.db.test_reports import SETTINGS
from tests.db.test_rights import NOON, floor, pages, token_of
from tests.db.test_watch import rule

__all__ = ["floor", "pages"]  # four agents in two teams with ten calls each, and an account of each role

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)
GOOD = "quiet harbour at seven"
WHO: dict[str, Any] = {"viewer_name": "ada", "now": NOON}
AT: dict[str, Any] = {"viewer_name": "ada", "at": NOON}
ADA = Viewer("ada", "administrator: everyone", "administrator", token=token_of("ada"))
SAM = Viewer("sam", "supervisor: teams 1", "supervisor", token=token_of("sam"))
MARA = Viewer("mara", "manager", "manager", token=token_of("mara"))
AINO = Viewer("aino", "agent: agent 1", "agent", 1, token=token_of("aino"))


@pytest.fixture(scope="module")
def world(floor: sa.Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[sa.Engine]:
    """The floor, with what its acts need: a review, a rule that fires, a recording, an agent's key, a made report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOORBOARD_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("DATABASE_URL", floor.url.render_as_string(hide_password=False))
        engine = warehouse.open_engine(floor.url.render_as_string(hide_password=False), room=warehouse.PAGES)
        patch.setattr(
            moments, "engine", lambda _url: engine
        )  # that of the pages: it reads, unless it is told otherwise
        source_notes.note_sources(floor, SETTINGS, now=lambda: NOW)
        with warehouse.connected(floor) as connection:
            make_world(connection)
        yield floor
        engine.dispose()


def make_world(connection: sa.Connection) -> None:
    def run(text: str) -> None:
        connection.execute(sa.text(text))

    run("insert into warehouse.sites (site_name, time_zone_name) values ('Harbour', 'UTC')")
    run(
        "insert into warehouse.agent_keys (source_name, source_key, agent_id) values ('pbx', 'k3', 3), ('pbx', 'k4', 4)"
    )
    run(
        "insert into warehouse.recordings (source_name, recording_id, call_id, contact_id, agent_id, started_at, url_text, "
        "media_name, version_number, run_id) values ('pbx', 'r1', 'c1', 'c1', 1, :at, 'https://rec.example.com/r1', "
        "'voice', 1, 1)".replace(":at", f"'{NOON.isoformat()}'")
    )
    warehouse.execute(
        connection, "merge/recording_rules", noted_at=NOON, kept_days=30, host_names=["rec.example.com"]
    )
    question = Question(1, "Opening", "Greeted", "scale_5", 10)
    review_book.save_form(connection, form_name="Calls", questions=[question], **WHO)
    review_book.save_review(connection, **review("c11", "Mari"))
    alert_saves.make_rule(connection, rule=rule(), **AT)
    run(
        "insert into ops.alert_standings (rule_id, scope_id, since_at, fired_at, evaluated_at, firing_number, is_known, "
        "scope_name, state_name) values (1, '1', now(), now(), now(), 1, true, 'sales', 'firing')"
    )
    goal_saves.make_goal(connection, goal=goal(), **AT)
    report_requests.add_schedule(connection, **schedule())
    report_requests.ask_report(
        connection, Asked("daily", date(2026, 11, 16), date(2026, 11, 16), "", "Day"), **AT
    )
    run(
        "update ops.reports set state_name = 'made', made_at = now(), recipients_text = 'anna@example.com', "
        "headline_text = 'x', content_text = 'x'"
    )
    loader_requests.put_upload(connection, file_name="calls.csv", content=b"a,b\n1,2\n", **AT)
    accounts.add(connection, "kept", role_name="manager", password=GOOD)
    devices.add(connection, "Lobby", board_text="/wall/show?boards=floor", made_by_name="ada", now=NOW)
    consents.give(connection, viewer=AINO, agent_id=1, board_name="leaderboard", at=NOW)
    contest_saves.announce(connection, contest_id=drafted_contest(connection), viewer=MARA, at=NOON)


def review(contact_id: str, reviewer_name: str) -> dict[str, Any]:
    place = {"form_id": 1, "source_name": "pbx", "contact_id": contact_id}
    return {**place, "reviewer_name": reviewer_name, "given": Answers({1: 4}), **WHO}


def schedule() -> dict[str, Any]:
    told = {"kind_name": "daily", "name": "Day", "due_seconds": 6 * 3600, "address_text": ""}
    return {**told, "recipients": "anna@example.com", **AT}


Act = Callable[[sa.Connection], object]
WholeAct = Callable[[sa.Engine], object]
FRAME = pl.DataFrame({"agent_id": [2], "agent_name": ["Bo Lind"]})


def saw(question_name: str, **arguments: object) -> WholeAct:
    """Sam looks at Bo's data by that question."""

    def act(_engine: sa.Engine) -> None:
        seen = looks.look_of(SAM, question_name, arguments, FRAME, place_text="/page", at=NOW)
        looks.Looks().note(moments.engine(""), seen)

    return act


def exported(what_name: str) -> WholeAct:
    return lambda _engine: desk.note(SAM, what_name, told={"rows": 3}, place_text="/agents")


def refused(_engine: sa.Engine) -> None:
    with pytest.raises(WarehouseError, match="may change this"):
        desk.change(AINO, "goals", goal_saves.make_goal, goal=goal(), **AT)


def sent(engine: sa.Engine) -> None:
    Reports(engine, SETTINGS, make=lambda _: None, now=lambda: NOW, send=lambda _: None)._send_next(
        lambda _: None
    )


def changed_queue(connection: sa.Connection) -> None:
    row = next(iter(organisation.rows(connection, "queues")))
    sheet = SHEETS["queues"]
    before = sheet.values(row)
    after = {**before, "service_level_target_ratio": 0.9}
    organisation.save(connection, [Change("queues", "change", before, after)], **WHO)


def changed_settings(of_name: str, before: dict[str, object], after: dict[str, object]) -> Act:
    return lambda c: source_notes._note_changes(c, {of_name: before}, {of_name: after})


def other_groups(engine: sa.Engine) -> None:
    with warehouse.connected(
        engine
    ) as connection:  # the recordings as the settings have them, not as this floor has them
        recordings = SETTINGS.recordings
        told = {"kept_days": recordings.kept_days, "host_names": list(recordings.hosts)}
        warehouse.execute(connection, "merge/recording_rules", noted_at=NOW, **told)
    privacy = SETTINGS.privacy.model_copy(update={"fewest_agents": 7})
    source_notes.note_sources(engine, SETTINGS.model_copy(update={"privacy": privacy}), now=lambda: NOW)


def signed_out(connection: sa.Connection) -> None:
    assert sessions.end(connection, token_of("tess"), now=NOW)


def drawn_sample(connection: sa.Connection) -> None:
    window: dict[str, Any] = {
        "window_start": NOON - timedelta(hours=12),
        "window_end": NOON + timedelta(days=6, hours=12),
    }
    later: dict[str, Any] = {"viewer_name": "ada", "now": NOON + timedelta(days=9)}
    sample_book.draw_sample(
        connection, week_date=date(2026, 11, 16), per_agent=1, seed="1", **window, **later
    )


def published_rule(connection: sa.Connection) -> None:
    read = shipped.texts()["points-first-time"]
    days = {"valid_from_date": NOON.date(), "day_date": NOON.date(), "version_number": 0}
    told = {"rule_name": read.rule.name, "spec_text": read.spec_text, "why_text": "It fits."}
    room_saves.publish(connection, **told, **days, **AT)


def asked_rescore(connection: sa.Connection) -> None:
    days = {"first_date": NOON.date() - timedelta(days=2), "last_date": NOON.date() - timedelta(days=1)}
    told = {"rule_name": "points-first-time", "version_number": 1, "why_text": "It was wrong."}
    room_saves.ask_rescore(connection, **told, **days, day_date=NOON.date(), **AT)


def drafted_contest(connection: sa.Connection) -> int:
    draft = contest_saves.Draft(
        "Hold less", "individual", NOON.date(), NOON.date() + timedelta(days=30), above_name="hold_seconds"
    )
    tiers = [("gold", 1, 10, "")]
    return contest_saves.draft(connection, draft=draft, tiers=tiers, viewer=MARA, at=NOON)


def joined_contest(connection: sa.Connection) -> None:
    [number] = connection.execute(
        sa.text("select contest_id from game.contests where state_name = 'announced'")
    )
    contest_saves.join(connection, agent_id=1, contest_id=number[0], viewer=AINO, at=NOON)


def opened_month(connection: sa.Connection) -> None:
    places = {"place": 1, "lowest_position": 1, "highest_position": 2, "people": 5}
    one = Proposal(agent_id=1, **places, top_ratio=0.9, week_points=50.0, hours=160.0, days=20)
    told: dict[str, Any] = {"viewer": MARA, "at": NOON}
    month_saves.propose(connection, month_date=date(2026, 10, 1), proposals=[(one, {"n": 1})], **told)


def old_lines(connection: sa.Connection) -> None:
    """Forgets what the first line of all was given as its age: two whole years ago."""
    assert audit.forget(connection, before_date=month_ago(12)) == 0
    connection.execute(sa.text("alter table ops.audit_lines disable trigger stays"))
    connection.execute(
        sa.text("update ops.audit_lines set noted_at = now() - interval '2 years' where line_number = 1")
    )
    connection.execute(sa.text("alter table ops.audit_lines enable trigger stays"))
    assert audit.forget(connection, before_date=month_ago(12)) == 1


def month_ago(months: int) -> date:
    number = NOW.year * 12 + NOW.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


IN_TRANSACTION: dict[str, Act] = {
    "saw.recording": lambda c: recording_door.open_recording(
        c, source_name="pbx", recording_id="r1", at=NOON
    ),
    "exported.own_data": lambda c: own_desk.archive(c, agent_id=1, agent_name="Aino Kask", zone_name="UTC"),
    "exported.organisation": organisation_files.export_zip,
    "alert.acknowledged": lambda c: alert_saves.acknowledge(
        c, rule_id=1, scope_id="1", firing_number=1, note_text="", **AT
    ),
    "alert.rule": lambda c: alert_saves.amend_rule(
        c, rule_id=1, version_number=1, rule=rule(threshold_value=600), **AT
    ),
    "goal.saved": lambda c: goal_saves.amend_goal(
        c, goal_id=1, version_number=1, goal=goal(target_value=90), before=goal(), reason_text="", **AT
    ),
    "organisation.saved": changed_queue,
    "quality.form": lambda c: review_book.set_form_active(c, form_id=1, is_active=True),
    "quality.review": lambda c: review_book.save_review(c, **review("c1", "Liis")),
    "quality.coaching": lambda c: review_book.save_note(c, note=Note(2, "Interrupts."), **WHO),
    "quality.sample": drawn_sample,
    "voice.follow_up": lambda c: voice_desk.mark(
        c, kind_name="call", source_name="pbx", contact_id="c1", is_done=True, comment_text="", **WHO
    ),
    "recording.rule": changed_settings("recordings", {"kept_days": 30}, {"kept_days": 60}),
    "report.asked": lambda c: report_requests.ask_report(
        c, Asked("daily", date(2026, 11, 16), date(2026, 11, 16), "", "Day"), **AT
    ),
    "report.schedule": lambda c: report_requests.end_schedule(c, 1, ended_at=NOON),
    "source.settings": changed_settings("source pbx", {"path": "/a"}, {"path": "/b"}),
    "source.upload": lambda c: loader_requests.discard_upload(c, 1, at=NOON),
    "source.replay": lambda c: loader_requests.ask_replay(c, "pbx", **AT),
    "account.made": lambda c: accounts.add(c, "new one", role_name="manager", password=GOOD),
    "account.changed": lambda c: accounts.change(c, "kept", role_name="executive", now=NOW),
    "account.password": lambda c: accounts.give_password(c, "kept", f"{GOOD} more", now=NOW),
    "account.sessions_ended": lambda c: accounts.end_sessions(c, "kept", now=NOW),
    "account.closed": lambda c: accounts.close(c, "kept", now=NOW),
    "account.opened": lambda c: accounts.reopen(c, "kept"),
    "account.identity": lambda c: accounts.unlink(c, "kept", now=NOW),
    "device.made": lambda c: devices.add(
        c, "Hall", board_text="/wall/show?boards=floor", made_by_name="ada", now=NOW
    ),
    "device.revoked": lambda c: devices.revoke(c, "Lobby", now=NOW),
    "wall.board": lambda c: wall_saves.save_board(
        c, name="hall", toml_text=boards.shipped_text("data"), kinds=KINDS, **AT
    ),
    "wall.playlist": lambda c: wall_saves.save_playlist(
        c, name="day", toml_text='title = "Day"\nboards = ["floor"]\n', **AT
    ),
    "wall.message": lambda c: wall_saves.tell(c, message_text="Fire drill at 11:00", **AT),
    "game.rule": published_rule,
    "game.season": lambda c: room_saves.make_season(
        c, season_name="Winter", start_date=date(2026, 11, 23), end_date=date(2027, 2, 1), freezes=2
    ),
    "game.rescore": asked_rescore,
    "game.board": lambda c: board_desk.save_names(c, names_name="initials"),
    "game.kudos": lambda c: kudos_saves.give(
        c, thanks=kudos_saves.Thanks(2, "help", "Took my late calls"), viewer=AINO, at=NOON, agent_id=1
    ),
    "game.contest": drafted_contest,
    "game.contest_part": joined_contest,
    "game.store": lambda c: store_saves.add_item(c, item=store_saves.Item("Cinema ticket", 20)),
    "game.month": opened_month,
    "credential.key": lambda c: credential_saves.new_key(
        c, home=Path(os.environ["FLOORBOARD_HOME"]), at=NOON
    ),
    "sign_in.done": lambda c: sessions.begin(c, account_id=1, now=NOW, lasts=timedelta(hours=1)),
    "sign_in.failed": lambda c: accounts.signed_in(c, "kept", "wrong"),
    "sign_in.over": signed_out,
    "consent.given": lambda c: consents.give(c, viewer=AINO, agent_id=1, board_name="wall", at=NOW),
    "consent.withdrawn": lambda c: consents.withdraw(
        c, viewer=AINO, agent_id=1, board_name="leaderboard", at=NOW
    ),
    "trail.forgotten": old_lines,
}
WHOLE: dict[str, WholeAct] = {
    "saw.agent": saw("agent_totals"),
    "saw.contacts": saw("call_rows"),
    "saw.journey": saw("contact_journey", source_name="pbx", contact_id="c11"),
    "saw.review": saw("quality_reviews"),
    "saw.coaching": saw("coaching_notes"),
    "saw.trail": saw("audit_lines"),
    "exported.download": exported("exported.download"),
    "exported.report": exported("exported.report"),
    "exported.trail": exported("exported.trail"),
    "exported.answer": exported("exported.answer"),
    "exported.dump": lambda e: backup.note_backup(e, backup.Kept(Path("kept.dump"), 9, "18", ())),
    "refused.change": refused,
    "report.sent": sent,
    "policy.group_changed": other_groups,
    "customer.erased": lambda e: erasure.erase_customer(e, SETTINGS, "+3725551234", now=lambda: NOW),
    "customer.key_changed": lambda e: customer_periods.rotate(e, warehouse.connected, now=lambda: NOW),
    "customer.keys_destroyed": lambda e: customer_periods.destroy(
        e, warehouse.connected, before=NOW + timedelta(days=1), now=lambda: NOW
    ),
    "agent.erased": lambda e: erasure.erase_agent(e, SETTINGS, "Chen Wei", now=lambda: NOW),
}
ELSEWHERE = {  # whole worlds of their own
    "game.said": "tests/db/test_game_day.py",
    "game.decided": "tests/db/test_game_day.py",
    "game.order": "tests/db/test_game_social.py",
    "credential.taken": "tests/db/test_game_credentials.py",
    "credential.revoked": "tests/db/test_game_credentials.py",
    "policy.changed": "tests/db/test_policy.py",
    "retention.applied": "tests/db/test_retention.py",
    "retention.settings": "tests/db/test_retention.py",
    "warehouse.restored": "tests/db/test_backup.py",
}


def lines(engine: sa.Engine, after_number: int = 0) -> list[dict[str, Any]]:
    text = sa.text(
        "select * from ops.audit_lines join ops.audit_actors using (actor_sha256) "
        "where line_number > :n order by line_number"
    )
    with engine.begin() as connection:
        found = connection.execute(text, {"n": after_number}).mappings()
        return [{**row, "told": json.loads(row["told_text"])} for row in found]


def last_number(engine: sa.Engine) -> int:
    with engine.begin() as connection:
        return int(audit.head(connection)[0, "last_number"])


@pytest.mark.parametrize("what_name", [*IN_TRANSACTION, *WHOLE])
def test_each_act_is_exactly_one_line(world: sa.Engine, what_name: str) -> None:
    """W17."""
    before = last_number(world)
    if what_name in WHOLE:
        WHOLE[what_name](world)
    else:
        with warehouse.connected(world) as connection:
            IN_TRANSACTION[what_name](connection)
    assert [line["what_name"] for line in lines(world, before)] == [what_name]


def test_every_act_that_has_a_name_is_tried() -> None:
    assert {*IN_TRANSACTION, *WHOLE, *ELSEWHERE} == set(audit.acts())
    for what_name, place in ELSEWHERE.items():
        assert what_name in (ROOT / place).read_text(encoding="utf-8"), (
            f"{place} does not look for {what_name}"
        )


def test_every_act_that_has_a_name_is_noted_somewhere() -> None:
    text = "".join(
        path.read_text(encoding="utf-8")
        for room in ("dashboard", "etl", "floorboard", "sql")
        for path in (ROOT / room).rglob("*.py")
    ) + (ROOT / "sql/schema/035_audit.sql").read_text(encoding="utf-8")
    made_up = {"consent.given", "consent.withdrawn"}  # consent.{act_name}
    unnoted = [name for name in audit.acts() if f'"{name}"' not in text and f"'{name}'" not in text]
    assert set(unnoted) <= made_up


def test_a_line_stands_or_falls_with_its_change(world: sa.Engine) -> None:
    before = last_number(world)

    def broken_off() -> None:
        with warehouse.connected(world) as connection:
            goal_saves.make_goal(connection, goal=goal(), **AT)
            connection.execute(sa.text("select 1 / 0"))

    with pytest.raises(WarehouseError):
        broken_off()
    assert lines(world, before) == []
    with warehouse.connected(world) as connection:
        with connection.begin_nested() as tried:  # taken back in the middle of a transaction that goes on
            audit.note(connection, what_name="goal.saved", of_name="goal 8")
            tried.rollback()
        audit.note(connection, what_name="goal.saved", of_name="goal 9")
    assert [line["of_name"] for line in lines(world, before)] == ["goal 9"]
    with world.begin() as connection:
        assert connection.execute(sa.text("select count(*) from ops.audit_drafts")).scalar_one() == 0


@pytest.mark.parametrize(
    ("acting", "expected"),
    [
        (ADA, ("account", "ada", "administrator", "/goals")),
        (LOCAL_VIEWER, ("open", "local", None, "/goals")),
    ],
)
def test_who_did_it_is_whom_the_database_knows(
    world: sa.Engine, acting: Viewer, expected: tuple[object, ...]
) -> None:
    before = last_number(world)
    with audit.acting(place_text="/goals"), access.change(moments.engine(""), acting) as connection:
        if acting is LOCAL_VIEWER:  # and not whom the connection says it is
            connection.execute(sa.text("select set_config('floorboard.viewer', '7|administrator||*', true)"))
        goal_saves.make_goal(connection, goal=goal(), viewer_name="somebody else", at=NOON)
    [line] = lines(world, before)
    assert tuple(line[name] for name in ("kind_name", "login_name", "role_name", "place_text")) == expected


def test_a_command_stands_there_with_the_user_of_the_computer_and_its_words(world: sa.Engine) -> None:
    before = last_number(world)
    assert command_name(["floorboard", "account", "add", "mari@example.com"]) == "floorboard account add"
    assert command_name(["floorboard", "ask", "live_queues", "--json"]) == "floorboard ask"
    by_root = audit.acting("command", person_name="root", place_text="floorboard account add")
    with by_root, warehouse.connected(world) as connection:
        accounts.add(connection, "by command", role_name="manager", password=GOOD)
    [line] = lines(world, before)
    assert (line["kind_name"], line["login_name"], line["place_text"]) == (
        "command",
        "root",
        "floorboard account add",
    )


def test_no_secret_and_no_callers_number_is_kept(world: sa.Engine) -> None:
    before = last_number(world)
    told = {
        "password": "hunter2 hunter2", "api_key": "abc", "token_env": "CRM_TOKEN", "text": "asked by +372 555 1234",
        "nested": [{"secret": "abc"}, "00372 5551234"], "url": "postgres://me:hunter2@host/x", "day": NOON,
        "seconds": 1234567, "name": "a\0b\ud800",
    }  # fmt: skip
    with warehouse.connected(world) as connection:
        audit.note(connection, what_name="source.settings", of_name="source x", told=told)
    [line] = lines(world, before)
    assert line["told"] == {
        "password": "*****", "api_key": "*****", "token_env": "CRM_TOKEN", "text": "asked by *****",
        "nested": [{"secret": "*****"}, "*****"], "url": "postgres://me:*****@host/x", "day": "2026-11-16T12:00:00+00:00",
        "seconds": 1234567, "name": "ab?",
    }  # fmt: skip


def test_an_act_without_a_name_is_refused(world: sa.Engine) -> None:
    with (
        pytest.raises(audit.AuditError, match=r"There is no act 'goal\.painted'"),
        warehouse.connected(world) as c,
    ):
        audit.note(c, what_name="goal.painted")


@pytest.mark.parametrize(
    "statement",
    [
        "update ops.audit_lines set of_name = 'x'",
        "delete from ops.audit_lines",
        "truncate ops.audit_lines",
        "truncate ops.audit_actors",
        "delete from ops.audit_actors",
        "update ops.audit_actors set role_name = 'x'",
        "update ops.audit_actors set login_name = 'x'",
        "select set_config('floorboard.audit_forgets', 'yes', true); delete from ops.audit_lines",
        "select access.audit_forget(date_trunc('month', now())::date, '', 'command', 'x')",
        "select access.audit_forget('2020-01-02', '', 'command', 'x')",
    ],
)
def test_not_even_the_owner_changes_what_was_noted(world: sa.Engine, statement: str) -> None:
    with world.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql(statement)
    assert getattr(refused.value.orig, "sqlstate", None) in {"42501", "22023"}


@pytest.mark.parametrize("login_name", ["ada", "mara", "aino", "wall"])
@pytest.mark.parametrize(
    "statement",
    [
        "insert into ops.audit_drafts (noted_at, kind_name, login_name, what_name, of_name, told_text, place_text) "
        "values (now(), 'open', 'x', 'goal.saved', '', '{}', '')",
        "update ops.audit_lines set of_name = 'x'",
        "delete from ops.audit_lines",
        "select access.note('goal.saved', '', '{}', '', 'open', 'x', null)",
        "select access.audit_forget('2020-01-01', '', 'command', 'x')",
    ],
)
def test_no_reader_writes_into_the_trail(pages: sa.Engine, login_name: str, statement: str) -> None:
    with pages.connect() as connection:
        rights.enter(connection, token_of(login_name))
        with pytest.raises(DBAPIError) as refused:
            connection.exec_driver_sql(statement)
        assert getattr(refused.value.orig, "sqlstate", None) in {"42501", "25006"}


@pytest.mark.parametrize(
    ("login_name", "may"), [("ada", True), ("mara", False), ("sam", False), ("aino", False), ("eve", False)]
)
def test_the_whole_trail_is_an_administrators_alone(
    pages: sa.Engine, world: sa.Engine, login_name: str, may: bool
) -> None:
    assert last_number(world) > 0
    with warehouse.connected(pages) as connection:
        rights.enter(connection, token_of(login_name))
        try:
            found = audit_queries.audit_lines(
                connection, window_start=NOW - timedelta(days=1), window_end=NOW + timedelta(days=1)
            )
            people = audit_queries.audit_people(connection).height
        except DBAPIError:  # the executive reads no names of agents at all
            found, people = pl.DataFrame(), 0
        assert ((found.height > 0), (people > 0)) == (may, may)


def empty(connection: sa.Connection) -> None:
    """A trail without a line, and without its triggers: what only a superuser can make of it."""
    for statement in (
        "alter table ops.audit_lines disable trigger user",
        "alter table ops.audit_actors disable trigger user",
        "delete from ops.audit_lines",
        "delete from ops.audit_actors",
        "alter sequence ops.audit_actors_actor_id_seq restart with 1",
    ):
        connection.exec_driver_sql(statement)


TAMPERED = [
    ("update ops.audit_lines set of_name = 'x' where line_number = 3", 3, "content"),
    ("update ops.audit_lines set told_text = '{\"x\": 1}' where line_number = 3", 3, "content"),
    (
        "update ops.audit_lines set noted_at = noted_at + interval '1 second' where line_number = 3",
        3,
        "content",
    ),
    ("delete from ops.audit_lines where line_number = 3", 4, "missing"),
    ("delete from ops.audit_lines where line_number < 3", 3, "beginning"),
    ("update ops.audit_actors set login_name = 'x' where actor_id = 1", 1, "actor"),
    ("delete from ops.audit_actors where actor_id = 1", 1, "actor_gone"),
    (
        "update ops.audit_lines set of_name = 'x', line_sha256 = access.audit_sha256(previous_sha256, line_number, "
        "noted_at, actor_sha256, what_name, 'x', told_text, place_text, once_text, agent_ids) where line_number = 3",
        4,
        "cut",
    ),
]


@pytest.mark.parametrize(("statement", "line_number", "fault_name"), TAMPERED)
def test_tampering_is_found_at_its_first_line(
    world: sa.Engine, statement: str, line_number: int, fault_name: str
) -> None:
    """By somebody who may do everything: the triggers are switched off first. In a trail of five lines of its own."""
    with world.connect() as connection:
        empty(connection)
        for number in range(5):
            audit.note(connection, what_name="goal.saved", of_name=f"goal {number}")
        connection.exec_driver_sql("set constraints all immediate")
        assert audit.faults(connection).is_empty()
        head = audit.head(connection).row(0, named=True)
        assert audit.holds(connection, line_number=5, sha256_text=head["last_sha256_text"])
        connection.exec_driver_sql(statement)
        found = audit.faults(connection)
        assert found.row(0) == (line_number, fault_name)
        connection.rollback()


def test_lines_taken_from_the_end_are_found_by_a_hash_that_was_written_down(world: sa.Engine) -> None:
    with world.connect() as connection:
        head = audit.head(connection).row(0, named=True)
        connection.exec_driver_sql("alter table ops.audit_lines disable trigger user")
        connection.execute(
            sa.text("delete from ops.audit_lines where line_number = :n"), {"n": head["last_number"]}
        )
        assert audit.faults(connection).is_empty()  # nothing within shows it
        written_down = {"line_number": head["last_number"], "sha256_text": head["last_sha256_text"]}
        assert not audit.holds(connection, **written_down)
        connection.rollback()


def test_writers_at_once_neither_fork_the_chain_nor_lock_each_other_out(world: sa.Engine) -> None:
    """Eight writers, each with a row that another one wants: those that noted first would wait for each other for ever."""
    before, each = last_number(world), 12
    wrong: list[Exception] = []

    def write(seed: int) -> None:
        for number in range(each):
            try:
                with warehouse.connected(world) as connection:
                    is_first = (seed + number) % 2 == 0
                    if is_first:
                        audit.note(connection, what_name="goal.saved", of_name=f"goal {seed}")
                    connection.execute(sa.text("update warehouse.sites set site_name = site_name"))
                    if not is_first:
                        audit.note(connection, what_name="goal.saved", of_name=f"goal {seed}")
            except WarehouseError as error:
                wrong.append(error)

    threads = [threading.Thread(target=write, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [line["line_number"] for line in lines(world, before)] == list(
        range(before + 1, before + 1 + 8 * each)
    )
    with world.begin() as connection:
        assert audit.faults(connection).is_empty()


def test_what_was_forgotten_by_months_leaves_a_trail_that_is_whole(world: sa.Engine) -> None:
    with world.connect() as connection:
        empty(connection)
        connection.exec_driver_sql("alter table ops.audit_lines enable trigger user")
        connection.exec_driver_sql("alter table ops.audit_actors enable trigger user")
        ages = (500, 400, 380, 10, 390, 5)  # days; the fifth was begun before the fourth, and ended after it
        for days in ages:
            connection.execute(
                sa.text(
                    "insert into ops.audit_drafts (noted_at, kind_name, login_name, what_name, of_name, told_text, "
                    "place_text) values (now() - make_interval(days => :days), 'open', 'local', 'goal.saved', '', '{}', '')"
                ),
                {"days": days},
            )
        connection.exec_driver_sql("set constraints all immediate")
        assert audit.forget(connection, before_date=month_ago(12)) == 2 + (
            NOW - timedelta(days=380) < first(month_ago(12))
        )
        assert audit.faults(connection).is_empty()
        left = (
            connection.execute(sa.text("select what_name from ops.audit_lines order by line_number"))
            .scalars()
            .all()
        )
        assert left[-1] == "trail.forgotten"
        connection.rollback()


def first(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


# --- looks


def shown(*agent_ids: int | None) -> pl.DataFrame:
    return pl.DataFrame({"agent_id": list(agent_ids)}, schema={"agent_id": pl.Int64})


def look(
    viewer: Viewer, frame: pl.DataFrame, question_name: str = "agent_totals", **more: Any
) -> looks.Look | None:
    told = {"place_text": "/agents", "at": NOW, **more}
    return looks.look_of(viewer, question_name, {}, frame, **told)


def test_a_look_is_one_line_per_person_page_and_quarter_and_again_for_whoever_was_not_in_it(
    world: sa.Engine,
) -> None:
    before, kept, quarter = last_number(world), looks.Looks(), timedelta(minutes=15)
    at = NOW.replace(minute=0, second=0)
    for frame, more in (
        (shown(1, 2), {"at": at}),
        (shown(2), {"at": at + timedelta(minutes=14)}),  # was in it
        (shown(1, 2), {"at": at, "question_name": "agent_service"}),  # figures, too
        (shown(2, 3), {"at": at}),  # 3 was not in it
        (shown(2), {"at": at, "place_text": "/quality"}),  # another page
        (shown(2), {"at": at, "question_name": "quality_reviews"}),  # other data
        (shown(2), {"at": at + quarter}),
    ):
        kept.note(world, look(SAM, frame, **more))
    looks.Looks().note(world, look(SAM, shown(1, 2), at=at))  # another server of the same site
    assert [(line["what_name"], line["agent_ids"], line["place_text"]) for line in lines(world, before)] == [
        ("saw.agent", [1, 2], "/agents"),
        ("saw.agent", [3], "/agents"),
        ("saw.agent", [2], "/quality"),
        ("saw.review", [2], "/agents"),
        ("saw.agent", [2], "/agents"),
    ]


@pytest.mark.parametrize(
    ("viewer", "frame", "question_name"),
    [
        (AINO, shown(1), "agent_totals"),  # one's own
        (AINO, shown(None), "call_rows"),  # nobody's
        (SAM, shown(), "agent_totals"),
        (SAM, shown(1, 2), "agents"),  # a list of names to choose from
        (LOCAL_VIEWER, shown(1, 2), "agent_totals"),  # nobody to name
    ],
)
def test_what_is_ones_own_or_nobodys_is_no_look(
    viewer: Viewer, frame: pl.DataFrame, question_name: str
) -> None:
    assert look(viewer, frame, question_name) is None


def test_a_name_without_a_number_is_noted_as_all_who_are_called_so(world: sa.Engine) -> None:
    before = last_number(world)
    frame = pl.DataFrame({"agent_name": ["Bo Lind", "Dora Papp", None]})
    looks.Looks().note(world, look(ADA, frame, "callback_requests"))
    by_group = pl.DataFrame({"of_name": ["Bo Lind"], "of_key": ["2"]})
    looks.Looks().note(world, look(ADA, by_group, "quality_groups"))
    found = [(line["what_name"], line["agent_ids"]) for line in lines(world, before)]
    assert found == [("saw.contacts", [2, 4]), ("saw.review", [2])]


def test_while_the_warehouse_is_silent_looks_are_logged_and_written_when_it_answers(
    world: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    before, kept = last_number(world), looks.Looks()
    at = NOW - timedelta(days=2)
    kept.note(world, look(SAM, shown(1), at=at), is_answering=False)
    assert lines(world, before) == []
    assert "sam, saw.agent, agent 1, /agents" in caplog.text
    kept.note(world, look(SAM, shown(2), at=at))
    assert [(line["agent_ids"], line["told"].get("late")) for line in lines(world, before)] == [
        ([1], True),
        ([2], None),
    ]


def test_a_look_is_noted_although_its_session_ended_meanwhile(world: sa.Engine) -> None:
    before = last_number(world)
    gone = Viewer("gone", "supervisor: teams 2", "supervisor", token="of nobody")
    looks.Looks().note(world, look(gone, shown(3)))
    [line] = lines(world, before)
    assert (line["login_name"], line["agent_ids"], line["told"]["session_is_over"]) == ("gone", [3], True)


def test_an_agent_finds_who_looked_at_them_and_at_nobody_else(pages: sa.Engine, world: sa.Engine) -> None:
    at = NOW - timedelta(days=3)
    for viewer, whose in ((SAM, shown(1, 2)), (ADA, shown(4)), (AINO, shown(1))):
        looks.Looks().note(world, look(viewer, whose, "coaching_notes", at=at))
    found = {}
    for login_name in ("aino", "dora", "sam", "mara"):
        with warehouse.connected(pages) as connection:
            rights.enter(connection, token_of(login_name))
            rows = audit_queries.audit_of_agent(
                connection, window_start=NOW - timedelta(days=1), window_end=NOW + timedelta(days=1)
            ).filter(pl.col("what_name") == "saw.coaching")
            found[login_name] = set(rows.select("login_name", "role_name").rows())
    assert found["aino"] >= {("sam", "supervisor")}
    assert found["dora"] == {("ada", "administrator")}
    assert "aino" not in {name for name, _ in found["aino"]}
    assert (found["sam"], found["mara"]) == (set(), set())


def test_an_erased_agents_name_goes_from_the_trail_and_its_proof_stays(world: sa.Engine) -> None:
    looks.Looks().note(moments.engine(""), look(AINO, shown(2), "coaching_notes"))
    with world.connect() as connection:
        connection.execute(sa.text(warehouse.statement("audit/erase_actor")), {"agent_id": 1})
        left = connection.execute(
            sa.text("select login_name, salt_bytes from ops.audit_actors where account_id = 1")
        )
        assert {tuple(row) for row in left} == {(None, None)}
        assert "aino" not in audit_queries.audit_people(connection)["login_name"].to_list()
        assert audit.faults(connection).is_empty()
        connection.rollback()


def test_the_commands_list_the_trail_and_find_what_is_broken(world: sa.Engine) -> None:
    def run(*words: str) -> Any:
        return CliRunner().invoke(app, ["audit", *words])

    with warehouse.connected(world) as connection:
        audit.note(connection, what_name="goal.saved", of_name="goal 4711")
    with world.begin() as connection:
        head = audit.head(connection).row(0, named=True)
    listed = json.loads(run("list", "--search", "goal 4711", "--json").stdout)
    assert [(row["what_name"], row["of_name"]) for row in listed] == [("goal.saved", "goal 4711")]
    assert json.loads(run("check", "--json").stdout)[0]["faults"] == []
    good = ["--number", str(head["last_number"]), "--hash", head["last_sha256_text"]]
    assert run("check", *good).exit_code == 0
    for wrong in ([*good[:3], "0" * 64], good[:2]):
        assert run("check", *wrong).exit_code == 1
