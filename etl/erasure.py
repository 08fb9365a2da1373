"""Forgets a caller or a former agent, here and now and whenever an old record or an old backup tells of them again.

In: a telephone number, an e-mail address or the name of an agent. Out: a warehouse that holds neither, with the same
figures, and the list of those who were erased (etl.erasure_list).
The rule it guards: who was erased once stays erased, and no batch that runs meanwhile brings anybody back.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

import polars as pl
import sqlalchemy as sa

from etl import LoadError
from etl.config import Settings
from etl.customer_key import customer_key, customer_secret, named_customer_key
from etl.customer_periods import periods_in
from etl.erased import (
    AGENT_KEY,
    AGENT_NAME,
    CUSTOMER,
    ERASED,
    NO_CUSTOMER,
    OUTSIDE,
    REMARK,
    forms,
    hash_of_key,
    hash_of_name,
    hash_of_remark,
    is_name,
)
from etl.erasure_carry import carry_without, facts_names, tidy
from etl.erasure_list import Erasure, is_kept_here, keep_in_list, read_list
from etl.masking import MASK, NOBODY, masked
from etl.sources import SourceSettings
from sql import audit, warehouse

DEADLINE_SECONDS = 1800.0  # every text of every table is looked through
MOST_UNPACKED_BYTES = 64 * 1024 * 1024
_TAGS = re.compile(r"<[^<>]{0,1000}>")


@dataclass(frozen=True)
class Found:
    """What an erasure took away: rows that held the person, and uploaded files that were discarded with it."""

    calls: int
    tickets: int
    changed_rows: int
    discarded_file_names: tuple[str, ...]
    alias_name: str | None = None


@dataclass(frozen=True)
class _Agent:
    agent_id: int
    agent_name: str
    keys: tuple[tuple[str, str], ...]
    """Sources and the keys by which they know the agent."""

    @property
    def names(self) -> list[str]:
        """The agent's name, and the keys that may be names."""
        return list(dict.fromkeys((self.agent_name, *(key for _, key in self.keys if is_name(key)))))


def erase_customer(
    engine: sa.Engine, settings: Settings, number_or_address: str, *, now: Callable[[], datetime]
) -> Found:
    """Takes a customer out of every table; raises LoadError where the text is nobody's number or address."""
    country_name = settings.site.site.country_name
    key = named_customer_key(number_or_address, country_name)
    erasure = Erasure(now(), CUSTOMER, key)
    with alone(engine) as connection:
        found, remarks = _forget_customer(connection, erasure, country_name, at=now())
        _note(connection, [erasure, *remarks], at=now())
        told = {"calls": found.calls, "tickets": found.tickets}
        audit.note(connection, what_name="customer.erased", told=told)
        keep_in_list([erasure, *remarks])
    return found


def erase_agent(
    engine: sa.Engine,
    settings: Settings,
    name: str,
    *,
    agent_ids: Collection[int] = (),
    now: Callable[[], datetime],
) -> Found:
    """Gives a former agent an alias in every table.

    agent_ids: which of those who are called so, where there are several (each system may know the same person under a
    number of its own). While a namesake stays, the name is not looked for in texts. Raises LoadError where it is nobody's
    name, or that of several of whom none is chosen.
    """
    with alone(engine) as connection:
        namesakes = [one for one in _agents(connection) if one.agent_name == name]
        chosen = [one for one in namesakes if one.agent_id in agent_ids or not agent_ids]
        if not chosen or (len(chosen) > 1 and not agent_ids):
            raise _not_one(name, namesakes)
        if not any(one.keys for one in chosen):
            raise LoadError(f'No source knows "{name}" any more; there is nothing to erase.')
        erasures = [
            erasure
            for one in chosen
            for erasure in _erasures_of(one, has_namesake=len(chosen) < len(namesakes), at=now())
        ]
        found = [_forget_agent(connection, settings, one, erasures, at=now()) for one in chosen]
        _note(connection, erasures, at=now())
        for one in chosen:
            audit.note(connection, what_name="agent.erased", of_name=f"agent {one.agent_id}")
        keep_in_list(erasures)
    file_names = tuple(name for one in found for name in one.discarded_file_names)
    return replace(
        found[0], changed_rows=sum(one.changed_rows for one in found), discarded_file_names=file_names
    )


