"""Keeps passwords and callers' numbers out of the dashboard's log, whatever fails and whoever writes the line.

In: every line before any handler has it, with the trace of its error. Out: the same line with stars.
The rule it guards: a log is read by more people than the data; an address of the warehouse or the words of an error
must not tell a password, a token or a telephone number, and a name cannot write lines of its own.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

STARS = "***"
# A second address ends the look for the end of a password, so that the time grows with the text's length only.
_IN_ADDRESS = re.compile(r"(?P<before>://[^\s:/@'\"]{0,200}:)(?:[^\s@'\"/]|/(?!/)){1,400}(?=@)")
_NAMED = re.compile(
    r"(?P<before>\b(?:password|passwd|pwd|secret|token|api[_-]?key|authorization|cookie)['\"]?\s*[=:]\s*['\"]?"
    r"(?:(?:bearer|basic)\s+)?)(?!\*|bearer\s|basic\s)[^\s'\",;&)]+",
    re.I,
)
# With its + or 00 in groups, or seven to fifteen digits on end; a date, a clock and a line's number are none.
_NUMBER = re.compile(r"(?<![\w.])(?:(?:\+|00)\d(?:[ ().-]{0,2}\d){6,14}|\d{7,15})(?![\w]|\.\d)")
_STEERING = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_plain_formatter = logging.Formatter()


def masked(text: str) -> str:
    """The text without the passwords of addresses, the values of named secrets, and telephone numbers."""
    text = _IN_ADDRESS.sub(rf"\g<before>{STARS}", text)
    text = _NAMED.sub(rf"\g<before>{STARS}", text)
    return _NUMBER.sub(STARS, text)


def on_one_line(text: str) -> str:
    """The text with its line breaks and other signs that steer a terminal spelled out: a name begins no line of its own."""
    return _STEERING.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def masking(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """A maker of log records whose words and traces are masked, around the one that is there."""

    def made(*given: object, **named: object) -> logging.LogRecord:
        record = make(*given, **named)
        try:
            said = record.getMessage()
        except (TypeError, ValueError):  # the handler says so itself
            return record
        if (kept := on_one_line(masked(said))) != said:
            record.msg, record.args = kept, ()
        if record.exc_info and record.exc_info[0] is not None:
            record.exc_text = masked(_plain_formatter.formatException(record.exc_info))
        return record

    return made


def install() -> None:
    """From now on every log record of this process is masked; a second time changes nothing."""
    # A handler whose stream is gone would print the record's trace itself, past the mask.
    logging.raiseExceptions = False
    if getattr(logging.getLogRecordFactory(), "__qualname__", "") != "masking.<locals>.made":
        logging.setLogRecordFactory(masking(logging.getLogRecordFactory()))
