"""Keeps out of the warehouse whom it was told to forget, when a source or an old backup tells of them again.

In: the keyed hashes of ops.erasures and a batch's rows. Out: the same rows, without the customer, and under the alias for
the agent, as far as they tell of the time before the erasure.
The rule it guards: what comes after the erasure is new and stays; what comes from before counts as always, but is nobody's.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from etl.customer_key import customer_key
from etl.masking import MASK, NOBODY
from etl.shapes import INSTANT, Shape
from sql import warehouse

NO_CUSTOMER = "0" * 32
"""Stands in what a source carries where the key of an erased customer stood; it never becomes a fact."""
ERASED = "erased:"
"""Before the keyed hash that stands for the key of an erased agent."""
CUSTOMER, AGENT_KEY, AGENT_NAME, REMARK = "customer", "agent_key", "agent_name", "remark"
MOST_WORDS = 5  # of a name
_WORD = re.compile(r"\w+")
_LETTER = re.compile(r"[^\W\d_]")
_NAMING = ("transferred_to_name", "reviewer_name", "value_text", "comment_text", "topic_name", "cost_name")
OUTSIDE = re.compile(r"(?:\d\D{0,8}){7}|@")
"""What may be a number or an address of somebody outside."""
Taken = list[tuple[Shape, pl.DataFrame]]


def hash_of_key(secret: bytes, source_name: str, source_key: str) -> str:
    """The keyed hash that stands for the key under which a source knows an agent."""
    return _hash(secret, "agent", source_name, source_key)


def hash_of_name(secret: bytes, name: str) -> str:
    """The keyed hash that stands for the name of an agent, however it is spaced and capitalised."""
    return _hash(secret, "name", " ".join(name.split()).casefold())


def hash_of_remark(secret: bytes, source_name: str, of_id: str) -> str:
    """The keyed hash that stands for a survey or review whose words were about a customer it does not name."""
    return _hash(secret, "remark", source_name, of_id)


def _hash(secret: bytes, *parts: str) -> str:
    return hmac.digest(secret, "\x1f".join(parts).encode(), "sha256").hex()[:32]


def is_name(text: str) -> bool:
    """Whether a key may be somebody's name: bare numbers are not looked for in texts."""
    return bool(_LETTER.search(text)) and len(text) > 1