def _not_one(name: str, namesakes: Sequence[_Agent]) -> LoadError:
    if not namesakes:
        return LoadError(f'No agent is called "{name}"; see the page Organisation for how agents are called.')
    known = "; ".join(
        f"--id {one.agent_id} known to {', '.join(sorted({key[0] for key in one.keys}))}" for one in namesakes
    )
    return LoadError(
        f'{len(namesakes)} agents are called "{name}": {known}. Say which with --id, more than once for several.'
    )


def reapply(engine: sa.Engine, settings: Settings | None, *, now: Callable[[], datetime]) -> int:
    """Erases everybody of the list whom the warehouse does not know as erased, as after a restore; how many entries.

    For the start of a load, and once a day: a source that is read again carries again what it carried then. The list
    learns whom only the warehouse knows, as on a new machine. Raises LoadError where the list cannot be read.
    """
    is_listed = is_kept_here()
    kept = {erasure.place: erasure for erasure in (read_list() if is_listed else ())}
    with warehouse.connected(engine) as connection:
        known = _known(connection)
    missing = [
        erasure
        for place, erasure in kept.items()
        if place not in known or known[place].erased_at < erasure.erased_at
    ]
    if is_listed:
        keep_in_list([erasure for place, erasure in known.items() if place not in kept])
    country_name = settings.site.site.country_name if settings else None
    if not missing and not known:
        return 0
    with alone(engine) as connection:
        for erasure in missing:
            if erasure.kind_name == CUSTOMER:
                _, remarks = _forget_customer(connection, erasure, country_name, at=now())
                _note(connection, remarks, at=now())
        keys = {erasure.subject_key for erasure in missing if erasure.kind_name == AGENT_KEY}
        for agent in _agents(connection) if keys else ():
            if keys & {hash_of_key(customer_secret(), *key) for key in agent.keys}:
                _forget_agent(connection, settings, agent, missing, at=now())
        _note(connection, missing, at=now())
        tidy(connection, settings)
    return len(missing)


def reapply_nightly(
    engine: sa.Engine,
    settings: Settings,
    _source: SourceSettings,
    _day_date: date,
    *,
    now: Callable[[], datetime],
) -> str | None:
    """The same as work that is due once a day (etl.schedule.nightly); a sentence where there was anything to do."""
    done = reapply(engine, settings, now=now)
    return f"{done} erasures that the warehouse did not know were applied again." if done else None


