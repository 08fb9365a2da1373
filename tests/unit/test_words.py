"""What a person reads: texts, numbers, ratios, durations, days."""

from __future__ import annotations

import ast
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dashboard import words
from dashboard.words import WordsError, t, t_count
from tests.laws import law

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "against", "text"),
    [
        (None, None, "–"),
        (0.0, None, "0%"),
        (1.0, None, "100%"),
        (0.847, None, "84.7%"),
        (0.7447, None, "74.5%"),
        (0.9996, None, "99.9%"),  # not all is never 100 %
        (0.0004, None, "0.1%"),  # not nothing is never 0 %
        (0.79999, 0.8, "79.9%"),  # a missed target is never shown as met
        (0.79999, None, "80.0%"),
        (0.8, 0.8, "80.0%"),
        (1.2, None, "120.0%"),  # conformance may pass 100 %
    ],
)
def test_a_ratio_never_reads_better_than_it_is(value: float | None, against: float | None, text: str) -> None:
    assert words.ratio(value, against=against) == text


@law(100)
@given(some.floats(0, 1), some.floats(0.01, 1))
def test_no_ratio_below_its_target_reads_like_the_target(value: float, target: float) -> None:
    shown = float(words.ratio(value, against=target).rstrip("%")) / 100
    if 0.001 < value < target:
        assert shown < target + 1e-12
    if 0 < value < 1:
        assert 0 < shown < 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (-3, "0 s"),
        (0, "0 s"),
        (42, "42 s"),
        (59.4, "59 s"),
        (59.5, "1:00"),
        (252, "4:12"),
        (3599, "59:59"),
        (3725, "1:02:05"),
        (360000, "100:00:00"),
    ],
)
def test_durations_read_as_seconds_then_minutes_then_hours(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (8, "8 s"),
        (60, "1 min"),
        (3540, "59 min"),
        (3600, "1 h"),
        (11100, "3 h 5 min"),
        (172800, "2 days"),
    ],
)
def test_an_age_uses_two_units_at_most(seconds: float | None, text: str) -> None:
    assert words.age(seconds) == text


@pytest.mark.parametrize(
    ("amount", "moved", "when", "is_count", "text"),
    [
        ("3.1 points", 3.1, "a week before", False, "3.1 points more than a week before"),
        ("12 s", -12, "in the days before", False, "12 s less than in the days before"),
        ("4.2%", -5, "52 weeks before", True, "4.2% fewer than 52 weeks before"),
        ("0 s", 0, "a week before", False, "the same as a week before"),
    ],
)
def test_a_comparison_reads_as_a_sentence(
    amount: str, moved: float, when: str, is_count: bool, text: str
) -> None:
    assert words.compared(amount, moved, when, is_count=is_count) == text


def test_numbers_are_grouped_and_unknown_is_a_dash() -> None:
    assert [words.number(found) for found in (None, 0, 1234567, 2.5)] == ["–", "0", "1,234,567", "2.5"]


def test_a_cell_is_formatted_by_the_last_word_of_its_column() -> None:
    at = datetime(2026, 3, 14, 12, 5, 9, tzinfo=UTC)
    assert words.value("service_level_ratio", 0.5) == "50.0%"
    assert words.value("talk_seconds", 61) == "1:01"
    assert words.value("offered_calls", 1000) == "1,000"
    assert [words.value("sale_amount", found) for found in (1234.5, 8, None)] == ["1,234.50", "8.00", "–"]
    assert words.value("run_id", 1000) == "1000"
    assert words.value("is_known", True) == "yes"
    assert words.value("day_date", date(2026, 3, 14)) == "Sat, 14 Mar 2026"
    assert words.value("started_at", at, zone_name="Europe/Tallinn") == "14 Mar 2026, 14:05:09"
    assert words.value("queue_name", None) == "–"


