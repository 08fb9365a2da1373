"""Which recordings may be opened: nobody is led to a host that is not listed, however its address is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.contacts.recording_rules import Rules, host_of, rules_of, verdict

MADE = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
RULES = Rules(frozenset({"rec.example.com", "rec.example.com:8443"}), kept_days=30)


@pytest.mark.parametrize(
    ("url_text", "host"),
    [
        ("https://rec.example.com/a1", "rec.example.com"),
        ("HTTPS://REC.example.com:443/a1", "rec.example.com"),
        ("http://rec.example.com:8443/a1?b=@c", "rec.example.com:8443"),
        ("https://rec.example.com@evil.example/a1", None),
        ("https://rec.example.com:x@evil.example/a1", None),
        ("https://evil.example\\@rec.example.com/a1", None),
        ("https://rec.example.com\u3002evil.example/", None),
        ("https://rec.example.com\t.evil.example/", None),
        ("//rec.example.com/a1", None),
        ("javascript:alert(1)//rec.example.com", None),
        ("file:///rec.example.com/a1", None),
        ("https://rec.example.com:99999/a1", None),
        ("https://[::1", None),
        ("/var/spool/monitor/a1.wav", None),
        ("", None),
        (None, None),
    ],
)
def test_an_address_leads_to_one_host_or_is_none(url_text: str | None, host: str | None) -> None:
    assert host_of(url_text) == host


@given(st.text(alphabet="htps:/\\@.?#rec.example.com0189[]% \t\u3002", max_size=60))
def test_no_writing_of_an_address_passes_for_another_host(text: str) -> None:
    host = host_of(f"https://{text}")
    if host is not None:
        netloc = urlsplit(f"https://{text}").netloc.lower()
        assert netloc in (host, f"{host}:443", f"{host}:")
        assert "\\" not in text


@pytest.mark.parametrize(
    ("url_text", "days", "erased_at", "said"),
    [
        ("https://rec.example.com/a1", 29, None, "open"),
        ("https://rec.example.com/a1", 30, None, "expired"),  # kept for 30 days, not a moment longer
        ("https://rec.example.com/a1", 1, MADE, "erased"),
        ("https://else.example.com/a1", 1, None, "unlisted"),
        ("https://rec.example.com.evil.example/a1", 1, None, "unlisted"),
        ("https://sub.rec.example.com/a1", 1, None, "unlisted"),
        ("a1.wav", 1, None, "no_address"),
    ],
)
def test_a_recording_opens_only_where_the_rules_allow_it(
    url_text: str, days: int, erased_at: datetime | None, said: str
) -> None:
    as_of = MADE + timedelta(days=days)
    assert verdict(RULES, url_text=url_text, started_at=MADE, as_of=as_of, erased_at=erased_at) == said


def test_without_rules_nothing_opens_and_nothing_expires() -> None:
    later = MADE + timedelta(days=9999)
    url = "https://rec.example.com/a1"
    assert verdict(rules_of(None), url_text=url, started_at=MADE, as_of=later) == "unlisted"
