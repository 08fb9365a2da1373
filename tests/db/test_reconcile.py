"""Reconciliation: what is lost is found and loaded, what cannot be compared says so, and nothing else is touched."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from dashboard.loading import source_queries
from etl import LoadError, load, signs
from etl.config import Settings
from etl.lost_ends import close_lost_ends
from etl.prove import prove
from etl.reconcile import Reconciliation, due_days, last_ended_day, reconcile, reconcile_day
from etl.sources import Batch, SourceSettings
from etl.sources.asterisk_ami import AmiSettings
from sql import warehouse
from tests.db.test_records import Teller, Told, at, batch, call, event
from tests.torture.kills import append, settings_for

DAY = date(2026, 11, 22)
T0 = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp())
NIGHT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
RECORDS_DAY = date(2026, 3, 2)
RECORDS_NIGHT = datetime(2026, 3, 3, 1, 30, tzinfo=UTC)


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def change(engine: sa.Engine, text: str) -> int:
    with engine.begin() as connection:
        return connection.execute(sa.text(text)).rowcount


def lines(*told: str, start: int = T0) -> bytes:
    """Events as "second call queue agent verb|fields" after 9:00 UTC."""
    rows = []
    for one in told:
        second, rest = one.split(" ", 1)
        rows.append(f"{start + int(second)}|{'|'.join(rest.split(' '))}\n")
    return "".join(rows).encode()


def calls(*names: str, start: int = T0) -> bytes:
    """Calls one after the other, a minute each: in the queue at once, answered by A after 5 s, over after 35 s."""
    told = []
    for number, name in enumerate(names):
        second = 60 * number
        told += [
            f"{second} {name} sales NONE ENTERQUEUE||1234|1",
            f"{second + 5} {name} sales A CONNECT|5|x|2",
            f"{second + 35} {name} sales A COMPLETEAGENT|5|30|1",
        ]
    return lines(*told, start=start)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "queue_log"
    append(path, lines("0 NONE NONE NONE QUEUESTART|", "0 MANAGER sales A ADDMEMBER|"))
    append(path, calls("c1", "c2", "c3", start=T0 + 60))
    append(path, calls("next-day", start=T0 + 14 * 3600))
    return path


def run(engine: sa.Engine, settings: Settings, *, now: datetime = NIGHT) -> load.RunSummary:
    return load.run_source(engine, settings, settings.sources[0], now=lambda: now)


def compare(
    engine: sa.Engine, settings: Settings, day: date = DAY, *, now: datetime = NIGHT
) -> Reconciliation:
    return reconcile_day(engine, settings, settings.sources[0], day, now=lambda: now)


@pytest.fixture
def settings(engine: sa.Engine, log: Path) -> Settings:
    """Three calls of a day and one of the next, loaded at half past three at night."""
    settings = settings_for(log)
    run(engine, settings)
    return settings


def found(done: Reconciliation, *names: str) -> dict[str, int]:
    return {name: done.rows()[name] for name in names}


WRONG = ("missing_rows", "differing_rows", "mended_rows", "surplus_rows")


def test_a_healthy_day_agrees_by_kind_and_nothing_is_written_but_that(
    engine: sa.Engine, settings: Settings
) -> None:
    runs = ask(engine, "select count(*) from ops.runs")
    done = compare(engine, settings)
    # three calls; A is a member once; available, then on contact and available for each call
    assert {fact.fact_name: (fact.origin_rows, fact.warehouse_rows) for fact in done.facts} == {
        "calls": (3, 3), "agent_states": (7, 7), "queue_members": (1, 1),
    }  # fmt: skip
    assert (done.outcome_name, done.reason_text, found(done, *WRONG)) == (
        "agreed",
        None,
        dict.fromkeys(WRONG, 0),
    )
    [of_calls] = [fact for fact in done.facts if fact.fact_name == "calls"]
    assert of_calls.origin_seconds == of_calls.warehouse_seconds == 3 * (5 + 30)
    assert ask(engine, "select count(*) from ops.runs") == runs
    told = "select outcome_name, origin_rows, warehouse_rows, reason_text from ops.reconciliations"
    assert ask(engine, told) == [("agreed", 11, 11, None)]
    assert ask(engine, "select count(*) from ops.reconciled_facts") == [(3,)]


def test_a_night_that_reads_long_gives_signs_of_life(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for it ends what is silent for too long: a large log would never be compared."""
    run(engine, settings)
    heard: list[int] = []
    monkeypatch.setattr(signs, "alive", lambda: heard.append(1))
    assert compare(engine, settings).outcome_name == "agreed"
    assert heard


