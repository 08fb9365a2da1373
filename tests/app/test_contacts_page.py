"""The page Contacts on drawn answers: a number's rows, a search, one contact, and what is said where there is nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.contacts import row_queries, row_view
from sql import metrics, warehouse
from tests.app.conftest import NOW
from tests.app.test_pages import block, blocks

Run = Callable[..., AppTest]
Asked = list[dict[str, Any]]


TEXT_IDS = ("call_id", "contact_id", "record_id", "recording_id")


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """A frame typed by its columns' names, as the warehouse types it; ids of a source are texts."""
    schema = {
        name: pl.String
        if name in TEXT_IDS
        else pl.Int64
        if name.endswith("_id")
        else warehouse.column_type(name, 0)
        for name in rows[0]
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def stay(call_id: str, outcome: str, wait: int, **changes: Any) -> dict[str, Any]:
    return {
        "row_text": f"1|1|pbx|{call_id}",
        "offered_at": NOW - timedelta(minutes=wait),
        "answered_at": None,
        "ended_at": NOW,
        "queue_id": 1,
        "queue_name": "Sales",
        "agent_id": 1,
        "agent_name": None,
        "channel_name": "call",
        "direction_name": "inbound",
        "outcome_name": outcome,
        "transfer_kind_name": None,
        "topic_name": None,
        "wait_seconds": wait,
        "talk_seconds": None,
        "hold_seconds": None,
        "wrap_up_seconds": None,
        "amount_number": 1,
        "counted_number": 1,
        "has_customer": True,
        "source_name": "pbx",
        "call_id": call_id,
        "stay_number": 1,
        "contact_id": call_id,
        **changes,
    }


def answer(floor: Any, name: str, *rows: dict[str, Any], total: tuple[int, int] | None = None) -> Asked:
    """Answers a question about rows and its count; the list that comes back holds what was asked."""
    asked: Asked = []
    found = frame(*rows)
    counted = int(found["counted_number"].sum())
    n = total or (len(rows), int(found["amount_number"].sum()))

    def list_of(_connection: object, **given: Any) -> pl.DataFrame:
        asked.append(given)
        return found

    def count_of(_connection: object, **given: Any) -> pl.DataFrame:
        asked.append(given)
        told = {"found_rows": n[0], "total_number": n[1], "counted_total_number": counted}
        return frame({**told, "longest_number": int(found["counted_number"].max() or 0)})

    floor.answer(**{name: list_of, f"{name}_count": count_of})
    return asked


@pytest.fixture
def names(floor: Any) -> Any:
    drawn = [("queue", 1, "Sales"), ("group", None, "Money"), ("team", 3, "North")]
    rows = [{"kind_name": kind, "name_id": number, "name_text": text} for kind, number, text in drawn]
    floor.answer(call_names=lambda _connection: frame(*rows), saved_views=lambda *_a, **_v: saved_views())
    return floor


def saved_views() -> pl.DataFrame:
    row = {"view_id": 1, "view_name": "a", "address_text": "", "is_start": False, "saved_at": NOW}
    return frame(row).clear()


def table(at: AppTest) -> dict[str, Any]:
    return block(at, "table")


def test_a_list_that_begins_before_the_kept_days_says_so_and_a_younger_one_does_not(
    names: Any, run_page: Run
) -> None:
    answer(names, "call_rows", stay("a", "abandoned", 30))
    days = {"period": "days", "to": "2026-02-10"}
    old = run_page("contacts", of="abandoned_calls", **days, **{"from": "2026-01-31"})
    [notice] = [one for one in blocks(old) if one["kind"] == "notice"]
    assert "Calls from Sun, 1 Feb 2026 on" in notice["body"]
    assert block(old, "number")["more"].startswith("Of the rows that are still there")
    young = run_page("contacts", of="abandoned_calls", **days, **{"from": "2026-02-01"})
    assert not [one for one in blocks(young) if one["kind"] == "notice"]
    assert "still there" not in block(young, "number")["more"]


def test_the_list_repeats_its_number_and_says_the_view_in_words(names: Any, run_page: Run) -> None:
    asked = answer(names, "call_rows", stay("a", "abandoned", 30), stay("b", "abandoned", 9), total=(23, 23))
    at = run_page("contacts", of="abandoned_calls", queue="1", period="yesterday")
    assert not at.exception
    number = block(at, "number")
    assert (number["label"], number["value"]) == ("Abandoned", "23")
    assert block(at, "section")["title"] == "Yesterday, Tue, 10 Mar 2026; queue Sales"
    # Tallinn: 10 March begins at 22:00 UTC of the 9th
    day = {
        "window_start": datetime(2026, 3, 9, 22, tzinfo=UTC),
        "window_end": datetime(2026, 3, 10, 22, tzinfo=UTC),
    }
    assert {**day, "queue_id": 1, "of_name": "abandoned_calls"}.items() <= asked[0].items()
    rows = table(at)["rows"]
    assert [row["cells"][0]["here"] for row in rows] == [
        "contacts?contact=a&source=pbx",
        "contacts?contact=b&source=pbx",
    ]


@pytest.mark.parametrize(
    ("of_name", "total", "text"),
    [
        ("average_full_resolution_seconds", {"total_number": 2, "counted_total_number": 811_200}, "4.7 days"),
        (
            "average_full_resolution_business_seconds",
            {"total_number": 2, "counted_total_number": 811_200},
            "112.7 h",
        ),
        ("median_first_reply_seconds", {"figure_number": 12_720}, "3 h 32 min"),
        ("ninth_decile_first_reply_business_seconds", {"figure_number": None}, "–"),
        ("longest_backlog_age_seconds", {"longest_number": 984_960}, "11.4 days"),
        ("signed_in_seconds", {"total_number": 685_080}, "190.3 h"),
        ("longest_wait_seconds", {"longest_number": 252}, "4:12"),
        ("median_idle_seconds", {"figure_number": 252}, "4:12"),
        ("average_speed_of_answer_seconds", {"total_number": 2, "counted_total_number": 84}, "42 s"),
    ],
)
def test_a_time_stands_over_its_list_as_on_its_page(of_name: str, total: dict[str, Any], text: str) -> None:
    assert row_view.number_text(of_name, total) == text


def test_an_abbreviation_keeps_its_letters_within_a_sentence() -> None:
    assert row_view.made_of(metrics.metric("csat_ratio")) == "Satisfied of CSAT answers"
    assert row_view.made_of(metrics.metric("one_touch_ratio")) == "One reply of solved"


def test_a_metric_shows_what_it_is_made_of_and_marks_what_is_counted(names: Any, run_page: Run) -> None:
    answer(names, "call_rows", stay("in", "answered", 5), stay("late", "answered", 50, counted_number=0))
    at = run_page("contacts", of="service_level_strict_ratio")
    number = block(at, "number")
    assert number["value"] == "50.0%"  # 1 / 2
    assert number["parts"] == [
        {"label": "Answered in time of offered", "value": "1 of 2"},
        {"label": "Rows", "value": "2"},
    ]
    assert [row["cells"][1]["word"] for row in table(at)["rows"]] == ["yes", "no"]


def test_one_interval_of_a_page_asks_for_that_interval_alone(names: Any, run_page: Run) -> None:
    asked = answer(names, "call_rows", stay("a", "answered", 5))
    run_page(
        "contacts", of="offered_calls", start="2026-03-11T08:00:00+00:00", end="2026-03-11T08:15:00+00:00"
    )
    quarter = datetime(2026, 3, 11, 8, tzinfo=UTC)
    assert asked[0]["window_start"] == quarter
    assert asked[0]["window_end"] == quarter + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("address", "question", "given"),
    [
        ({"of": "handled_calls", "by": "answer", "agent": "4"}, "agent_call_rows", {"agent_id": 4}),
        ({"of": "waiting_calls", "as_of": "2026-03-11T11:00:00+00:00"}, "live_rows",
         {"as_of": datetime(2026, 3, 11, 11, tzinfo=UTC)}),
        ({"of": "offered_calls", "threshold": "30", "wait_from": "11", "wait_to": "20"}, "call_rows",
         {"threshold_seconds": 30, "wait_from_seconds": 11, "wait_to_seconds": 20}),
        ({"of": "offered_calls", "threshold": "-1", "start": "nonsense", "end": "x"}, "call_rows", {}),
    ],
)  # fmt: skip
def test_each_address_asks_its_own_question(
    names: Any, run_page: Run, address: dict[str, str], question: str, given: dict[str, Any]
) -> None:
    asked = answer(names, question, stay("a", "answered", 5))
    at = run_page("contacts", **address)
    assert not at.exception
    assert block(at, "number")
    assert given.items() <= asked[0].items()
    assert ("threshold_seconds" in asked[0]) == ("threshold_seconds" in given)