@contextmanager
def alone(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction beside which no batch is loaded: none may bring back what is taken away."""
    with warehouse.connected(engine, deadline_seconds=DEADLINE_SECONDS) as connection:
        warehouse.one_row(connection, "merge/erase_patience")
        warehouse.execute(connection, "merge/erase_cursors_lock")
        warehouse.one_row(connection, "merge/erasures_lock")
        yield connection


def _forget_customer(
    connection: sa.Connection, erasure: Erasure, country_name: str | None, *, at: datetime
) -> tuple[Found, list[Erasure]]:
    """What was taken away, and the lines for remarks that do not name the customer themselves."""
    key, secret = erasure.subject_key, customer_secret()
    kept_keys = periods_in(connection).keys_of(key)
    calls, tickets, *remarks = warehouse.one_row(
        connection, "merge/erase_customer", customer_keys=kept_keys, erased_at=erasure.erased_at
    )
    hashes = {hash_of_remark(secret, *remark) for remark in zip(*remarks, strict=True)}
    texts = [
        f"{MASK}{key}",
        key,
        *(other for other in kept_keys if other != key),
        *_targets(connection, key, country_name),
    ]

    def nobodys(_source_name: str, text: str) -> str:
        if OUTSIDE.search(text) and customer_key(secret, text, country_name) == key:
            return NOBODY
        return text.replace(f"{MASK}{key}", NOBODY).replace(key, NO_CUSTOMER)

    carry_without(connection, nobodys)
    warehouse.execute(connection, "merge/erase_events", told_texts=texts, instead_text=NOBODY)
    game = {"agent_id": None, "told_texts": texts, "instead_text": NOBODY}
    changed = warehouse.one_row(connection, "merge/erase_game", **game)[0]
    changed += warehouse.one_row(connection, "merge/erase_texts", told_texts=texts, instead_text=NOBODY)[0]

    def holds(text: str) -> bool:
        return key in masked(text, secret, country_name)

    found = Found(calls, tickets, changed, _discarded(connection, holds, at=at))
    return found, [Erasure(erasure.erased_at, REMARK, hashed) for hashed in sorted(hashes)]


def _targets(connection: sa.Connection, key: str, country_name: str | None) -> list[str]:
    """The numbers of the customer as they stand where a call was transferred to them."""
    told = warehouse.frame(connection, "merge/transfer_targets")["transferred_to_name"]
    return [text for text in told if customer_key(customer_secret(), text, country_name) == key]


def _erasures_of(agent: _Agent, *, has_namesake: bool, at: datetime) -> list[Erasure]:
    """The lines for an agent's keys and names; all have one alias, made of the hash of the name."""
    secret = customer_secret()
    alias = f"Former agent {hash_of_name(secret, agent.agent_name)[:6]}"
    names = set() if has_namesake else {hash_of_name(secret, name) for name in agent.names}
    return [
        *(Erasure(at, AGENT_KEY, hash_of_key(secret, *key), alias) for key in agent.keys),
        *(Erasure(at, AGENT_NAME, name, alias) for name in sorted(names)),
    ]


def _forget_agent(
    connection: sa.Connection,
    settings: Settings | None,
    agent: _Agent,
    erasures: Sequence[Erasure],
    *,
    at: datetime,
) -> Found:
    secret = customer_secret()
    hidden = {key: ERASED + hash_of_key(secret, *key) for key in agent.keys}
    aliases = {ERASED + one.subject_key: one.alias_name for one in erasures if one.kind_name == AGENT_KEY}
    alias = next(name for key in hidden.values() if (name := aliases.get(key)))
    erased_names = {one.subject_key for one in erasures if one.kind_name == AGENT_NAME}
    names = [name for name in agent.names if hash_of_name(secret, name) in erased_names]
    _hide_in_sources(connection, settings, names, hidden, alias)
    warehouse.execute(
        connection,
        "merge/erase_agent",
        agent_id=agent.agent_id,
        alias_name=alias,
        source_names=[source for source, _ in agent.keys],
        source_keys=[key for _, key in agent.keys],
        erased_keys=[hidden[key] for key in agent.keys],
    )
    warehouse.execute(connection, "audit/erase_actor", agent_id=agent.agent_id)
    warehouse.one_row(connection, "merge/erase_accounts", agent_id=agent.agent_id, alias_name=alias)
    ended = {"agent_id": agent.agent_id, "board_name": None, "at": at, "is_by_person": False}
    warehouse.execute(connection, "consents/consent_withdrawn", **ended)
    warehouse.execute(connection, "game/credential/forget", agent_id=agent.agent_id)
    texts = forms(names) if names else []
    game = {"agent_id": agent.agent_id, "told_texts": texts, "instead_text": alias}
    forgotten = warehouse.one_row(connection, "merge/erase_game", **game)[0]
    if not names:
        return Found(0, 0, 1 + forgotten, (), alias)
    warehouse.execute(connection, "merge/erase_events", told_texts=texts, instead_text=NOBODY)
    changed = warehouse.one_row(connection, "merge/erase_texts", told_texts=texts, instead_text=alias)[0]

    def holds(text: str) -> bool:
        return any(name.casefold() in text.casefold() for name in texts)

    return Found(0, 0, changed + forgotten + 1, _discarded(connection, holds, at=at), alias)


def _hide_in_sources(
    connection: sa.Connection,
    settings: Settings | None,
    names: Sequence[str],
    hidden: Mapping[tuple[str, str], str],
    alias: str,
) -> None:
    """What the sources carry and what of them was refused, with the agent's hidden key or alias in place of names.

    Where a source's facts stand under another's name, its keys are that one's.
    """
    facts_of = facts_names(settings)
    words = _words(names) if names else None

    def hide(source_name: str, text: str) -> str:
        facts_name = facts_of.get(source_name, source_name)
        return words.sub(lambda found: hidden.get((facts_name, found[0]), alias), text) if words else text

    carry_without(connection, hide)
    for (source_name, key), instead in hidden.items():
        if key in names:
            told = [
                source_name,
                *(name for name, facts_name in facts_of.items() if facts_name == source_name),
            ]
            warehouse.execute(
                connection,
                "merge/erase_rejects",
                source_names=told,
                told_pattern=_words([key]).pattern,
                erased_key=instead,
            )


def _words(names: Sequence[str]) -> re.Pattern[str]:
    """Finds names as whole words, also as JSON writes them; the longest first."""
    longest_first = sorted(forms(names), key=len, reverse=True)
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)")


