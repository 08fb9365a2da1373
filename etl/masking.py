"""Takes telephone numbers, e-mail addresses and names of customers out of a text before it is kept or shown.

In: a refused row, a reason, an error. Out: the same text with `key:<hash>` where a number or an address stood.
The rule it guards: nothing personal is kept in the quarantine or the ledger, and a row that is read again still knows
its customer. Instants, unique ids of calls, UUIDs, ARNs and ids with letters stay as they are.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import phonenumbers

from etl.customer_key import customer_key

MASK = "key:"
NOBODY = "\u2022\u2022\u2022"
"""Stands for a number that is nobody's, such as a withheld one."""
NUL_SIGN = "\u2400"
MASKED_PATTERN = rf"{MASK}[0-9a-f]{{32}}|{NOBODY}"
_MASKED = re.compile(MASKED_PATTERN)

_NULS = re.compile(rf"\x00|{NUL_SIGN}|\\u0000|\\x00")
_INTERESTING = re.compile(r"@|%40|<|sips?:|mailto:|\d(?:\D{0,8}\d){6}", re.IGNORECASE)
_ZONE = r"(?:[ ]?[+-]\d\d:?\d\d(?!\d)|Z)?"
_CLOCK = rf"\d{{1,2}}:\d\d(?::\d\d(?:\.\d{{1,9}})?)?(?!\d){_ZONE}"
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
# A number of ten digits alone may be a customer's: an epoch is known by standing first in a line of a queue_log.
_KEPT = re.compile(
    rf"""(?=[0-9A-Fa-f]) (?: (?=\d) (?:
    (?:^|(?<=["'])) (?: 1\d{{9}}(?=\|) | 2\d{{9}}(?=\|[^|\n]*\|[^|\n]*\|[^|\n]*\|[A-Z]) )
  | (?<=field[ ]1[ ]is[ ]) 1\d{{9}} (?=[,;])
  | (?<![\w+.]) [12]\d{{9}}\.\d{{1,9}} (?![\w.])                          # 1795309870.123, the id of a call
  | (?<!\w) \d{{1,5}}\.\d{{6}} (?![\w.])                                  # seconds with microseconds
  | (?<=\w-) 00[0-9a-f]{{6}} (?!\w)                                       # PJSIP/1001-0000001a
  | (?<![\d+]) {_YEAR}(?P<sign>[-/.]){_MONTH}(?P=sign){_DAY}(?!\d) (?:[T ]{_CLOCK})?
  | (?<![\d+]) {_DAY}(?P<mark>[-/.]){_MONTH}(?P=mark){_YEAR}(?!\d) (?:[ ]{_CLOCK})?
  | (?<![\d+]) {_MONTH}/{_DAY}/{_YEAR}(?!\d) (?:[ ]{_CLOCK})?
  | (?<![\d:]) {_CLOCK}
  | (?<=:) \d{{12}}(?=:[\w-]+/)                                           # the account in an ARN
    )
  | (?<![0-9A-Fa-f]) [0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}} (?![0-9A-Fa-f])
    )""",
    re.VERBOSE | re.MULTILINE,
)
_BETWEEN = r"[ \xa0\u2000-\u200f\u202a-\u202f\u2060-\u2069\ufeff().\[\]/~\u2010-\u2015\u2212-]"
_HOST = r"(?:[\w-]+\.)+(?=[\w-]*[^\W\d_])[\w-]+"
_ADDRESS = rf"""
    (?P<uri>(?:sips?|mailto):[^\s<>"',|\\)\]}};@]+(?:@[^\s<>"',|\\)\]}};=?]*(?:\?[^\s<>"',|\\)\]}};]*)?)?(?:;[\w.-]++(?:=[^\s<>"',|\\)\]}};]*+)?(?![^\s<>"',|\\)\]}};?]))*)
  | (?P<address>(?:"[^"\n]{{1,64}}"|[^\s@<>()",:;|'\[\]{{}}\\=/]{{1,64}})(?:@|%40){_HOST})
  | """
_NUMBER = rf"""
    (?P<number>(?:tel:\s*)?(?:
        [(]?(?:[+\uff0b]|%2b)[ (]*\d(?:{_BETWEEN}{{0,4}}\d){{6,14}}(?!\d)
      | (?:(?<![^\W_])|(?<=\\[bfnrt]))[(]?\d(?:{_BETWEEN}{{0,4}}\d){{6,14}}(?:(?![^\W_])|(?=x\d))
    ))"""
_FOUND = re.compile(_ADDRESS + _NUMBER, re.VERBOSE | re.IGNORECASE)
_NUMBERS = re.compile(r"(?=[+(\dt%\uff0b])" + _NUMBER, re.VERBOSE | re.IGNORECASE)
_IS_ADDRESS = re.compile(r"@|%40|sips?:|mailto:", re.IGNORECASE)
_HOST_OF_DIGITS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NAME = re.compile(
    r"""(?:"(?=[^"\n]*[^\W\d_])(?:[^"\n\d]|\d(?!\d\d\d)){0,100}"
    |(?<!\w)[^\W\d_](?:[^\W\d]|[.\- ]|(?<=\w)['\u2019](?=\w)){0,99}+)[ ]*+
    (?=<(?:key:|\u2022|[+(]?\d|sips?:|tel:))""",
    re.VERBOSE,
)
_ID_NAME = re.compile(r"(?:^|[^A-Za-z])ids?$|[a-z]Id$|^(?:uniqueid|linkedid|callid|sequence)$", re.IGNORECASE)
_NUMBER_NAME = re.compile(r"caller.?id|clid|cid|phone|number|msisdn", re.IGNORECASE)
_TIME_NAME = re.compile(r"(?:_at|^at|time|timestamp|date|^start|^end|^answer)$", re.IGNORECASE)
_EPOCH = re.compile(r"1(?:\d{9}|\d{12}|\d{15})")
_DIGITS = re.compile(r"[0-9]{7,15}")