def test_a_long_list_goes_on_behind_its_last_row(names: Any, run_page: Run) -> None:
    rows = [stay(f"c{number}", "answered", number) for number in range(50)]
    answer(names, "call_rows", *rows, total=(120, 120))
    at = run_page("contacts", of="offered_calls", queue="1")
    ways = [item for found in blocks(at) if found["kind"] == "trail" for item in found["items"]]
    assert [way["text"] for way in ways] == ["Back", "Next 50 rows"]
    assert ways[1]["here"] == "?of=offered_calls&queue=1&after=1%7C1%7Cpbx%7Cc49"
    asked = answer(names, "call_rows", *rows, total=(120, 120))
    run_page("contacts", of="offered_calls", after="1|1|pbx|c49")
    assert next(given["after_text"] for given in asked if "after_text" in given) == "1|1|pbx|c49"


def test_a_very_long_list_is_made_ready_for_download_only_when_somebody_asks(
    names: Any, run_page: Run
) -> None:
    asked = answer(names, "call_rows", stay("a", "answered", 5), total=(250_000, 250_000))
    at = run_page("contacts", of="offered_calls")
    ways = [item["text"] for found in blocks(at) if found["kind"] == "trail" for item in found["items"]]
    assert "Prepare all 100,000 rows for download" in ways
    assert all(given.get("limit_rows") != row_queries.WHOLE_ROWS for given in asked)
    run_page("contacts", of="offered_calls", whole="1")
    assert any(given.get("limit_rows") == row_queries.WHOLE_ROWS for given in asked)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ({"start": "zzz", "end": "qqq"}, ("“start=zzz”", "“end=qqq”")),
        ({"start": NOW.isoformat(), "end": NOW.isoformat()}, ("a start before its end",)),
        ({"as_of": "0001-01-01T00:00+00:00"}, ("“as_of=0001",)),
        ({"after": "nonsense"}, ("“after=nonsense”",)),
        ({"quarter": "-5", "weekday": "99"}, ("“quarter=-5”", "“weekday=99”")),
        ({"wait_from": "99", "wait_to": "5"}, ("wait_from below wait_to",)),
        ({"queue": "all", "formula": "zz"}, ("“queue=all”", "“formula=zz”")),
    ],
)
def test_what_a_list_cannot_read_of_its_address_is_said_and_narrows_nothing(
    names: Any, run_page: Run, address: dict[str, str], told: tuple[str, ...]
) -> None:
    asked = answer(names, "call_rows", stay("a", "answered", 5))
    at = run_page("contacts", of="offered_calls", **address)
    [body] = [
        found["body"] for found in blocks(at) if found.get("title", "").startswith("Not all of this address")
    ]
    assert [part for part in told if part not in body] == []
    assert block(at, "number")["more"].startswith("Not the number of the page")
    asked.clear()
    fine = run_page("contacts", of="offered_calls")
    assert block(fine, "number")["more"].startswith("The same number")
    assert asked == []  # the same question, which is answered already