def test_what_is_missing_is_loaded_in_a_run_of_its_own_and_the_live_cursor_stays(
    engine: sa.Engine, settings: Settings
) -> None:
    cursor, kept = (
        ask(engine, "select * from ops.cursors"),
        ask(engine, "select * from warehouse.queue_intervals"),
    )
    assert change(engine, "delete from warehouse.calls where call_id = 'c2'") == 1
    assert change(engine, "delete from warehouse.queue_intervals") == 2
    done = compare(engine, settings)
    assert (done.outcome_name, found(done, *WRONG)) == ("mended", dict(zip(WRONG, (1, 0, 1, 0), strict=True)))
    assert done.reason_text == "Missing: 1 calls. All of it is loaded now."
    assert ask(
        engine, "select call_id, outcome_name, talk_seconds from warehouse.calls where call_id = 'c2'"
    ) == [("c2", "answered", 30)]
    assert ask(engine, "select * from ops.cursors") == cursor
    # the interval of the lost call is counted anew, the other one is none of this day's
    assert ask(engine, "select * from warehouse.queue_intervals") == kept[:1]
    [(read, loaded, unchanged, rejected, notice)] = ask(
        engine,
        "select read_rows, loaded_rows, unchanged_rows, rejected_rows, notice_text from ops.runs "
        "where notice_text is not null",
    )
    assert (read, loaded, unchanged, rejected) == (1, 1, 0, 0)
    assert notice == "Reconciliation of 2026-11-22: 1 that were missing and 0 that were outdated."
    assert compare(engine, settings).outcome_name == "agreed"


def test_what_is_held_in_an_older_version_is_brought_up_to_date(
    engine: sa.Engine, settings: Settings
) -> None:
    change(
        engine,
        "update warehouse.calls set outcome_name = 'in_progress', ended_at = null, talk_seconds = null, "
        "version_number = 2 where call_id = 'c2'",
    )
    done = compare(engine, settings)
    assert (done.outcome_name, found(done, *WRONG)) == ("mended", dict(zip(WRONG, (0, 1, 1, 0), strict=True)))
    assert ask(engine, "select outcome_name, version_number from warehouse.calls where call_id = 'c2'") == [
        ("answered", 3)
    ]


def test_what_the_warehouse_knows_better_is_no_difference(engine: sa.Engine, settings: Settings) -> None:
    change(engine, "update warehouse.calls set talk_seconds = 31, version_number = 9 where call_id = 'c2'")
    assert compare(engine, settings).outcome_name == "agreed"
    assert ask(engine, "select talk_seconds from warehouse.calls where call_id = 'c2'") == [(31,)]


def test_what_the_origin_no_longer_tells_is_reported_and_kept(
    engine: sa.Engine, settings: Settings, log: Path
) -> None:
    """Nothing is taken away; and of an agent of whom it tells otherwise, no state is put beside those that are kept."""
    log.write_bytes(
        b"".join(line for line in log.read_bytes().splitlines(keepends=True) if b"|c2|" not in line)
    )
    states = ask(
        engine, "select agent_id, started_at, ended_at, state_name from warehouse.agent_states order by 2"
    )
    done = compare(engine, settings)
    assert done.outcome_name == "differs"
    # without c2, A was available from the end of c1 to the answer of c3: one state where two more are kept
    assert [(f.fact_name, f.differing_rows, f.surplus_rows) for f in done.facts if f.surplus_rows] == [
        ("calls", 0, 1), ("agent_states", 1, 2),
    ]  # fmt: skip
    assert done.reason_text == (
        "Outdated: 1 states of agents. 1 of it are not right yet. "
        "Kept, though the origin no longer tells of it: 1 calls, 2 states of agents."
    )
    assert ask(engine, "select count(*) from warehouse.calls where call_id = 'c2'") == [(1,)]
    assert states == ask(
        engine, "select agent_id, started_at, ended_at, state_name from warehouse.agent_states order by 2"
    )


