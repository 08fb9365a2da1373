"""Conversations and users of Genesys Cloud become stays and states, from files and from an API that misbehaves."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import tomllib
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import LoadError
from etl.customer_key import customer_key
from etl.frames import complete, gate
from etl.shapes import FACTS
from etl.sources import Batch, Site
from etl.sources.clouds.genesys_api import GenesysApi
from etl.sources.clouds.genesys_batch import GenesysRules
from etl.sources.clouds.json_fields import VERSIONS
from etl.sources.clouds.json_files import LocalFiles
from etl.sources.genesys_cloud import GenesysCloud, GenesysCloudSettings, GenesysFiles
from tests.laws import law
from tests.web_server import Answer, Request, web_server

SECRET = b"s" * 32
RULES = GenesysRules(SECRET, "EE")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DATA = Path(__file__).parents[1] / "data" / "genesys"
Record = dict[str, Any]


def at(second: float | None) -> str | None:
    """The instant that many seconds after noon, as Genesys Cloud writes it."""
    if second is None:
        return None
    return (NOON + timedelta(seconds=second)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def without_null(record: Record) -> Record:
    return {name: value for name, value in record.items() if value is not None}


def session(segments: str, metrics: str = "", *, queue: str | None = "Q", **fields: Any) -> Record:
    """A session; segments: `interact 0-10 peer`, seconds after noon; metrics: `tAcd=10000@10`, value and second."""
    told = []
    for line in segments.split(","):
        kind, span, *disconnect = line.split()
        start, _, end = span.partition("-")
        told.append(without_null({
            "segmentType": kind, "segmentStart": at(float(start)), "segmentEnd": at(float(end)) if end else None,
            "queueId": queue, "disconnectType": disconnect[0] if disconnect else None,
        }))  # fmt: skip
    values = [
        {"name": name, "value": float(value), "emitDate": at(float(second))}
        for name, value, second in (part.replace("@", "=").split("=") for part in metrics.split())
    ]
    base = {"sessionId": f"s{segments}{metrics}", "mediaType": "voice", "direction": "inbound"}
    return base | {"segments": told, "metrics": values} | fields


def conversation(
    *participants: tuple[str, Record], key: str = "c1", end: float | None = 600, **fields: Any
) -> Record:
    """A conversation that begins at noon; participants: purpose (an agent as `agent:U1`) and one session."""
    return without_null({
        "conversationId": key, "conversationStart": at(0), "conversationEnd": at(end), "originatingDirection": "inbound",
        "participants": [
            {"purpose": purpose.partition(":")[0], "participantName": "Somebody", "sessions": [one]}
            | ({"userId": purpose.partition(":")[2]} if ":" in purpose else {})
            for purpose, one in participants
        ],
    }) | fields  # fmt: skip


CALLER = ("customer", session("interact 0-600 peer", queue=None, ani="tel:+37251000001"))
WAITED = ("acd", session("interact 5-25 transfer", "nOffered=1@5 tAcd=20000@25"))
SPOKEN = ("agent:U1", session(
    "alert 20-25,interact 25-85,hold 85-115,interact 115-125 peer,wrapup 125-140",
    "tAlert=5000@25 tAnswered=20000@25 tTalkComplete=70000@125 tHeldComplete=30000@125 tAcw=15000@140 tHandle=115000@140",
))  # fmt: skip


def read(
    records: list[Record | str], folder: Path, *, piece_bytes: int = 1 << 20, rules: GenesysRules = RULES
) -> list[Batch]:
    path = folder / "conversations.json"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records) + "\n")
    os.utime(path, (NOW.timestamp() - 86_400,) * 2)
    return list(GenesysFiles(LocalFiles((folder,)), rules).read("", "", now=NOW, piece_bytes=piece_bytes))


def calls(batches: list[Batch]) -> list[Record]:
    """The stays after all batches, as the warehouse keeps them: a version that is not older replaces all of its call."""
    kept: dict[str, list[Record]] = {}
    whole: list[pl.DataFrame] = []
    for batch in batches:
        frame = batch.facts["calls"].with_columns(
            queue_id=pl.lit(1, pl.Int32), agent_id=pl.lit(1, pl.Int32), new_rows=pl.lit(0, pl.Int64)
        )
        whole.append(complete(frame, FACTS["calls"]))
        stays: dict[str, list[Record]] = {}
        for row in batch.facts["calls"].iter_rows(named=True):
            stays.setdefault(str(row["call_id"]), []).append(row)
        for call_id, rows in stays.items():
            other = kept.get(call_id)
            if other is None or rows[0]["version_number"] >= other[0]["version_number"]:
                kept[call_id] = rows
    if whole:
        good, refused = gate(pl.concat(whole), FACTS["calls"])
        assert (good.height, refused.height) == (sum(frame.height for frame in whole), 0), refused
    return [row for key in sorted(kept) for row in kept[key]]


def second(instant: datetime | None) -> float | None:
    return (instant - NOON).total_seconds() if instant else None


def shown(row: Record) -> tuple[Any, ...]:
    return (
        row["queue_name"], second(row["offered_at"]), second(row["answered_at"]), second(row["ended_at"]),
        row["outcome_name"], row["wait_seconds"],
    )  # fmt: skip


def test_the_recorded_conversation_has_the_figures_that_it_tells() -> None:
    (batch,) = GenesysFiles(LocalFiles((DATA / "conversation1.json",)), RULES).read("", "", now=NOW)
    (row,) = batch.facts["calls"].iter_rows(named=True)
    assert (batch.read_rows, batch.rejects.height) == (1, 0)
    assert row["offered_at"] == datetime(2021, 4, 1, 12, 27, 53, 388_000, tzinfo=UTC)
    assert row["answered_at"] == datetime(2021, 4, 1, 12, 28, 4, 569_000, tzinfo=UTC)
    assert row["ended_at"] == datetime(2021, 4, 1, 12, 43, 23, 306_000, tzinfo=UTC)
    # tAcd 11,179 ms; tAlert 11,050; tTalk 374,561; tHeld 544,176; tHandle 918,737 = talk + held, so no wrap-up
    assert [row[f"{name}_seconds"] for name in ("wait", "ring", "talk", "hold", "wrap_up")] == [
        11,
        11,
        375,
        544,
        0,
    ]
    assert (row["channel_name"], row["direction_name"], row["outcome_name"]) == (
        "chat",
        "inbound",
        "answered",
    )
    assert row["agent_name"] == "50fcd33c-f432-4726-abc9-979f3ca01555"
    assert (row["call_id"], row["contact_id"]) == ("1bc96a39-6725-40c4-9345-db72aa67b8c6",) * 2
    assert batch.names.rows() == [("queue", "a623d83c-96d7-4baa-af1f-d46ad6700d8b", "Yuri")]
    assert "John Doe" not in str([batch.rows, batch.carry_text])


def test_a_call_that_waited_was_answered_and_wrapped_up(tmp_path: Path) -> None:
    (row,) = calls(read([conversation(CALLER, WAITED, SPOKEN)], tmp_path))
    assert shown(row) == ("Q", 5, 25, 125, "answered", 20)
    assert [row[f"{name}_seconds"] for name in ("ring", "talk", "hold", "wrap_up")] == [5, 70, 30, 15]
    assert (row["ended_by_name"], row["agent_name"], row["stay_number"]) == ("caller", "U1", 1)
    assert row["customer_key"] == customer_key(SECRET, "+37251000001", "EE")
    newest = int((NOON + timedelta(seconds=600)).timestamp()) * 1_000_000
    assert row["version_number"] // VERSIONS == newest // 1000


@pytest.mark.parametrize(
    ("segments", "metrics", "end", "media", "expected"),
    [
        ("interact 5-", "nOffered=1@5", None, "voice", ("waiting", None)),
        (
            "interact 5-45 peer",
            "nOffered=1@5 tAcd=40000@45 tAbandon=40400@45",
            45,
            "voice",
            ("abandoned", 40),
        ),
        ("interact 5-45 system", "nOffered=1@5 tAbandon=40500@45", 45, "voice", ("abandoned", 41)),
        ("interact 5-45 transfer", "nOffered=1@5 tFlowOut=40000@45", None, "voice", ("overflowed", 40)),
        ("interact 5-45 timeout", "nOffered=1@5 tFlowOut=40000@45", None, "email", ("timed_out", 40)),
        ("interact 5-45 peer", "nOffered=1@5", 45, "voice", ("abandoned", 40)),
        ("interact 5-45 error", "nOffered=1@5", 45, "voice", ("interrupted", 40)),
        ("interact 5-45 transfer", "nOffered=1@5", 45, "voice", ("overflowed", 40)),
        ("interact 5-45 peer", "nOffered=1@5 tAbandon=40000@45", 45, "callback", ("withdrawn", 40)),
    ],
)
def test_a_stay_without_an_answer_has_the_outcome_that_is_told(
    segments: str,
    metrics: str,
    end: float | None,
    media: str,
    expected: tuple[str, int | None],
    tmp_path: Path,
) -> None:
    (row,) = calls(
        read([conversation(("acd", session(segments, metrics, mediaType=media)), end=end)], tmp_path)
    )
    assert (row["outcome_name"], row["wait_seconds"]) == expected
    assert row["agent_name"] is None


def test_a_conversation_that_goes_on_is_in_progress(tmp_path: Path) -> None:
    speaking = ("agent:U1", session("alert 20-25,interact 25-", "tAnswered=20000@25"))
    (row,) = calls(read([conversation(WAITED, speaking, end=None)], tmp_path))
    assert shown(row) == ("Q", 5, 25, None, "in_progress", 20)
    assert [row[f"{name}_seconds"] for name in ("talk", "hold", "wrap_up")] == [None, None, None]


@pytest.mark.parametrize(
    ("metric", "kind"), [("nBlindTransferred", "blind"), ("nConsultTransferred", "attended")]
)
def test_a_transfer_to_another_queue_is_a_second_stay_of_the_same_contact(
    metric: str, kind: str, tmp_path: Path
) -> None:
    first = (
        "agent:U1",
        session("interact 25-85 transfer", f"tAnswered=20000@25 tTalkComplete=60000@85 {metric}=1@85"),
    )
    waited_again = ("acd", session("interact 86-96 transfer", "nOffered=1@86 tAcd=10000@96", queue="R"))
    second_agent = (
        "agent:U2",
        session("interact 96-196 client", "tAnswered=10000@96 tTalkComplete=100000@196", queue="R"),
    )
    rows = calls(read([conversation(CALLER, second_agent, first, waited_again, WAITED)], tmp_path))
    assert [shown(row) for row in rows] == [
        ("Q", 5, 25, 85, "answered", 20), ("R", 86, 96, 196, "answered", 10),
    ]  # fmt: skip
    assert [(row["transfer_kind_name"], row["transferred_to_name"]) for row in rows] == [
        (kind, "Somebody"),
        (None, None),
    ]
    assert [(row["stay_number"], row["agent_name"], row["ended_by_name"]) for row in rows] == [
        (1, "U1", None), (2, "U2", "agent"),
    ]  # fmt: skip
    assert {row["contact_id"] for row in rows} == {"c1"}


def test_the_same_queue_twice_gives_each_stay_its_own_answer(tmp_path: Path) -> None:
    again = ("acd", session("interact 200-210 transfer", "nOffered=1@200"))
    later = ("agent:U2", session("interact 210-260 client", "tAnswered=10000@210"))
    rows = calls(read([conversation(later, again, WAITED, SPOKEN)], tmp_path))
    assert [(row["agent_name"], second(row["answered_at"])) for row in rows] == [("U1", 25), ("U2", 210)]


def test_two_stays_at_the_same_time_do_not_share_an_answer(tmp_path: Path) -> None:
    beside = ("acd", session("interact 6-26 transfer", "nOffered=1@6"))
    other = ("agent:U2", session("interact 26-60 client", "tAnswered=20000@26"))
    rows = calls(read([conversation(WAITED, beside, SPOKEN, other)], tmp_path))
    assert [row["agent_name"] for row in rows] == ["U1", "U2"]


def test_a_caller_who_asks_to_be_called_back_has_not_abandoned(tmp_path: Path) -> None:
    asked = ("acd", session("interact 5-45 transfer", "nOffered=1@5 tFlowOut=40000@45"))
    back = ("acd", session("interact 46-146 transfer", "nOffered=1@46 tAcd=100000@146", mediaType="callback"))
    called = ("agent:U1", session("interact 146-200 client", "tAnswered=100000@146", mediaType="callback"))
    rows = calls(read([conversation(asked, back, called)], tmp_path))
    assert [(row["outcome_name"], row["direction_name"]) for row in rows] == [
        ("callback", "inbound"),
        ("answered", "outbound"),
    ]


def test_a_call_dialled_by_an_agent_belongs_to_his_queue_or_to_the_named_one(tmp_path: Path) -> None:
    reached = (
        "agent:U1",
        session(
            "dialing 0-9,interact 9-69 peer", "nOutbound=1@0 tTalkComplete=60000@69", direction="outbound"
        ),
    )
    (row,) = calls(read([conversation(reached, originatingDirection="outbound")], tmp_path))
    assert shown(row) == ("Q", 0, 9, 69, "answered", None)
    assert (row["direction_name"], row["talk_seconds"]) == ("outbound", 60)
    missed = ("agent:U1", session("dialing 0-30 peer", "nOutbound=1@0", queue=None, direction="outbound"))
    record = conversation(missed, originatingDirection="outbound")
    assert calls(read([record], tmp_path)) == []
    named = GenesysRules(SECRET, None, "Outbound")
    (row,) = calls(read([record], tmp_path, rules=named))
    assert shown(row) == ("Outbound", 0, None, 30, "withdrawn", None)


def test_days_of_one_digit_are_read(tmp_path: Path) -> None:
    record = json.dumps(conversation(WAITED, SPOKEN)).replace("2026-11-22", "2026-11-2")
    (row,) = calls(read([record], tmp_path))
    assert row["offered_at"] == datetime(2026, 11, 2, 12, 0, 5, tzinfo=UTC)


def test_surveys_and_quality_reviews_come_with_the_conversation(tmp_path: Path) -> None:
    record = conversation(
        WAITED, SPOKEN,
        surveys=[{"surveyId": "s1", "surveyStatus": "Finished", "surveyCompletedDate": at(900), "surveyPromoterScore": 9,
                  "queueId": "Q", "userId": "U1"},
                 {"surveyId": "s2", "surveyStatus": "Sent"}],
        evaluations=[{"evaluationId": "e1", "evaluatorId": "U9", "userId": "U1", "eventTime": at(999), "oTotalScore": 87.5,
                      "formName": "Calls"},
                     {"evaluationId": "e2", "userId": "U1", "eventTime": at(999)}],
    )  # fmt: skip
    (batch,) = read([record], tmp_path)
    assert batch.facts["surveys"].select("survey_id", "call_id", "agent_name", "nps_score").rows() == [
        ("s1", "c1", "U1", 9.0)
    ]
    columns = ("review_id", "agent_name", "reviewer_name", "form_name", "total_score")
    assert batch.facts["quality_reviews"].select(columns).rows() == [("e1", "U1", "U9", "Calls", 87.5)]
    for name in ("surveys", "quality_reviews"):
        frame = batch.facts[name].with_columns(queue_id=pl.lit(1, pl.Int32), agent_id=pl.lit(1, pl.Int32))
        good, refused = gate(complete(frame, FACTS[name]), FACTS[name])
        assert (good.height, refused.height) == (1, 0)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (conversation(WAITED, conversationStart=None), "conversationStart is missing; expected an instant"),
        (conversation(WAITED, conversationStart="2026-11-22T12:00:00"), "expected an instant such as"),
        (conversation(WAITED, conversationEnd=at(86_400)), "over an hour ahead of this computer's clock"),
        (conversation(WAITED, participants="none"), "participants is"),
        (conversation(WAITED, participants=["x"]), "participants is"),
        (conversation(("acd", session("interact 5-25", "nOffered=1@5", mediaType="telex"))), "mediaType is \"telex\""),
        (conversation(("acd", session("interact 5-25", "nOffered=1@5", queue=None))), "queueId is missing"),
        (conversation(("acd", session("interact 5-25", "nOffered=-1@5"))), "value is -1.0; expected a number from 0"),
        (conversation(("acd", session("interact 5-25", metrics="") | {"metrics": {"x": 1}})), "metrics is"),
        (conversation(WAITED, conversationId=7), "conversationId is 7; expected a text"),
        ({"id": "c1"}, "neither a conversation"),
    ],
)  # fmt: skip
def test_a_conversation_with_a_fault_is_refused_with_its_reason_and_the_next_is_taken(
    record: Record, reason: str, tmp_path: Path
) -> None:
    batches = read([record, conversation(WAITED, SPOKEN, key="good")], tmp_path)
    assert [row["call_id"] for row in calls(batches)] == ["good"]
    (reject,) = batches[0].rejects.iter_rows(named=True)
    assert reason in reject["reason_text"]
    assert (reject["place_text"], batches[0].read_rows) == ("conversations.json:1", 2)


def test_new_fields_are_passed_over_and_told_once(tmp_path: Path) -> None:
    records = [conversation(WAITED, key=key, mood="fine") for key in ("c1", "c2")]
    first, second_batch = read(records, tmp_path, piece_bytes=1)
    assert first.notice == "not known here and passed over: field mood of a conversation."
    assert second_batch.notice is None


def test_a_refused_conversation_is_read_again_from_its_raw_text_alone(tmp_path: Path) -> None:
    (batch,) = read([conversation(CALLER, WAITED, SPOKEN), "{broken"], tmp_path)
    assert batch.rows is not None
    raws = [*batch.rows["raw_text"].to_list(), *batch.rejects["raw_text"].to_list()]
    again, still = GenesysFiles(LocalFiles(()), RULES).again(raws, "", now=NOW)
    assert (still, again.read_rows) == ({1}, 1)
    assert again.facts["calls"].equals(batch.facts["calls"])
    assert "37251000001" not in str(raws)


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("tel:+37251000001", "+37251000001"),
        ("sip:+37251000001@pbx.example", "+37251000001"),
        ("mari@example.ee", "mari@example.ee"),
        ("sip:5f3a@host", None),
        ("anonymous", None),
    ],
)
def test_only_numbers_and_addresses_stand_for_a_customer(
    address: str, plain: str | None, tmp_path: Path
) -> None:
    caller = ("customer", session("interact 0-600", queue=None, ani=address))
    (row,) = calls(read([conversation(caller, WAITED)], tmp_path))
    assert row["customer_key"] == (customer_key(SECRET, plain, "EE") if plain else None)


def test_answers_of_the_api_that_were_saved_to_files_are_read(tmp_path: Path) -> None:
    pages = [
        {"conversations": [conversation(WAITED, key=f"{page}{n}") for n in range(2)], "totalHits": 4}
        for page in "ab"
    ]
    assert len(calls(read([*pages], tmp_path, piece_bytes=1))) == 4


@law(40)
@given(
    told=st.lists(
        st.tuples(st.sampled_from(["c1", "c2"]), st.integers(1, 4), st.integers(0, 2)),
        min_size=1,
        max_size=6,
        unique=True,
    ),
    seed=st.integers(0, 99),
    piece_bytes=st.sampled_from([1, 2_000, 1 << 20]),
)
def test_the_newest_version_of_a_conversation_wins_in_every_order(
    told: list[tuple[str, int, int]], seed: int, piece_bytes: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    records: list[Record | str] = [
        conversation(
            WAITED,
            ("agent:U1", session("interact 25-30", f"tAnswered=20000@25 tTalk={talk}000@30")),
            key=key,
            end=minute * 60,
        )
        for key, minute, talk in told
    ]
    expected = [{**row, "seq": 0} for row in calls(read(records, folder))]
    random.Random(seed).shuffle(records)
    batches = read([*records, records[0]], folder, piece_bytes=piece_bytes)
    assert [{**row, "seq": 0} for row in calls(batches)] == expected
    assert sum(batch.read_rows for batch in batches) == len(records) + 1
    assert len(expected) == len({key for key, _, _ in told})


def test_the_lines_of_the_documentation_are_settings() -> None:
    text = (Path(__file__).parents[2] / "docs" / "sources" / "genesys-cloud.md").read_text()
    tables = [tomllib.loads(block)["sources"][0] for block in re.findall(r"```toml\n(.*?)```", text, re.S)]
    assert len([GenesysCloudSettings.model_validate(table) for table in tables]) == 2


odd_values = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8),
    st.just("2026-11-2T12:00:00Z"), st.just("9999-12-31T23:59:59Z"), st.just("\ud800"), st.just([1]), st.just({"name": 5}),
)  # fmt: skip


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a record that holds a value: its table or list, and the key there."""
    keys = (
        list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    )
    return [place for key in keys for place in ((value, key), *nodes(value[key]))]