def test_an_unknown_number_says_that_it_has_no_rows(names: Any, run_page: Run) -> None:
    at = run_page("contacts", of="<script>")
    assert not at.exception
    assert block(at, "notice")["title"] == 'There are no rows behind "<script>".'


def test_a_number_that_is_zero_says_so_in_the_list(names: Any, run_page: Run) -> None:
    def none(_connection: object, **_given: Any) -> pl.DataFrame:
        return frame(stay("a", "answered", 1)).clear()

    def zero(_connection: object, **_given: Any) -> pl.DataFrame:
        return frame({"found_rows": 0, "total_number": 0, "counted_total_number": 0, "longest_number": None})

    names.answer(call_rows=none, call_rows_count=zero)
    at = run_page("contacts", of="abandoned_calls")
    assert block(at, "number")["value"] == "0"
    assert table(at)["nothing"].startswith("Nothing is behind this number")
    at = run_page("contacts", of="abandoned_calls", after="0|1|c")
    assert table(at)["nothing"].startswith("The list ends here")


# ---- search ----


def found(**changes: Any) -> dict[str, Any]:
    return {
        "row_text": "call|pbx|a|1|1", "kind_name": "call",
        "started_at": NOW, "queue_name": "Sales", "agent_name": "Aino Kask", "channel_name": "call",
        "direction_name": "inbound", "outcome_name": "answered", "wait_seconds": 12, "handle_seconds": 300,
        "transfer_kind_name": None, "topic_name": None, "csat_score": 4.0, "has_customer": True, "source_name": "pbx",
        "record_id": "a", "contact_id": "a", "url_text": None, **changes,
    }  # fmt: skip


