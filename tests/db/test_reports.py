"""Reports: the same figures as the pages, made once each however many loaders run, and sent once."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from dashboard import queries, words
from dashboard.reports import report_maker, report_requests
from dashboard.reports.report_figures import Asked, ReportError, days_of, figures, whole_days
from dashboard.reports.report_story import Story, story
from etl import LoadError
from etl.config import Settings, SiteSettings
from etl.reports.letters import message, sender
from etl.reports.making import MOST_TRIES, Letter, Reports
from etl.watch.alert_settings import AlertSettings, SmtpSettings
from floorboard import reporting
from floorboard.reporting import maker
from sql.warehouse import connected, execute, frame
from tests.conftest import engine_of_copy, filled_template
from tests.db.test_records import call, tell

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)  # Monday, 10:00 in Tallinn
AT_06_30 = 23_400


def stay(
    day: int, number: int, *, wait: int, queue: str = "sales", agent: str | None = "mari"
) -> dict[str, Any]:
    """One call of a day in November, offered at 10:00 in Tallinn and `number` minutes; agent None: abandoned."""
    offered = datetime(2026, 11, day, 8, number, tzinfo=UTC)
    left = offered + timedelta(seconds=wait)
    return call(
        f"{queue}-{day}-{number}",
        queue_name=queue,
        agent_name=agent,
        offered_at=offered,
        answered_at=left if agent else None,
        ended_at=left + timedelta(seconds=300) if agent else left,
        outcome_name="answered" if agent else "abandoned",
        wait_seconds=wait,
        talk_seconds=300 if agent else None,
    )


AGENTS = ("mari", "jaan", "kati", "olev", "siim")
STAYS = [
    # Friday the 20th: 5 offered, 4 answered (waits 5, 10, 15, 60), 3 of them within 20 s, 1 abandoned after 40 s
    *(stay(20, n, wait=w, agent=a) for n, (w, a) in enumerate(zip((5, 10, 15, 60), AGENTS, strict=False))),
    stay(20, 10, wait=40, agent=None),
    # the Friday before: 4 offered, all answered, 2 within 20 s
    *(stay(13, n, wait=w, agent=a) for n, (w, a) in enumerate(zip((5, 10, 30, 60), AGENTS, strict=False))),
    stay(20, 11, wait=5, queue="support", agent="siim"),
]


@pytest.fixture(scope="module")
def loaded_name(server_url: str, template_name: str) -> Iterator[str]:
    """A database with the stays in it; every test has its own copy."""

    def fill(engine: sa.Engine) -> None:
        tell(engine, {"calls": STAYS}, name="pbx")

    with filled_template(server_url, template_name, fill) as name:
        yield name


@pytest.fixture
def loaded(server_url: str, loaded_name: str) -> Iterator[sa.Engine]:
    with engine_of_copy(server_url, loaded_name) as engine:
        yield engine


def told(engine: sa.Engine, kind: str = "daily", day: date = FRIDAY, address: str = "") -> Story:
    with connected(engine) as connection:
        return story(figures(connection, Asked(kind, *whole_days(kind, day), address), now=NOW))


def test_a_report_says_what_the_day_was_by_hand(loaded: sa.Engine) -> None:
    """sales: N 5, answered 4, in time 3, abandoned 1 (late), so 3 / (5 - 0) = 60.0 %; before 2 / 4 = 50.0 %: +10.0 points.
    ASA (5 + 10 + 15 + 60) / 4 = 22.5 s, before (5 + 10 + 30 + 60) / 4 = 26.25 s. Offered 5 against 4: 25 % more."""
    found = told(loaded, address="queue=" + str(queue_id(loaded, "sales")))
    assert found.headline == "Below target: 60.0% were answered within 20 s, 80% were promised."
    assert found.sentences[0] == "5 contacts were offered, 25.0% more than on the same weekday a week before."
    level, offered, abandoned, speed, _ = found.cards
    assert (level.value, level.tone, level.more[1]) == ("60.0%", "off", "+10.0 points, better")
    assert (offered.value, offered.more) == ("5", ("25.0% more",))
    assert (abandoned.value, abandoned.more) == ("20.0%", ("+20.0 points, worse", "n = 5"))
    assert (speed.value, speed.more) == ("23 s", ("−4 s, better", "n = 4"))
    assert found.view == "queue sales"


def queue_id(engine: sa.Engine, name: str) -> int:
    with connected(engine) as connection:
        found = queries.QUESTIONS["queues"](connection)
    return int(found.filter(found["queue_name"] == name)[0, "queue_id"])


@pytest.mark.parametrize(("kind", "days"), [("daily", (20, 20)), ("weekly", (16, 22)), ("monthly", (1, 30))])
def test_every_kind_has_the_figures_of_the_pages(loaded: sa.Engine, kind: str, days: tuple[int, int]) -> None:
    window = {
        "window_start": words.day_start(date(2026, 11, days[0]), "Europe/Tallinn"),
        "window_end": words.day_start(date(2026, 11, days[1]) + timedelta(days=1), "Europe/Tallinn"),
    }
    with connected(loaded) as connection:
        page = queries.QUESTIONS["queue_together"](connection, **window).row(0, named=True)
        rows = queries.QUESTIONS["queue_totals"](connection, **window).filter(pl.col("offered_calls") > 0)
    found = told(loaded, kind)
    assert found.cards[0].value == words.ratio(page["service_level_ratio"], against=0.8)
    assert found.cards[1].value == words.number(page["offered_calls"])
    table = next(one.table for one in found.sections if one.title == "Queues")
    assert table is not None
    assert sorted((row[0].text, row[1].text, row[4].text) for row in table.rows) == sorted(
        (
            row["queue_name"],
            words.ratio(row["service_level_ratio"], against=0.8),
            words.number(row["offered_calls"]),
        )
        for row in rows.iter_rows(named=True)
    )


def test_agents_stand_together_from_five_on_and_by_name_never(loaded: sa.Engine) -> None:
    with connected(loaded) as connection:
        made = report_maker.make(connection, Asked("daily", FRIDAY, FRIDAY), now=NOW)
        few = report_maker.make(
            connection, Asked("daily", FRIDAY, FRIDAY, f"queue={queue_id(loaded, 'sales')}"), now=NOW
        )
    assert "5 agents handled contacts; all of them together." in made.html
    assert "4 agents handled contacts; their figures stand together only from 5 on" in few.html
    for html in (made.html, few.html):
        assert not [name for name in AGENTS if re.search(rf"\b{name}\b", html)]


def test_a_report_of_a_single_agent_is_refused(loaded: sa.Engine) -> None:
    with pytest.raises(ReportError, match=r"narrowed to one agent, expected queues"):
        told(loaded, address="agent=1")


def test_a_report_stands_alone_without_script_or_other_place(engine: sa.Engine) -> None:
    tell(engine, {"calls": [stay(20, 1, wait=5, queue="<script>alert(1)</script>")]}, name="pbx")
    with connected(engine) as connection:
        html = report_maker.make(connection, Asked("daily", FRIDAY, FRIDAY), now=NOW).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "default-src 'none'" in html
    assert set(re.findall(r"https?://[^\s\"')<]+", html)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert not re.findall(r"(?:src|href)=[\"']?(?!#)[^\"' >]", html)


def test_what_customers_said_stands_with_its_n(engine: sa.Engine) -> None:
    """Two answers, 5 and 2 of 5: satisfied 1 of 2, 50 %."""
    scored = [
        stay(20, 1, wait=5) | {"csat_score": 5},
        stay(20, 2, wait=5) | {"csat_score": 2},
        stay(20, 3, wait=5),
    ]
    tell(engine, {"calls": scored}, name="pbx")
    section = next(one for one in told(engine).sections if one.title == "Customers' voice")
    csat = next(card for card in section.cards if card.label == "CSAT")
    assert (csat.value, csat.more[-1]) == ("50.0%", "n = 2")


def test_without_an_answer_there_is_no_section_on_what_customers_said(loaded: sa.Engine) -> None:
    assert "CSAT" not in [card.label for one in told(loaded).sections for card in one.cards]


def test_goals_stand_where_they_belong_and_their_owners_names_nowhere(loaded: sa.Engine) -> None:
    """From 60 s on 1 November to 20 s by 31 December: on the 20th 19 of 60 days have passed, so the path is at 47.3 s.
    Measured are 30 s, so the goal is on track."""
    number = queue_id(loaded, "sales")
    with connected(loaded) as connection:
        for name, kind, key in (("Faster answers", "everything", ""), ("Faster sales", "queue", str(number))):
            connection.execute(
                sa.text(
                    "insert into warehouse.goals (made_at, baseline_first_date, baseline_last_date, started_date, "
                    "deadline_date, window_days, minimum_count, baseline_count, baseline_value, target_value, goal_name, "
                    "metric_name, scope_kind_name, scope_key, owner_name) values ('2026-11-01 08:00+00', '2026-10-01', "
                    "'2026-10-31', '2026-11-01', '2026-12-31', 7, 1, 100, 60, 20, :name, "
                    "'average_speed_of_answer_seconds', :kind, :key, 'Helmi Owner')"
                ),
                {"name": name, "kind": kind, "key": key},
            )
        connection.execute(
            sa.text(
                "insert into warehouse.goal_days select goal_id, '2026-11-20', '2026-11-20 12:00+00', 1, 50, 30 "
                "from warehouse.goals"
            )
        )

    def goals(address: str) -> list[list[str]]:
        tables = [
            one.table for one in told(loaded, address=address).sections if one.title == "Goals" and one.table
        ]
        return [[cell.text for cell in row[:5]] for table in tables for row in table.rows]

    assert goals("") == [
        ["Faster answers", "On track", "1:00", "30 s", "20 s"],
        ["Faster sales", "On track", "1:00", "30 s", "20 s"],
    ]
    assert goals(f"queue={number}") == [["Faster sales", "On track", "1:00", "30 s", "20 s"]]
    assert goals("channel=call") == []
    with connected(loaded) as connection:
        assert "Helmi" not in report_maker.make(connection, Asked("daily", FRIDAY, FRIDAY), now=NOW).html


def test_what_is_missing_in_the_data_is_said(loaded: sa.Engine) -> None:
    with connected(loaded) as connection:
        connection.execute(
            sa.text(
                "insert into ops.rejects (run_id, rejected_at, source_name, place_text, file_key, reason_text, raw_text) "
                "values (1, '2026-11-20 09:00+00', 'pbx', 'line 3', 'f', 'a broken line', 'x')"
            )
        )
    lines = next(one.lines for one in told(loaded, "weekly").sections if one.title == "How good is the data?")
    assert "1 row stands refused and is in no figure; Data health shows it." in lines
    assert "On 6 days of the period no contact was offered, or none is known." in lines  # all but the Friday


def test_an_empty_period_says_so_and_is_no_zero(loaded: sa.Engine) -> None:
    found = told(loaded, day=date(2026, 11, 19))
    assert found.headline == "No contact was offered in this period."
    assert (found.cards[0].value, found.cards[2].value, found.cards[3].value) == ("–", "–", "–")


def test_before_the_first_load_there_is_nothing_to_report(engine: sa.Engine) -> None:
    with pytest.raises(ReportError, match="load a source first"):
        told(engine)


def test_queues_of_different_formulas_have_no_common_service_level(loaded: sa.Engine) -> None:
    with connected(loaded) as connection:
        connection.execute(
            sa.text(
                "update warehouse.queues set service_level_formula_name = 'strict' where queue_name = 'support'"
            )
        )
    found = told(loaded)
    assert found.cards[0].value == "–"
    assert found.headline == "83.3% of 6 contacts were answered."  # 5 of 6


@pytest.mark.parametrize(
    ("kind", "last", "days"),
    [
        ("daily", "2026-11-22", ("2026-11-22", "2026-11-22")),
        ("weekly", "2026-11-22", ("2026-11-16", "2026-11-22")),
        ("weekly", "2026-11-21", ("2026-11-09", "2026-11-15")),
        ("monthly", "2026-11-29", ("2026-10-01", "2026-10-31")),
        ("monthly", "2026-11-30", ("2026-11-01", "2026-11-30")),
    ],
)
def test_the_newest_report_of_a_kind_has_ended(kind: str, last: str, days: tuple[str, str]) -> None:
    first, end = days_of(kind, date.fromisoformat(last))
    assert (first.isoformat(), end.isoformat()) == days


# ---- made by a schedule

SETTINGS = Settings.model_construct(
    site=SiteSettings(name="Here", time_zone="Europe/Tallinn"), sources=(), alerts=AlertSettings()
)


def plan(
    engine: sa.Engine, kind: str = "daily", recipients: str = "", made_at: datetime | None = None
) -> int:
    with connected(engine) as connection:
        return report_requests.add_schedule(
            connection,
            kind_name=kind,
            name="Morning",
            due_seconds=AT_06_30,
            address_text="",
            recipients=recipients,
            viewer_name="local",
            at=made_at or datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        )


def in_process(engine: sa.Engine, now: datetime = NOW) -> Callable[[int], None]:
    def make(report_id: int) -> None:
        with connected(engine) as connection:
            report_maker.make_asked(connection, report_id, now=now)

    return make


def desk(engine: sa.Engine, *, now: datetime = NOW, **given: Any) -> Reports:
    given = {"make": in_process(engine, now), **given}
    return Reports(engine, SETTINGS, now=lambda: now, **given)


def rows(engine: sa.Engine) -> list[dict[str, Any]]:
    with connected(engine) as connection:
        return frame(connection, "queries/reports", as_of=NOW + timedelta(days=9)).to_dicts()


def test_a_schedule_makes_its_report_once_however_often_it_is_looked_at(loaded: sa.Engine) -> None:
    plan(loaded)
    one = desk(loaded)
    assert [one.work(), one.work(), one.work()] == [1, 0, 0]
    (made,) = rows(loaded)
    assert (made["first_date"], made["state_name"]) == (date(2026, 11, 22), "made")
    assert made["headline_text"] == "No contact was offered in this period."


def test_of_two_loaders_at_the_same_moment_one_makes_the_report(loaded: sa.Engine) -> None:
    plan(loaded)
    made: list[int] = []
    both = threading.Barrier(2)

    def work() -> None:
        both.wait()
        one = desk(loaded, make=lambda number: (made.append(number), in_process(loaded)(number))[1])
        one.work()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert [row["state_name"] for row in rows(loaded)] == ["made"]


def test_after_an_outage_every_missed_day_is_made_and_only_the_newest_is_sent(loaded: sa.Engine) -> None:
    plan(loaded, recipients="anna@example.com", made_at=datetime(2026, 11, 19, 12, 0, tzinfo=UTC))
    sent: list[Letter] = []
    one = desk(loaded, send=sent.append)
    for _ in range(6):
        one.work()
    assert sorted(row["first_date"].day for row in rows(loaded)) == [19, 20, 21, 22]
    assert {row["state_name"] for row in rows(loaded)} == {"made"}
    assert [(letter.first_date.day, letter.recipients) for letter in sent] == [(22, ("anna@example.com",))]


def test_a_schedule_that_has_ended_makes_nothing(loaded: sa.Engine) -> None:
    number = plan(loaded)
    with connected(loaded) as connection:
        report_requests.end_schedule(connection, number, ended_at=NOW)
    assert desk(loaded).work() == 0
    assert rows(loaded) == []
    with connected(loaded) as connection:
        report_requests.end_schedule(connection, number, ended_at=None)
    assert desk(loaded).work() == 1


def test_a_report_that_cannot_be_made_is_tried_again_then_says_why_and_can_be_asked_again(
    loaded: sa.Engine,
) -> None:
    plan(loaded)
    tries: list[int] = []

    def fail(number: int) -> None:
        tries.append(number)
        raise LoadError("The disk is full; free space.")

    for _ in range(MOST_TRIES + 2):
        desk(loaded, make=fail).work()
        rest(loaded)
    assert len(tries) == MOST_TRIES
    (row,) = rows(loaded)
    assert (row["state_name"], row["error_text"]) == ("failed", "The disk is full; free space.")
    with connected(loaded) as connection:
        report_requests.ask_again(connection, row["report_id"])
    assert desk(loaded).work() == 1
    assert rows(loaded)[0]["state_name"] == "made"


def rest(engine: sa.Engine) -> None:
    """Lets the pause between two tries pass."""
    with connected(engine) as connection:
        connection.execute(sa.text("update ops.reports set taken_at = taken_at - interval '2 minutes'"))
        connection.execute(sa.text("update ops.reports set tried_at = tried_at - interval '1 day'"))


def test_a_report_whose_maker_was_killed_is_taken_again(loaded: sa.Engine) -> None:
    plan(loaded)
    desk(
        loaded, make=lambda _number: None
    ).work()  # came to nothing: the row still says that it is being made
    assert (rows(loaded)[0]["state_name"], desk(loaded).work()) == ("making", 0)
    with connected(loaded) as connection:
        connection.execute(sa.text("update ops.reports set taken_at = taken_at - interval '16 minutes'"))
    assert desk(loaded).work() == 1
    assert rows(loaded)[0]["state_name"] == "made"


def test_a_letter_that_cannot_be_sent_comes_again_and_goes_once(loaded: sa.Engine) -> None:
    plan(loaded, recipients="anna@example.com")
    sent: list[Letter] = []

    def refuse(_letter: Letter) -> None:
        raise LoadError("The mail server does not answer.")

    desk(loaded, send=refuse).work()
    assert rows(loaded)[0]["send_error_text"] == "The mail server does not answer."
    desk(loaded, send=sent.append).work()  # its pause has not passed
    assert sent == []
    rest(loaded)
    for _ in range(3):
        desk(loaded, send=sent.append).work()
    assert len(sent) == 1
    assert (rows(loaded)[0]["sent_at"], rows(loaded)[0]["send_error_text"]) == (NOW, None)


def test_one_asked_for_now_is_made_of_what_was_chosen(loaded: sa.Engine) -> None:
    asked = Asked("daily", FRIDAY, FRIDAY, f"queue={queue_id(loaded, 'support')}", "Support")
    with connected(loaded) as connection:
        number = report_requests.ask_report(connection, asked, viewer_name="local", at=NOW)
    assert desk(loaded).work() == 1
    with connected(loaded) as connection:
        found = queries.QUESTIONS["report_content"](connection, report_id=number)
    assert found[0, "headline_text"] == "On target: 100% were answered within 20 s, 80% were promised."
    assert "queue support" in found[0, "content_text"]


@pytest.mark.by_turns(3)
@pytest.mark.parametrize(
    ("viewer_name", "address", "is_told"),
    [("local", "", True), ("mara", "", True), ("eve", "", False), ("sam", "", False), ("sam", "team=1", True),
     ("sam", "team=11", False), ("eve", "queue=1", False)],
)  # fmt: skip
def test_a_report_tells_of_the_work_of_agents_to_those_who_see_them_alone(
    loaded: sa.Engine, viewer_name: str, address: str, is_told: bool
) -> None:
    """siim alone took the contact of support, in 300 s: the AHT of that queue is his. It stands in the queue's row."""
    with connected(loaded) as connection:
        connection.exec_driver_sql(
            "insert into warehouse.teams (team_name) values ('Early');"
            "insert into warehouse.team_members (team_id, agent_id, started_date) "
            "select 1, agent_id, '2020-01-01' from warehouse.agents;"
            "insert into access.accounts (login_name, role_name) values "
            "('eve', 'executive'), ('sam', 'supervisor'), ('mara', 'manager');"
            "insert into access.account_teams select account_id, 1 from access.accounts where login_name = 'sam'"
        )
        number = report_requests.ask_report(
            connection, Asked("daily", FRIDAY, FRIDAY, address, "One"), viewer_name=viewer_name, at=NOW
        )
    assert desk(loaded).work() == 1
    with connected(loaded) as connection:
        text = queries.QUESTIONS["report_content"](connection, report_id=number)[0, "content_text"]
    assert ("5:00" in text or "300 s" in text) == is_told
    assert ("does not see every agent" in text) != is_told


