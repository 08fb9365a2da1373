"""Names that are scripts, links, formulas or directives: loaded like any other, and shown on every page as words alone."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
import streamlit as st
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from dashboard import queries
from dashboard.access import Viewer
from dashboard.door import accounts, devices, sessions
from dashboard.goals import alert_saves, goal_saves
from dashboard.goals.alert_saves import Rule
from dashboard.goals.goal_path import Goal
from dashboard.quality import review_book
from dashboard.quality.review_book import Answers
from dashboard.quality.review_score import Question
from dashboard.ui import visit
from sql import rights, warehouse
from tests.app.test_ticket_pages import use
from tests.conftest import engine_of_copy
from tests.db.test_records import ask, call, tell

ROOT = Path(__file__).parents[2]
PAGES = tuple(sorted(path.stem for path in (ROOT / "pages").glob("*.py")))
NOW = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)  # test_ticket_pages' h(36), at which its `use` stops the clock
T0 = NOW - timedelta(hours=6)

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "</script><script>alert(1)</script>",
    "<iframe src=//t.example>",
    "<a href=javascript:alert(1)>x</a>",
    "<!--",
    "]]>",
    "<style>*{display:none}</style>",
    "<math><mtext><img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
)
MARKDOWN = (
    "[a](javascript:alert(1))",
    "![](http://t.example/p.png)",
    "[x](http://evil.example)",
    "<http://evil.example>",
    "$\\LaTeX$",
    "$$\\href{javascript:alert(1)}{x}$$",
    ":material/home:",
    ":red[x]",
    ":red-background[x]",
    ":rainbow[x]",
    ":streamlit:",
    "`code`",
    "**bold**",
    "~~gone~~",
    "a | b | c",
    "# head",
    "- list",
    "1. list",
    "> quote",
    "---",
    "[ref]: http://t.example",
    ":small[x]",
    ":blue-badge[x]",
    "[x][ref]",
    "<mail@evil.example>",
    "*x*_y_",
)
EXPRESSIONS = (
    "{{7*7}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "datum['x']",
    "datum.x || alert(1)",
    "'+alert(1)+'",
    "\\'+alert(1)+\\'",
    "'];alert(1);['",
    '{"signal":"alert(1)"}',
    '{"expr":"1"}',
    "%(x)s",
    "{0.__class__}",
    "{name}",
    "%s%n",
    "a.b",
    "a[0]",
    "a\\.b",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "=cmd|'/c calc'!A1",
    "@SUM(1)",
    "+1",
    "-1",
    "' or 1=1 --",
    "'; drop table warehouse.calls; --",
    "${jndi:ldap://t.example/a}",
)
ODD = (
    "x" * 200, "\u202egnp.exe", "a\u200bb", "🙂\u200d🙂", "e\u0301" * 20, "Õnne ő Вопросы 李明", "__proto__", "constructor",
    "toString", "null", "undefined", "NaN", "true", "0", "../../etc/passwd", "C:\\x", "%3Cscript%3E", "\\u003cscript\\u003e",
    "/alert(1)/", "//evil.example", "mailto:a@evil.example", "tel:+3725100", "https://evil.example/?q=<x>",
    "a=b&c=d", "?queue=1#x", "a\"b'c`d", "line\\nline", "tab\\tx", "{}", "[]", "()", "<>",
)  # fmt: skip
PAYLOADS = (*MARKUP, *MARKDOWN, *EXPRESSIONS, *ODD)
# Of these a browser could make more than words; the others must be kept whole and nothing more.
ACTIVE = tuple(text for text in (*MARKUP, *MARKDOWN) if text not in {"---", "<!--", "]]>"})


@pytest.fixture(scope="module")
def hostile(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A floor on which every name and remark is one of the hundred: agents, queues, teams, topics, forms, goals, views."""
    with engine_of_copy(server_url, template_name) as engine:
        load(engine)
        set_up(engine)
        yield engine


