"""What a load keeps of refused rows, unknown events and failures holds nobody's number, address or name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl import LoadError, load
from etl.config import load_settings
from etl.customer_key import customer_key, customer_secret
from etl.sources.asterisk_cdr import CdrSettings
from tests.torture.kills import now, settings_for
from tests.unit import test_asterisk_cdr as records

T0 = 1_795_309_870
NUMBER = "+37255512346"


def ask(engine: sa.Engine, text: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(text))]


def kept_texts(engine: sa.Engine) -> str:
    """Everything that the quarantine and the ledger hold, as one text."""
    rows = ask(engine, "select to_jsonb(t)::text from ops.rejects as t")
    rows += ask(engine, "select to_jsonb(t)::text from ops.runs as t")
    rows += ask(engine, "select to_jsonb(t)::text from ops.unused_events as t")
    return "\n".join(str(row[0]) for row in rows)


def expect_nothing_personal(engine: sa.Engine) -> None:
    text = kept_texts(engine).lower()
    for canary in ("5551", "2346", "12346", "anna", "tamm"):
        assert canary not in text


def test_a_refused_entry_that_is_read_again_has_the_customer_of_one_that_was_taken(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    path.write_text(
        f"{T0}|c1|sales|NONE|ENTERQUEUE||{NUMBER}|1\n{T0 + 1}|c2|sales|NONE|ENTERQUEUE||{NUMBER}|1\n"
        f"{T0 + 2}|c3|sales|NONE|ABANDON|{NUMBER}|1|9\n{T0 + 3}|c4|sales|NONE|{NUMBER}|1\n"
        f'{T0 + 4}||sales|NONE|ENTERQUEUE||"Anna Tamm" <tel:{NUMBER}>|1\n'
    )
    settings = settings_for(path)
    with engine.begin() as connection:
        connection.execute(
            sa.text("alter table warehouse.calls add constraint poison check (call_id <> 'c2')")
        )
    load.run_source(engine, settings, settings.sources[0], now=now)
    expect_nothing_personal(engine)
    assert ask(engine, "select call_id from warehouse.calls") == [("c1",)]
    with engine.begin() as connection:
        connection.execute(sa.text("alter table warehouse.calls drop constraint poison"))
    load.replay_rejects(engine, settings, "pbx", now=now)
    calls = ask(engine, "select call_id, customer_key from warehouse.calls order by call_id")
    key = customer_key(customer_secret(), NUMBER, settings.site.site.country_name)
    assert calls == [("c1", key), ("c2", key)]


def test_a_line_whose_agent_was_a_number_is_not_read_again_under_another_name(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "queue_log"
    path.write_text(f"{T0 + 5}|c1|sales|Local/{NUMBER}@out|CONNECT|5|x|1\n")
    settings = settings_for(path)
    load.run_source(engine, settings, settings.sources[0], now=now)
    with path.open("a") as file:
        file.write(f"{T0}|c1|sales|NONE|ENTERQUEUE||1234|1\n")
    load.run_source(engine, settings, settings.sources[0], now=now)
    expect_nothing_personal(engine)
    assert load.replay_rejects(engine, settings, "pbx", now=now).read_rows == 0
    assert ask(engine, "select count(*) from ops.rejects where replayed_at is null") == [(1,)]


MAPPING = """
[site]
name = "Test floor"
time_zone = "Europe/Tallinn"
country = "EE"

[[sources]]
kind = "file"
name = "calls"
path = "PATH"
facts = "calls"
every_seconds = 60

[sources.fields]
call_id = "id"
queue_name = "queue"
offered_at = { column = "at", format = "%Y-%m-%d %H:%M:%S" }
wait_seconds = "w"
outcome_name = "outcome"
customer = "caller"
"""


def test_a_value_in_the_wrong_column_is_kept_as_a_hash(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "id,queue,at,w,outcome,caller\n"
        f"a1,sales,2026-11-20 10:00:00,anna.tamm@example.com,answered,{NUMBER}\n"
        f"a2,sales,yesterday 5551 2346,5,answered,{NUMBER}\n"
    )
    (tmp_path / "floorboard.toml").write_text(MAPPING.replace("PATH", str(path)))
    settings = load_settings(tmp_path / "floorboard.toml")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    done = load.run_source(engine, settings, settings.sources[0], now=lambda: at)
    assert (done.read_rows, done.rejected_rows) == (2, 2)
    expect_nothing_personal(engine)
    assert "2026-11-20 10:00:00" in kept_texts(engine)
    assert load.replay_rejects(engine, settings, "calls", now=lambda: at).read_rows == 0


def cdr(path: Path, **given: object) -> CdrSettings:
    source = {"name": "cdr", "kind": "asterisk_cdr", "every_seconds": 5, "path": str(path), "layout": "21"}
    return CdrSettings.model_validate(source | given)


def test_a_record_of_the_wrong_width_keeps_no_caller_and_is_read_by_the_right_layout(
    engine: sa.Engine, tmp_path: Path
) -> None:
    path = tmp_path / "Master.csv"
    caller = {"src": NUMBER, "clid": '"Anna Tamm" <+37255512346>', "userfield": "anna.tamm@example.com"}
    path.write_text(
        records.lines_of([records.queued(0, 5, 90, **caller)], "18")
        + f",+372 5551 2346,s,in,Tamm,Anna <{NUMBER}>,PJSIP/provider-37255512346-00000012,Anna Tamm\n"
    )
    settings = settings_for(Path("nowhere"))
    wrong = cdr(path, layout="21")
    assert load.run_source(engine, settings, wrong, now=now).rejected_rows == 2
    expect_nothing_personal(engine)
    right = settings.model_copy(update={"sources": (cdr(path, layout="18"),)})
    assert load.replay_rejects(engine, right, "cdr", now=now).read_rows == 1
    key = customer_key(customer_secret(), NUMBER, settings.site.site.country_name)
    assert ask(engine, "select customer_key from warehouse.calls") == [(key,)]


def test_a_failure_is_told_without_the_number_that_it_is_about(engine: sa.Engine, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(f"anna.tamm@example.com,{NUMBER}\n1,2\n")
    (tmp_path / "floorboard.toml").write_text(MAPPING.replace("PATH", str(path)))
    settings = load_settings(tmp_path / "floorboard.toml")
    at = datetime(2026, 11, 22, tzinfo=UTC)
    with pytest.raises(LoadError, match="there is no column") as error:
        load.run_source(engine, settings, settings.sources[0], now=lambda: at)
    assert "tamm" not in str(error.value)
    assert "5551" not in str(error.value)
    expect_nothing_personal(engine)
