"""No text that somebody wrote keeps a pattern of the product busy: every one is tried on long texts made against it."""

from __future__ import annotations

import re
import time

import polars as pl
import psycopg
import pytest

from etl.customer_key import LONGEST_NAMED
from tests.torture.campaign import Campaign
from tests.torture.patterns import MADE_OF_NAMES, TEXT_BYTES, Pattern, patterns, pumps, sql_patterns

BUDGET_SECONDS = 0.010
SECONDS_A_MATCH = 1e-6  # what is found must be told, place by place
STEPS = (
    (20, 0.002),
    (60, 0.002),
    (1_000, 0.003),
    (10_000, 0.006),
)  # a text so long may take no longer: else the next is not tried
OF_THE_SITE = {
    "etl/config.py": "the words of the parser of floorboard.toml, which the site itself writes",
    "etl/config_lines.py": "floorboard.toml",
    "etl/config_mapping.py": "floorboard.toml",
    "sql/dumps.py": "a dump that the product itself has written",
    "sql/dump_programs.py": "what pg_dump and pg_restore say",
}
BOUNDED = {"etl/customer_key.py": LONGEST_NAMED, "etl/sources/files/file_chunks.py": 8_192}
"""Files whose texts are refused, or cut, before any pattern sees them where they are longer."""
SEARCHED_EVERYWHERE = {
    "etl/masking.py": 0.4,
    "etl/sources/clouds/json_fields.py": 0.2,
    "etl/sources/files/file_chunks.py": 0.1,
}
"""Files whose patterns look for a customer's address wherever it begins: at every sign up to 64 (128) are tried, so that the
time grows with the text and never with its square; so many seconds at most."""


def seconds_of(pattern: Pattern, text: str) -> float:
    """The processor's time for one use, without what each match costs; the least of some tries."""
    least = float("inf")
    for _ in range(5):
        begun = time.thread_time()
        found = _use(pattern, text)
        least = min(least, time.thread_time() - begun - found * SECONDS_A_MATCH)
        if least <= BUDGET_SECONDS:
            break
    return least


def _use(pattern: Pattern, text: str) -> int:
    """Uses the pattern as the product does; how many places it found where it looks for all of them."""
    if pattern.is_polars:
        pl.Series([text]).str.contains(str(pattern.text))
        return 0
    given = text.encode() if isinstance(pattern.text, bytes) else text
    if pattern.use in ("sub", "subn"):
        return int(pattern.compiled.subn(given[:0], given)[1])
    found = getattr(pattern.compiled, pattern.use)(given)
    if pattern.use == "finditer":  # not kept: collecting garbage among so many is no time of the pattern
        return sum(1 for _ in found)
    return len(found) if pattern.use in ("findall", "split") else 0


def slowest(pattern: Pattern, most_bytes: int, *, every: int = 1, scale: float = 1.0) -> tuple[float, str]:
    """The longest time that a text of at most so many bytes takes (a text that grows too dear is not tried longer)."""
    steps = [(size, seconds * scale) for size, seconds in STEPS if size < most_bytes]
    sizes, limits = (
        [*(size for size, _ in steps), most_bytes],
        [*(seconds for _, seconds in steps), float("inf")],
    )
    worst = (0.0, "")
    for number, texts in enumerate(zip(*(pumps(pattern, size) for size in sizes), strict=True)):
        for text, limit in zip(texts, limits, strict=True) if number % every == 0 else ():
            seconds = seconds_of(pattern, text)
            if seconds > limit:
                return TEXT_BYTES / len(text) * seconds, text
            worst = max(worst, (seconds, text[:40]))
    return worst


@pytest.mark.timeout(3_600)
def test_f4_every_pattern_takes_at_most_10_ms_on_100_kb_made_against_it(campaign: Campaign) -> None:
    found, made = patterns()
    assert len(found) > 100
    assert {place.partition(":")[0] for place in made} <= MADE_OF_NAMES.keys()
    _use(Pattern("warm-up", "a", 0, "search", is_polars=True), "a")
    tried = [pattern for pattern in found if pattern.place.partition(":")[0] not in OF_THE_SITE]
    every = campaign.times(short=40, long=1)
    worst = (0.0, "")
    for pattern in tried:
        file = pattern.place.partition(":")[0]
        budget = SEARCHED_EVERYWHERE.get(file, BUDGET_SECONDS)
        most = min(BOUNDED.get(file, TEXT_BYTES), campaign.times(short=20_000, long=TEXT_BYTES))
        seconds, text = slowest(pattern, most, every=every, scale=budget / BUDGET_SECONDS)
        assert seconds <= budget, (
            f"{pattern.place}: {pattern.text!r} takes {seconds * 1000:.0f} ms on {text[:40]!r}"
        )
        if file not in SEARCHED_EVERYWHERE:
            worst = max(worst, (seconds, pattern.place))
    campaign.record(
        "F4", "no text keeps a pattern busy",
        patterns_count=len(tried), slowest_ms=round(worst[0] * 1000, 1), slowest_place=worst[1],
    )  # fmt: skip


def test_f4_every_pattern_of_a_statement_is_quick_too(server_url: str, campaign: Campaign) -> None:
    found = sql_patterns()
    assert len(found) >= 5
    worst = 0.0
    with psycopg.connect(server_url, autocommit=True) as connection:
        for pattern in found:
            texts = [text.replace("\x00", "") for text in pumps(pattern, 10_000)]
            for text in texts[:: campaign.times(short=40, long=4)]:
                begun = time.perf_counter()
                connection.execute("select count(*) from regexp_matches(%s, %s)", (text, pattern.text))
                worst = max(worst, time.perf_counter() - begun)
    assert worst < 1.0
    campaign.record(
        "F4",
        "no text keeps a statement's pattern busy",
        patterns_count=len(found),
        slowest_ms=round(worst * 1000, 1),
    )


@pytest.mark.parametrize("text", [r"(a+)+!", r"(?:\s*a)*\s*\Z!"])
def test_a_pattern_that_runs_away_is_caught(text: str) -> None:
    seconds, _ = slowest(Pattern("here", text, 0, "search"), TEXT_BYTES)
    assert seconds > BUDGET_SECONDS


def test_a_pattern_in_the_code_is_found_with_its_flags_and_its_use() -> None:
    found, _ = patterns()
    by_place: dict[str, list[Pattern]] = {}
    for pattern in found:
        by_place.setdefault(pattern.place.partition(":")[0], []).append(pattern)
    assert any(pattern.flags & re.VERBOSE for pattern in by_place["etl/masking.py"])
    assert {pattern.use for pattern in by_place["etl/sources/clouds/json_scan.py"]} == {
        "match",
        "finditer",
        "search",
    }
    assert any(pattern.is_polars for pattern in by_place["etl/sources/asterisk_queue_log.py"])
