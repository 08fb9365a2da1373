"""Whoever is erased is in no table any more, comes back with no old record and no old backup, and no figure changes."""

from __future__ import annotations

import gzip
import json
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

import floorboard
from dashboard.game import credential_saves
from etl import LoadError, load
from etl.backfill import backfill
from etl.backup import backup, restore
from etl.config import Settings, load_settings
from etl.customer_key import customer_key, customer_secret
from etl.erased import ERASED
from etl.erasure import Found, erase_agent, erase_customer, reapply
from etl.erasure_list import list_path, read_list
from etl.reconcile import reconcile_day
from floorboard.terminal import FrontDoorError
from sql import migrate, warehouse
from sql.warehouse import WarehouseError
from tests.conftest import made_database, url_of, with_every_figure
from tests.workbook import write_workbook

T0 = 1_795_309_870  # 2026-11-22 01:11:10 UTC
ERASED_AT = datetime.fromtimestamp(T0 + 7200, UTC)
LATER = datetime.fromtimestamp(T0 + 14_400, UTC)
NUMBER, OTHER = "+37255512346", "+37255598765"
NAME = "Mari Tamm"
CUSTOMER = ("55512346", "5551 2346")
AGENT = ("Mari Tamm", "mari tamm", "M\\u00e4ri")
SETTINGS = """\
[site]
name = "Test floor"
time_zone = "Europe/Tallinn"
country = "EE"

[[sources]]
name = "pbx"
kind = "asterisk_queue_log"
path = "queue_log"
every_seconds = 5
callback_keys = ["1"]

[[sources]]
name = "desk"
kind = "file"
path = "tickets.csv"
every_seconds = 60
facts = "tickets"
[sources.fields]
ticket_id = "id"
created_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
customer = "caller"
agent_name = "agent"
url_text = "link"

[[sources]]
name = "survey"
kind = "file"
path = "surveys.csv"
every_seconds = 60
facts = "surveys"
[sources.fields]
survey_id = "id"
answered_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
customer = "caller"
csat_score = "score"
comment_text = "words"

[[sources]]
name = "review"
kind = "file"
path = "reviews.csv"
every_seconds = 60
facts = "quality_reviews"
[sources.fields]
review_id = "id"
reviewed_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
agent_name = "agent"
call_id = "call"
total_score = "score"
reviewer_name = "by"
comment_text = "words"

[[sources]]
name = "recorder"
kind = "file"
path = "recordings.csv"
every_seconds = 60
facts = "recordings"
[sources.fields]
recording_id = "id"
started_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
call_id = "call"
url_text = "link"

[[sources]]
name = "menu"
kind = "file"
path = "visits.csv"
every_seconds = 60
facts = "self_services"
[sources.fields]
visit_id = "id"
started_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
customer = "caller"
outcome_name = "end"
choices_text = "way"
"""
# What is told of the caller and of Mari before the erasure: a request to call back that was kept, a transfer to the caller's
# own number, a refused line, an event that nobody knows, and at the end a call that is not over.
LOG = f"""\
{T0}|c1|sales|NONE|ENTERQUEUE||{NUMBER}|1
{T0 + 20}|c1|sales|NONE|EXITWITHKEY|1|1|1|20
{T0 + 100}|c2|sales|NONE|ENTERQUEUE||{NUMBER}|1
{T0 + 105}|c2|sales|{NAME}|CONNECT|5|x2|2
{T0 + 165}|c2|sales|{NAME}|COMPLETECALLER|5|60|1
{T0 + 200}|c3|sales|NONE|ENTERQUEUE||{OTHER}|1
{T0 + 205}|c3|sales|{NAME}|CONNECT|5|x3|2
{T0 + 245}|c3|sales|{NAME}|BLINDTRANSFER|{NUMBER}|out|5|40|1
{T0 + 300}|c4|sales|NONE|ENTERQUEUE||{OTHER}|1
{T0 + 305}|c4|sales|Jaan|CONNECT|5|x4|2
{T0 + 335}|c4|sales|Jaan|COMPLETEAGENT|5|30|1
{T0 + 340}|c5|sales|{NAME}|{NUMBER}|1
{T0 + 341}||sales|{NAME}|ENTERQUEUE||{NUMBER}|1
{T0 + 350}|c6|sales|{NAME}|PAUSE|lunch
{T0 + 360}|c7|sales|NONE|ENTERQUEUE||{NUMBER}|1
"""
# What comes after it, told with the same names: it is new.
MORE = f"""\
{T0 + 7300}|d1|sales|NONE|ENTERQUEUE||{NUMBER}|1
{T0 + 7305}|d1|sales|{NAME}|CONNECT|5|x9|2
{T0 + 7365}|d1|sales|{NAME}|COMPLETECALLER|5|60|1
"""
FILES = {
    "queue_log": LOG,
    "tickets.csv": "id,at,caller,agent,link\n"
    f"t1,2026-11-22 03:10:00,{NUMBER},{NAME},https://desk.example.com/t1\n"
    f"t2,2026-11-22 03:12:00,{OTHER},Jaan,https://desk.example.com/t2\n",
    "surveys.csv": "id,at,caller,score,words\n"
    f"s1,2026-11-22 03:20:00,{NUMBER},5,{NAME} helped me at once\n"
    f"s2,2026-11-22 03:21:00,{OTHER},4,it took a while\n",
    "reviews.csv": "id,at,agent,call,score,by,words\n"
    f"r1,2026-11-22 03:30:00,Jaan,c4,90,{NAME},Jaan did as {NAME.lower()} showed him\n"
    f"r2,2026-11-22 03:31:00,{NAME},c2,80,Jaan,the caller lives in the old house\n",
    "recordings.csv": "id,at,call,link\n"
    "a2,2026-11-22 03:12:00,c2,https://recordings.example.com/a2\n"
    "a4,2026-11-22 03:15:00,c4,https://recordings.example.com/a4\n",
    "visits.csv": "id,at,caller,end,way\n"
    f"v1,2026-11-22 03:09:00,{NUMBER},passed_on,Main > the old house\n"
    f"v2,2026-11-22 03:10:00,{OTHER},contained,Main > 2 Bills\n",
}
RECORDINGS = "select url_text from warehouse.recordings order by recording_id"
FIGURES = {
    "queue_intervals": "select * from warehouse.queue_intervals order by queue_id, interval_start_at",
    "agent_intervals": "select * from warehouse.agent_intervals order by agent_id, interval_start_at",
    "ticket_days": "select * from warehouse.ticket_days order by day_date, group_name",
    "scores": "select agent_id, sum(csat_score), count(*) from warehouse.surveys group by agent_id order by agent_id",
    "reviews": "select agent_id, sum(total_score), count(*) from warehouse.quality_reviews group by agent_id order by 1",
    "calls": "select queue_id, agent_id, outcome_name, count(*), sum(talk_seconds) from warehouse.calls "
    "group by queue_id, agent_id, outcome_name order by 1, 2, 3",
    "agents": "select agent_id from warehouse.agents order by agent_id",
    "ledger": "select sum(read_rows), sum(loaded_rows), sum(unchanged_rows), sum(rejected_rows) from ops.runs",
}