def masked(text: str, secret: bytes, country_name: str | None) -> str:
    """The text with `key:<hash>` (etl.customer_key) for each telephone number and e-mail address, without callers' names.

    In JSON the values are masked one by one, and it stays JSON: fields that are called an id or an instant keep their
    digits, but for what is a valid telephone number. A number that is nobody's becomes three dots. NUL bytes become
    the sign for them; where they stood within something personal, one sign stays at the end.
    """
    if not _INTERESTING.search(text):
        return text.replace("\x00", NUL_SIGN)
    mask = _Masking(secret, country_name)
    if text[0] in "{[" and (found := mask.of_json(text)) is not None:
        return found
    return mask.of_text(text)


def is_masked(text: str | None) -> bool:
    """Whether something of the text was replaced: as the name of a call, a queue or an agent it is no longer one."""
    return text is not None and _MASKED.search(text) is not None


class _TwiceError(ValueError):
    """A name stands twice in one JSON object, which keeps only the last."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


class _Masking:
    """What the texts of one site are masked with."""

    def __init__(self, secret: bytes, country_name: str | None) -> None:
        self.secret, self.country_name = secret, country_name

    def of_json(self, text: str) -> str | None:
        """JSON with masked values; null where the text is none that can be written again as it was."""
        try:
            whole = json.loads(text, object_pairs_hook=_once)
            clean = self._of_value(whole, "")
            if clean == whole:
                return text.replace("\x00", NUL_SIGN)
            has_halves = "\\ud" in text.lower()
            return json.dumps(clean, ensure_ascii=has_halves, separators=(",", ":"))
        except (ValueError, RecursionError):
            return None

    def _of_value(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {
                key if _DIGITS.fullmatch(key) else self.of_text(key): self._of_value(inner, key)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._of_value(inner, name) for inner in value]
        if isinstance(value, str):
            return value if self._is_id(value, name) else self.of_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            digits = str(int(value)) if value == value and abs(value) < 1e16 else ""
            is_api_id = isinstance(value, int) and _ID_NAME.search(name) and not _NUMBER_NAME.search(name)
            if _DIGITS.fullmatch(digits) and not is_api_id and not self._is_id(digits, name):
                return self._key(digits)
        return value

    def _is_id(self, text: str, name: str) -> bool:
        """Whether a field's name and digits say that it is an instant or the id of a record, no telephone number."""
        if _TIME_NAME.search(name) and _EPOCH.fullmatch(text):
            return True
        if not _DIGITS.fullmatch(text) or not _ID_NAME.search(name) or _NUMBER_NAME.search(name):
            return False
        return not any(_is_valid(number, country) for number, country in self._readings(text))

    def _readings(self, digits: str) -> list[tuple[str, str | None]]:
        country = self.country_name.upper() if self.country_name else None
        return [(f"+{digits.removeprefix('00')}", None), *([(digits, country)] if country else [])]

    def of_text(self, text: str) -> str:
        """A text that is no JSON, masked."""
        if not _NULS.search(text):
            return self._of_plain(text)
        bare = _NULS.sub("", text)
        clean = self._of_plain(bare)
        return text.replace("\x00", NUL_SIGN) if clean == bare else clean + NUL_SIGN

    def _of_plain(self, text: str) -> str:
        if not _INTERESTING.search(text):
            return text
        pattern = _FOUND if _IS_ADDRESS.search(text) else _NUMBERS
        parts, end = list[str](), 0
        for kept in _KEPT.finditer(text):
            parts += (pattern.sub(self._found, text[end : kept.start()]), kept[0])
            end = kept.end()
        parts.append(pattern.sub(self._found, text[end:]))
        whole = "".join(parts)
        return _NAME.sub("", whole) if "<" in whole else whole

    def _found(self, found: re.Match[str]) -> str:
        told = found[0]
        if found.lastgroup == "uri":
            user = told.partition(":")[2].partition("@")[0]
            digits = sum(character.isdigit() for character in user)
            if digits < 7 and not any(character.isalpha() for character in user):
                return told
        elif _HOST_OF_DIGITS.fullmatch(told):
            parts = told.split(".")
            if {len(part) for part in parts} != {2} and all(int(part) < 256 for part in parts):
                return told  # a host, no number: that one is written in pairs
        return self._key(told.replace("%40", "@").replace("%2b", "+").replace("%2B", "+"))

    def _key(self, number_or_address: str) -> str:
        key = _known_key(self.secret, number_or_address, self.country_name)
        return NOBODY if key is None else f"{MASK}{key}"


@lru_cache(20_000)
def _known_key(secret: bytes, number_or_address: str, country_name: str | None) -> str | None:
    """The hash, kept for a while: rows are often refused by the thousand, of the same callers."""
    return customer_key(secret, number_or_address, country_name)


def _is_valid(number: str, country_name: str | None) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, country_name))
    except phonenumbers.NumberParseException:
        return False