def test_a_log_whose_beginning_is_gone_is_compared_from_where_it_knows(
    engine: sa.Engine, settings: Settings, log: Path
) -> None:
    """Two hours after its first line no call can have entered before it; who was signed in, it does not know."""
    append(log, calls("n2", start=T0 + 23 * 3600))
    run(engine, settings, now=NIGHT + timedelta(hours=8))
    whole = log.read_bytes()
    log.write_bytes(whole[whole.index(b"next-day") - 11 :])
    change(engine, "delete from warehouse.calls where call_id = 'n2'")
    night = NIGHT + timedelta(days=1)
    run(engine, settings, now=night)  # reads the cut log from its first line
    change(engine, "delete from warehouse.calls where call_id = 'n2'")
    gone = compare(engine, settings, now=night)
    assert (gone.outcome_name, gone.facts) == ("not_comparable", ())
    assert (
        gone.reason_text
        == "The origin no longer tells of that day: what it holds begins at 2026-11-22 23:00 UTC."
    )
    part = compare(engine, settings, DAY + timedelta(days=1), now=night)
    assert (part.outcome_name, found(part, *WRONG)) == ("mended", dict(zip(WRONG, (1, 0, 1, 0), strict=True)))
    assert part.reason_text is not None
    assert "Compared from 2026-11-23 01:00 UTC on" in part.reason_text
    assert "States of agents were left out" in part.reason_text


def test_a_log_cut_mid_way_knows_who_is_signed_in_again_after_two_nights(
    engine: sa.Engine, settings: Settings, log: Path
) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole[whole.index(b"next-day") - 11 :])
    for number in range(1, 5):
        append(log, calls(f"d{number}", start=T0 + 23 * 3600 + number * 86_400))
        night = NIGHT + timedelta(days=number)
        run(engine, settings, now=night)
        done = compare(engine, settings, DAY + timedelta(days=number), now=night)
        assert done.outcome_name in ("agreed", "not_comparable"), done
    assert (done.outcome_name, done.reason_text) == ("agreed", None)
    assert "agent_states" in {fact.fact_name for fact in done.facts}