def load(engine: sa.Engine) -> None:
    """All of them come in through the loader: each is a queue or an agent, and a topic, a comment, a ticket's words."""
    names, calls, events, surveys, states = cycle(PAYLOADS), [], [], [], []
    for place, text in enumerate(PAYLOADS):
        queue, agent = PAYLOADS[place % 25 * 4], PAYLOADS[place % 20 * 5 + 1]
        offered = T0 + timedelta(minutes=place)
        calls.append(call(
            f"c{place}", queue_name=queue, agent_name=agent, topic_name=text, customer_key="k", csat_score=1 + place % 5,
            offered_at=offered, answered_at=offered + timedelta(seconds=9), ended_at=offered + timedelta(seconds=99),
            wait_seconds=9, talk_seconds=90, channel_name=("call", text)[place % 5 == 0],
        ))  # fmt: skip
        told = {"created": None, "agent": None, "group": text, "status": "open", "priority": next(names)}
        events += [
            {"ticket_id": f"t{place}", "occurred_at": offered, "event_number": number, "event_name": name,
             "value_text": value, "actor_name": None, "agent_name": agent if name == "agent" else None}
            for number, (name, value) in enumerate(told.items())
        ]  # fmt: skip
        surveys.append({"survey_id": f"s{place}", "answered_at": offered + timedelta(minutes=2), "csat_score": 2,
                        "call_id": f"c{place}", "agent_name": agent, "queue_name": queue, "comment_text": text})  # fmt: skip
        states.append({"agent_name": agent, "started_at": offered, "ended_at": offered + timedelta(seconds=50),
                       "state_name": "paused", "reason_name": text})  # fmt: skip
    for name, facts in (
        ("calls", calls),
        ("ticket_events", events),
        ("surveys", surveys),
        ("agent_states", states),
    ):
        summary = tell(engine, {name: facts}, name=f"pbx {name}")
        assert summary.rejected_rows == 0, ask(engine, "select reason_text, raw_text from ops.rejects")


def set_up(engine: sa.Engine) -> None:
    """What people type on the pages themselves: teams, groups, a form with its review, alerts, goals, views."""
    teams = [text for text in PAYLOADS if len(text) < 100][::7]
    with engine.begin() as connection:
        for place, text in enumerate(teams):
            connection.execute(
                sa.text("insert into warehouse.teams (team_name) values (:text)"), {"text": text}
            )
            connection.execute(
                sa.text("update warehouse.agents set team_id = :team where agent_id % :count = :place"),
                {"team": place + 1, "text": text, "count": len(teams), "place": place},
            )
            connection.execute(
                sa.text("update warehouse.queues set group_name = :text where queue_id % :count = :place"),
                {"text": text, "count": len(teams), "place": place},
            )
    who: dict[str, Any] = {"viewer_name": "<i>me</i>", "now": NOW}
    with warehouse.connected(engine) as connection:
        for place, text in enumerate(ACTIVE[:6]):
            asked = (Question(1, text, f"{text}?", "scale_5", 1),)
            form_id, _ = review_book.save_form(connection, form_name=text, questions=asked, **who)
            review_book.save_review(
                connection, form_id=form_id, source_name="pbx calls", contact_id=f"c{place}", reviewer_name=text,
                given=Answers({1: 4}, {1: text}, text, ""), **who,
            )  # fmt: skip
            goal = Goal(
                goal_name=text, metric_name="average_speed_of_answer_seconds", scope_kind_name="everything", scope_key="",
                owner_name=text, baseline_value=300, baseline_count=40, baseline_first_date=date(2026, 2, 1),
                baseline_last_date=date(2026, 2, 28), target_value=120, started_date=date(2026, 3, 1),
                deadline_date=date(2026, 6, 1), window_days=2, minimum_count=1, note_text=text,
            )  # fmt: skip
            goal_saves.make_goal(connection, goal=goal, viewer_name=text, at=NOW)
            rule = Rule(
                rule_name=text, measure_name="oldest_wait_seconds", metric_name="", scope_kind_name="queue", scope_key="",
                window_seconds=1800, comparison_name="above", threshold_value=300, clear_value=240, minimum_count=1,
                hold_seconds=60, severity_name="critical",
            )  # fmt: skip
            alert_saves.make_rule(connection, rule=rule, viewer_name=text, at=NOW)
            warehouse.execute(
                connection, "requests/saved_view_save", viewer_name="local", page_name="queues", view_name=text,
                address_text=f"queue={place}", is_start=False, saved_at=NOW,
                most_rows=50,
            )  # fmt: skip


# --- what reaches a browser

# Words that a browser is given to show as they are, or never shows: everything else may be read as Markdown.
AS_WORDS = {
    ("BidiComponent", "json"), ("Selectbox", "options"), ("MultiSelect", "options"), ("TextInput", "default"),
    ("TextInput", "value"), ("TextInput", "placeholder"), ("TextArea", "default"), ("TextArea", "value"),
    ("TextArea", "placeholder"), ("Selectbox", "raw_value"), ("MultiSelect", "raw_values"), ("Text", "body"),
    ("Code", "code_text"), ("Selectbox", "placeholder"), ("MultiSelect", "placeholder"), ("LinkButton", "url"),
    ("VegaLiteChart", "alt"), ("ArrowVegaLiteChart", "spec"), ("VegaLiteChart", "spec"),
    ("ArrowData", "columns"), ("Arrow", "columns"),
}  # fmt: skip
IDENTITIES = re.compile(r"(^|_)(id|ids|key|hash|url|form_id|element_id|file_name)$")
EXPRESSION_KEYS = {"expr", "signal", "calculate", "test", "href", "url", "update", "init"}


