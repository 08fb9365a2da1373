"""What monitoring programs are told over HTTP and by the console, on a real Postgres: also when it falls silent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from typer.testing import CliRunner

import floorboard
from dashboard import monitoring, server
from sql import warehouse
from tests.db.test_health import T0, at, beat, grow_old, tell
from tests.torture.tcp_proxy import PostgresProxy

TOKEN = "0123456789abcdef-not-a-sample"
HERE, ELSEWHERE = ("127.0.0.1", 5000), ("192.0.2.7", 5000)
NOW = at(1)


class Watched:
    """The two addresses as the server has them, asked as a program on this machine or elsewhere asks."""

    def __init__(self, engine: sa.Engine, *, now: datetime = NOW, token: str | None = TOKEN) -> None:
        self.now = now
        self.watch = monitoring.monitor(now=lambda: self.now, engine=lambda: engine)
        self.app = Starlette(
            routes=server.monitoring_routes(self.watch, token),
            middleware=[Middleware(server.KnownHosts, names=server.LOOPBACK_NAMES)],
        )

    async def asked(
        self, path: str, client: tuple[str, int], method: str, headers: dict[str, str]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asker:
            return await asker.request(method, path, headers=headers)

    def __call__(
        self, path: str = "/health", *, client: tuple[str, int] = HERE, method: str = "GET", **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self.asked(path, client, method, named))

    def at_once(self, number: int) -> list[httpx.Response]:
        """So many programs that ask at the same time."""

        async def all_of_them() -> list[httpx.Response]:
            return list(
                await asyncio.gather(*(self.asked("/health", HERE, "GET", {}) for _ in range(number)))
            )

        return asyncio.run(all_of_them())


@pytest.fixture
def well(engine: sa.Engine) -> sa.Engine:
    """A source that delivers, and a loader that lives."""
    tell(engine, (0, "succeeded", 0, 5), (1, "succeeded", 1, 7))
    beat(engine, 1)
    return engine


def told(answer: httpx.Response) -> tuple[int, str, list[str]]:
    body = answer.json()
    return answer.status_code, body["status"], body.get("reasons", [])


def test_a_site_that_is_well_is_ok(well: sa.Engine) -> None:
    answer = Watched(well)()
    assert told(answer) == (200, "ok", [])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["sources"][0]["lag_seconds"] == 0


def test_each_fault_degrades_with_a_reason_in_words(well: sa.Engine) -> None:
    tell(well, (1.5, "failed", None, 0))
    grow_old(well, 45)
    status, word, reasons = told(Watched(well, now=at(9))())
    assert (status, word) == (200, "degraded")
    assert reasons[0].startswith("The loader has given no sign of life for 45 s, expected one every 10 s;")
    assert reasons[1].startswith("pbx cannot be read (last try 22 Nov 2026, 08:01:30 UTC);")
    assert "The file is gone" not in str(reasons)  # what a source says stays inside


def test_a_source_that_is_stale_or_unread_degrades(well: sa.Engine) -> None:
    assert told(Watched(well, now=at(9))())[1:] == (
        "degraded",
        ["pbx was last read 8 min ago.", "The newest event of pbx is 8 min old, its limit is 5 min."],
    )


def test_a_warehouse_that_nobody_reads_into_is_degraded(engine: sa.Engine) -> None:
    status, word, reasons = told(Watched(engine)())
    assert (status, word, len(reasons)) == (200, "degraded", 2)
    assert "has never run" in reasons[0]


def test_a_warehouse_without_tables_or_without_an_answer_is_down(empty_database_url: str) -> None:
    engines = [
        warehouse.open_engine(empty_database_url),
        warehouse.open_engine("postgresql://wall:s3cret-word@127.0.0.1:1/none"),
    ]
    for engine, reason in zip(
        engines, ("The database is here. Its tables are not.", "The database does not answer."), strict=True
    ):
        answer = Watched(engine)()
        assert told(answer) == (503, "down", [reason])
        assert not [word for word in ("s3cret-word", "wall", "Traceback", "127.0.0.1") if word in answer.text]
        engine.dispose()


def test_strangers_learn_one_word_and_no_figure(well: sa.Engine) -> None:
    ask = Watched(well)
    assert ask(client=ELSEWHERE).json() == {"status": "ok"}
    refused = ask("/metrics", client=ELSEWHERE)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert "pbx" not in refused.text
    for word in ("", TOKEN[:-1], TOKEN + "x", TOKEN.upper()):
        assert ask("/metrics", client=ELSEWHERE, authorization=f"Bearer {word}").status_code == 401
    assert ask("/metrics", client=ELSEWHERE, authorization=f"Bearer {TOKEN}").status_code == 200
    assert "reasons" in ask(client=ELSEWHERE, authorization=f"bearer {TOKEN}").json()


@pytest.mark.parametrize("header", ["x_forwarded_for", "x_forwarded_proto", "forwarded", "x_real_ip", "via"])
def test_what_a_proxy_on_this_machine_passes_on_is_a_stranger(well: sa.Engine, header: str) -> None:
    ask = Watched(well)
    given = {header: "127.0.0.1"}
    assert ask("/metrics", **given).status_code == 401
    assert ask(**given).json() == {"status": "ok"}
    assert ask("/metrics", authorization=f"Bearer {TOKEN}", **given).status_code == 200


def test_without_a_token_only_this_machine_may_ask(well: sa.Engine) -> None:
    ask = Watched(well, token=None)
    assert ask("/metrics").status_code == 200
    for word in ("", "None", "null"):
        assert ask("/metrics", client=ELSEWHERE, authorization=f"Bearer {word}").status_code == 401


def test_a_foreign_name_is_not_answered(well: sa.Engine) -> None:
    assert Watched(well)("/metrics", host="evil.example").status_code == 421


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_head_is_answered_and_nothing_else_than_reading(well: sa.Engine, path: str) -> None:
    ask = Watched(well)
    answer = ask(path, method="HEAD")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert ask(path, method="POST").status_code == 405


def test_the_figures_are_open_metrics_and_counted_by_hand(well: sa.Engine) -> None:
    tell(well, (2, "failed", None, 0))
    with well.begin() as connection:
        connection.execute(
            sa.text(
                "insert into ops.rejects (run_id, rejected_at, source_name, place_text, file_key, reason_text, raw_text)"
                " select 1, :at, 'pbx', 'line ' || n, '', 'why', '+37255512345' from generate_series(1, 3) as n"
            ),
            {"at": at(1)},
        )
    answer = Watched(well, now=at(3))("/metrics")
    assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("# EOF\n")
    assert "+372" not in answer.text
    assert "The file is gone" not in answer.text
    found = {
        (sample.name, sample.labels.get("outcome")): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.labels.get("source", "pbx") == "pbx"
    }
    midnight = T0.replace(hour=0).timestamp()
    assert {key: found[key] for key in found if key[0].startswith("floorboard_source_r")} == {
        ("floorboard_source_rejects_open_rows", None): 3,
        ("floorboard_source_rows_total", "loaded"): 12,  # 5 + 7
        ("floorboard_source_rows_total", "unchanged"): 0,
        ("floorboard_source_rows_total", "rejected"): 0,
        ("floorboard_source_runs_total", "succeeded"): 2,
        ("floorboard_source_runs_total", "failed"): 1,
        **{
            ("floorboard_source_rows_created", outcome): midnight
            for outcome in ("loaded", "unchanged", "rejected")
        },
        **{("floorboard_source_runs_created", outcome): midnight for outcome in ("succeeded", "failed")},
    }
    assert found[("floorboard_source_lag_seconds", None)] == 120  # from minute 1 to minute 3
    assert found[("floorboard_source_failing", None)] == 1
    assert found[("floorboard_source_last_success_timestamp_seconds", None)] == at(1).timestamp()
    assert found[("floorboard_loader_heartbeat_age_seconds", None)] <= 2
    assert found[("floorboard_warehouse_up", None)] == 1
    assert ("floorboard_build_info", None) in found


def test_figures_of_a_warehouse_that_is_away_say_so(empty_database_url: str) -> None:
    engine = warehouse.open_engine(empty_database_url)
    answer = Watched(engine)("/metrics")
    engine.dispose()
    names = [family.name for family in text_string_to_metric_families(answer.text)]
    assert (answer.status_code, names) == (200, ["floorboard_build", "floorboard_warehouse_up"])
    assert "floorboard_warehouse_up 0.0" in answer.text


def test_a_database_that_falls_silent_is_told_within_three_seconds_and_over_when_it_answers_again(
    well: sa.Engine,
) -> None:
    with PostgresProxy(well.url.render_as_string(hide_password=False)) as proxy:
        engine = warehouse.open_engine(proxy.url)
        ask = Watched(engine)
        assert told(ask())[:2] == (200, "ok")
        proxy.set("blackhole")
        time.sleep(monitoring.KEPT_SECONDS)
        for number in (1, 20):  # a connection that fell silent; then new ones, and many who ask
            start = time.monotonic()
            answers = ask.at_once(number)
            assert time.monotonic() - start < 3
            assert {told(answer)[:2] for answer in answers} == {(503, "down")}
        proxy.set("pass")
        end = time.monotonic() + 6
        while told(ask())[1] != "ok" and time.monotonic() < end:
            time.sleep(0.2)
        assert told(ask())[:2] == (200, "ok")
        engine.dispose()


def test_a_check_that_breaks_is_down_and_shows_nothing_of_the_program() -> None:
    def broken() -> monitoring.Standing:
        raise RuntimeError("postgresql://wall:s3cret-word@db/x")

    watch = monitoring.Monitor(broken, now=lambda: T0)
    found = asyncio.run(watch.latest())
    assert (found.status_name, found.http_status) == ("down", 503)
    assert "s3cret-word" not in monitoring.health_body(found, is_trusted=True).decode()


def test_many_who_ask_within_a_second_cost_one_question() -> None:
    asked: list[int] = []

    def counted() -> monitoring.Standing:
        asked.append(1)
        return monitoring.Standing("ok", (), T0, {})

    watch = monitoring.Monitor(counted, now=lambda: T0, kept_seconds=60)

    async def many() -> None:
        await asyncio.gather(*(watch.latest() for _ in range(50)))
        await watch.latest()

    asyncio.run(many())
    assert len(asked) == 1


@pytest.fixture
def status(
    well: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, list[dict[str, Any]], str]]:
    """`floorboard etl status` at a minute of the story: exit code, rows, what it tells the person."""

    def run(*words: str, minute: float) -> tuple[int, list[dict[str, Any]], str]:
        monkeypatch.setenv("DATABASE_URL", well.url.render_as_string(hide_password=False))
        monkeypatch.setenv("FLOORBOARD_NOW", at(minute).isoformat())
        done = CliRunner().invoke(floorboard.app, ["etl", "status", "--json", *words])
        return done.exit_code, json.loads(done.stdout), done.stderr

    return run


def test_the_console_tells_of_each_source_what_the_page_does(
    status: Callable[..., Any], well: sa.Engine
) -> None:
    tell(well, (2, "failed", None, 0))
    code, rows, _ = status(minute=3)
    (row,) = rows
    assert code == 0
    assert {
        name: row[name] for name in ("source_name", "kind_name", "lag_seconds", "read_rows", "loaded_rows")
    } == {
        "source_name": "pbx",
        "kind_name": "asterisk_queue_log",
        "lag_seconds": 120,
        "read_rows": 12,
        "loaded_rows": 12,
    }
    assert row["last_succeeded_at"] == at(1).isoformat()
    assert (row["last_failed_at"], row["last_error_text"]) == (at(2).isoformat(), "The file is gone.")
    assert row["next_run_at"] == (at(2) + timedelta(seconds=60)).isoformat()
    assert (row["open_reject_rows"], row["reconciled_date"]) == (0, None)
    assert (row["is_stale"], row["is_failing"], row["is_unread"]) == (False, True, False)


@pytest.mark.parametrize(
    ("minute", "code", "word"), [(1.5, 0, ""), (9, 1, "The newest event of pbx is 8 min old")]
)
def test_the_check_ends_with_1_for_a_stale_source_and_says_why(
    status: Callable[..., Any], minute: float, code: int, word: str
) -> None:
    assert status(minute=minute)[0] == 0  # it was asked, and it answered
    found, rows, said = status("--check", minute=minute)
    assert (found, len(rows)) == (code, 1)
    assert word in said


def test_the_check_ends_with_1_for_a_failing_source_and_a_silent_loader(
    status: Callable[..., Any], well: sa.Engine
) -> None:
    grow_old(well, 30)
    assert status("--check", minute=1.5)[0] == 1
    beat(well, 1.4)
    assert status("--check", minute=1.5)[0] == 0
    tell(well, (1.5, "failed", None, 0))
    code, _, said = status("--check", minute=1.6)
    assert (code, "pbx cannot be read" in said) == (1, True)
