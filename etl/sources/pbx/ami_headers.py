"""Reads the headers of an event of Asterisk's manager: texts, whole numbers, seconds, who calls where, which member.

In: headers by name, in lower case. Out: typed values; null where a header is absent or its number cannot be one.
The rule it guards: what is needed and missing, or is another word than a number, refuses the event with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping

from etl.sources.pbx.queue_events import MOST_SECONDS

LONGEST_NAME = 250
FIRST_SECOND = 631_152_000  # 1990-01-01
Headers = Mapping[str, str]


class Refusal(Exception):  # noqa: N818 - it is an answer: the event is kept, with this reason
    """An event that cannot be used; the text says what was found and expected."""


def whole(headers: Headers, name: str) -> int | None:
    """A whole number; null where the header is absent or empty, or the number is broken. Refusal for another word."""
    text = headers.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 18):
        raise Refusal(f"{name} is '{text[:40]}'; expected a whole number")
    return int(text) if int(text) >= 0 else None


def seconds_of(headers: Headers, name: str) -> int | None:
    """A duration (or a place in a queue) that can be one, else null."""
    seconds = whole(headers, name)
    return seconds if seconds is not None and seconds <= MOST_SECONDS else None


def text_of(headers: Headers, *names: str) -> str:
    """The first of the headers that is there and not empty. Raises Refusal."""
    text = next((headers[name] for name in names if headers.get(name)), "")
    if not text:
        raise Refusal(f"no {names[0]}; expected it in {headers.get('event', 'an event')}")
    if len(text.encode()) > LONGEST_NAME or any(ord(character) < 32 for character in text):
        raise Refusal(f"{names[0]} is longer than {LONGEST_NAME} bytes or holds control characters")
    return text


def plain(*texts: str | None) -> str:
    """The first text that is not empty, without control characters, as long as a name may be."""
    text = next((given for given in texts if given), "")
    return "".join(letter if letter >= " " else " " for letter in text)[:LONGEST_NAME]


def call_of(headers: Headers) -> tuple[str, str]:
    """Which call in which queue. Raises Refusal."""
    return text_of(headers, "uniqueid"), text_of(headers, "queue")


def member_of(headers: Headers) -> str:
    """The member as the queue_log names him; his device where he has no name. Raises Refusal."""
    return text_of(headers, "membername", "name", "interface", "location")