def search(floor: Any, *rows: dict[str, Any]) -> Asked:
    asked: Asked = []

    def contact_search(_connection: object, **given: Any) -> pl.DataFrame:
        asked.append(given)
        return frame(*rows) if rows else frame(found()).clear()

    def contact_search_count(_connection: object, **_given: Any) -> pl.DataFrame:
        return frame({"found_rows": len(rows), "found_calls": len(rows), "found_tickets": 0})

    floor.answer(contact_search=contact_search, contact_search_count=contact_search_count)
    return asked


def test_a_search_asks_for_what_the_address_says_and_leads_to_the_contact(names: Any, run_page: Run) -> None:
    asked = search(names, found())
    at = run_page("contacts", queue="1", outcome="answered", wait="20", passed="no", csat="high", text="179")
    assert not at.exception
    wanted = {"queue_id": 1, "outcome_name": "answered", "wait_over_seconds": 20, "is_transferred": False,
              "csat_name": "high", "search_text": "179"}  # fmt: skip
    assert wanted.items() <= asked[0].items()
    assert table(at)["rows"][0]["cells"][0]["here"] == "contacts?contact=a&source=pbx"


def test_a_word_that_is_on_no_list_narrows_nothing(names: Any, run_page: Run) -> None:
    asked = search(names, found())
    at = run_page("contacts", outcome="'; drop", wait="7", kind="parrot")
    assert not at.exception
    assert not {"outcome_name", "wait_over_seconds", "kind_name"} & asked[0].keys()


def test_a_customers_number_is_explained_and_never_found(names: Any, run_page: Run) -> None:
    search(names)
    at = run_page("contacts", text="+372 5100 0001")
    notices = [one for one in blocks(at) if one["kind"] == "notice"]
    assert notices[0]["title"] == "Customers' numbers and addresses are not kept."
    assert "`floorboard customer find`" in notices[0]["body"]
    assert notices[1]["title"] == "No call and no ticket fits this search."


def test_a_customers_hash_asks_for_the_customer(names: Any, run_page: Run) -> None:
    asked = search(names, found())
    run_page("contacts", customer="0123456789abcdef" * 2)
    assert asked[0]["customer_key"] == "0123456789abcdef" * 2
    assert "search_text" not in asked[0]


# ---- one contact ----