def at(instant: datetime) -> Callable[[], datetime]:
    return lambda: instant


def ask(engine: sa.Engine, text: str, **params: object) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text), params)]


def figures(engine: sa.Engine, *, without: tuple[str, ...] = ()) -> dict[str, list[tuple[object, ...]]]:
    return {name: ask(engine, text) for name, text in FIGURES.items() if name not in without}


def found(engine: sa.Engine, canaries: tuple[str, ...]) -> list[str]:
    """Where any of the texts stands, in any column of any table, whatever schema and type: the catalogue tells them."""
    tables = ask(
        engine,
        "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class as c "
        "inner join pg_namespace as n on c.relnamespace = n.oid "
        "where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1",
    )
    assert len(tables) > 30
    places = []
    for (table,) in tables:
        for (text,) in ask(engine, f"select to_jsonb(t)::text from {table} as t"):  # noqa: S608 - from the catalogue
            plain = str(text).lower()
            places += [f"{table}: {canary}" for canary in canaries if canary.lower() in plain]
            if '"\\\\x' in plain:  # bytes of a file, in hex
                places += [f"{table}: {canary}" for canary in canaries if canary.encode().hex() in plain]
    return places


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("FLOORBOARD_HOME", str(folder))
    monkeypatch.setenv("FLOORBOARD_CUSTOMER_KEY", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822c")
    return folder


@pytest.fixture
def settings(tmp_path: Path, home: Path) -> Settings:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "floorboard.toml").write_text(SETTINGS)
    return load_settings(tmp_path / "floorboard.toml")