def test_the_hour_that_comes_twice_keeps_its_intervals_apart() -> None:
    first = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 03:00 summer time in Tallinn; back at 01:00 UTC
    starts = [first + timedelta(minutes=30 * step) for step in range(4)]
    assert words.interval_labels(starts, "Europe/Tallinn") == [
        "03:00 EEST",
        "03:30 EEST",
        "03:00 EET",
        "03:30 EET",
    ]


def test_an_unknown_time_zone_falls_back_to_utc() -> None:
    at = datetime(2026, 3, 14, 12, 5, tzinfo=UTC)
    assert words.clock(at, "Nowhere/Land") == "12:05"


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(WordsError, match="no time zone"):
        words.parsed_instant("2026-03-14T12:00:00")
    with pytest.raises(WordsError, match="not an instant"):
        words.parsed_instant("yesterday")


@pytest.mark.parametrize(
    "name", ["", " ", "\u200b\u200d", "\u2060\ufeff", "\u202e", "\u3164", "\u2800\u00ad", None]
)
def test_a_name_that_cannot_be_seen_is_said_to_be_missing(name: str | None) -> None:
    assert words.name(name) == "(no name)"


@pytest.mark.parametrize("name", ["Sales", "Вопросы", "李明", "👩\u200d💻", "\u200bx", "-", "नमस्ते", "0"])
def test_a_name_that_can_be_seen_stays_as_it_is(name: str) -> None:
    assert words.name(name) == name


def test_a_name_full_of_braces_stays_a_name() -> None:
    assert t("{source} is silent", source="{0.__class__}") == "{0.__class__} is silent"


def test_a_place_without_a_value_is_named() -> None:
    with pytest.raises(WordsError, match="was not given"):
        t("{source} is silent", other=1)


def test_plural_forms_follow_the_number() -> None:
    assert [t_count("{n} day", "{n} days", n) for n in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


def test_a_catalogue_translates_and_chooses_plural_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locales").mkdir()
    days = {"one": "{n} den", "few": "{n} dni", "many": "{n} dnej", "other": "{n} dnja"}
    text = json.dumps({"yes": "da", "{n} days": days})
    (tmp_path / "locales" / "ru.json").write_text(text, encoding="utf-8")
    monkeypatch.setattr("dashboard.words.resources.files", lambda _package: tmp_path)
    words._catalogue.cache_clear()
    token = words._LOCALE.set("ru")
    try:
        assert (t("yes"), t("no")) == ("da", "no")
        assert [t_count("{n} day", "{n} days", n) for n in (1, 3, 5)] == ["1 den", "3 dni", "5 dnej"]
        assert words.ratio(0.847) == "84,7%"
    finally:
        words._LOCALE.reset(token)
        words._catalogue.cache_clear()


def screens() -> list[Path]:
    return [*sorted((ROOT / "pages").glob("*.py")), *sorted((ROOT / "dashboard").glob("*.py"))]


@pytest.mark.parametrize("path", screens(), ids=lambda path: path.stem)
def test_only_whole_sentences_go_to_the_translator(path: Path) -> None:
    """A text that the program puts together has no key in a catalogue."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called not in {"t", "t_count"}:
            continue
        for text in node.args[: 2 if called == "t_count" else 1]:
            ours = isinstance(text, ast.Constant) and isinstance(text.value, str)
            recorded = isinstance(text, ast.Attribute) and text.attr in {"label", "meaning", "formula_text"}
            assert ours or recorded, f"{path.name}, line {node.lineno}: t() needs a literal text"


@pytest.mark.parametrize("path", sorted((ROOT / "pages").glob("*.py")), ids=lambda path: path.stem)
def test_pages_show_no_text_of_their_own(path: Path) -> None:
    """Every text with a blank in it that a page holds is a docstring or goes through t()."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    translated = {id(node.args[0]) for node in calls if getattr(node.func, "id", "") == "t"}
    bodies = [
        node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
    ]
    docs = {id(node.body[0].value) for node in bodies if isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in translated | docs
        ):
            assert " " not in node.value.strip(), f"{path.name}, line {node.lineno}: must go through t()"
