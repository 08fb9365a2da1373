"""The keyed hash that stands for a customer, and the key that makes it.

In: a number as the phone system writes it, or an e-mail address. Out: a hash that is the same for the same customer.
The rule it guards: one customer has one hash however the number is written, two customers never share one, and the
key never lies in the database, so that who has only the data cannot find a number by trying all.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import unicodedata
from contextlib import suppress
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

import phonenumbers
from phonenumbers import PhoneNumberFormat, ValidationResult

from etl import LoadError
from sql import embedded, secret_rules

CUSTOMER_KEY_VARIABLE = "FLOORBOARD_CUSTOMER_KEY"
SHORTEST_KEY = 32
LONGEST_TEXT = 320  # an e-mail address: 64 before the @, 255 after it
LONGEST_NAMED = 1_000  # with a display name before it
LONGEST_EXTENSION_DIGITS = 6
_KNOWN_NUMBERS = 20_000

_KEPT_KEY = re.compile(r"(?<![0-9A-Za-z])key:([0-9a-f]{32})(?![0-9A-Za-z])")
_QUOTED_NAME = re.compile(r'"(?:[^"\\]|\\.)*"\s*(?=<)')
_IN_ANGLES = re.compile(r"<([^<>]*)>")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d \t\r\n"
_SCHEME = re.compile(r"(sips?|tel|mailto):", re.IGNORECASE)
_PHONE_CONTEXT = re.compile(r";phone-context=(\+[\d.()-]+)", re.IGNORECASE)
_HOST_OF_DIGITS = re.compile(r"\[|\d{1,3}(?:\.\d{1,3}){3}(?![.\d])")
# The last part of a host has a letter: 100@10.0.0.1 is a telephone at a telephone system.
_ADDRESS = re.compile(r"(?P<name>[^\s@<>()\",:;]+)@(?P<host>(?:[\w-]+\.)+(?=[\w-]*[^\W\d_])[\w-]+)")
# Words stand apart from the number: "mob. 5100 0001" and "5100 0001 (mob)", but neither mari1987 nor 1800FLOWERS.
_WRITTEN = re.compile(
    r"(?P<before>(?:[^\d+]*[^\w+])?)"
    r"(?P<number>[+(\s]*\d[\d\s().\[\]/~\u2010-\u2015\u2212-]*+)"
    r"(?:(?:[;,#]|x\.?\s*\d|ext|(?P<after>(?<=[\s(])\D)).*)?",
    re.IGNORECASE | re.DOTALL,
)
_SERVICE_CODE = re.compile(r"\s*[*#]\d\d#")  # *31# and #31#: dialled to hide or to show one's own number
# What a country no longer uses and the library no longer strips: the 1 of Mexican mobiles, and its way to dial them.
_RETIRED = re.compile(r"^52(?:044|045|01|1)(?=\d{10}$)")

_NOBODY = frozenset(("anonymous", "unknown", "unavailable", "withheld"))
# Networks that must send digits spell the word on a telephone's keys: +266696687 is "anonymous".
_ANONYMOUS_ON_KEYS = "266696687"
_NOBODY_ON_KEYS = frozenset(
    phonenumbers.convert_alpha_characters_in_number(word)
    for word in (*_NOBODY, "private", "restricted", "blocked", "asterisk")
)


def customer_secret() -> bytes:
    """The key of the hash that stands for callers: FLOORBOARD_CUSTOMER_KEY, else a random one kept below home.

    It never lies in the database: who has only the data cannot find a number again by trying all of them.
    """
    given = os.environ.get(CUSTOMER_KEY_VARIABLE)
    if given is not None:
        if fault := secret_rules.fault_of(given.strip(), shortest=SHORTEST_KEY):
            raise LoadError(
                f"{CUSTOMER_KEY_VARIABLE} {fault}; expected at least {SHORTEST_KEY} random characters. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
            )
        return given.encode()
    path = embedded.home() / "customer.key"
    if not path.exists():
        _make_key(path)
    key = path.read_text().strip()
    if len(key) < SHORTEST_KEY:
        raise LoadError(
            f"{path}: holds {len(key)} characters; expected the key made at the first load. Restore it from a backup."
        )
    return key.encode()


def _make_key(path: Path) -> None:
    """Writes a new key whole under another name first: a second loader at this moment gets the same one."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_hex(32))
    with suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def customer_key(secret: bytes, number_or_address: str, country_name: str | None = None) -> str | None:
    """The keyed hash (HMAC-SHA-256, 128 bits as hex) that stands for a customer; null for nobody in particular.

    A telephone number is brought to its international form first, so that +372 5100 0001, 00372 51000001,
    sip:+37251000001@pbx and, with country_name "EE", 5100 0001 are one customer; extensions behind a number do not
    count; a short code or an extension of the house stays as it is. An e-mail address counts without its display name
    and without regard to case. Null: a withheld number in any of its forms, a user at a host without a dot or at
    a host of digits, letters grown together with digits, and words beside digits that are no valid number.
    A row that was refused holds key:<hash> in place of a number (etl.masking); read again, it gives that hash.
    """
    if "key:" in number_or_address and (kept := _KEPT_KEY.search(number_or_address)):
        return kept[1]
    plain = _plain(number_or_address, country_name)
    return hmac.digest(secret, plain.encode(), "sha256").hex()[:32] if plain else None


def named_customer_key(number_or_address: str, country_name: str | None) -> str:
    """The hash of the customer whom a person names; raises LoadError where the text is nobody's number or address."""
    key = customer_key(customer_secret(), number_or_address, country_name)
    if key is None:
        raise LoadError(
            "That is no telephone number or e-mail address of anybody; expected one such as +372 5100 0001 or "
            "mari@example.com."
        )
    return key