def load_all(engine: sa.Engine, settings: Settings, *, now: datetime = ERASED_AT) -> None:
    for source in settings.sources:
        load.run_source(engine, settings, source, now=at(now))


def read_again(engine: sa.Engine, settings: Settings, *, now: datetime = LATER) -> None:
    """Every source from its beginning, and what is done once a day."""
    for source in settings.sources:
        assert load.reset_cursor(engine, source.name)
    load_all(engine, settings, now=now)
    reapply(engine, settings, now=at(now))


def key_of(settings: Settings, number: str = NUMBER) -> str:
    key = customer_key(customer_secret(), number, settings.site.site.country_name)
    assert key is not None
    return key


@pytest.fixture
def loaded(engine: sa.Engine, settings: Settings) -> sa.Engine:
    """A warehouse with the caller and Mari in every place where a site may have them."""
    load_all(engine, settings)
    csv = f"id,caller\n1,{NUMBER}\n2,{NAME}\n".encode()
    with engine.begin() as connection:
        for table, columns, values in (
            ("ops.uploads", "uploaded_at, file_bytes, viewer_name, file_name, source_name, preview_text, content",
             {"a": ERASED_AT, "b": len(csv), "c": NAME, "d": "calls.csv", "e": "calls",
              "f": json.dumps([f"key:{key_of(settings)}", NAME]), "g": csv}),
            ("ops.organisation_changes", "saved_at, save_number, viewer_name, sheet_name, action_name, after_text",
             {"a": ERASED_AT, "b": 1, "c": NAME, "d": "agents", "e": "add", "f": json.dumps({"agent_name": NAME})}),
            ("ops.runs", "started_at, ended_at, source_name, outcome_name, error_text",
             {"a": ERASED_AT, "b": ERASED_AT, "c": "pbx", "d": "failed", "e": f"key:{key_of(settings)} and {NAME} failed"}),
            ("ops.unused_events", "run_id, event_name, is_known, source_name, read_rows",
             {"a": 1, "b": f"SAY key:{key_of(settings)}", "c": False, "d": "pbx", "e": 1}),
            ("ops.unused_events", "run_id, event_name, is_known, source_name, read_rows",
             {"a": 1, "b": f"CALL {NAME}", "c": False, "d": "pbx", "e": 1}),
            ("ops.key_moves", "asked_at, kind_name, source_name, source_key, from_id, to_id, done_at",
             {"a": ERASED_AT, "b": "agent", "c": "pbx", "d": NAME, "e": 98, "f": 99, "g": ERASED_AT}),
            ("warehouse.revenues", "earned_at, version_number, run_id, amount, source_name, revenue_id, customer_key",
             {"a": datetime.fromtimestamp(T0, UTC), "b": 1, "c": 1, "d": 10, "e": "shop", "f": "o1", "g": key_of(settings)}),
        ):  # fmt: skip
            names = ", ".join(f":{name}" for name in values)
            connection.execute(sa.text(f"insert into {table} ({columns}) values ({names})"), values)  # noqa: S608
    return engine


def erase_caller(engine: sa.Engine, settings: Settings) -> Found:
    return erase_customer(engine, settings, "5551 2346", now=at(ERASED_AT))


def erase_mari(engine: sa.Engine, settings: Settings, *, now: datetime = ERASED_AT) -> Found:
    """Three systems know her, each under a number of its own."""
    called = ask(engine, "select agent_id from warehouse.agents where agent_name = :name", name=NAME)
    ids = [int(str(agent_id)) for (agent_id,) in called]
    return erase_agent(engine, settings, NAME, agent_ids=ids, now=at(now))