def _agents(connection: sa.Connection) -> list[_Agent]:
    rows = connection.execute(sa.text(warehouse.statement("merge/agents_with_keys"))).fetchall()
    keys: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for agent_id, agent_name, source_name, source_key in rows:
        of_agent = keys.setdefault((agent_id, agent_name), [])
        if source_key is not None and not source_key.startswith(ERASED):
            of_agent.append((source_name, source_key))
    return [_Agent(agent_id, name, tuple(of_agent)) for (agent_id, name), of_agent in keys.items()]


# --- uploaded files that are still kept


def _discarded(connection: sa.Connection, holds: Callable[[str], bool], *, at: datetime) -> tuple[str, ...]:
    """The names of kept uploads that hold the person, or may; they are discarded: a part of a file cannot be."""
    rows = connection.execute(sa.text(warehouse.statement("merge/uploads_kept"))).fetchall()
    gone = [row for row in rows if not _is_free(bytes(row.content), holds)]
    if gone:
        ids = [row.upload_id for row in gone]
        warehouse.execute(connection, "merge/erase_uploads", upload_ids=ids, ended_at=at)
    return tuple(row.file_name for row in gone)


def _is_free(content: bytes, holds: Callable[[str], bool]) -> bool:
    """Whether a file can be looked through and does not hold the person."""
    try:
        return not any(holds(text) for text in _texts(content))
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, pl.exceptions.PolarsError):
        return False


def _texts(content: bytes) -> Iterable[str]:
    """What a file holds as text; ValueError where that cannot be known."""
    if content[:2] == b"\x1f\x8b":
        with gzip.open(io.BytesIO(content)) as packed:
            content = packed.read(MOST_UNPACKED_BYTES + 1)
    if len(content) > MOST_UNPACKED_BYTES:
        raise ValueError("it is too large to be looked through")
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_UNPACKED_BYTES:
                raise ValueError("it is too large to be looked through")
            for part in parts.infolist():
                yield _TAGS.sub(" ", parts.read(part).decode("utf-8", "replace"))
    elif content[:4] == b"PAR1":
        yield pl.read_parquet(io.BytesIO(content)).write_ndjson()
    elif b"\x00" in content:
        yield content.decode("utf-16", "strict")
    else:
        yield content.decode("utf-8", "replace")
        with suppress(UnicodeDecodeError):
            yield content.decode("cp1252")


def _known(connection: sa.Connection) -> dict[tuple[str, str], Erasure]:
    rows = connection.execute(sa.text(warehouse.statement("merge/erasures_known"))).fetchall()
    found = [Erasure(row.erased_at, row.kind_name, row.subject_key, row.alias_name) for row in rows]
    return {erasure.place: erasure for erasure in found}


def _note(connection: sa.Connection, erasures: Sequence[Erasure], *, at: datetime) -> None:
    for erasure in erasures:
        warehouse.execute(connection, "merge/erasures", **asdict(erasure), applied_at=at)