def leg(record_id: str, minutes: float, **changes: Any) -> dict[str, Any]:
    begun = NOW + timedelta(minutes=minutes)
    return {
        "kind_name": "call", "started_at": begun, "answered_at": begun + timedelta(seconds=20),
        "ended_at": begun + timedelta(seconds=200), "wait_seconds": 20, "source_name": "pbx", "record_id": record_id,
        "contact_id": "a", "queue_name": "Sales", "agent_name": "Aino Kask", "outcome_name": "answered",
        "transfer_kind_name": None, "transferred_to_name": None, "customer_key": "k", "stay_number": 1, "queue_id": 1,
        "agent_id": 1, "channel_name": "call", "direction_name": "inbound", "ring_seconds": 5, "talk_seconds": 150,
        "hold_seconds": 30, "wrap_up_seconds": 15, "ended_by_name": "agent", "topic_name": None, "csat_score": None,
        "is_resolved": None, "run_id": 7, "version_number": 3, "place_text": "queue_log:17", "url_text": None, **changes,
    }  # fmt: skip


@pytest.fixture
def known(floor: Any) -> Any:
    run = {"run_id": 7, "source_name": "pbx", "started_at": NOW, "ended_at": NOW, "read_rows": 10, "loaded_rows": 8,
           "unchanged_rows": 1, "rejected_rows": 1, "outcome_name": "succeeded"}  # fmt: skip
    remark = {"kind_name": "survey", "happened_at": NOW, "source_name": "mail", "record_id": "s1", "csat_score": 5.0,
              "nps_score": 9.0, "total_score": None, "earned_amount": None, "currency_name": None, "is_resolved": True,
              "by_name": None, "form_name": None, "comment_text": "=thanks"}  # fmt: skip
    recording = {"started_at": NOW, "length_seconds": 150, "media_name": "voice", "agent_name": None, "source_name": "rec",
                 "recording_id": "r1", "url_text": "https://rec.example.com/r1", "erased_at": None}  # fmt: skip
    other = {"kind_name": "call", "started_at": NOW, "answered_at": None, "ended_at": NOW, "source_name": "pbx",
             "record_id": "z", "contact_id": "z", "queue_name": "Sales", "agent_name": "Aino Kask",
             "outcome_name": "answered", "agent_id": 1, "topic_name": None}  # fmt: skip
    floor.answer(
        contact_sources=lambda *_a, **_v: frame({"source_name": "pbx", "started_at": NOW}),
        contact_journey=lambda *_a, **_v: frame(leg("a", -200), leg("b", -180, queue_name="Billing")),
        contact_runs=lambda *_a, **_v: frame(run),
        contact_remarks=lambda *_a, **_v: frame(remark),
        contact_recordings=lambda *_a, **_v: frame(recording, {**recording, "erased_at": NOW}),
        recording_rules=lambda *_a, **_v: frame({"hosts_text": "rec.example.com", "kept_days": None}),
        customer_contacts=lambda *_a, **_v: frame(other, {**other, "record_id": "a"}),
    )
    return floor


def test_a_journey_tells_times_to_scale_and_where_each_part_was_read(known: Any, run_page: Run) -> None:
    at = run_page("contacts", contact="a", source="pbx")
    assert not at.exception
    first, second = block(at, "journey")["legs"]
    # 15 s in the queue, 5 s ringing, then talk, hold and wrap-up: 215 s in all, the longest of the calls
    assert [(part["state"], part["share"]) for part in first["bar"]] == [
        ("waiting", 15 / 215), ("ringing", 5 / 215), ("on_contact", 150 / 215), ("held", 30 / 215), ("wrap_up", 15 / 215)
    ]  # fmt: skip
    origin = {pair["label"]: pair["value"] for pair in first["origin"]}
    assert origin["Place"] == "queue_log:17"
    assert origin["Load"].startswith("no. 7, 11 Mar 2026, 14:00:00: 10 rows read, 8 loaded, 1 refused")
    assert second["gap"] == "16 min later"  # from 200 s after the first to 20 minutes after its start
    recordings, remarks, others = [one for one in blocks(at) if one["kind"] == "table"]
    assert [row["cells"][1] for row in recordings["rows"]] == ["2:30", "2:30"]
    kept, erased = (row["cells"][4] for row in recordings["rows"])
    assert kept == {"text": "Open the recording", "href": "recording?source=rec&id=r1"}
    assert erased["word"] == "Erased on 11 Mar"
    assert remarks["rows"][0]["cells"][2] == "CSAT 5 · NPS 9"
    assert [row["cells"][4]["word"] for row in others["rows"]] == [
        "same agent"
    ]  # the journey itself is left out