@law(150)
@given(
    changes=st.lists(st.tuples(st.integers(0, 999), odd_values), max_size=6),
    cut=st.one_of(st.none(), st.integers(1, 6_000)),
)
def test_no_conversation_however_odd_stops_the_load_and_each_is_accounted_for(
    changes: list[tuple[int, Any]], cut: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    records = [json.loads(json.dumps(conversation(CALLER, WAITED, SPOKEN, key=f"c{n}"))) for n in range(3)]
    for number, value in changes:
        places = [place for record in records for place in nodes(record)]
        table, key = places[number % len(places)]
        table[key] = deepcopy(value)
    text = "\n".join(json.dumps(record) for record in records)
    (batch,) = read([text[:cut]], tmp_path_factory.mktemp("odd"))
    assert batch.rows is not None
    assert batch.read_rows >= batch.rows.height + batch.rejects.height
    assert cut is not None or batch.read_rows == 3
    batch.carry_text.encode()


# The API.


class Cloud:
    """Behaves like the API: conversations by the time of their activity, users, names; counts what it is asked."""

    def __init__(self) -> None:
        self.conversations: list[tuple[datetime, Record]] = []
        self.users: list[Record] = []
        self.tokens = 0
        self.valid = "token-1-long-enough"
        self.misbehave: Callable[[Request], Answer | Any] = lambda request: None

    def __call__(self, request: Request) -> Answer | Any:
        if request.path == "/oauth/token":
            self.tokens += 1
            assert request.headers["authorization"].startswith("Basic ")
            assert request.body == b"grant_type=client_credentials"
            return {"access_token": self.valid, "expires_in": 86_399}
        if request.headers.get("authorization") != f"Bearer {self.valid}":
            return Answer({"message": "expired"}, 401)
        if (odd := self.misbehave(request)) is not None:
            return odd
        if request.path == "/api/v2/routing/queues":
            return {"entities": [{"id": "Q", "name": "Sales"}], "pageCount": 1}
        if request.path == "/api/v2/users":
            page = int(request.query["pageNumber"])
            return {
                "entities": [{"id": f"U{page}", "name": f"User {page}"}] if page <= 2 else [],
                "pageCount": 2,
            }
        return self.page(request)

    def page(self, request: Request) -> Any:
        asked = request.json()
        start, end = (datetime.fromisoformat(text) for text in asked["interval"].split("/"))
        size, number = asked["paging"]["pageSize"], asked["paging"]["pageNumber"]
        if request.path.endswith("/users/details/query"):
            found, key = self.users, "userDetails"
        else:
            found = [record for active_at, record in self.conversations if start <= active_at < end]
            key = "conversations"
        return {key: found[size * (number - 1) : size * number], "totalHits": len(found)}

    def add(self, count: int, *, first: int = 0, active_at: datetime = NOW - timedelta(hours=2)) -> None:
        self.conversations += [
            (active_at, conversation(WAITED, SPOKEN, key=f"c{number:04}"))
            for number in range(first, first + count)
        ]

    def asked(self, requests: list[Request], word: str) -> list[Any]:
        return [request.json() for request in requests if word in request.path]


def api(url: str) -> GenesysApi:
    return GenesysApi(
        url, url, "client", "s3cret-of-the-client", "the secret in X", most_per_second=10_000,
        options={"sleep": lambda seconds: None, "most_attempts": 2},
    )  # fmt: skip


def cloud_reader(url: str, **options: Any) -> GenesysCloud:
    return GenesysCloud(api(url), RULES, history=timedelta(days=1), **options)


def polled(
    reader: GenesysCloud, position: str = "", carry: str = "", *, now: datetime = NOW, **options: Any
) -> list[Batch]:
    return list(reader.read(position, carry, now=now, **options))


def test_all_pages_of_all_windows_are_read_once_and_the_next_poll_brings_only_what_is_new() -> None:
    cloud = Cloud()
    cloud.add(250)
    with web_server(cloud) as url:
        reader = cloud_reader(url, parts=1)
        first = polled(reader)
        assert len(calls(first)) == 250
        assert cloud.tokens == 1
        intervals = {asked["interval"] for asked in cloud.asked(url.requests, "conversations")}
        assert len(intervals) == 4, "a day in windows of six hours"
        last = first[-1]
        assert ("agent", "U2", "User 2") in first[0].names.rows()
        assert ("queue", "Q", "Sales") in first[0].names.rows()
        minute = NOW + timedelta(minutes=1)
        assert polled(reader, last.position_text, last.carry_text) == [], (
            "asked again at once, it asks nothing"
        )
        assert polled(reader, last.position_text, last.carry_text, now=minute) == [], (
            "nothing new gives no batch"
        )
        cloud.add(1, first=900, active_at=NOW - timedelta(minutes=30))  # told late, within the look-back
        (batch,) = polled(reader, last.position_text, last.carry_text, now=minute)
        assert [row["call_id"] for row in calls([batch])] == ["c0900"]
        assert batch.read_rows == 1


def test_a_conversation_that_changed_is_told_again() -> None:
    cloud = Cloud()
    open_one = conversation(WAITED, ("agent:U1", session("interact 25-", "tAnswered=20000@25")), end=None)
    cloud.conversations = [(NOW - timedelta(minutes=5), open_one)]
    with web_server(cloud) as url:
        reader = cloud_reader(url, parts=1)
        first = polled(reader)
        cloud.conversations = [(NOW, conversation(WAITED, SPOKEN))]
        later = NOW + timedelta(minutes=1)
        second_poll = polled(reader, first[-1].position_text, first[-1].carry_text, now=later)
        assert [row["outcome_name"] for row in calls([*first, *second_poll])] == ["answered"]
        assert [row["outcome_name"] for row in calls([*second_poll, *first])] == ["answered"], (
            "the older never replaces"
        )


def told_late(look_back: timedelta) -> int:
    """How many of 60 conversations, each told up to 4 minutes after it happened, come through polls of a minute."""
    chance, cloud = random.Random(1), Cloud()
    happened = [(NOW - timedelta(seconds=60 * n), chance.randint(0, 240), f"c{n}") for n in range(60)]
    position, carry, batches = "", "", list[Batch]()
    with web_server(cloud) as url:
        reader = cloud_reader(url, parts=1, look_back=look_back)
        for minute in range(62, -6, -1):
            now = NOW - timedelta(minutes=minute)
            cloud.conversations = [
                (at_time, conversation(WAITED, SPOKEN, key=key))
                for at_time, delay, key in happened
                if at_time + timedelta(seconds=delay) <= now
            ]
            got = polled(reader, position, carry, now=now)
            batches += got
            if got:
                position, carry = got[-1].position_text, got[-1].carry_text
    return len(calls(batches))


def test_what_is_told_late_is_found_within_the_look_back_and_would_be_lost_without_it() -> None:
    assert told_late(timedelta(seconds=300)) == 60
    assert told_late(timedelta()) < 60


def test_a_quiet_time_moves_the_cursor_without_a_row() -> None:
    cloud = Cloud()
    with web_server(cloud) as url:
        reader = cloud_reader(url, parts=1)
        (first,) = polled(reader)
        assert (first.read_rows, first.facts["calls"].height) == (0, 0)
        later = NOW + timedelta(minutes=16)
        (moved,) = polled(reader, first.position_text, first.carry_text, now=later)
        assert moved.read_rows == 0
        assert polled(reader, moved.position_text, moved.carry_text, now=later) == []


@pytest.mark.parametrize("piece_bytes", [1, 5_000, 60_000])
def test_nothing_is_lost_or_told_twice_wherever_a_load_stopped(piece_bytes: int) -> None:
    cloud = Cloud()
    cloud.add(130)
    cloud.add(20, first=500, active_at=NOW - timedelta(hours=20))
    position, carry, batches = "", "", list[Batch]()
    with web_server(cloud) as url:
        for stop in itertools.chain([1, 2, 3, 1, 7, 40], itertools.repeat(1_000)):
            found = cloud_reader(url, parts=1).read(position, carry, now=NOW, piece_bytes=piece_bytes)
            got = [batch for batch, _ in zip(found, range(stop), strict=False)]
            batches += got
            if not got:
                break
            position, carry = got[-1].position_text, got[-1].carry_text
    assert len(calls(batches)) == 150
    assert sum(batch.read_rows for batch in batches) == 150


def test_a_token_that_ran_out_is_renewed_once() -> None:
    cloud = Cloud()
    cloud.add(150)

    def expire(request: Request) -> Any:
        if (
            "conversations" in request.path
            and request.json()["paging"]["pageNumber"] == 2
            and cloud.tokens == 1
        ):
            cloud.valid = "token-2-long-enough"
            return Answer({"message": "expired"}, 401)
        return None

    cloud.misbehave = expire
    with web_server(cloud) as url:
        assert len(calls(polled(cloud_reader(url, parts=1)))) == 150
    assert cloud.tokens == 2


def test_a_window_with_too_many_records_is_halved() -> None:
    cloud = Cloud()
    cloud.add(3, active_at=NOW - timedelta(hours=1))
    cloud.add(3, first=10, active_at=NOW - timedelta(hours=4, minutes=30))

    def crowded(request: Request) -> Any:
        if "conversations" not in request.path:
            return None
        start, end = (datetime.fromisoformat(text) for text in request.json()["interval"].split("/"))
        answer = cloud.page(request)
        return answer | {"totalHits": 100_000} if end - start > timedelta(hours=3) else answer

    cloud.misbehave = crowded
    with web_server(cloud) as url:
        assert len(calls(polled(cloud_reader(url, parts=1)))) == 6


def test_a_page_that_comes_twice_stops_the_load_and_keeps_what_came() -> None:
    cloud = Cloud()
    cloud.add(200)

    def looped(request: Request) -> Any:
        if "conversations" not in request.path or not cloud.page(request)["totalHits"]:
            return None
        half = 100 * (
            1 - request.json()["paging"]["pageNumber"] % 2
        )  # one page, another, and the first again
        return {
            "conversations": [record for _, record in cloud.conversations[half : half + 100]],
            "totalHits": 900,
        }

    cloud.misbehave = looped
    batches: list[Batch] = []
    with (
        web_server(cloud) as url,
        pytest.raises(LoadError, match=r"page 3 .* holds the same records as page 1,"),
    ):
        batches.extend(cloud_reader(url, parts=1).read("", "", now=NOW))
    assert len(calls(batches)) == 200
    pages = [asked["paging"]["pageNumber"] for asked in cloud.asked(url.requests, "conversations")]
    assert max(pages) == 3


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (Answer({"message": "slow down"}, 429, {"Retry-After": "1"}), "429"),
        (Answer({"message": "broken"}, 500), "500"),
        (Answer({"conversations": "none"}), "without a list of conversations"),
        (Answer({"message": "no"}, 403), "not allowed"),
        (Answer(b"<html>Sign in</html>"), "expected JSON"),
    ],
)
def test_an_api_that_refuses_ends_the_load_with_a_cursor_from_which_it_goes_on(
    odd: Answer, reason: str
) -> None:
    cloud = Cloud()
    cloud.add(150)

    def refusing(request: Request) -> Any:
        is_second = "conversations" in request.path and request.json()["paging"]["pageNumber"] == 2
        return odd if is_second else None

    cloud.misbehave = refusing
    batches: list[Batch] = []
    with web_server(cloud) as url:
        with pytest.raises(LoadError, match=reason) as caught:
            batches.extend(cloud_reader(url, parts=1).read("", "", now=NOW))
        assert "s3cret" not in str(caught.value)
        assert len(calls(batches)) == 100
        cloud.misbehave = lambda request: None
        rest = polled(cloud_reader(url, parts=1), batches[-1].position_text, batches[-1].carry_text)
    assert len(calls([*batches, *rest])) == 150
    assert sum(batch.read_rows for batch in rest) == 50


