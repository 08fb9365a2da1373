"""A file that nobody described: what it seems to be, why, and the lines that would load it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from etl import LoadError
from etl.config import load_settings
from etl.mappings.guess import Guess, guess, preview
from etl.sources import Site
from etl.sources.mapped_file import MappedFileSettings
from tests.workbook import DATE_TIME, write_workbook

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE = Site("Test floor", "Europe/Tallinn", "EE")


def columns(found: Guess) -> dict[str, str]:
    return {item.field_name: item.column_name for item in found.fields}


def loaded(found: Guess, folder: Path) -> MappedFileSettings:
    """The guess as the settings read it from its own lines."""
    file = folder / "floorboard.toml"
    file.write_text(
        f'[site]\nname = "x"\ntime_zone = "Europe/Tallinn"\n\n{found.toml_text}', encoding="utf-8"
    )
    (source,) = load_settings(file).sources
    assert isinstance(source, MappedFileSettings)
    return source


CASES = {
    "anrufe.csv": (
        "calls",
        "Anruf-ID;Warteschlange;Mitarbeiter;Beginn;Wartezeit;Gesprächsdauer;Ergebnis;Rufnummer\n"
        "1;Vertrieb;Anna;31.10.2026 10:00:00;0:20;1:40;Beantwortet;0151 2345678\n"
        "2;Vertrieb;;01.11.2026 10:05:00;0:30;0:00;Aufgelegt;0151 2345679\n",
        {"call_id": "Anruf-ID", "queue_name": "Warteschlange", "agent_name": "Mitarbeiter", "offered_at": "Beginn",
         "wait_seconds": "Wartezeit", "talk_seconds": "Gesprächsdauer", "outcome_name": "Ergebnis", "customer": "Rufnummer"},
    ),
    "koned.csv": (
        "calls",
        "Kone ID,Järjekord,Teenindaja,Kone algus,Ooteaeg,Kõneaeg,Tulemus,Telefon\n"
        "1,Müük,Mari,2026-11-01 10:00:00,20,100,Vastatud,51000001\n2,Müük,,2026-11-01 10:05:00,30,0,Loobutud,51000002\n",
        {"call_id": "Kone ID", "queue_name": "Järjekord", "agent_name": "Teenindaja", "offered_at": "Kone algus",
         "wait_seconds": "Ooteaeg", "talk_seconds": "Kõneaeg", "outcome_name": "Tulemus", "customer": "Telefon"},
    ),
    "звонки.csv": (
        "calls",
        "ID звонка;Очередь;Оператор;Время начала;Время ожидания;Время разговора;Результат\n"
        "1;Продажи;Анна;2026-11-01 10:00:00;20;100;Отвечен\n2;Продажи;;2026-11-01 10:05:00;30;0;Пропущен\n",
        {"call_id": "ID звонка", "queue_name": "Очередь", "agent_name": "Оператор", "offered_at": "Время начала",
         "wait_seconds": "Время ожидания", "talk_seconds": "Время разговора", "outcome_name": "Результат"},
    ),
    "llamadas.csv": (
        "calls",
        "Id llamada,Cola,Agente,Fecha hora,Tiempo de espera,Tiempo hablado,Resultado\n"
        "1,Ventas,Ana,2026-11-01T10:00:00,20,100,Atendida\n2,Ventas,,2026-11-01T10:05:00,30,0,Abandonada\n",
        {"call_id": "Id llamada", "queue_name": "Cola", "agent_name": "Agente", "offered_at": "Fecha hora",
         "wait_seconds": "Tiempo de espera", "talk_seconds": "Tiempo hablado", "outcome_name": "Resultado"},
    ),
    "cdr.csv": (
        "calls",
        "uniqueid,queue,calldate,duration,billsec,disposition,src\n"
        "1.1,sales,2026-11-01 10:00:00,120,100,ANSWERED,51000001\n1.2,sales,2026-11-01 10:05:00,30,0,NO ANSWER,51000002\n",
        {"call_id": "uniqueid", "queue_name": "queue", "offered_at": "calldate", "duration_seconds": "duration",
         "talk_seconds": "billsec", "outcome_name": "disposition", "customer": "src"},
    ),
    "conversations.jsonl": (
        "calls",
        '{"conversationId":"a","queueName":"Sales","startTime":"2026-11-01T10:00:00Z","waitMs":20000,"talkMs":100000,'
        '"direction":"inbound","agent":{"name":"Ann"}}\n'
        '{"conversationId":"b","queueName":"Sales","startTime":"2026-11-01T10:01:00Z","waitMs":9000,"talkMs":0,'
        '"direction":"inbound","agent":{"name":null}}\n',
        {"call_id": "conversationId", "queue_name": "queueName", "offered_at": "startTime", "wait_seconds": "waitMs",
         "talk_seconds": "talkMs", "direction_name": "direction", "agent_name": "agent.name"},
    ),
    "tickets.csv": (
        "tickets",
        "Ticket ID,Status,Priority,Group,Assignee,Created at,Solved at,Requester\n"
        "1,Solved,High,Support,Ann,2026-11-01 10:00:00,2026-11-01 12:00:00,a@b.ee\n"
        "2,Open,Low,Support,,2026-11-01 11:00:00,,c@d.ee\n",
        {"ticket_id": "Ticket ID", "status_name": "Status", "priority_name": "Priority", "group_name": "Group",
         "agent_name": "Assignee", "created_at": "Created at", "solved_at": "Solved at", "customer": "Requester"},
    ),
    "agent states.csv": (
        "agent_states",
        "Agent,State,Start,End,Reason\nAnn,Ready,2026-11-01 10:00:00,2026-11-01 10:05:00,\n"
        "Ann,Break,2026-11-01 10:05:00,2026-11-01 10:20:00,Coffee\n",
        {"agent_name": "Agent", "state_name": "State", "started_at": "Start", "ended_at": "End", "reason_name": "Reason"},
    ),
    "shifts.csv": (
        "shifts",
        "Employee,Activity,Shift start,End\nAnn,Phones,2026-11-01 08:00:00,2026-11-01 16:00:00\n",
        {"agent_name": "Employee", "activity_name": "Activity", "started_at": "Shift start", "ended_at": "End"},
    ),
    "survey.csv": (
        "surveys",
        "Response ID,Date,CSAT,NPS,Call ID,Comment\n1,2026-11-01 10:00:00,5,10,77,fine\n2,2026-11-01 11:00:00,1,0,78,bad\n",
        {"survey_id": "Response ID", "answered_at": "Date", "csat_score": "CSAT", "nps_score": "NPS", "call_id": "Call ID",
         "comment_text": "Comment"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_columns_are_found_by_their_names_in_many_languages_and_systems(tmp_path: Path, name: str) -> None:
    facts, text, expected = CASES[name]
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    found = guess(file, facts="surveys" if facts == "surveys" else None)
    assert found.facts == facts
    told = columns(found)
    assert {field: told.get(field) for field in expected} == expected
    assert all(item.reason_text and 0.5 <= item.confidence_ratio <= 1 for item in found.fields)
    assert loaded(found, tmp_path) == found.settings
    shown = preview(file, found, SITE, now=NOW)
    rows = len(text.splitlines()) - (not name.endswith("jsonl"))
    assert (shown.counts["read_rows"], shown.counts["rejected_rows"], shown.mapped.height) == (rows, 0, rows)


def test_words_of_a_choice_are_translated(tmp_path: Path) -> None:
    file = tmp_path / "anrufe.csv"
    file.write_text(CASES["anrufe.csv"][1], encoding="utf-8")
    shown = preview(file, guess(file), SITE, now=NOW)
    told = shown.mapped.select("outcome_name", "wait_seconds", "talk_seconds", "agent_name")
    assert told.rows() == [("answered", 20, 100, "Anna"), ("abandoned", 30, None, None)]
    assert "2345678" not in str(shown)


def dated(tmp_path: Path, *rows: tuple[str, str]) -> Guess:
    file = tmp_path / "sales.csv"
    lines = [f"{number},{paid},{shipped},10\n" for number, (paid, shipped) in enumerate(rows)]
    file.write_text("order,paid at,shipped,amount\n" + "".join(lines))
    return guess(file, facts="revenues")


def formats(found: Guess) -> object:
    return next(item.settings.get("format") for item in found.fields if item.field_name == "earned_at")


def test_the_whole_column_tells_whether_the_day_or_the_month_stands_first(tmp_path: Path) -> None:
    by_day = dated(tmp_path, ("03/04/2026", "x"), ("13/04/2026", "x"))
    assert (formats(by_day), by_day.warnings) == ("%d/%m/%Y", ())
    by_month = dated(tmp_path, ("03/04/2026 1:00 PM", "x"), ("03/14/2026 2:00 AM", "x"))
    assert formats(by_month) == "%m/%d/%Y %I:%M %p"
    assert "only %m/%d/%Y %I:%M %p reads it" in by_month.toml_text


def test_where_both_fit_another_column_decides_and_else_the_doubt_is_said(tmp_path: Path) -> None:
    decided = dated(tmp_path, ("03/04/2026", "03/14/2026"), ("05/06/2026", "05/16/2026"))
    assert formats(decided) == "%m/%d/%Y"
    assert "read with the month first, as the other columns of the file are" in decided.warnings[0]
    open_one = dated(tmp_path, ("03/04/2026", "x"), ("05/06/2026", "x"))
    assert formats(open_one) == "%d/%m/%Y"
    assert "%d/%m/%Y and %m/%d/%Y read every row of it; taken with the day first" in open_one.warnings[0]


def test_signs_of_numbers_and_scales_are_found(tmp_path: Path) -> None:
    file = tmp_path / "sales.csv"
    file.write_text("order;date;betrag;csat\n1;2026-11-01;1.234,56;80\n2;2026-11-02;7,00;100\n")
    sold = preview(file, guess(file, facts="revenues"), SITE, now=NOW)
    assert sold.mapped["amount"].to_list() == [1234.56, 7.0]
    rated = preview(file, guess(file, facts="surveys"), SITE, now=NOW)
    assert rated.mapped["csat_score"].to_list() == pytest.approx([4.2, 5.0])


def test_a_preview_shows_what_would_be_refused_by_whom_and_why(tmp_path: Path) -> None:
    file = tmp_path / "calls.csv"
    good = "".join(f"{number},q,2026-11-01 10:00:00,5,10,answered\n" for number in range(100, 160))
    file.write_text(
        f"call id,queue,start,wait,talk,result\n{good}2,q,2026-11-01 10:00:00,-5,10,answered\n"
        "3,q,2026-11-01 10:00:00,5,10,gone\n4,q,soon,5,10,answered\n"
    )
    found = guess(file)
    assert [warning.partition(";")[0] for warning in found.warnings] == ["result: gone unknown"]
    shown = preview(file, found, SITE, now=NOW, rows=5)
    assert shown.mapped.height == 5
    assert shown.mapped["outcome_name"].unique().to_list() == ["answered"]
    reasons = dict(shown.rejected.select("place_text", "reason_text").rows())
    assert reasons == {
        "calls.csv:63": "outcome_name: column 'result' is 'gone'; expected a word of its `values`, or one of abandoned, "
        "answered, callback, in_progress, interrupted, overflowed, timed_out, waiting, withdrawn",
        "calls.csv:64": "offered_at: column 'start' is 'soon'; expected 2026-01-31T23:59:59, with or without an offset, or "
        "a format",
        "calls.csv:62": reasons["calls.csv:62"],
    }
    assert reasons["calls.csv:62"].startswith("calls: ")  # the gate of the load, in its own words
    assert shown.counts == {"read_rows": 63, "mapped_rows": 60, "rejected_rows": 3}
    assert shown.is_whole
    assert found.settings is not None
    mine = preview(file, found.settings.model_copy(update={"name": "mine"}), SITE, now=NOW)
    assert 'name = "mine"' in mine.toml_text
    assert mine.counts == shown.counts


def test_a_workbook_with_a_title_and_a_parquet_file_are_guessed_too(tmp_path: Path) -> None:
    book = write_workbook(
        tmp_path / "sales.xlsx",
        [
            ["Sales", None, None],
            [None, None, None],
            ["Order", "Date", "Net"],
            ["a1", (46000.5, DATE_TIME), 12.5],
        ],
    )
    found = guess(book, facts="revenues")
    assert columns(found) == {"revenue_id": "Order", "earned_at": "Date", "amount": "Net"}
    assert preview(book, found, SITE, now=NOW).mapped["amount"].to_list() == [12.5]
    frame = pl.DataFrame(
        {"agent": ["Ann"], "state": ["Ready"], "start_time": [1_790_000_000_000], "duration_ms": [60_000]}
    )
    frame.write_parquet(tmp_path / "presence.parquet")
    states = guess(tmp_path / "presence.parquet")
    assert states.facts == "agent_states"
    (row,) = preview(tmp_path / "presence.parquet", states, SITE, now=NOW).mapped.rows(named=True)
    assert (row["ended_at"] - row["started_at"]).total_seconds() == 60


def test_what_cannot_be_told_is_said_and_nothing_is_made_up(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("foo,bar\n1,2\n")
    found = guess(file)
    assert found.settings is None
    assert found.missing
    assert "# still to be added:" in found.toml_text
    shown = preview(file, found, SITE, now=NOW)
    assert (shown.mapped.height, shown.counts) == (0, {})
    for name, content in {"a.csv": "", "b.md": "x", "c.csv": "a,b\n"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(LoadError, match="expected"):
            guess(tmp_path / name)
    with pytest.raises(LoadError, match="there is no such file"):
        guess(tmp_path / "none.csv")


def test_a_file_in_another_encoding_says_so_in_its_settings(tmp_path: Path) -> None:
    file = tmp_path / "anrufe.csv"
    file.write_bytes(CASES["anrufe.csv"][1].encode("cp1252"))
    found = guess(file)
    assert 'encoding = "cp1252"' in found.toml_text
    assert columns(found)["talk_seconds"] == "Gesprächsdauer"


def test_the_recorded_files_are_guessed(tmp_path: Path) -> None:
    recorded = Path(__file__).parents[1] / "data"
    day = recorded / "technion" / "calls_one_day.csv.gz"
    found = guess(day)
    assert found.facts == "calls"
    told = columns(found)
    assert {name: told[name] for name in ("wait_seconds", "talk_seconds", "agent_name", "outcome_name", "queue_name")} == {
        "wait_seconds": "q_time", "talk_seconds": "ser_time", "agent_name": "server", "outcome_name": "outcome",
        "queue_name": "type",
    }  # fmt: skip
    assert any("86 of 2375 texts come again" in warning for warning in found.warnings)
    assert any("PHANTOM" in warning for warning in found.warnings)
    for name, rows in {"incident_event_log.csv.gz": 5998, "itsm_incidents.csv": 40}.items():
        tickets = guess(recorded / "tickets" / name)
        assert tickets.facts == "tickets"
        assert loaded(tickets, tmp_path) == tickets.settings
        shown = preview(recorded / "tickets" / name, tickets, SITE, now=NOW)
        assert (shown.counts["read_rows"], shown.counts["rejected_rows"]) == (rows, 0)
    assert 'one_row_is = "change"' in guess(recorded / "tickets" / "incident_event_log.csv.gz").toml_text