def test_a_contact_in_progress_runs_until_now_and_says_so(known: Any, run_page: Run) -> None:
    running = leg("a", -10, ended_at=None, outcome_name="in_progress", talk_seconds=None, hold_seconds=None,
                  wrap_up_seconds=None, ring_seconds=None)  # fmt: skip
    known.answer(contact_journey=lambda *_a, **_v: frame(running))
    at = run_page("contacts", contact="a", source="pbx")
    assert block(at, "notice")["title"] == "This contact is still in progress."
    assert [part["word"] for part in block(at, "journey")["legs"][0]["bar"]] == ["Wait 20 s", "Talk 9:40"]


def test_two_systems_that_use_one_id_are_both_offered(known: Any, run_page: Run) -> None:
    told = [{"source_name": name, "started_at": NOW} for name in ("north", "south")]
    known.answer(contact_sources=lambda *_a, **_v: frame(*told))
    at = run_page("contacts", contact="1001")
    assert [row["cells"][0]["here"] for row in table(at)["rows"]] == [
        "contacts?contact=1001&source=north",
        "contacts?contact=1001&source=south",
    ]
    assert not [one for one in blocks(at) if one["kind"] == "journey"]


def test_a_contact_of_nobody_says_why_no_other_is_the_same_customers(known: Any, run_page: Run) -> None:
    known.answer(contact_journey=lambda *_a, **_v: frame(leg("a", -10, customer_key=None)))
    at = run_page("contacts", contact="a", source="pbx")
    assert block(at, "notice")["title"] == "Nobody in particular called."
    assert "erased" in block(at, "notice")["body"]


def test_an_unknown_contact_says_what_to_try(known: Any, run_page: Run) -> None:
    known.answer(
        contact_sources=lambda *_a, **_v: frame({"source_name": "pbx", "started_at": NOW}).clear(),
        contact_journey=lambda *_a, **_v: frame(leg("a", 0)).clear(),
    )
    at = run_page("contacts", contact="gone")
    assert not at.exception
    assert block(at, "notice")["title"] == "No contact gone is known in any source."


def test_a_load_whose_account_is_gone_and_a_source_without_places_are_said(known: Any, run_page: Run) -> None:
    known.answer(
        contact_journey=lambda *_a, **_v: frame(leg("a", -10, run_id=3, place_text=None)),
    )
    at = run_page("contacts", contact="a", source="pbx")
    origin = {pair["label"]: pair["value"] for pair in block(at, "journey")["legs"][0]["origin"]}
    assert origin["Load"] == "no. 3; its account is no longer kept"
    assert origin["Place"] == "not told by this source"


def test_the_live_floors_numbers_lead_to_the_calls_of_that_instant(floor: Any, run_page: Run) -> None:
    at = run_page("live_floor")
    tiles = {tile["key"]: tile.get("here") for tile in block(at, "floor")["tiles"]}
    now = "2026-03-11T12%3A00%3A00%2B00%3A00"
    assert tiles["waiting"] == f"contacts?of=waiting_calls&as_of={now}"
    assert tiles["service_level"] == f"contacts?of=service_level_ratio&as_of={now}"
    card = block(at, "floor")["queues"][1]
    assert card["leads"]["waiting"] == f"contacts?of=waiting_calls&as_of={now}&queue=1"
    assert card["facts"][0]["here"] == f"contacts?of=service_level_ratio&as_of={now}&queue=1&last=900"
