"""Files that people upload, on a real Postgres: what is shown is what is loaded, and refused rows can be tried again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard.loading import source_queries
from dashboard.loading.loader_requests import (
    RequestError,
    ask_load,
    ask_look,
    ask_replay,
    discard_upload,
    put_upload,
)
from etl import jobs
from etl.config import Settings, load_settings
from etl.on_request import uploads
from etl.on_request.replays import work_replays
from etl.on_request.requests import Requests
from etl.on_request.uploads import work_uploads
from etl.supervise import Stopping
from sql import warehouse

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
CALLS = (
    "call_id,queue,agent,start,wait,talk,outcome\n"
    "c1,Sales,Aino,2026-11-20 09:00:00,12,180,ANSWERED\n"
    "c2,Sales,Õnne,2026-11-20 09:05:00,30,60,ANSWERED\n"
    "c3,Sales,,2026-11-20 09:10:00,45,,ABANDONED\n"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    file = tmp_path / "floorboard.toml"
    file.write_text(
        '[site]\nname = "Harbour"\ntime_zone = "Europe/Tallinn"\n\n'
        '[[sources]]\nname = "pbx"\nkind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 2\n'
    )
    return load_settings(file)


def work(engine: sa.Engine, settings: Settings, *, at: datetime = NOW) -> int:
    return Requests(engine, settings, now=lambda: at).work()


def put(engine: sa.Engine, text: str | bytes, name: str = "calls.csv", *, at: datetime = NOW) -> int:
    content = text if isinstance(text, bytes) else text.encode()
    with warehouse.connected(engine) as connection:
        return put_upload(connection, file_name=name, content=content, viewer_name="mari", at=at)


def shown(engine: sa.Engine, upload_id: int) -> dict[str, Any]:
    with warehouse.connected(engine) as connection:
        return source_queries.upload(connection, upload_id=upload_id).row(0, named=True)


def look(engine: sa.Engine, upload_id: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shown(engine, upload_id)["preview_text"])
    return found


def load(engine: sa.Engine, upload_id: int) -> None:
    with warehouse.connected(engine) as connection:
        ask_load(connection, upload_id, look_number=shown(engine, upload_id)["look_number"], at=NOW)


def want(engine: sa.Engine, upload_id: int, **wanted: Any) -> None:
    with warehouse.connected(engine) as connection:
        ask_look(connection, upload_id, look_number=shown(engine, upload_id)["look_number"], wanted=wanted)


def ask(engine: sa.Engine, text: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def counts(found: dict[str, Any]) -> tuple[int, int, int, int]:
    return found["read_rows"], found["loaded_rows"], found["unchanged_rows"], found["rejected_rows"]


def test_an_upload_is_looked_at_and_nothing_is_loaded_before_it_is_asked_for(
    engine: sa.Engine, settings: Settings
) -> None:
    number = put(engine, CALLS)
    assert work(engine, settings) == 1
    found = look(engine, number)
    assert (shown(engine, number)["state_name"], found["facts_name"]) == ("ready", "calls")
    assert (found["counts"]["read_rows"], found["counts"]["mapped_rows"]) == (3, 3)
    assert [column["name"] for column in found["columns"]] == CALLS.splitlines()[0].split(",")
    assert found["columns"][1]["samples"] == ["Sales"]
    assert ask(engine, "select count(*) from warehouse.calls") == [(0,)]
    assert work(engine, settings) == 0


def test_what_was_shown_is_loaded_once_under_the_name_of_the_file(
    engine: sa.Engine, settings: Settings
) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    load(engine, number)
    assert work(engine, settings) == 1
    found = shown(engine, number)
    assert (found["state_name"], counts(found)) == ("loaded", (3, 3, 0, 0))
    assert ask(engine, "select call_id, source_name, outcome_name from warehouse.calls order by 1") == [
        ("c1", "upload: calls.csv", "answered"),
        ("c2", "upload: calls.csv", "answered"),
        ("c3", "upload: calls.csv", "abandoned"),
    ]
    assert ask(engine, "select content is null, preview_text is null from ops.uploads") == [(True, True)]


def test_the_same_file_uploaded_twice_changes_nothing(engine: sa.Engine, settings: Settings) -> None:
    for expected in ((3, 3, 0, 0), (3, 0, 3, 0)):
        number = put(engine, CALLS)
        work(engine, settings)
        load(engine, number)
        work(engine, settings)
        assert counts(shown(engine, number)) == expected


def test_the_last_line_needs_no_end(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS.rstrip("\n"))
    work(engine, settings)
    load(engine, number)
    work(engine, settings)
    assert counts(shown(engine, number)) == (3, 3, 0, 0)


def test_an_old_upload_makes_no_source_that_goes_stale(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    load(engine, number)
    work(engine, settings)
    later = NOW + timedelta(days=20)
    with warehouse.connected(engine) as connection:
        assert source_queries.source_health(connection, as_of=later).height == 0
        assert source_queries.sources(connection, as_of=later)["source_name"].to_list() == ["pbx"]


def test_a_mapping_can_be_changed_as_a_table_and_as_lines(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    table = look(engine, number)["table"]
    want(engine, number, table={**table, "fields": {**table["fields"], "topic_name": "outcome"}})
    work(engine, settings)
    assert "topic_name" in look(engine, number)["mapped"]["columns"]
    lines = look(engine, number)["toml_text"].replace('topic_name = "outcome"', 'topic_name = "agent"')
    want(engine, number, toml=lines)
    work(engine, settings)
    load(engine, number)
    work(engine, settings)
    assert ask(engine, "select topic_name from warehouse.calls order by call_id") == [
        ("Aino",), ("Õnne",), (None,)
    ]  # fmt: skip


def test_the_lines_that_are_shown_are_settings_without_a_change(
    engine: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    file = tmp_path / "copied.toml"
    file.write_text('[site]\nname = "Harbour"\ntime_zone = "UTC"\n\n' + look(engine, number)["toml_text"])
    copied = load_settings(file).sources[0]
    assert (copied.name, copied.origin_text()[:30].startswith('path = "')) == ("calls", True)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"toml": "name = "}, "no TOML"),
        ({"toml": "[site]"}, "expected one [[sources]] table"),
        ({"table": {"facts": "calls", "fields": {"queue_name": "queue"}}}, "offered_at"),
        ({"table": {"facts": "calls", "fields": {"colour": "queue"}}}, "colour"),
        ({"table": {"facts": "calls", "colour": 1, "fields": {"queue_name": "queue"}}}, "colour"),
    ],
)
def test_a_wrong_mapping_is_a_sentence_and_cannot_be_loaded(
    engine: sa.Engine, settings: Settings, wanted: dict[str, Any], expected: str
) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    want(engine, number, **wanted)
    work(engine, settings)
    found = shown(engine, number)
    assert found["state_name"] == "unfit"
    assert expected in found["error_text"]
    assert "/tmp" not in found["error_text"]
    assert look(engine, number)["facts_name"] == "calls"  # the last look is still there to be mended
    with pytest.raises(RequestError):
        load(engine, number)


def test_a_column_that_is_not_there_is_named_without_the_folder(
    engine: sa.Engine, settings: Settings
) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    table = look(engine, number)["table"]
    want(engine, number, table={**table, "fields": {**table["fields"], "topic_name": "Colour"}})
    work(engine, settings)
    assert (shown(engine, number)["error_text"] or "").startswith("calls.csv: there is no column 'Colour'")


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"only a title\n", b"\xff\xfe", b'{"a": 1', b"a;b\n1;2\n\x00\x00"]
)
def test_a_file_of_which_nothing_can_be_made_is_a_sentence(
    engine: sa.Engine, settings: Settings, content: bytes
) -> None:
    with engine.begin() as connection:  # past the page, which refuses some of these already
        connection.execute(
            sa.text(
                "insert into ops.uploads (uploaded_at, viewer_name, file_name, source_name, file_bytes, content) "
                "values (now(), 'm', 'x.csv', 'upload: x.csv', 1, :content)"
            ),
            {"content": content},
        )
    assert work(engine, settings, at=datetime.now(UTC)) == 1
    ((state, error, preview),) = ask(engine, "select state_name, error_text, preview_text from ops.uploads")
    assert state == "unfit"
    assert error or json.loads(preview)["missing"]


def test_a_small_file_of_endless_rows_is_refused(
    engine: sa.Engine, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "bomb.parquet"
    pl.select(a=pl.repeat(1, 20_000_001, dtype=pl.Int8)).write_parquet(file)
    assert file.stat().st_size < 100_000
    number = put(engine, file.read_bytes(), "bomb.parquet")
    work(engine, settings)
    assert "20,000,001 rows" in shown(engine, number)["error_text"]


def test_two_people_do_not_change_one_upload_unseen(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    seen = shown(engine, number)["look_number"]
    want(engine, number, facts="surveys")
    work(engine, settings)
    with warehouse.connected(engine) as connection, pytest.raises(RequestError, match="meanwhile"):
        ask_load(connection, number, look_number=seen, at=NOW)


def test_a_discarded_upload_keeps_nothing_of_the_file(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    with warehouse.connected(engine) as connection:
        discard_upload(connection, number, at=NOW)
    assert work(engine, settings) == 0
    assert ask(engine, "select state_name, content, preview_text, mapping_text from ops.uploads") == [
        ("discarded", None, None, None)
    ]


def test_an_upload_that_a_dead_loader_left_is_taken_up_again(engine: sa.Engine, settings: Settings) -> None:
    put(engine, CALLS)
    with engine.begin() as connection:
        connection.execute(
            sa.text("update ops.uploads set state_name = 'looking', taken_at = :at"), {"at": NOW}
        )
    assert work_uploads(engine, settings, now=lambda: NOW + timedelta(minutes=9)) == 0
    assert work_uploads(engine, settings, now=lambda: NOW + timedelta(minutes=11)) == 1


def test_a_stop_between_batches_puts_the_upload_back(engine: sa.Engine, settings: Settings) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    load(engine, number)

    def stop() -> None:
        raise Stopping

    with pytest.raises(Stopping):
        work_uploads(engine, settings, now=lambda: NOW, check=stop)
    assert shown(engine, number)["state_name"] == "asked"
    work(engine, settings)
    assert shown(engine, number)["state_name"] == "loaded"
    assert ask(engine, "select count(*) from warehouse.calls") == [(3,)]


def test_old_uploads_and_replays_are_deleted_after_30_days(engine: sa.Engine, settings: Settings) -> None:
    put(engine, CALLS)
    with warehouse.connected(engine) as connection:
        ask_replay(connection, "pbx", viewer_name="mari", at=NOW)
    work(engine, settings)
    work(engine, settings, at=NOW + timedelta(days=29))
    assert ask(engine, "select count(*) from ops.uploads") == [(1,)]
    work(engine, settings, at=NOW + timedelta(days=31))
    assert ask(engine, "select count(*) from ops.uploads") == [(0,)]
    assert ask(engine, "select count(*) from ops.replays") == [(0,)]


BROKEN = CALLS + "c4,Sales,Aino,2026-11-20 09:15:00,12,180,SHRUG\n"


def test_refused_rows_of_an_upload_are_taken_by_a_replay_once_the_mapping_knows_them(
    engine: sa.Engine, settings: Settings
) -> None:
    number = put(engine, BROKEN)
    work(engine, settings)
    table = look(engine, number)["table"]
    spec = table["fields"]["outcome_name"]
    known = {"ANSWERED": "answered", "ABANDONED": "abandoned"}
    column = spec["column"] if isinstance(spec, dict) else spec
    for values, expected in ((known, (4, 3, 0, 1)), ({**known, "SHRUG": "answered"}, None)):
        fields = {**table["fields"], "outcome_name": {"column": column, "values": values}}
        if expected:
            want(engine, number, table={**table, "fields": fields})
            work(engine, settings)
            assert [part["rows"] for part in look(engine, number)["refused"]] == [1]
            load(engine, number)
            work(engine, settings)
            assert counts(shown(engine, number)) == expected
            with warehouse.connected(engine) as connection:
                ask_replay(connection, "upload: calls.csv", viewer_name="mari", at=NOW)
            assert work(engine, settings) == 1
            assert replays(engine) == [("upload: calls.csv", 0, 1, None)]
        else:
            again = put(engine, CALLS)
            work(engine, settings)
            want(engine, again, table={**table, "fields": fields})
            work(engine, settings)
            load(engine, again)
            work(engine, settings)
            with warehouse.connected(engine) as connection:
                ask_replay(connection, "upload: calls.csv", viewer_name="mari", at=NOW)
            work(engine, settings)
            assert replays(engine)[0] == ("upload: calls.csv", 1, 0, None)
    assert ask(engine, "select outcome_name from warehouse.calls where call_id = 'c4'") == [("answered",)]


def replays(engine: sa.Engine) -> list[tuple[Any, ...]]:
    with warehouse.connected(engine) as connection:
        found = source_queries.replays(connection, as_of=NOW)
    return found.select("source_name", "taken_rows", "refused_rows", "error_text").rows()


def test_a_replay_that_cannot_be_done_says_why(engine: sa.Engine, settings: Settings) -> None:
    with warehouse.connected(engine) as connection:
        ask_replay(connection, "gone", viewer_name="mari", at=NOW)
        ask_replay(connection, "gone", viewer_name="mari", at=NOW)  # twice at once is once
        ask_replay(connection, "upload: gone.csv", viewer_name="mari", at=NOW)
    assert work_replays(engine, settings, now=lambda: NOW) == 2
    errors = [error for *_, error in replays(engine)]
    assert "is not kept any more" in errors[0]
    assert 'There is no source "gone"' in errors[1]


def test_the_sources_are_noted_and_past_ones_are_marked(engine: sa.Engine, settings: Settings) -> None:
    work(engine, settings)
    other = settings.sources[0].model_copy(update={"name": "other"})
    work(engine, settings.model_copy(update={"sources": (other,)}))
    rows = ask(engine, "select source_name, kind_name, is_current from ops.sources order by 1")
    assert rows == [("other", "asterisk_queue_log", True), ("pbx", "asterisk_queue_log", False)]


def test_the_loader_does_what_is_asked_while_it_runs(engine: sa.Engine, settings: Settings) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=jobs.serve, args=(engine, settings), kwargs={"stop": stop, "now": lambda: NOW}
    )
    thread.start()
    try:
        number = put(engine, CALLS)
        assert until(lambda: shown(engine, number)["state_name"] == "ready")
        load(engine, number)
        assert until(lambda: shown(engine, number)["state_name"] == "loaded")
    finally:
        stop.set()
        thread.join(15)


def until(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    waiting = threading.Event()
    for _ in range(int(seconds * 20)):
        if condition():
            return True
        waiting.wait(0.05)
    return condition()


def test_a_file_full_of_odd_signs_breaks_nothing(engine: sa.Engine, settings: Settings) -> None:
    rows = ['{"call_id": "\\ud800", "st\\u0000art": "\\u0000", "wait\\ud800": "x"}'] * 3
    number = put(engine, "\n".join(rows), "odd.jsonl")
    assert work(engine, settings) == 1
    found = shown(engine, number)
    assert found["state_name"] in ("ready", "unfit")
    want(engine, number, toml='[[sources]]\nfacts = "calls"\n[sources.fields]\nqueue_name = "a\\u0000"\n')
    work(engine, settings)
    assert shown(engine, number)["error_text"]


def test_a_loading_that_nobody_foresaw_ends_with_a_sentence(
    engine: sa.Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = put(engine, CALLS)
    work(engine, settings)
    load(engine, number)

    def fail(*_args: object, **_values: object) -> None:
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(uploads, "run_source", fail)
    work(engine, settings)
    assert shown(engine, number)["state_name"] == "failed"
    assert "RuntimeError" in shown(engine, number)["error_text"]
    monkeypatch.undo()
    load(engine, number)  # the file is still there
    work(engine, settings)
    assert shown(engine, number)["state_name"] == "loaded"


def test_a_loader_of_one_source_knows_the_others(
    engine: sa.Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "floorboard.toml"
    other = (
        '\n[[sources]]\nname = "other"\nkind = "asterisk_queue_log"\npath = "other_log"\nevery_seconds = 2\n'
    )
    file.write_text(file.read_text() + other)
    monkeypatch.setenv("FLOORBOARD_CONFIG", str(file))
    with warehouse.connected(engine) as connection:
        ask_replay(connection, "other", viewer_name="mari", at=NOW)
    work(engine, settings)
    assert ask(engine, "select source_name, is_current from ops.sources order by 1") == [
        ("other", True), ("pbx", True),
    ]  # fmt: skip
    assert replays(engine) == [("other", 0, 0, None)]


def test_reasons_that_differ_in_values_only_are_one_kind(engine: sa.Engine) -> None:
    drawn = [
        ("pbx", "field 1 is 'a'; expected epoch seconds"),
        ("pbx", "field 1 is 'b'; expected epoch seconds"),
        ("pbx", "field 2 is '17'; expected epoch seconds"),
        ("pbx", 'found the unknown key "x"'),
        ("other", "field 1 is 'a'; expected epoch seconds"),
    ]
    with engine.begin() as connection:
        for place, (source_name, reason) in enumerate(drawn):
            connection.execute(
                sa.text(
                    "insert into ops.rejects (run_id, rejected_at, source_name, place_text, file_key, reason_text, "
                    "raw_text) values (1, :at, :source_name, :place, '', :reason, 'raw')"
                ),
                {"at": NOW, "source_name": source_name, "place": f"log:{place}", "reason": reason},
            )
    with warehouse.connected(engine) as connection:
        found = source_queries.reject_reasons(connection, as_of=NOW)
    names = ("source_name", "kind_text", "reject_rows", "has_other_values", "example_place_text")
    assert found.select(names).rows() == [
        ("pbx", "field # is …; expected epoch seconds", 3, True, "log:2"),
        ("other", "field # is …; expected epoch seconds", 1, False, "log:4"),
        ("pbx", "found the unknown key …", 1, False, "log:3"),
    ]