def _plain(text: str, country_name: str | None) -> str | None:
    """What is hashed: an e-mail address in lower case, or the digits of a number."""
    text = _unwrapped(text) if len(text) <= LONGEST_NAMED else ""
    if len(text) > LONGEST_TEXT:
        return None
    found = _SCHEME.match(text)
    scheme = found[1].lower() if found else None
    rest = unquote(text[found.end() :]) if found else text
    if scheme == "mailto":
        return _address(rest.partition("?")[0])
    if scheme is None:
        return _address(rest) if "@" in rest else _number(rest, country_name)
    user, at, _ = rest.partition("@")
    if not at and scheme != "tel" and _HOST_OF_DIGITS.match(user):
        return None
    context = _PHONE_CONTEXT.search(rest)
    user = re.split("[;:]", user, maxsplit=1)[0].strip()
    if context and not user.startswith("+"):
        user = context[1] + user
    return _number(user, country_name)


def _unwrapped(text: str) -> str:
    """The text without a display name, angle brackets, quotes and invisible marks, digits as 0 to 9."""
    if not text.isascii():
        text = "".join(
            sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf"
        )
        text = phonenumbers.normalize_digits_only(text, keep_non_digits=True)
    if "<" in text and (found := _IN_ANGLES.search(_QUOTED_NAME.sub("", text))):
        text = found[1]
    return text.strip(_QUOTES)


def _address(text: str) -> str | None:
    """The first e-mail address of the text, in lower case; null where it has none, or one that is nobody's."""
    first = next((part for part in re.split("[,;]", text) if "@" in part), "")
    address = parseaddr(first)[1]
    found = _ADDRESS.fullmatch(address.removesuffix(".").lower())
    # An older parser joins the words before the @, so that two people could come out as one.
    if found is None or address not in first:
        return None
    return None if found["name"] in _NOBODY or found["host"].endswith(".invalid") else found[0]


@lru_cache(_KNOWN_NUMBERS)
def _number(text: str, country_name: str | None) -> str | None:
    """The digits of a number in its international form where it has one, else as they are; null for none."""
    code = _SERVICE_CODE.match(text)
    found = _WRITTEN.fullmatch(text, code.end() if code else 0)
    if found is None:
        return None
    written = found["number"]
    digits = "".join(character for character in written if "0" <= character <= "9")
    if len(digits) < 3 or not digits.strip("0") or digits == _ANONYMOUS_ON_KEYS:
        return None
    has_words = bool(found["after"]) or any(character.isalpha() for character in found["before"])
    plain = _without_trunk_zero(written, digits) if "+" in written else _national(digits, country_name)
    is_doubtful = has_words or digits in _NOBODY_ON_KEYS or plain in _NOBODY_ON_KEYS
    return None if is_doubtful and not _is_valid(plain) else plain


def _without_trunk_zero(written: str, digits: str) -> str:
    """An international number, also where (0) shows how it is dialled at home: +372 (0)5100 0001."""
    plain = _international(digits)
    if "(0)" in written and plain == digits and not _is_valid(plain):
        short = _international("".join(re.findall("[0-9]", written.replace("(0)", "", 1))))
        return short if _is_valid(short) else plain
    return plain


def _national(digits: str, country_name: str | None) -> str:
    """Digits without a plus, read as dialled in the country."""
    if country_name and (plain := _as_dialled(digits, country_name.upper())):
        return plain
    if digits.startswith("00") and len(digits) > 8:
        return _international(digits[2:])
    return _international(digits) if len(digits) > 10 else digits


def _as_dialled(digits: str, country_name: str) -> str | None:
    """The international form of digits dialled in a country; null for a short code or an extension of the house."""
    try:
        number = phonenumbers.parse(digits, country_name)
    except phonenumbers.NumberParseException:
        return None
    plain = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
    if _RETIRED.match(plain):
        return _RETIRED.sub("52", plain)
    if len(digits) <= LONGEST_EXTENSION_DIGITS:
        # A village's number may be as short as an extension, but is written with the country's own prefix, if it has one.
        national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
        is_whole = phonenumbers.normalize_digits_only(national) == digits
        return plain if is_whole and phonenumbers.is_valid_number(number) else None
    # Some numbers of seven digits in America are whole, the most lack their area.
    is_whole = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return plain if is_whole or phonenumbers.is_valid_number(number) else None


def _international(digits: str) -> str:
    """A number that begins with a country's code, without what is dialled only inside that country."""
    digits = _RETIRED.sub("52", digits)
    code = next((digits[:size] for size in (1, 2, 3) if digits[:size] in _calling_codes()), None)
    if code is None:
        return _international(digits[2:]) if digits.startswith("00") and len(digits) > 8 else digits
    prefix = _prefix_inside(int(code))
    found = prefix.match(digits, len(code)) if prefix else None
    if found is None or not found[0]:  # nothing for the library to correct: most numbers, and fast
        return digits
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return digits
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return digits
    return f"{number.country_code}{phonenumbers.national_significant_number(number)}"


@lru_cache(1)
def _calling_codes() -> frozenset[str]:
    return frozenset(map(str, phonenumbers.supported_calling_codes()))


@lru_cache(None)
def _prefix_inside(calling_code: int) -> re.Pattern[str] | None:
    """What the library strips from the front of a number of this country, as the library itself looks for it."""
    region = phonenumbers.region_code_for_country_code(calling_code)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(calling_code, region)
    pattern = metadata.national_prefix_for_parsing if metadata else None
    return re.compile(pattern) if pattern else None


def _is_valid(plain: str) -> bool:
    """Whether digits in international form are a number that can have been given to somebody."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{plain}"))
    except phonenumbers.NumberParseException:
        return False
