"""Who is one customer: the same number or address in every form is one, two different ones never are."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from etl.customer_key import customer_key
from tests.laws import law

SECRET = b"k" * 32

# country, what is hashed, the forms in which it arrives
SAME = [
    ("EE", "37251000001", (
        "+372 5100 0001", "00372 51000001", "5100 0001", "37251000001", "+372 (0)5100 0001", "+372-5100-0001",
        "(+372) 5100 0001", "+3725100 0001 ext. 12", "51000001 x12", "51000001;ext=12", "+37251000001,,12",
        "51000001 #12", "tel:+37251000001", "TEL:+37251000001", "Tel: 5100 0001", "tel:+37251000001;ext=12",
        "tel:51000001;phone-context=+372", "sip:51000001;phone-context=+372@pbx;user=phone",
        "SIP:+37251000001@pbx", "sip:+37251000001@10.0.0.1:5060", "sips:51000001:secret@pbx.example.ee",
        "sip:%2B37251000001@pbx", "sip:+37251000001", "<sip:+37251000001@pbx>", '"Mari" <sip:+37251000001@pbx>;tag=1',
        '"Mari <1> Tamm" <+37251000001>', '"1987" <51000001>', "Mari 51000001", "51000001 (mob)", "mob. 5100 0001",
        "Mari (home) 5100 0001", "whatsapp:+37251000001", "*31#51000001", "51000001#12#", " 51000001\n", "'51000001'",
        "＋37251000001", "٣٧٢٥١٠٠٠٠٠١", "\u202a+372 5100 0001\u202c", "5100\u20110001", "+3725100\u00a00001",
    )),
    ("FI", "358401234567", ("+358 40 1234567", "040 123 4567", "0401234567", "00358401234567", "+358 (0)40 1234567")),
    ("GB", "442079460000", (
        "+44 20 7946 0000", "+44 (0)20 7946 0000", "+4402079460000", "020 7946 0000", "(020) 7946 0000",
        "0044 20 7946 0000", "0044 (0)20 7946 0000", "442079460000", "tel:020-7946-0000;phone-context=+44",
    )),
    ("US", "12125550123", (
        "+1 212 555 0123", "(212) 555-0123", "212.555.0123", "1-212-555-0123", "12125550123", "001 212 555 0123",
        "+1 (212) 555-0123 x7", "tel:555-0123;phone-context=+1-212",
    )),
    ("US", "37251000001", ("011 372 5100 0001", "0037251000001", "+37251000001", "sip:37251000001@pbx")),
    ("MX", "525512345678", (
        "+52 55 1234 5678", "+52 1 55 1234 5678", "5215512345678", "55 1234 5678", "044 55 1234 5678",
        "045 55 1234 5678", "01 55 1234 5678", "00 52 1 55 1234 5678",
    )),
    ("EE", "525512345678", ("+52 1 55 1234 5678", "0052 1 55 1234 5678", "5215512345678", "00525512345678")),
    ("DE", "4930123456", ("+49 30 123456", "030 123456", "030/123456", "+49 (0)30 123456", "0049 30 123456")),
    ("DE", "493012345", ("+49 30 12345", "030 12345", "030 12345 (mob)")),
    ("LV", "37121234567", ("+371 21234567", "21234567", "21 234 567", "0037121234567", "37121234567")),
    ("RU", "74951234567", (
        "+7 495 123 45 67", "8 (495) 123-45-67", "74951234567", "+7 (495) 123-45-67 доб. 12", "84951234567",
    )),
    ("RU", "78432000000", ("+7 843 200-00-00", "8 843 200-00-00", "88432000000")),
    ("AR", "5491123456789", ("+54 9 11 2345 6789", "011 15 2345 6789", "0111523456789", "+54 9 (0)11 2345-6789")),
    ("AR", "541123456789", ("+54 11 2345 6789", "011 2345 6789", "+5401123456789")),
    ("IT", "390612345678", ("+39 06 1234 5678", "06 1234 5678", "+39 (0)6 1234 5678", "0039 06 12345678")),
    ("HU", "3612345678", ("+36 1 234 5678", "06-1-234-5678", "+36 (0)1 234 5678", "+36 06 1 234 5678")),
    ("EE", "mari@example.ee", (
        "mari@example.ee", "MARI@Example.EE", "mailto:mari@example.ee", "MAILTO:mari%40example.ee?subject=Hi",
        "<mari@example.ee>", "'mari@example.ee'", '"mari@example.ee"', "mari@example.ee.", " mari@example.ee ",
        "Mari Tamm <mari@example.ee>", '"Tamm, Mari" <mari@example.ee>', '"Mari <x> 5100" <mari@example.ee>',
        "mari@example.ee (Mari, 1987)", "mari@example.ee, john@example.org", "＜mari@example.ee＞",
    )),
    ("EE", "mari1987@example.com", ("mari1987@example.com", "Mari <mari1987@example.com>")),
    ("EE", "100@pbx1.example.ee", ("100@pbx1.example.ee",)),
    ("EE", "o'neil+tag@example.ie", ("O'Neil <o'neil+tag@example.ie>",)),
]  # fmt: skip

# Short codes and extensions of the house: country, what is hashed, the forms.
SHORT = [
    (
        "EE",
        "100",
        ("100", "sip:100@pbx", "<sip:100@10.0.0.1>", '"Reception" <100>', "tel:100", "100 ext. 3", "1-00"),
    ),
    ("EE", "1987", ("1987", "sip:1987@pbx.example.ee")),
    ("DE", "30123", ("30123", "sip:30123@pbx")),  # without its 0 no number of Berlin
    ("RU", "8123", ("8123",)),
    ("US", "5550123", ("555-0123",)),  # without its area it is no American number
    ("GB", "112", ("112",)),
    (None, "51000001", ("5100 0001", "sip:51000001@pbx")),
]

NOBODY = [
    "", "   ", "12", "anonymous", "Anonymous", "unknown", "private", "restricted", "unavailable", "asterisk", "withheld",
    "0000000000", "+000", "sip:0000@pbx", "+266696687", "266696687", "00266696687", "sip:+266696687@carrier",
    "+7378742833", "+86282452253", "+8656696", "+7748283", "sip:anonymous@anonymous.invalid", "SIP:anonymous@10.0.0.1",
    '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "anonymous@anonymous.invalid", "Anonymous@pbx.example.ee",
    "unknown@unknown.invalid", "mari@example.invalid", "mari1987@localhost", "100@10.0.0.1", "51000001@pbx", "mari1987",
    "sip:mari1987@pbx", "1800FLOWERS", "1-800-FLOWERS", "1 800 FLOWERS", "unknown 123456", "Mari 1987", "Mari <>",
    '"51000001" <anonymous>', "sip:10.0.0.1", "sip:10.0.0.1:5060", "sip:[2001:db8::1]", "sip:pbx1.example.ee", "tel:",
    "mailto:", "mailto:51000001", "@", "a@b@c.ee", "mari tamm@example.ee", "5f3a51000001c", "x" * 9_999 + "5" * 9_999,
    "<" * 20_000, "(" * 20_000, "5" * 400, " " * 20_000, "\"" * 20_000, "12345678-ab12-4cde-8f00-123456789012",
]  # fmt: skip


def hashed(plain: str) -> str:
    return hmac.digest(SECRET, plain.encode(), "sha256").hex()[:32]


def forms(table: list[tuple[str | None, str, tuple[str, ...]]]) -> list[tuple[str | None, str, str]]:
    return [(country, plain, text) for country, plain, texts in table for text in texts]


@pytest.mark.parametrize(("country", "plain", "text"), forms([*SAME, *SHORT]))
def test_one_customer_has_one_key_in_every_form(country: str | None, plain: str, text: str) -> None:
    assert customer_key(SECRET, text, country) == hashed(plain)


@pytest.mark.parametrize("text", NOBODY)
def test_who_cannot_be_told_from_others_has_no_key(text: str) -> None:
    assert [customer_key(SECRET, text, country) for country in ("EE", "US", "DE", None)] == [None] * 4


def test_two_customers_never_share_a_key() -> None:
    plains = {plain for _, plain, _ in [*SAME, *SHORT]}
    keys = {customer_key(SECRET, texts[0], country) for country, _, texts in [*SAME, *SHORT]}
    assert None not in keys
    assert len(keys) == len(plains)


@pytest.mark.parametrize(
    ("country", "plain", "text"), [("EE", "3727748283", "774 8283"), ("US", "17378742833", "737 874 2833")]
)
def test_a_real_number_that_spells_a_withheld_word_is_somebody(country: str, plain: str, text: str) -> None:
    assert customer_key(SECRET, text, country) == hashed(plain)


def test_a_country_counts_in_either_case_and_an_unknown_one_not_at_all() -> None:
    assert customer_key(SECRET, "5100 0001", "ee") == hashed("37251000001")
    assert customer_key(SECRET, "5100 0001", "XX") == hashed("51000001")


def examples() -> Iterator[tuple[str, PhoneNumber]]:
    """A number of every kind in every country, where the library reads its national form as the same number."""
    kinds = PhoneNumberType.values()
    for country in sorted(phonenumbers.SUPPORTED_REGIONS):
        for number in [phonenumbers.example_number(country)] + [
            phonenumbers.example_number_for_type(country, kind) for kind in kinds
        ]:
            if number is None or not phonenumbers.is_valid_number(number):
                continue
            national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
            if phonenumbers.parse(national, country) == number:
                yield country, number


def test_a_number_of_any_country_is_one_customer_in_its_international_and_its_national_form() -> None:
    written = (
        PhoneNumberFormat.E164,
        PhoneNumberFormat.INTERNATIONAL,
        PhoneNumberFormat.RFC3966,
        PhoneNumberFormat.NATIONAL,
    )
    countries, wrong = set[str](), list[tuple[str, str]]()
    for country, number in examples():
        countries.add(country)
        plain = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
        texts = [phonenumbers.format_number(number, form) for form in written]
        wrong += [(country, text) for text in texts if customer_key(SECRET, text, country) != hashed(plain)]
    assert wrong == []
    assert len(countries) > 200  # the guard would be empty without countries


CODES = st.sampled_from(
    sorted(set(phonenumbers.supported_calling_codes()) - {52})
)  # Mexico's 1 is ours to strip


@law(500)
@given(code=CODES, rest=st.text("0123456789", min_size=4, max_size=13))
# Found once: 521 within another country's number was taken for Mexico's retired digit.
@example(code=352, rest="10000000000")
def test_the_fast_way_reads_a_number_as_the_library_does(code: int, rest: str) -> None:
    digits = f"{code}{rest}"
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return
    if phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE:
        plain = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
        assert customer_key(SECRET, f"+{digits}") in (hashed(plain), None)


@law(200)
@given(
    number=st.integers(50_000_000, 59_999_999).map(str),
    signs=st.lists(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "  "]), min_size=8, max_size=8),
    frame=st.sampled_from(
        ["{}", "<{}>", '"1987" <{}>', "tel:{}", "sip:{}@pbx", "{};ext=9", "{} ext 12", "({})"]
    ),
    way=st.sampled_from(["", "+372", "00372", "+372 ", "(+372) "]),
)
def test_how_a_number_is_spaced_and_framed_does_not_matter(
    number: str, signs: list[str], frame: str, way: str
) -> None:
    spaced = way + "".join(digit + sign for digit, sign in zip(number, signs, strict=True))
    assert customer_key(SECRET, frame.format(spaced), "EE") == hashed(f"372{number}")


@law(300)
@given(
    text=st.text(max_size=60) | st.text('+0123456789 ()<>"@;:,.#*xsiptel', max_size=40),
    country=st.sampled_from(["EE", "US", None]),
)
def test_no_text_is_too_strange(text: str, country: str | None) -> None:
    key = customer_key(SECRET, text, country)
    assert key is None or len(key) == 32


@pytest.mark.parametrize(
    "way", ["+3725{:07d}", "5{:07d}", "sip:+3725{:07d}@pbx", "003725{:07d}", "+4402{:09d}"]
)
def test_a_hundred_thousand_numbers_take_about_four_seconds_at_most(way: str) -> None:
    numbers = [way.format(number) for number in range(20_000)]
    began_at = time.process_time()
    for number in numbers:
        customer_key(SECRET, number, "EE")
    assert (
        time.process_time() - began_at < 4.0 / 5 * 1.5
    )  # a fifth of 100,000, and half as much again for a slow machine