def test_the_canaries_stand_everywhere_before_the_erasure(loaded: sa.Engine, settings: Settings) -> None:
    """A search that finds nothing afterwards has to find something before."""
    tables = {place.split(":")[0] for place in found(loaded, (*CUSTOMER, key_of(settings)))}
    assert {
        "warehouse.calls_2026_11", "warehouse.kept_callbacks", "warehouse.tickets", "warehouse.surveys",
        "warehouse.revenues", "ops.rejects", "ops.cursors", "ops.uploads", "ops.runs", "ops.unused_events",
    } <= tables  # fmt: skip
    tables = {place.split(":")[0] for place in found(loaded, AGENT)}
    assert {
        "warehouse.agents", "warehouse.agent_keys", "warehouse.surveys", "warehouse.quality_reviews", "ops.rejects",
        "ops.cursors", "ops.uploads", "ops.runs", "ops.unused_events", "ops.organisation_changes", "ops.key_moves",
    } <= tables  # fmt: skip


def test_an_erased_caller_is_in_no_table_and_no_figure_changes(loaded: sa.Engine, settings: Settings) -> None:
    before = figures(loaded)
    done = erase_caller(loaded, settings)
    assert (done.calls, done.tickets, done.discarded_file_names) == (3, 1, ("calls.csv",))
    assert found(loaded, (*CUSTOMER, key_of(settings), "the old house", "desk.example.com/t1")) == [
        f"ops.erasures: {key_of(settings)}"
    ]
    assert figures(loaded) == before
    others = "select count(*) from warehouse.calls where customer_key is not null"
    assert ask(loaded, others) == [(2,)]  # c3 and c4: of nobody but the caller
    assert ask(loaded, "select comment_text from warehouse.surveys order by survey_id") == [
        (None,),
        ("it took a while",),
    ]
    assert ask(loaded, "select url_text from warehouse.tickets order by ticket_id") == [
        (None,),
        ("https://desk.example.com/t2",),
    ]
    assert ask(loaded, RECORDINGS) == [("https://recordings.example.com/a4",)]
    assert ask(loaded, "select choices_text from warehouse.self_services order by visit_id") == [
        (None,),
        ("Main > 2 Bills",),
    ]


def test_old_records_that_are_told_again_do_not_bring_the_caller_back(
    loaded: sa.Engine, settings: Settings
) -> None:
    erase_caller(loaded, settings)
    before = figures(loaded, without=("ledger",))
    read_again(loaded, settings)
    assert found(loaded, (*CUSTOMER, key_of(settings), "the old house")) == [
        f"ops.erasures: {key_of(settings)}"
    ]
    assert ask(loaded, RECORDINGS) == [("https://recordings.example.com/a4",)]  # known by its call alone
    backfill(loaded)
    assert figures(loaded, without=("ledger",)) == before
    assert load.replay_rejects(loaded, settings, "pbx", now=at(LATER)).loaded_rows == 0
    assert found(loaded, (*CUSTOMER, key_of(settings))) == [f"ops.erasures: {key_of(settings)}"]


def test_the_nightly_comparison_brings_nobody_back_and_finds_no_difference(
    loaded: sa.Engine, settings: Settings
) -> None:
    """What the origin still tells of the erased is no loss, and the places that the comparison keeps hold nobody."""
    erase_caller(loaded, settings)
    erase_mari(loaded, settings)
    for _ in range(2):  # from the beginning, and from the marks that the first night left
        night = LATER + timedelta(days=2)
        done = [
            reconcile_day(loaded, settings, source, date(2026, 11, 22), now=at(night))
            for source in settings.sources
        ]
        assert [(one.source_name, one.outcome_name) for one in done] == [
            (source.name, "agreed") for source in settings.sources
        ]
        everything = (*CUSTOMER, key_of(settings), *AGENT, "the old house")
        assert found(loaded, everything) == [f"ops.erasures: {key_of(settings)}"]