def test_what_was_made_stays_as_it_was_made(loaded: sa.Engine) -> None:
    plan(loaded)
    desk(loaded).work()
    before = rows(loaded)
    with connected(loaded) as connection:
        assert not execute(
            connection,
            "requests/report_made",
            report_id=before[0]["report_id"],
            made_at=NOW,
            definition_number=9,
            headline_text="other",
            content_text="other",
        )
    assert rows(loaded) == before


def test_the_loader_has_a_report_made_in_a_process_of_its_own(loaded: sa.Engine, tmp_path: Path) -> None:
    with connected(loaded) as connection:
        number = report_requests.ask_report(
            connection, Asked("daily", FRIDAY, FRIDAY, "", "Friday"), viewer_name="local", at=NOW
        )
    make = maker(loaded, threading.Event())
    make(number)
    assert rows(loaded)[0]["state_name"] == "made"


def test_what_the_process_says_is_what_the_loader_tells(
    loaded: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    says = "import sys; print('starting', file=sys.stderr); sys.exit('floorboard: There is no report 7.')"
    monkeypatch.setattr(reporting, "own_command", lambda: [sys.executable, "-c", says])
    with pytest.raises(LoadError, match=r"^There is no report 7\.$"):
        maker(loaded, threading.Event())(7)


@pytest.mark.parametrize(
    ("is_stopped", "deadline_seconds", "why"),
    [(True, 60.0, "the loader was stopped"), (False, 0.0, "took longer than 0 s")],
)
def test_a_process_that_takes_too_long_or_is_stopped_is_ended(
    loaded: sa.Engine, monkeypatch: pytest.MonkeyPatch, is_stopped: bool, deadline_seconds: float, why: str
) -> None:
    monkeypatch.setattr(
        reporting, "own_command", lambda: [sys.executable, "-c", "import time; time.sleep(99)"]
    )
    stop = threading.Event()
    if is_stopped:
        stop.set()
    with pytest.raises(LoadError, match=why):
        maker(loaded, stop, deadline_seconds=deadline_seconds)(7)


# ---- by e-mail

SMTP = SmtpSettings.model_construct(
    host="127.0.0.1", port=25, security="none", sender="floor@example.com", user=None
)
LETTER = Letter(
    report_id=7,
    report_name="Morning\nBcc: all@example.com",
    kind_name="daily",
    first_date=FRIDAY,
    last_date=FRIDAY,
    made_at=NOW,
    headline_text="On target: 84.0%.",
    content_text="<!doctype html><p>Õhtu</p>",
    recipients=("anna@example.com", "bo@example.com"),
)


def test_a_letter_carries_the_headline_and_the_report_and_no_smuggled_line() -> None:
    made = message(SMTP, LETTER, "anna@example.com")
    assert made["Subject"] == "Morning Bcc: all@example.com, 2026-11-20"
    assert made["Bcc"] is None
    assert made["Message-ID"] == "<floorboard-report-7@example.com>"
    body = made.get_body(("plain",))
    assert body is not None
    assert "On target: 84.0%." in body.get_content()
    (attached,) = made.iter_attachments()
    assert attached.get_content_type() == "text/html"
    assert attached.get_filename() == "morning-bcc-all-example-com-2026-11-20.html"
    assert attached.get_payload(decode=True).decode("utf-8") == "<!doctype html><p>Õhtu</p>"  # type: ignore[union-attr]


def test_each_reader_gets_a_letter_of_their_own() -> None:
    given: list[str] = []
    with_server = SETTINGS.model_copy(update={"alerts": AlertSettings.model_construct(smtp=SMTP)})
    send = sender(with_server, send=lambda _server, made: given.append(made["To"]))
    assert send is not None
    send(LETTER)
    assert given == ["anna@example.com", "bo@example.com"]
    assert sender(SETTINGS) is None