def test_without_the_right_to_names_the_ids_stand_and_it_is_said() -> None:
    cloud = Cloud()
    cloud.add(1)
    cloud.misbehave = lambda request: Answer({"message": "no"}, 403) if "routing" in request.path else None
    with web_server(cloud) as url:
        (batch,) = polled(cloud_reader(url, parts=1))
    assert batch.notice is not None
    assert batch.notice.startswith("names of queues and users are not known")
    assert len(calls([batch])) == 1


def user(presence: str, routing: str, *, key: str = "U1") -> Record:
    """A user's details; `ON_QUEUE 0-60, AWAY 60-`: spans in seconds after noon."""

    def spans(text: str, word: str) -> list[Record]:
        told = []
        for part in text.split(","):
            what, span = part.split()
            start, _, end = span.partition("-")
            told.append(
                without_null(
                    {"startTime": at(float(start)), "endTime": at(float(end)) if end else None, word: what}
                )
            )
        return told

    return {
        "userId": key,
        "primaryPresence": spans(presence, "systemPresence"),
        "routingStatus": spans(routing, "routingStatus"),
    }


def states(batches: list[Batch]) -> list[tuple[float | None, str, str | None]]:
    """The states of U1 after all batches: a frame is the whole rest from its first row on."""
    kept: dict[datetime, Record] = {}
    for batch in batches:
        frame = batch.facts["agent_states"].filter(pl.col("agent_name") == "U1")
        if frame.height:
            first = frame["started_at"].min()
            assert isinstance(first, datetime)
            kept = {key: row for key, row in kept.items() if key < first}
            kept |= {row["started_at"]: row for row in frame.iter_rows(named=True)}
    ordered = [kept[key] for key in sorted(kept)]
    for row, following in itertools.pairwise(ordered):
        assert row["ended_at"] == following["started_at"]
    return [(second(row["started_at"]), row["state_name"], row["reason_name"]) for row in ordered]