@dataclass(frozen=True)
class Erased:
    """Who was erased and when, by keyed hash, and how to make such hashes; `source_name` is that of the facts."""

    secret: bytes = field(repr=False)
    source_name: str
    country_name: str | None
    customers: Mapping[str, datetime]
    agent_keys: Mapping[str, datetime]
    names: Mapping[str, str]
    """The alias by the hash of a name."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """The alias by the hash of a key."""
    newest_at: datetime | None = None
    remarks: Mapping[str, datetime] = field(default_factory=dict)

    def of_facts(self, taken: Taken) -> Taken:
        """The facts without erased customers, and erased agents by their hash or alias, where they are old."""
        if self.newest_at is None:
            return taken
        return [(shape, self._of_fact(frame, pl.col(next(iter(shape.columns))))) for shape, frame in taken]

    def _of_fact(self, frame: pl.DataFrame, told_at: pl.Expr) -> pl.DataFrame:
        if frame.is_empty():
            return frame
        if "customer_key" in frame.columns:
            erased_at = pl.col("customer_key").replace_strict(
                {NO_CUSTOMER: self.newest_at, **self.customers}, default=None, return_dtype=INSTANT
            )
            is_erased = (pl.col("customer_key") == NO_CUSTOMER) | (told_at < erased_at)
            if "recording_id" in frame.columns:  # a recording is nothing without the way to it
                frame = frame.filter(~is_erased.fill_null(False))
            theirs = [name for name in ("comment_text", "choices_text", "url_text") if name in frame.columns]
            frame = frame.with_columns(
                pl.when(is_erased).then(None).otherwise(pl.col(name)).alias(name)
                for name in (*theirs, "customer_key")
            )
        for id_name in ("survey_id", "review_id", "recording_id"):
            if self.remarks and id_name in frame.columns:
                frame = self._without_remarks(frame, id_name, told_at)
        if "agent_name" in frame.columns:
            frame = self._with_erased_agents(frame, told_at)
        return self._with_naming(frame, told_at)

    def _without_remarks(self, frame: pl.DataFrame, id_name: str, told_at: pl.Expr) -> pl.DataFrame:
        """Facts without what was taken away for the sake of a customer whom they do not name: words, or a recording."""
        text_name = "comment_text" if "comment_text" in frame.columns else "url_text"
        ids = frame.filter(pl.col(text_name).is_not_null())[id_name].unique().drop_nulls()
        erased_at = {
            of_id: self.remarks[hashed]
            for of_id in ids
            if (hashed := hash_of_remark(self.secret, self.source_name, of_id)) in self.remarks
        }
        if not erased_at:
            return frame
        is_erased = told_at < pl.col(id_name).replace_strict(erased_at, default=None, return_dtype=INSTANT)
        if id_name == "recording_id":
            return frame.filter(~is_erased.fill_null(False))
        words = pl.when(is_erased).then(None).otherwise(pl.col("comment_text"))
        return frame.with_columns(comment_text=words)

    def _with_erased_agents(self, frame: pl.DataFrame, told_at: pl.Expr) -> pl.DataFrame:
        """agent_name with the hash of the key in place of an erased agent's key."""
        key = pl.col("agent_name").cast(pl.String)
        hashes = {
            text: hashed
            for text in frame.select(key.unique().drop_nulls()).to_series()
            if (hashed := hash_of_key(self.secret, self.source_name, text)) in self.agent_keys
        }
        if not hashes:
            return frame
        erased_at = {text: self.agent_keys[hashed] for text, hashed in hashes.items()}
        is_erased = told_at < key.replace_strict(erased_at, default=None, return_dtype=INSTANT)
        hidden = key.replace_strict({text: ERASED + hashed for text, hashed in hashes.items()}, default=None)
        return frame.with_columns(agent_name=pl.when(is_erased).then(hidden).otherwise(key))

    def _with_naming(self, frame: pl.DataFrame, told_at: pl.Expr) -> pl.DataFrame:
        """Columns that may name an agent, or a number outside, without those that were erased."""
        is_old = told_at < pl.lit(self.newest_at, INSTANT)
        for name in _NAMING:
            if frame.schema.get(name) != pl.String:
                continue
            texts = frame.filter(is_old)[name].drop_nulls().unique()
            changed = {
                text: clean
                for text in texts
                if (clean := self._without(text, is_target=name == _NAMING[0])) != text
            }
            if changed:
                clean_text = pl.col(name).replace(changed)
                frame = frame.with_columns(
                    pl.when(is_old).then(clean_text).otherwise(pl.col(name)).alias(name)
                )
        return frame

    def _without(self, text: str, *, is_target: bool) -> str:
        if is_target and self.is_erased_target(text):
            return NOBODY
        return self.of_text(text)

    def is_erased_target(self, text: str) -> bool:
        """Whether a call was transferred to the number or address of an erased customer."""
        if not self.customers or not OUTSIDE.search(text):
            return False
        return customer_key(self.secret, text, self.country_name) in self.customers

    def with_aliases(self, names: pl.DataFrame) -> pl.DataFrame:
        """What the source calls whom (etl.sources.NAME_SCHEMA), and what erased agents are called."""
        if not self.aliases:
            return names
        hidden = [("agent", ERASED + hashed, alias) for hashed, alias in self.aliases.items()]
        return pl.concat([names, pl.DataFrame(hidden, schema=names.schema, orient="row")])

    def of_texts(self, told: pl.DataFrame) -> pl.DataFrame:
        """Refused rows and names of unknown events without anybody who was erased; they have no instant, so all are."""
        if self.newest_at is None or told.is_empty():
            return told
        columns = [name for name in ("reason_text", "raw_text", "event_name") if name in told.columns]
        return told.with_columns(
            pl.Series(
                name, [text and self.of_text(text, is_kept=True) for text in told[name]], dtype=pl.String
            )
            for name in columns
        )

    def of_text(self, text: str, *, is_kept: bool = False) -> str:
        """A text without the keys of erased customers, and with the alias of erased agents in place of their names.

        is_kept: the text is that of a refused row, which a replay reads again: agents get the hash of their key.
        """
        for key in self.customers:
            if key in text:
                text = text.replace(f"{MASK}{key}", NOBODY).replace(key, NOBODY)
        return replaced(text, lambda words: self._alias(words, is_kept=is_kept)) if self.names else text

    def _alias(self, words: str, *, is_kept: bool) -> str | None:
        alias = self.names.get(hash_of_name(self.secret, words))
        if alias is not None and is_kept:
            hashed = hash_of_key(self.secret, self.source_name, words)
            return ERASED + hashed if hashed in self.agent_keys else alias
        return alias


def replaced(text: str, of: Callable[[str], str | None]) -> str:
    """The text with what `of` gives for runs of at most five words, the longest first; null leaves them."""
    spans = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    parts, end, place = list[str](), 0, 0
    while place < len(spans):
        start = spans[place][0]
        for count in range(min(MOST_WORDS, len(spans) - place), 0, -1):
            words = text[start : spans[place + count - 1][1]]
            if is_name(words) and (instead := of(words)) is not None:
                parts += (text[end:start], instead)
                end, place = spans[place + count - 1][1], place + count
                break
        else:
            place += 1
    return "".join((*parts, text[end:]))


def erased_in(
    connection: sa.Connection, secret: Callable[[], bytes], *, source_name: str, country_name: str | None
) -> Erased:
    """Who was erased, as the warehouse knows it in this transaction; `secret` is asked only where somebody was."""
    rows = connection.execute(sa.text(warehouse.statement("merge/erasures_known"))).fetchall()
    if not rows:
        return Erased(b"", source_name, country_name, {}, {}, {})
    of_kind = {
        kind: {row.subject_key: row for row in rows if row.kind_name == kind}
        for kind in (CUSTOMER, AGENT_KEY, AGENT_NAME, REMARK)
    }
    return Erased(
        secret(),
        source_name,
        country_name,
        {key: row.erased_at for key, row in of_kind[CUSTOMER].items()},
        {key: row.erased_at for key, row in of_kind[AGENT_KEY].items()},
        {key: row.alias_name for key, row in of_kind[AGENT_NAME].items()},
        {key: row.alias_name for key, row in of_kind[AGENT_KEY].items()},
        newest_at=max(row.erased_at for row in rows),
        remarks={key: row.erased_at for key, row in of_kind[REMARK].items()},
    )


def in_json(text: str) -> Iterator[str]:
    """The forms that a text has as a value of JSON, with its quotes."""
    yield from dict.fromkeys((json.dumps(text, ensure_ascii=False), json.dumps(text)))


def forms(texts: Sequence[str]) -> list[str]:
    """The texts as they may stand anywhere: as they are, and as JSON writes them."""
    return list(
        dict.fromkeys(form for text in texts for form in (text, *(value[1:-1] for value in in_json(text))))
    )