def test_the_places_of_the_comparison_outlive_what_is_done_every_night(
    loaded: sa.Engine, settings: Settings
) -> None:
    """Without them every night would read every log from its beginning, and not know who was signed in."""
    erase_caller(loaded, settings)
    for source in settings.sources:
        reconcile_day(loaded, settings, source, date(2026, 11, 22), now=at(LATER + timedelta(days=2)))
    kept = "select source_name, day_date, is_whole from ops.reconciliation_marks order by 1, 2"
    before = ask(loaded, kept)
    assert len(before) == len(settings.sources)
    reapply(loaded, settings, now=at(LATER))
    erase_mari(loaded, settings)
    assert ask(loaded, kept) == before
    assert found(loaded, AGENT) == []


def test_a_call_that_was_not_over_ends_as_nobodys_and_a_new_one_is_the_callers(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    erase_caller(loaded, settings)
    with (tmp_path / "queue_log").open("a") as log:
        log.write(
            f"{T0 + 365}|c7|sales|Jaan|CONNECT|5|x7|2\n{T0 + 7200}|c7|sales|Jaan|COMPLETECALLER|5|6835|1\n{MORE}"
        )
    load_all(loaded, settings, now=LATER)
    calls = ask(
        loaded, "select call_id, customer_key from warehouse.calls where call_id in ('c7', 'd1') order by 1"
    )
    assert calls == [("c7", None), ("d1", key_of(settings))]


def test_an_erased_agent_is_in_no_table_under_the_name_and_no_figure_changes(
    loaded: sa.Engine, settings: Settings
) -> None:
    before = figures(loaded)
    done = erase_mari(loaded, settings)
    assert found(loaded, AGENT) == []
    assert figures(loaded) == before
    assert done.alias_name is not None
    assert ask(
        loaded, "select distinct agent_name, is_active from warehouse.agents where agent_name <> 'Jaan'"
    ) == [(done.alias_name, False)]
    assert ask(
        loaded, "select reviewer_name, comment_text from warehouse.quality_reviews where review_id = 'r1'"
    ) == [(done.alias_name, f"Jaan did as {done.alias_name} showed him")]


GAME = (
    "insert into access.accounts (login_name, role_name, agent_id) values ('mtamm', 'supervisor', :id)",
    "insert into game.rules values ('first-try', 'badge', true)",
    "insert into game.rule_versions values ('first-try', 1, '2026-11-01', true, 'x', repeat('a', 64), 'p', :at, 'mtamm', "
    "'Mari Tamm wanted it')",
    "insert into game.runs (kind_name, started_at, actor_name, note_text) values ('manual', :at, 'mtamm', 'for Mari Tamm')",
    "insert into game.ledger (entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, "
    "version_number, tier_name, effective_date, period_text, run_id, reason_text, actor_name) "
    "select 'k', 1, :id, 'badges', 1, 'award', 'first-try', 1, 'silver', '2026-11-21', 'd', max(run_id), "
    "'Mari Tamm answered', 'mtamm' from game.runs",
    "insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, guard_name, held_points, "
    "found_at, evidence, state_name, decided_at, decided_by_name, note_text) "
    "values ('h', :other, 'first-try', 1, '2026-11-21', 'rush', 5, :at, '{}', 'refused', :at, 'mtamm', 'Mari Tamm looked')",
    "insert into game.disputes (agent_id, hold_id, said_at, reason_text) "
    "select :id, max(hold_id), :at, 'I was ill' from game.holds",
    "insert into game.kudos (agent_id, from_agent_id, category_name, message_text, given_at, given_date) values "
    "(:other, :id, 'help', 'You drove me home', :at, '2026-11-21'), "
    "(:id, :other, 'help', 'Mari Tamm, thanks', :at, '2026-11-21')",
    "insert into game.contests (contest_name, kind_name, rule_name, first_date, last_date) "
    "values ('c', 'individual', 'first-try', '2026-11-21', '2026-11-22')",
    "insert into game.contest_moves (contest_id, moved_at, to_name, actor_name, note_text) "
    "select contest_id, :at, 'draft', 'mtamm', 'asked by Mari Tamm' from game.contests",
    "insert into game.seasons values ('s', '2026-09-01', '2026-11-01', 'closed', 2, :at, 'mtamm', repeat('a', 64))",
    "insert into game.months (month_date, state_name, proposed_at, decided_at, decided_by_name, reason_text) values "
    "('2026-10-01', 'nobody', :at, :at, 'mtamm', 'not Mari Tamm')",
)


def test_an_erased_agent_leaves_the_game_amounts_and_no_name_no_words_and_no_badge_that_left_the_house(
    loaded: sa.Engine, settings: Settings, home: Path
) -> None:
    [(own_id,)] = ask(
        loaded, "select min(agent_id) from warehouse.agents where agent_name = :name", name=NAME
    )
    [(other_id,)] = ask(
        loaded, "select max(agent_id) from warehouse.agents where agent_name <> :name", name=NAME
    )
    assert isinstance(own_id, int)
    with warehouse.connected(loaded) as connection:
        for text in GAME:
            connection.execute(sa.text(text), {"id": own_id, "other": other_id, "at": ERASED_AT})
        [(entry_id,)] = connection.execute(sa.text("select entry_id from game.ledger")).all()
        told = {
            "address": "mtamm@example.com",
            "url": "https://floor.example.com",
            "home": home,
            "at": ERASED_AT,
        }
        credential_saves.taken(connection, viewer_agent_id=own_id, agent_id=own_id, entry_id=entry_id, **told)
    own = (*AGENT, "mtamm", "I was ill", "drove me home")
    assert len({place for place in found(loaded, own) if place.startswith("game.")}) >= 12
    done = erase_mari(loaded, settings)
    assert found(loaded, own) == []
    assert ask(loaded, "select entry_points, agent_id, actor_name from game.ledger") == [
        (1, own_id, done.alias_name)
    ]
    assert ask(loaded, "select published_by_name, why_text from game.rule_versions") == [
        (done.alias_name, f"{done.alias_name} wanted it")
    ]
    assert ask(loaded, "select count(*) from game.credentials") == [(0,)]
    with pytest.raises(WarehouseError, match="only added to"), warehouse.connected(loaded) as connection:
        connection.execute(sa.text("update game.ledger set actor_name = 'somebody'"))


def test_old_records_that_are_told_again_come_to_the_alias_of_the_agent(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    done = erase_mari(loaded, settings)
    before = figures(loaded, without=("ledger",))
    read_again(loaded, settings)
    assert found(loaded, AGENT) == []
    backfill(loaded)
    assert figures(loaded, without=("ledger",)) == before
    load.replay_rejects(loaded, settings, "pbx", now=at(LATER))
    assert found(loaded, AGENT) == []
    with (tmp_path / "queue_log").open("a") as log:
        log.write(MORE)
    load_all(loaded, settings, now=LATER)  # somebody else works under the name from now on
    agents = ask(
        loaded,
        "select agent_name, count(*) from warehouse.calls join warehouse.agents using (agent_id) "
        "group by agent_name order by agent_name",
    )
    assert agents == [(done.alias_name, 2), ("Jaan", 1), (NAME, 1)]


def test_an_agent_who_came_back_is_erased_once_more(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    erase_mari(loaded, settings)
    with (tmp_path / "queue_log").open("a") as log:
        log.write(MORE)
    load_all(loaded, settings, now=LATER)
    erase_mari(loaded, settings, now=LATER)
    assert found(loaded, AGENT) == []
    read_again(loaded, settings)
    assert found(loaded, AGENT) == []


def test_the_list_beside_the_database_holds_hashes_alone_and_only_its_owner_reads_it(
    loaded: sa.Engine, settings: Settings
) -> None:
    erase_caller(loaded, settings)
    erase_mari(loaded, settings)
    path = list_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert not [canary for canary in (*CUSTOMER, *AGENT, "Tamm") if canary.lower() in text.lower()]
    assert [one.kind_name for one in read_list()] == [
        *(
            "customer",
            "remark",
            "remark",
        ),  # a review and a recording of the caller's call, which do not name the caller
        *("agent_key", "agent_name"),
        *("agent_key", "agent_key"),  # her keys in the log, at the desk and in the reviews
    ]
    path.write_text(text + '{"erased_at": "2026-')  # its writer was cut off
    assert len(read_list()) == 7
    erase_customer(loaded, settings, OTHER, now=at(ERASED_AT))
    assert len(read_list()) == 10  # and the review and the recording of the call c4
    path.write_text("no list\n" + text)
    with pytest.raises(LoadError, match="line 1: expected one erasure"):
        read_list()


@pytest.fixture
def other_engine(server_url: str) -> Iterator[sa.Engine]:
    with made_database(server_url) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


def url(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def test_yesterdays_backup_brings_nobody_back(
    loaded: sa.Engine, other_engine: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "floorboard.dump"
    backup(url(loaded), file, tell=lambda _name: None)
    before = figures(loaded)
    erase_caller(loaded, settings)
    alias = erase_mari(loaded, settings).alias_name
    done = restore(other_engine, url(other_engine), file, settings, now=at(LATER), tell=lambda _name: None)
    assert done.erasures_count == 7
    everything = (*CUSTOMER, key_of(settings), *AGENT, "the old house")
    assert found(other_engine, everything) == [f"ops.erasures: {key_of(settings)}"]
    assert figures(other_engine) == before
    load_all(other_engine, settings, now=LATER)
    read_again(other_engine, settings)
    everything = (*CUSTOMER, key_of(settings), *AGENT, "the old house")
    assert found(other_engine, everything) == [f"ops.erasures: {key_of(settings)}"]
    assert ask(other_engine, "select distinct agent_name from warehouse.agents order by 1") == [
        (alias,),
        ("Jaan",),
    ]
    assert reapply(other_engine, settings, now=at(LATER)) == 0  # once is enough


def test_a_list_that_was_lost_is_made_anew_from_the_warehouse(loaded: sa.Engine, settings: Settings) -> None:
    erase_caller(loaded, settings)
    erase_mari(loaded, settings)
    whole = sorted(read_list(), key=str)
    list_path().unlink()
    assert reapply(loaded, settings, now=at(LATER)) == 0
    assert sorted(read_list(), key=str) == whole


def test_a_warehouse_made_anew_from_the_sources_knows_who_was_erased(
    loaded: sa.Engine, other_engine: sa.Engine, settings: Settings
) -> None:
    erase_caller(loaded, settings)
    alias = erase_mari(loaded, settings).alias_name
    migrate.migrate(other_engine)
    with_every_figure(
        other_engine
    )  # the policy comes with the site: without it a review is stored without its agent
    assert reapply(other_engine, settings, now=at(LATER)) == 7
    load_all(other_engine, settings, now=LATER)
    reapply(other_engine, settings, now=at(LATER))
    everything = (*CUSTOMER, key_of(settings), *AGENT, "the old house")
    assert found(other_engine, everything) == [f"ops.erasures: {key_of(settings)}"]
    assert ask(other_engine, "select distinct agent_name from warehouse.agents order by 1") == [
        (alias,),
        ("Jaan",),
    ]
    assert ask(
        other_engine,
        "select count(*) from warehouse.agent_keys where source_key ~ :erased",
        erased=f"^{ERASED}",
    ) == [(3,)]


@pytest.mark.parametrize(
    ("file_name", "is_discarded"),
    [
        ("his.csv", True), ("others.csv", False), ("his.csv.gz", True), ("his.xlsx", True), ("others.xlsx", False),
        ("his.parquet", True), ("others.parquet", False), ("cut.csv.gz", True), ("his-utf16.csv", True),
    ],
)  # fmt: skip
def test_a_kept_upload_is_discarded_where_it_holds_the_caller(
    engine: sa.Engine, settings: Settings, tmp_path: Path, file_name: str, is_discarded: bool
) -> None:
    number = NUMBER if file_name.startswith("his") else OTHER
    path, text = tmp_path / file_name, f"id,caller\n1,{number}\n"
    if file_name.endswith(".xlsx"):
        write_workbook(path, [["id", "caller"], [1, number]])
    elif file_name.endswith(".parquet"):
        pl.DataFrame({"id": [1], "caller": [number]}).write_parquet(path)
    elif file_name.endswith(".gz"):
        packed = gzip.compress(text.encode() * 50)
        path.write_bytes(packed[:30] if file_name.startswith("cut") else packed)
    else:
        path.write_text(text, encoding="utf-16" if "utf16" in file_name else "utf-8")
    values = {"at": ERASED_AT, "name": file_name, "content": path.read_bytes()}
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.uploads (uploaded_at, file_bytes, viewer_name, file_name, source_name, content) "
                "values (:at, 1, 'x', :name, 'calls', :content)"
            ),
            values,
        )
    done = erase_caller(engine, settings)
    assert done.discarded_file_names == ((file_name,) if is_discarded else ())
    kept = ask(engine, "select state_name, content is null from ops.uploads")
    assert kept == [("discarded", True) if is_discarded else ("waiting", False)]


def test_nobody_is_erased_by_mistake(loaded: sa.Engine, settings: Settings) -> None:
    with pytest.raises(LoadError, match="no telephone number or e-mail address"):
        erase_customer(loaded, settings, "anonymous", now=at(ERASED_AT))
    with pytest.raises(LoadError, match='No agent is called "Nobody"'):
        erase_agent(loaded, settings, "Nobody", now=at(ERASED_AT))
    several = r'3 agents are called "Mari Tamm": --id \d+ known to pbx; .* Say which with --id'
    with pytest.raises(LoadError, match=several):
        erase_agent(loaded, settings, NAME, now=at(ERASED_AT))
    assert read_list() == []


def test_no_batch_is_merged_while_somebody_is_erased(
    loaded: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    """A batch that began before the erasure is waited for; its rows are erased with the others."""
    with (tmp_path / "queue_log").open("a") as log:
        log.write(
            f"{T0 + 400}|c8|sales|NONE|ENTERQUEUE||{NUMBER}|1\n{T0 + 420}|c8|sales|NONE|ABANDON|1|1|20\n"
        )
    source = settings.sources[0]
    with warehouse.connected(loaded) as loading:
        follows = warehouse.one_row(loading, "merge/cursor_lock", source_name="pbx")
        reader = source.reader(settings.site.site, customer_secret())
        batch = next(iter(reader.read(*follows, now=ERASED_AT)))
        eraser = threading.Thread(target=erase_caller, args=(loaded, settings))
        eraser.start()
        eraser.join(0.3)
        assert eraser.is_alive()
        load.load_batch(loading, settings, source, batch, follows=(follows[0], follows[1]), now=at(ERASED_AT))
    eraser.join(20)
    assert not eraser.is_alive()
    assert ask(loaded, "select count(*) from warehouse.calls where call_id = 'c8'") == [(1,)]
    assert found(loaded, (*CUSTOMER, key_of(settings))) == [f"ops.erasures: {key_of(settings)}"]


def test_the_commands_ask_before_they_erase(
    loaded: sa.Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url(loaded))
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(tmp_path / "floorboard.toml"))
    monkeypatch.setenv("FLOORBOARD_NOW", ERASED_AT.isoformat())
    called = ask(loaded, "select agent_id from warehouse.agents where agent_name = :name", name=NAME)
    ids = [word for (agent_id,) in called for word in ("--id", str(agent_id))]
    commands = CliRunner()
    no = commands.invoke(floorboard.app, ["agent", "erase", NAME], input="n\n")
    assert isinstance(no.exception, FrontDoorError)
    assert found(loaded, AGENT) != []
    done = commands.invoke(floorboard.app, ["agent", "erase", NAME, "--yes", *ids])
    assert "is called Former agent" in done.stderr
    done = commands.invoke(floorboard.app, ["customer", "find", NUMBER, "--json"])
    assert len(json.loads(done.stdout)) == 3 + 1  # the calls and the ticket that are erased below
    assert NUMBER not in done.stderr
    assert "/contacts?customer=" in done.stderr
    done = commands.invoke(floorboard.app, ["customer", "erase"], input=f"{NUMBER}\ny\n")
    assert "3 calls and 1 tickets are nobody's now" in done.stderr
    gone = commands.invoke(floorboard.app, ["customer", "find", NUMBER])
    assert "No call and no ticket of this customer is known" in str(gone.exception)
    nobody = commands.invoke(floorboard.app, ["customer", "erase", "+37251999998", "--yes"])
    assert "0 calls" not in nobody.stderr
    assert "No call and no ticket of this customer is held here" in nobody.stderr
    assert "type the number with its country" in nobody.stderr
    assert found(loaded, (*CUSTOMER, *AGENT)) == []
