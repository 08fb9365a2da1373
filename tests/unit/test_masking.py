"""Nothing personal is kept: no number and no address survives the masking, and what a replay needs does."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.customer_key import customer_key
from etl.masking import NOBODY, NUL_SIGN, is_masked, masked
from tests.laws import law

SECRET = b"k" * 32


def key(number_or_address: str) -> str:
    """What stands for that customer in a kept text."""
    return f"key:{customer_key(SECRET, number_or_address, 'EE')}"


NUMBER, ADDRESS = key("+37255512346"), key("anna.tamm@example.com")

# a text as it arrives, and as it is kept
KEPT = [
    ("tel:+37255512346", NUMBER),
    ("sip:+37255512346@pbx.example.ee", NUMBER),
    ("sip:37255512346@10.0.0.1:5060", NUMBER),
    ("+372 5551 2346", NUMBER),
    ("(+372) 5551-2346", NUMBER),
    ("+372 (0)5551 2346", NUMBER),
    ("00372 5551.2346", NUMBER),
    ("5551 2346", NUMBER),
    ("55512346x12", f"{NUMBER}x12"),
    ("%2B37255512346", NUMBER),
    ("*31#55512346", f"*31#{NUMBER}"),
    ("PJSIP/provider-37255512346-00000012", f"PJSIP/provider-{NUMBER}-00000012"),
    ("SIP/trunk_37255512346-0000001a", f"SIP/trunk_{NUMBER}-0000001a"),
    ("Local/37255512346@from-queue/n", f"Local/{NUMBER}@from-queue/n"),
    ('"Anna Tamm" <37255512346>', f"<{NUMBER}>"),
    ("Anna O'Tamm <+372 5551 2346>", f"<{NUMBER}>"),
    ("mailto:Anna.Tamm@example.com", ADDRESS),
    ("anna.tamm%40example.com", ADDRESS),
    ("wait_seconds: column 'w' is 'anna.tamm@example.com'; expected", f"wait_seconds: column 'w' is '{ADDRESS}'; expected"),
    ("created_at is 'yesterday +37255512346'", f"created_at is 'yesterday {NUMBER}'"),
    ("2026-11-20 10:00:00 +37255512346", f"2026-11-20 10:00:00 {NUMBER}"),
    ("wait 5 2026-11-20 10:00:00, 55512346", f"wait 5 2026-11-20 10:00:00, {NUMBER}"),
    ("\x00".join("+37255512346"), f"{NUMBER}{NUL_SIGN}"),
    ("\\u0000".join("anna.tamm@example.com"), f"{ADDRESS}{NUL_SIGN}"),
    ("00000000", NOBODY),
    ("1795309870|1795309870.123|sales|NONE|ENTERQUEUE||+37255512346|1",
     f"1795309870|1795309870.123|sales|NONE|ENTERQUEUE||{NUMBER}|1"),
    ("1795309870|1795309870.123|sales|NONE|ABANDON|55512346|1|9",
     f"1795309870|1795309870.123|sales|NONE|ABANDON|{NUMBER}|1|9"),
    ('{"wait":37255512346,"to":["anna.tamm@example.com"],"37255512346 x":1}',
     f'{{"wait":"{NUMBER}","to":["{ADDRESS}"],"{NUMBER} x":1}}'),
    ('{"a":"55512346","a":"b"}', f'{{"a":"{NUMBER}","a":"b"}}'),
    ('{"Ticket ID":"55512346","Caller ID":"37255512346"}', f'{{"Ticket ID":"{NUMBER}","Caller ID":"{NUMBER}"}}'),
]  # fmt: skip

STAYS = [
    "1795309870|1795309870.123|sales|SIP/1001|CONNECT|5|1795309860.12|4",
    "pbx-1795309870.1234567",
    "field 1 is 1895309870, over a year ahead of this computer's clock",
    "2026-11-20 10:00:00",
    "2026-11-20T10:00:00.123456+02:00",
    "20.11.2026 10:00:00",
    "11/20/2026 10:00",
    "86400",
    "3600.123456",
    "01:02:03.123456",
    "550e8400-e29b-41d4-a716-446655440000",
    "arn:aws:connect:eu-central-1:123456789012:instance/550e8400-e29b-41d4-a716-446655440000",
    "ab12345678cd",
    "192.168.100.200:5038",
    "PJSIP/1001-0000001a",
    "Local/1001@from-queue/n",
    f"key:{'1234567890' * 2}abcdef123456",
    '{"id":36001234567890,"time":"1795309870","ticket_id":"1000001","known":{"customers":{"36001234567":"ab"}}}',
    '{"at":1795309870,"Timestamp":"1795309870.123456","seconds":12.5,"is_open":true,"none":null}',
]


@pytest.mark.parametrize(("text", "kept"), KEPT)
def test_a_number_or_an_address_becomes_the_hash_of_its_customer(text: str, kept: str) -> None:
    assert masked(text, SECRET, "EE") == kept
    assert is_masked(kept)


@pytest.mark.parametrize("text", STAYS)
def test_instants_ids_and_durations_stay(text: str) -> None:
    assert masked(text, SECRET, "EE") == text


@pytest.mark.parametrize(("_", "kept"), KEPT)
def test_what_is_masked_stays_as_it_is_when_masked_again(_: str, kept: str) -> None:
    assert masked(kept, SECRET, "EE") == kept


def test_a_kept_hash_gives_the_same_customer() -> None:
    for text in ("+37255512346", "anna.tamm@example.com", '"Anna Tamm" <sip:37255512346@pbx>'):
        assert customer_key(SECRET, masked(text, SECRET, "EE"), "EE") == customer_key(SECRET, text, "EE")
    assert customer_key(SECRET, NOBODY, "EE") is None
    assert customer_key(SECRET, "key:12", "EE") is None


def test_without_a_country_numbers_are_masked_too() -> None:
    assert masked("x 5551 2346", SECRET, None) == f"x key:{customer_key(SECRET, '55512346')}"


CANARIES = (
    "+37255512346", "+372 5551 2346", "0037255512346", "tel:+37255512346", "sip:37255512346@pbx.example.ee",
    "(372) 5551-2346", "5551.2346", "anna.tamm@example.com", "<+37255512346>", '"Anna Tamm" <55512346>',
)  # fmt: skip
ALWAYS = (
    "1795309870.123",
    "2026-11-20 10:00:00",
    "20.11.2026",
    "10:00:00",
    "2026-11-20T10:00:00Z",
    "SIP/1001",
)
BETWEEN = ("|", ",", ";", "' is '", '"', ": ", "\n", "=", " and ")


@law(300)
@given(
    parts=st.lists(st.tuples(st.sampled_from(CANARIES + ALWAYS), st.sampled_from(BETWEEN)), min_size=1, max_size=8),
    shape=st.sampled_from(("text", "json", "list", "number", "epoch")),
)  # fmt: skip
@example(parts=[("sip:37255512346@pbx.example.ee", ";"), ("SIP/1001", "|")], shape="text")
@example(parts=[("sip:37255512346@pbx.example.ee", "="), ("SIP/1001", "|")], shape="text")
def test_canaries_never_survive_and_instants_always_do(parts: list[tuple[str, str]], shape: str) -> None:
    plain = "".join(part + between for part, between in parts)
    text = {
        "text": plain,
        "json": json.dumps({"raw": plain, "id": plain}),
        "list": json.dumps([part for part, _ in parts]),
        "number": json.dumps({"wait": 37255512346, "raw": plain}),
        "epoch": f"1795309870|{plain}",
    }[shape]
    kept = masked(text, SECRET, "EE")
    digits = re.sub(r"key:[0-9a-f]{32}", "", kept)
    assert not re.search("5551|2346|tamm", digits, re.IGNORECASE)
    for always in ALWAYS:
        assert kept.count(always) >= sum(part == always for part, _ in parts)
    if shape == "epoch":
        assert kept.startswith("1795309870|")


@law(100)
@given(st.text(max_size=200))
def test_any_text_can_be_masked_and_masking_twice_is_masking_once(text: str) -> None:
    once = masked(text, SECRET, "EE")
    assert masked(once, SECRET, "EE") == once
