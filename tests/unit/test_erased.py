"""Whoever was erased is kept out of what is told of the time before it, and of nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.erased import ERASED, NO_CUSTOMER, Erased, hash_of_key, hash_of_name, replaced
from etl.erasure_carry import _clean_json
from etl.erasure_list import Erasure, keep_in_list, list_path, read_list
from etl.frames import judged
from etl.masking import NOBODY
from etl.shapes import CALLS, QUALITY_REVIEWS
from tests.laws import law

SECRET = b"0123456789abcdef" * 2
ERASED_AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
THEIRS, OTHERS = "a" * 32, "b" * 32
ALIAS = "Former agent 1a2b3c"
MARI = hash_of_key(SECRET, "pbx", "Mari Tamm")


@pytest.fixture
def erased() -> Erased:
    return known()


def known() -> Erased:
    names = {hash_of_name(SECRET, "Mari Tamm"): ALIAS}
    return Erased(
        SECRET, "pbx", "EE", {THEIRS: ERASED_AT}, {MARI: ERASED_AT}, names, {MARI: ALIAS}, ERASED_AT
    )


def calls(*rows: tuple[int, str | None, str | None]) -> pl.DataFrame:
    """Answered calls: the minute after the erasure, the customer's key, the agent."""
    return judged(
        pl.DataFrame(
            {
                "offered_at": [ERASED_AT + timedelta(minutes=minute) for minute, _, _ in rows],
                "version_number": [1] * len(rows),
                "new_rows": [1] * len(rows),
                "queue_id": [1] * len(rows),
                "agent_name": [agent for _, _, agent in rows],
                "customer_key": [key for _, key, _ in rows],
                "call_id": [f"c{number}" for number in range(len(rows))],
                "outcome_name": ["waiting"] * len(rows),
            },
            schema_overrides={
                "offered_at": pl.Datetime("us", "UTC"),
                "agent_name": pl.String,
                "customer_key": pl.String,
            },
        ),
        CALLS,
    )


def test_old_calls_are_nobodys_and_new_ones_stay(erased: Erased) -> None:
    told = calls(
        (-1, THEIRS, "Mari Tamm"), (-1, OTHERS, "Jaan"), (0, THEIRS, "Mari Tamm"), (1, NO_CUSTOMER, None)
    )
    ((_, after),) = erased.of_facts([(CALLS, told)])
    assert after.select("customer_key", "agent_name").rows() == [
        (None, ERASED + MARI),
        (OTHERS, "Jaan"),
        (THEIRS, "Mari Tamm"),  # told of the instant of the erasure: new
        (None, None),  # what a cursor carried of an erased customer is nobody's whenever it is told
    ]


@law(60)
@given(
    st.lists(
        st.tuples(
            st.integers(-9, 9),
            st.sampled_from([THEIRS, OTHERS, None]),
            st.sampled_from(["Mari Tamm", "Jaan", None]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_row_is_lost_and_twice_is_once(rows: list[tuple[int, str | None, str | None]]) -> None:
    told = calls(*rows)
    ((_, once),) = known().of_facts([(CALLS, told)])
    ((_, twice),) = known().of_facts([(CALLS, once)])
    others = [name for name in told.columns if name not in ("customer_key", "agent_name")]
    assert once.select(others).equals(told.select(others))
    assert twice.equals(once)
    expected = [(None if minute < 0 and key == THEIRS else key) for minute, key, _ in rows]
    assert once["customer_key"].to_list() == expected


def test_where_nobody_was_erased_rows_pass_as_they_are() -> None:
    told = calls((-1, THEIRS, "Mari Tamm"))
    assert Erased(b"", "pbx", None, {}, {}, {}).of_facts([(CALLS, told)])[0][1] is told


def test_names_in_words_and_numbers_to_which_calls_went_are_replaced(erased: Erased) -> None:
    told = judged(
        pl.DataFrame(
            {
                "reviewed_at": [ERASED_AT - timedelta(days=1), ERASED_AT],
                "version_number": [1, 1],
                "agent_id": [1, 1],
                "review_id": ["r1", "r2"],
                "reviewer_name": ["mari  tamm", "Mari Tamm"],
                "comment_text": ["as Mari Tamm, not Mari, showed", "Mari Tamm"],
            },
            schema_overrides={"reviewed_at": pl.Datetime("us", "UTC")},
        ),
        QUALITY_REVIEWS,
    )
    ((_, after),) = erased.of_facts([(QUALITY_REVIEWS, told)])
    assert after.select("reviewer_name", "comment_text").rows() == [
        (ALIAS, f"as {ALIAS}, not Mari, showed"),
        ("Mari Tamm", "Mari Tamm"),
    ]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (f"1795|c1|sales|Mari Tamm|CONNECT|key:{THEIRS}", f"1795|c1|sales|{ERASED}{MARI}|CONNECT|{NOBODY}"),
        (f'{{"customer_key":"{THEIRS}"}}', f'{{"customer_key":"{NOBODY}"}}'),
        (f"key:{OTHERS}, Marika Tamm, Mari Tammsaar", f"key:{OTHERS}, Marika Tamm, Mari Tammsaar"),
        ("", ""),
    ],
)
def test_refused_rows_keep_nobody_and_a_replay_still_knows_the_agent(
    erased: Erased, text: str, after: str
) -> None:
    told = pl.DataFrame(
        {"raw_text": [text], "reason_text": [None]}, schema_overrides={"reason_text": pl.String}
    )
    assert erased.of_texts(told)["raw_text"].to_list() == [after]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("one two three", "X three"),  # the longest run first
        ("two one", "two Y"),
        ("one, two", "Y, two"),
        ("tone two", "tone two"),
        ("1 2", "1 2"),
    ],
)
def test_runs_of_words_are_replaced_the_longest_first(text: str, after: str) -> None:
    assert replaced(text, {"one two": "X", "one": "Y", "1": "never"}.get) == after


def test_only_values_of_json_are_cleaned_also_of_json_within_json() -> None:
    inner = json.dumps({"agent": ["Mari", "Mari Tamm"]})
    text = json.dumps({"Mari": 1, "calls": {"Mari": "Mari"}, "kept": inner})
    cleaned = json.loads(_clean_json(text, lambda value: "X" if value == "Mari" else value))
    assert cleaned == {"Mari": 1, "calls": {"X": "X"}, "kept": '{"agent":["X","Mari Tamm"]}'}
    assert (
        _clean_json('{"a": [1,  2]}', str.upper) == '{"a": [1,  2]}'
    )  # what does not change stays to the byte
    assert _clean_json("no json Mari", lambda value: value.replace("Mari", "X")) == "no json X"


def test_a_name_has_one_hash_however_it_is_written_and_a_key_one_for_each_source() -> None:
    assert hash_of_name(SECRET, "Mari  TAMM ") == hash_of_name(SECRET, "mari tamm")
    assert hash_of_key(SECRET, "pbx", "1001") != hash_of_key(SECRET, "desk", "1001")
    assert hash_of_key(SECRET, "pbx", "1001") != hash_of_key(SECRET[::-1], "pbx", "1001")


@pytest.mark.parametrize("end", ["", "\n", '\n{"erased'])
def test_the_list_keeps_whoever_it_names_however_its_last_line_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setenv("FLOORBOARD_HOME", str(tmp_path))
    list_path().write_text(Erasure(ERASED_AT, "customer", THEIRS).to_text() + end)
    keep_in_list([Erasure(ERASED_AT, "customer", OTHERS)])
    assert [one.subject_key for one in read_list()] == [THEIRS, OTHERS]