def test_presence_and_routing_status_make_one_state_at_a_time() -> None:
    cloud = Cloud()
    cloud.users = [user(
        "OFFLINE 0-10,ON_QUEUE 10-500,MEAL 500-600,OFFLINE 600-",
        "OFF_QUEUE 0-10,IDLE 10-100,INTERACTING 100-200,IDLE 200-300,NOT_RESPONDING 300-310,IDLE 310-500,OFF_QUEUE 500-",
    )]  # fmt: skip
    with web_server(cloud) as url:
        batches = polled(cloud_reader(url), now=NOON + timedelta(minutes=30))
    assert states(batches) == [
        (0, "signed_out", None), (10, "available", None), (100, "on_contact", None), (200, "available", None),
        (300, "paused", "Not responding"), (310, "available", None), (500, "paused", "Meal"), (600, "signed_out", None),
    ]  # fmt: skip


def test_states_grow_from_poll_to_poll_as_if_they_had_been_asked_for_at_once() -> None:
    presence = [("ON_QUEUE", 0), ("AWAY", 4_000), ("ON_QUEUE", 5_000), ("OFFLINE", 9_000)]
    routing = [
        ("IDLE", 0),
        ("INTERACTING", 1_000),
        ("IDLE", 1_500),
        ("OFF_QUEUE", 4_000),
        ("IDLE", 5_000),
        ("OFF_QUEUE", 9_000),
    ]

    def told(spans: list[tuple[str, int]], start: float, now: float) -> str:
        ends = [*(begin for _, begin in spans[1:]), None]
        parts = []
        for (word, begin), end in zip(spans, ends, strict=True):
            if begin < now and (end is None or end > start):
                parts.append(f"{word} {begin}-{end if end is not None and end < now else ''}")
        return ",".join(parts)

    def overlapping(request: Request) -> Any:
        if "users/details" not in request.path:
            return None
        start, end = (
            (datetime.fromisoformat(text) - NOON).total_seconds()
            for text in request.json()["interval"].split("/")
        )
        return {
            "userDetails": [user(told(presence, start, end), told(routing, start, end))] if end > 0 else []
        }

    cloud = Cloud()
    cloud.misbehave = overlapping
    position, carry, batches = "", "", list[Batch]()
    with web_server(cloud) as url:
        reader = cloud_reader(url)
        for now in range(500, 12_000, 500):
            got = polled(reader, position, carry, now=NOON + timedelta(seconds=now))
            batches += got
            if got:
                position, carry = got[-1].position_text, got[-1].carry_text
    assert states(batches) == [
        (0, "available", None), (1_000, "on_contact", None), (1_500, "available", None), (4_000, "paused", "Away"),
        (5_000, "available", None), (9_000, "signed_out", None),
    ]  # fmt: skip