def texts(message: Message) -> Iterator[tuple[str, str, str]]:
    """Every text within a message to the browser: the kind of its element, the field, the words."""
    for field, value in message.ListFields():
        parts = value if field.is_repeated else [value]
        for part in parts if not hasattr(parts, "items") else parts.values():
            if field.type == FieldDescriptor.TYPE_MESSAGE and isinstance(part, Message):
                yield from texts(part)
            elif field.type == FieldDescriptor.TYPE_STRING:
                yield message.DESCRIPTOR.name, field.name, part


def protos(node: Any) -> Iterator[Message]:
    """Every element and block of a page that ran."""
    if isinstance(getattr(node, "proto", None), Message):
        yield node.proto
    for child in getattr(node, "children", {}).values():
        yield from protos(child)


def expressions(spec: Any, key: str = "") -> Iterator[str]:
    """The texts of a chart that its browser would work out."""
    if isinstance(spec, dict):
        for name, part in spec.items():
            if name not in {"datasets", "values"}:
                yield from expressions(part, name)
    elif isinstance(spec, list):
        for part in spec:
            yield from expressions(part, key)
    elif isinstance(spec, str) and (key in EXPRESSION_KEYS or key == "filter"):
        yield spec


def raw_places(at: AppTest) -> list[str]:
    """Where a hostile word would be more than a word."""
    found = []
    for proto in (one for root in at._tree.children.values() for one in protos(root)):
        assert not getattr(proto, "allow_html", False), proto
        assert proto.DESCRIPTOR.name not in {"Html", "IFrame"} or "report" in str(at._script_path), proto
        for kind, field, text in texts(proto):
            if field == "spec":
                inner = "\0".join(expressions(json.loads(text)))
                found += [f"chart: {word}" for word in PAYLOADS if len(word) > 5 and word in inner]
            elif (kind, field) not in AS_WORDS and not IDENTITIES.search(field):
                found += [f"{kind}.{field}: {text[:120]!r}" for word in ACTIVE if word in text]
    return found


VIEWS = {
    "agents": ({}, {"view": "time"}, {"agent": "1"}),
    "queues": ({}, {"view": "waits"}, {"queue": "1"}),
    "contacts": ({}, {"of": "offered_calls"}, {"source": "pbx calls", "contact": "c1"}),
    "service_level": ({}, {"view": "days"}),
    "tickets": ({}, {"view": "groups"}),
    "organisation": ({}, {"view": "agents"}),
    "quality": ({}, {"view": "desk"}),
    "alerts": ({}, {"part": "rules"}, {"part": "log"}),
}


@pytest.mark.by_turns(6, first=0)
@pytest.mark.parametrize("name", PAGES)
def test_no_name_is_more_than_words_on_any_page(
    hostile: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], name: str
) -> None:
    use(hostile, monkeypatch)
    seen = ""
    for address in VIEWS.get(name, ({},)):
        at = run_page(name, **address)
        assert not at.exception, at.exception
        assert raw_places(at) == []
        seen += "".join(str(proto) for root in at._tree.children.values() for proto in protos(root))
    assert name in WITHOUT_NAMES or "alert" in seen, "none of the names reached the page: this proves nothing"


@pytest.mark.parametrize("part", ["accounts", "walls"])
def test_no_name_of_an_account_is_more_than_words_where_accounts_are_kept(
    guarded: sa.Engine, monkeypatch: pytest.MonkeyPatch, run_page: Callable[..., AppTest], part: str
) -> None:
    use(guarded, monkeypatch)
    with guarded.begin() as connection:
        (number,) = connection.execute(
            sa.text("select account_id from access.accounts where login_name = 'ada'")
        ).one()
        now = datetime.now(UTC)
        token = sessions.begin(connection, account_id=number, now=now, lasts=timedelta(hours=1))
    monkeypatch.setattr(visit, "viewer", lambda: Viewer("ada", "administrator: everyone", token=token))
    at = run_page("access", part=part)
    assert not at.exception, at.exception
    assert raw_places(at) == []
    seen = "".join(str(proto) for root in at._tree.children.values() for proto in protos(root))
    assert "alert(1)" in seen, "none of the names reached the page: this proves nothing"