def test_days_of_a_rotated_log_are_read_from_its_packed_parts(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    settings = settings_for(path)
    for number in range(4):
        append(path, calls(f"r{number}", f"s{number}", start=T0 + number * 86_400))
        run(engine, settings, now=NIGHT + timedelta(days=number))
        path.with_name(f"queue_log-2026112{number + 3}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.write_bytes(b"")
    append(path, calls("last", start=T0 + 4 * 86_400))
    night = NIGHT + timedelta(days=4)
    run(engine, settings, now=night)
    change(engine, "delete from warehouse.calls where call_id = 's1'")
    done = reconcile(engine, settings, first_date=DAY, last_date=DAY + timedelta(days=4), now=lambda: night)
    assert [each.outcome_name for each in done] == ["agreed", "mended", "agreed", "agreed", "agreed"]


def test_an_interface_that_tells_once_is_not_comparable_and_says_why(engine: sa.Engine) -> None:
    source = AmiSettings.model_validate(
        {
            "name": "live",
            "kind": "asterisk_ami",
            "host": "127.0.0.1",
            "user_name": "u",
            "secret_env": "NONE",
            "every_seconds": 2,
        }
    )
    settings = Settings.model_construct(site=settings_for(Path("x")).site, sources=(source,))
    done = reconcile_day(engine, settings, source, DAY, now=lambda: NIGHT)
    assert done.outcome_name == "not_comparable"
    assert str(done.reason_text).startswith("This origin cannot be asked again: the manager interface tells")


def test_a_source_that_was_never_loaded_is_not_comparable(engine: sa.Engine, log: Path) -> None:
    done = compare(engine, settings_for(log))
    assert (done.outcome_name, done.reason_text) == (
        "not_comparable", "The source was never loaded: there is nothing to compare with yet.",
    )  # fmt: skip


def test_an_origin_that_does_not_answer_fails_the_night_and_is_due_again(
    engine: sa.Engine, settings: Settings, log: Path
) -> None:
    source = settings.sources[0]
    assert compare(engine, settings).is_good
    aside = log.rename(log.with_name("aside"))
    night = NIGHT + timedelta(days=1)
    append(aside, calls("late", start=T0 + 86_400))
    done = reconcile(engine, settings, now=lambda: night)
    assert [(each.day_date, each.outcome_name) for each in done] == [(DAY + timedelta(days=1), "failed")]
    assert "there is no such file" in str(done[0].reason_text)
    night += timedelta(days=2)  # nobody was there the night between
    aside.rename(log)
    assert due_days(engine, settings, source, now=night) == [DAY + timedelta(days=n) for n in (1, 2, 3)]
    run(engine, settings, now=night)
    assert [each.outcome_name for each in reconcile(engine, settings, now=lambda: night)] == ["agreed"] * 3
    assert due_days(engine, settings, source, now=night) == [DAY + timedelta(days=3)]
    with warehouse.connected(engine) as connection:
        shown = source_queries.reconciliations(connection, as_of=night)
    assert shown.select("day_date", "outcome_name").rows() == [
        (DAY + timedelta(days=n), "agreed") for n in (3, 2, 1, 0)
    ]


def test_a_load_that_stands_still_is_no_loss(engine: sa.Engine, settings: Settings, log: Path) -> None:
    append(log, calls("unread", start=T0 + 30 * 3600))
    done = compare(engine, settings, DAY + timedelta(days=1), now=NIGHT + timedelta(days=1))
    assert done.outcome_name == "failed"
    assert "the load itself has not come through that day yet, it stands at 2026-11-22 23:00 UTC" in str(
        done.reason_text
    )
    assert ask(engine, "select count(*) from warehouse.calls where call_id = 'unread'") == [(0,)]


def test_a_day_that_is_not_over_is_refused(engine: sa.Engine, settings: Settings) -> None:
    evening = datetime(2026, 11, 22, 21, 59, tzinfo=UTC)  # one minute before midnight in Tallinn
    with pytest.raises(LoadError, match="2026-11-22, which is not over in Europe/Tallinn"):
        compare(engine, settings, now=evening)
    assert last_ended_day(settings, now=evening) == DAY - timedelta(days=1)
    assert last_ended_day(settings, now=evening + timedelta(minutes=1)) == DAY
    with pytest.raises(LoadError, match="expected days in order that are over; the last one is 2026-11-22"):
        reconcile(engine, settings, last_date=DAY + timedelta(days=1), now=lambda: NIGHT)


def test_the_question_shows_what_a_day_came_to_even_when_it_agrees_since(
    engine: sa.Engine, settings: Settings
) -> None:
    change(engine, "delete from warehouse.calls where call_id = 'c2'")
    assert [compare(engine, settings).outcome_name for _ in range(2)] == ["mended", "agreed"]
    with warehouse.connected(engine) as connection:
        [shown] = source_queries.reconciliations(connection, as_of=NIGHT).rows(named=True)
    assert {name: shown[name] for name in ("outcome_name", "missing_rows", "mended_rows", "origin_rows")} == {
        "outcome_name": "mended", "missing_rows": 0, "mended_rows": 1, "origin_rows": 11,
    }  # fmt: skip


class Origin:
    """Records that an origin tells, some of which never came into the warehouse."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.source: SourceSettings = Teller(name="records", every_seconds=60)
        site = settings_for(Path("x")).site
        self.settings = Settings.model_construct(site=site, sources=(self.source,))

    def load(self, *batches: Batch) -> None:
        readers = load.Readers({"records": Told([*batches])})
        load.run_source(self.engine, self.settings, self.source, now=lambda: RECORDS_NIGHT, readers=readers)

    def compare(self, *batches: Batch) -> Reconciliation:
        return reconcile_day(
            self.engine,
            self.settings,
            self.source,
            RECORDS_DAY,
            now=lambda: RECORDS_NIGHT,
            reader=Told([*batches]),
        )


@pytest.fixture
def origin(engine: sa.Engine) -> Origin:
    return Origin(engine)


EVERYTHING: dict[str, list[dict[str, Any]]] = {
    "calls": [call("c1", revenue_amount=12.345), call("c2", offered_at=at(30), answered_at=at(31), ended_at=at(32))],
    "agent_states": [{"agent_name": "mari", "started_at": at(0), "ended_at": at(7), "state_name": "on_contact"}],
    "tickets": [{"ticket_id": "7", "created_at": at(0), "updated_at": at(5), "topic_name": "bill"}],
    "ticket_events": [event("7", 0, "created"), event("7", 10, "reply", actor_name="agent", agent_name="mari")],
    "surveys": [{"survey_id": "s1", "answered_at": at(9), "csat_score": 4.5, "agent_name": "mari"}],
    "quality_reviews": [{"review_id": "r1", "reviewed_at": at(9), "total_score": 80.0, "agent_name": "mari"}],
    "shifts": [{"shift_id": "h1", "started_at": at(0), "ended_at": at(480), "agent_name": "mari"}],
    "costs": [{"cost_id": "k1", "started_at": at(0), "ended_at": at(60), "amount": 9.999, "cost_name": "wages"}],
    "revenues": [{"revenue_id": "e1", "earned_at": at(3), "amount": 20.0}],
    "self_services": [{"visit_id": "v1", "started_at": at(0), "ended_at": at(1), "outcome_name": "contained",
                       "choices_text": "Main > 2 Bills"}],
    "recordings": [{"recording_id": "a1", "started_at": at(1), "call_id": "c1", "url_text": "https://example.com/a1"}],
    "attempts": [{"attempt_id": "d1", "attempted_at": at(6), "campaign_name": "renewals", "outcome_name": "connected",
                  "talk_seconds": 30, "is_converted": True, "sale_amount": 9.999}],
    "contact_links": [
        {"linked_at": at(4), "contact_id": "c2", "linked_source_name": "records", "linked_contact_id": "c1",
         "link_name": "transfer"}
    ],
}  # fmt: skip
TABLES = {name: "told_links" if name == "contact_links" else name for name in EVERYTHING}


def test_every_kind_of_fact_is_compared_and_mended(origin: Origin) -> None:
    origin.load(batch(1, **EVERYTHING))
    clean = origin.compare(batch(1, **EVERYTHING))
    assert clean.outcome_name == "agreed", clean
    assert {fact.fact_name: fact.origin_rows for fact in clean.facts} == {
        name: len(rows) for name, rows in EVERYTHING.items()
    }
    for table in TABLES.values():
        with origin.engine.begin() as connection:
            connection.execute(sa.delete(sa.table(table, schema="warehouse")))
    mended = origin.compare(batch(1, **EVERYTHING))
    assert mended.outcome_name == "mended", mended
    assert mended.rows()["missing_rows"] == mended.rows()["mended_rows"] == sum(map(len, EVERYTHING.values()))
    assert origin.compare(batch(1, **EVERYTHING)).outcome_name == "agreed"


def test_of_a_record_with_a_lost_stay_the_other_stays_remain(origin: Origin) -> None:
    stays = [
        call("c1", seq=0),
        call(
            "c1",
            seq=0,
            stay_number=2,
            queue_name="support",
            offered_at=at(6),
            answered_at=at(7),
            ended_at=at(9),
        ),
    ]
    origin.load(batch(1, calls=stays))
    change(origin.engine, "delete from warehouse.calls where stay_number = 2")
    assert origin.compare(batch(1, calls=stays)).outcome_name == "mended"
    assert ask(origin.engine, "select call_id, stay_number from warehouse.calls order by 2") == [
        ("c1", 1),
        ("c1", 2),
    ]


def test_a_record_told_twice_counts_as_it_was_told_last(origin: Origin) -> None:
    first, moved = (
        call("c1", version_number=1),
        call("c1", version_number=2, offered_at=at(0.5), queue_name="support"),
    )
    told = [batch(1, calls=[first]), batch(2, calls=[moved]), batch(3, calls=[first])]
    origin.load(*told)
    assert origin.compare(*told).outcome_name == "agreed"


def test_what_the_warehouse_refuses_is_said_and_the_day_differs(origin: Origin) -> None:
    origin.load(batch(1, calls=[call("c1")]))
    change(origin.engine, "alter table warehouse.calls add constraint no_c2 check (call_id <> 'c2')")
    later = {"offered_at": at(2), "answered_at": at(3), "ended_at": at(4)}
    told = [call("c1"), *(call(f"c{number}", **later) for number in range(2, 9))]
    survey = {"survey_id": "s1", "answered_at": at(9), "csat_score": 4.5, "agent_name": "mari"}
    done = origin.compare(batch(1, calls=told, surveys=[survey]))
    assert done.outcome_name == "differs"
    assert "1 of it are not right yet. The warehouse refused some of it" in str(done.reason_text)
    # seven calls and an answer were missing: one call is refused, and keeps none of the others back
    assert (done.rows()["missing_rows"], done.rows()["mended_rows"]) == (7 + 1, 6 + 1)
    held = ask(origin.engine, "select call_id from warehouse.calls order by 1")
    assert held == [("c1",), *((f"c{number}",) for number in range(3, 9))]
    sums = "select count(*) from ops.runs where read_rows <> loaded_rows + unchanged_rows + rejected_rows"
    assert ask(origin.engine, sums) == [(0,)]


def test_links_told_otherwise_later_are_not_turned_back(origin: Origin) -> None:
    link = EVERYTHING["contact_links"][0]
    origin.load(batch(1, contact_links=[link | {"linked_contact_id": "newer"}]))
    assert origin.compare(batch(1, contact_links=[link])).outcome_name == "agreed"
    assert ask(origin.engine, "select linked_contact_id from warehouse.told_links") == [("newer",)]


class Second(Teller):
    """Another teller of the same calls, which counts an end as lost only after two days."""

    lost_end_after_seconds: int = 2 * 86_400

    @property
    def facts_source_name(self) -> str:
        return "records"


def test_a_call_whose_end_was_lost_is_closed_at_night_and_its_end_still_replaces_that(origin: Origin) -> None:
    # offered  answered  ended   open at the night for   closed
    #       0         1      -                   a day      yes: talk unknown
    #       2         -      -                   a day      yes: wait unknown
    #       3         4      9                       -       no: it has ended
    #       5         -      -                   a day       no: no call of the telephone
    still = {"ended_at": None, "wait_seconds": None, "talk_seconds": None}
    talks = call("talks", **still | {"outcome_name": "in_progress", "wait_seconds": 60})
    waits = call(
        "waits", **still, offered_at=at(2), answered_at=None, outcome_name="waiting", agent_name=None
    )
    ended = call("ended", offered_at=at(3), answered_at=at(4), ended_at=at(9))
    chats = {**waits, "call_id": "chats", "offered_at": at(5), "channel_name": "chat"}
    everything = batch(1, calls=[{"channel_name": "call"} | row for row in (talks, waits, ended, chats)])
    origin.load(everything)
    late = at(0) + timedelta(seconds=origin.source.lost_end_after_seconds)
    early = close_lost_ends(origin.engine, origin.settings, origin.source, RECORDS_DAY, now=lambda: late)
    assert early is None, "open for as long as the limit, and not longer"
    night = late + timedelta(minutes=10)
    both = Settings.model_construct(
        site=origin.settings.site, sources=(origin.source, Second(name="second", every_seconds=60))
    )
    for source in both.sources:  # of those who tell of the same calls, the longest limit holds for all
        assert close_lost_ends(origin.engine, both, source, RECORDS_DAY, now=lambda: night) is None
    told = close_lost_ends(origin.engine, origin.settings, origin.source, RECORDS_DAY, now=lambda: night)
    assert str(told).startswith("Closed as interrupted: 2 calls that were open for over 86,400 s")
    held = "select call_id, outcome_name, ended_at, wait_seconds, talk_seconds from warehouse.calls order by offered_at"
    assert ask(origin.engine, held) == [
        ("talks", "interrupted", at(1), 60, None),
        ("waits", "interrupted", at(2), None, None),
        ("ended", "answered", at(9), 60, 240),
        ("chats", "waiting", None, None, None),
    ]
    ledger = "select read_rows, loaded_rows, notice_text from ops.runs order by run_id desc limit 1"
    assert ask(origin.engine, ledger) == [(2, 2, told)]
    assert prove(origin.engine).is_proven, "the figures follow"
    assert (
        close_lost_ends(origin.engine, origin.settings, origin.source, RECORDS_DAY, now=lambda: night) is None
    )
    closed = ask(origin.engine, held)
    compared = origin.compare(everything)
    assert (compared.outcome_name, compared.reason_text) == ("agreed", None), "the origin knows of no end"
    load.reset_cursor(origin.engine, "records")
    origin.load(everything)
    assert ask(origin.engine, held) == closed, "told once more as it was, nothing opens again"
    newer = {"channel_name": "call", "version_number": 1}
    load.reset_cursor(origin.engine, "records")
    origin.load(batch(1, calls=[talks | newer]))
    assert ask(origin.engine, held)[0] == ("talks", "in_progress", None, 60, None), (
        "something newer is heard of it"
    )
    found = {"channel_name": "call", "ended_at": at(3), "outcome_name": "abandoned", "wait_seconds": 60}
    load.reset_cursor(origin.engine, "records")
    origin.load(batch(1, calls=[waits | found]))
    [waited] = ask(
        origin.engine,
        "select outcome_name, ended_at, wait_seconds from warehouse.calls where call_id = 'waits'",
    )
    assert waited == ("abandoned", at(3), 60)
    assert prove(origin.engine).is_proven