def test_a_users_record_with_a_fault_is_refused() -> None:
    cloud = Cloud()
    cloud.users = [user("ON_QUEUE 0-", "DANCING 0-")]
    with web_server(cloud) as url:
        (batch,) = polled(cloud_reader(url), now=NOON + timedelta(minutes=30))
    (reject,) = batch.rejects.iter_rows(named=True)
    assert reject["reason_text"].startswith('routingStatus is "DANCING"; expected one of')
    assert "page 1:1" in reject["place_text"]


@pytest.mark.parametrize(
    "position",
    [
        "{",
        "[]",
        '{"version":3}',
        '{"version":1,"until_us":9999999999999999,"step":null}',
        '{"version":1,"until_us":-1,"step":null}',
    ],
)
def test_an_absurd_cursor_says_how_to_start_again(position: str) -> None:
    with pytest.raises(LoadError, match="--from-start"):
        polled(cloud_reader("http://127.0.0.1:9"), position)
    with pytest.raises(LoadError, match="--from-start"):
        list(GenesysFiles(LocalFiles(()), RULES).read("", position, now=NOW))


def test_settings_name_the_api_or_files(monkeypatch: pytest.MonkeyPatch) -> None:
    base: Record = {"name": "cloud", "kind": "genesys_cloud", "every_seconds": 60}
    online = base | {"region": "mypurecloud.ie", "client_id": "abc", "token_env": "GENESYS_SECRET"}
    made = GenesysCloudSettings.model_validate(online)
    assert made.origin_text() == "https://api.mypurecloud.ie abc"
    site = Site("Tallinn", "Europe/Tallinn", "EE")
    monkeypatch.delenv("GENESYS_SECRET", raising=False)
    with pytest.raises(LoadError, match="GENESYS_SECRET"):
        made.reader(site, SECRET)
    monkeypatch.setenv("GENESYS_SECRET", "kZ81-ajs9-aks0-qqw1")
    reader = made.reader(site, SECRET)
    assert isinstance(reader, GenesysCloud)
    assert "kZ81" not in repr(reader)
    files = GenesysCloudSettings.model_validate(base | {"paths": ["/srv/genesys"]})
    assert isinstance(files.reader(site, SECRET), GenesysFiles)
    for wrong, word in (
        ({}, "either paths"),
        (online | {"paths": ["/srv"]}, "not both"),
        (online | {"client_id": None}, "client_id"),
        (online | {"region": "https://apps.mypurecloud.ie"}, "the domain of a region"),
    ):
        with pytest.raises(ValueError, match=word):
            GenesysCloudSettings.model_validate(base | wrong)