@pytest.fixture(scope="module")
def guarded(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """A site whose accounts, teams, agents and displays have these names."""
    with engine_of_copy(server_url, template_name) as engine:
        rights.install(engine)
        with engine.begin() as connection:
            for text in ACTIVE:
                connection.execute(
                    sa.text("insert into warehouse.teams (team_name) values (:text)"), {"text": text}
                )
                connection.execute(
                    sa.text("insert into warehouse.agents (agent_name) values (:text)"), {"text": text}
                )
                who = {"role_name": "supervisor", "team_names": [text]}
                accounts.add(connection, text, identity=("https://id.example", text), **who)  # type: ignore[arg-type]
                devices.add(
                    connection,
                    text,
                    board_text="/wall/show?boards=floor",
                    made_by_name="ada",
                    now=datetime.now(UTC),
                )
            accounts.add(connection, "ada", role_name="administrator", identity=("https://id.example", "ada"))
        yield engine


# Without accounts, as here, the page Access names nobody: the names of accounts are below.
WITHOUT_NAMES = {"access", "data_health", "definitions", "reconciliation", "reports", "sources"}


def test_every_name_reached_the_warehouse_as_it_was_sent(hostile: sa.Engine) -> None:
    kept = {text for (text,) in ask(hostile, "select distinct topic_name from warehouse.calls")}
    assert len(PAYLOADS) >= 100
    assert {text for text in PAYLOADS if text not in kept and text.isprintable()} == set()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: st.markdown(f"# {ACTIVE[1]}"),
        lambda: st.caption(ACTIVE[16]),
        lambda: st.button(ACTIVE[20]),
        lambda: st.markdown("x", help=ACTIVE[3]),
        lambda: st.radio("x", ["a"], captions=[ACTIVE[17]]),
        lambda: st.tabs([ACTIVE[22]]),
        lambda: st.expander(ACTIVE[23]),
        lambda: st.vega_lite_chart({"mark": "bar", "transform": [{"calculate": PAYLOADS[45], "as": "x"}]}),
    ],
    ids=["markdown", "caption", "button", "help", "captions", "tabs", "expander", "chart"],
)
def test_a_name_that_is_passed_on_as_it_is_would_be_found(draw: Callable[[], object]) -> None:
    def script(number: int) -> None:
        from tests.app import test_hostile_names

        test_hostile_names.DRAWN[number]()

    DRAWN.append(draw)
    try:
        at = AppTest.from_function(script, args=(len(DRAWN) - 1,), default_timeout=30).run()
    finally:
        DRAWN.pop()
    assert raw_places(at)


DRAWN: list[Callable[[], object]] = []

# --- what an error says

SECRET = "postgresql://app:s3cret-w0rd@db.example:5432/x for +372 5100 0001"


@pytest.mark.by_turns(6, first=6)
@pytest.mark.parametrize("name", PAGES)
def test_an_unforeseen_error_tells_a_reader_nothing_of_the_inside(
    floor: Any,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The way in catches it: one sentence on the page; the log has it with stars."""
    from dashboard import log_masks

    def fail(*_given: object, **_named: object) -> pl.DataFrame:
        raise RuntimeError(SECRET)

    for question in queries.QUESTIONS:
        monkeypatch.setitem(queries.QUESTIONS, question, fail)
    monkeypatch.setattr(
        logging, "_logRecordFactory", logging.getLogRecordFactory()
    )  # both are put back afterwards
    monkeypatch.setattr(logging, "raiseExceptions", True)
    log_masks.install()
    at = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=30)

    def chosen(sections: dict[str, list[Any]], **_named: object) -> Any:
        found = next(
            page for pages in sections.values() for page in pages if Path(str(page._page)).stem == name
        )
        found._can_be_called = True
        return found

    monkeypatch.setattr(st, "navigation", chosen)
    at.run()
    shown = "".join(str(proto) for root in at._tree.children.values() for proto in protos(root))
    assert "This page could not be drawn." in shown
    assert not re.search("s3cret|5100|RuntimeError|Traceback", shown)
    printed = capfd.readouterr()
    assert not re.search("s3cret|5100 0001", printed.out + printed.err)
    told = "\n".join(f"{record.getMessage()}\n{record.exc_text or ''}" for record in caplog.records)
    assert not re.search("s3cret|5100 0001", told)
    assert "postgresql://app:***@db.example:5432/x for ***" in told  # it was told, and told with stars
