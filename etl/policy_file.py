"""Reads the site's policy: which figures may exist of a single agent, each with its purpose, and puts it into force.

In: `policy.toml` beside the settings file. Out: what is named, kept in the warehouse, and a sentence about what changed.
Rule: a policy is right as a whole or it is refused with one sentence that names the file, the line, what was found, what was
expected and the next step. A file that is gone changes nothing: nothing vanishes because a file was not copied.
"""

from __future__ import annotations

import difflib
import json
import os
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from etl.config import ConfigError, settings_path
from etl.config_lines import line_of
from etl.demo_home import settings_file_in_use
from etl.findings import Finding, State
from sql import audit, individual, policy, warehouse
from sql.policy import Kept, Named

TABLE = "individual"
_TEXTS = ("purpose", "legal_basis", "works_agreement", "by")
_KEYS = (*_TEXTS, "since", "off")
MOST_SIGNS = 1000
_HEAD = """\
# Which figures may exist of a single agent on this site, each with its purpose. Only what is named here is counted,
# stored and answered for a single agent; sums of teams and of the whole floor need none of it. The load puts it into force
# when it starts (or `floorboard privacy apply`). What each figure is, and what switching it off takes away: docs/privacy.md.
# Figures that existed before this file did stay until they are named here: with their purpose, or to be switched off, which
# deletes what is stored of them (`floorboard privacy apply --dry-run` counts it first): off = true in place of the purpose.
"""


def policy_path(settings_file: Path | None = None) -> Path:
    """Where the policy is looked for: beside the settings file."""
    return (settings_file or settings_path()).with_name(individual.FILE_NAME)


def load_policy(file: Path) -> dict[str, Named] | None:
    """What the policy names, by family; None where there is no such file. ConfigError where it is not right."""
    try:
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return None
    except (UnicodeDecodeError, OSError) as error:
        raise ConfigError(
            f"{file}: the policy cannot be read ({type(error).__name__}), expected a readable file in UTF-8; "
            "see to its permissions, or save it as UTF-8."
        ) from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{file}: found a line that is no TOML ({error}), expected tables such as [{TABLE}.handle_time]; correct it."
        ) from None
    for key in tables:
        if key != TABLE:
            raise _wrong(
                file, text, (key,), f"found {key}", f"tables [{TABLE}.<figures>]", "correct that line"
            )
    return {name: _named(file, text, name, told) for name, told in _table(file, text, tables).items()}


def apply(
    engine: sa.Engine, *, now: Callable[[], datetime], tell: Callable[[str], None], file: Path | None = None
) -> Kept:
    """Puts the policy into force, and tells what that changed, or what nobody has said yet."""
    path = file or policy_path()
    named = load_policy(path)
    with warehouse.connected(engine, deadline_seconds=300.0) as connection:
        if named is None:
            tell(without_file(policy.standing(connection).to_dicts(), path))
            return Kept()
        kept = policy.keep(connection, named, noted_at=now())
        rows = policy.standing(connection).to_dicts()
        if kept:
            told = {
                "switched_on": kept.switched_on,
                "switched_off": kept.switched_off,
                "rows": kept.cleared_rows,
            }
            audit.note(connection, what_name="policy.changed", told=told)
    for words, names in (("on", kept.switched_on), ("off", kept.switched_off)):
        if names:
            tell(f"Figures of single agents switched {words}: {labels(names)} ({path}).")
    for line in losses(kept):
        tell(f"{line}.")
    if over := taken_over(rows):
        tell(f"{over} {_step(path)}")
    return kept


def losses(kept: Kept) -> list[str]:
    """What becomes of how many stored rows."""
    return [f"{count:,} {words}" for words, count in kept.lost]


def taken_over(rows: list[dict[str, Any]]) -> str:
    """The sentence on what existed before there was a policy, and nobody gave a purpose; empty where all is said."""
    names = [row["family_name"] for row in rows if row["is_on"] and row["is_taken_over"]]
    if not names:
        return ""
    return (
        f"Figures of single agents were taken over without a purpose: {labels(names)}. They stay until a policy names them, "
        "with a purpose or with off = true."
    )


def _step(path: Path) -> str:
    return f"Write {path} (`floorboard privacy example` prints one), each with its purpose."


def without_file(rows: list[dict[str, Any]], path: Path) -> str:
    """What is in force where there is no policy file, with the next step."""
    on = [row["family_name"] for row in rows if row["is_on"]]
    if not on:
        return f"No figures of single agents are counted: no policy names any. {_step(path)}"
    if over := taken_over(rows):
        return f"{over} {_step(path)}"
    return f"The policy {path} is gone; what it said stays in force: {labels(on)}. Put it back, or write another."


def policy_findings(engine: sa.Engine) -> list[Finding]:
    """What is in force, whether the file agrees with it, and what nobody has said yet."""
    path = policy_path(settings_file_in_use())
    named = load_policy(path)
    with warehouse.connected(engine) as connection:
        rows = policy.standing(connection).to_dicts()
        changed = policy.planned(connection, named or {})
    on = [row["family_name"] for row in rows if row["is_on"]]
    if named is None:
        state: State = "advice" if on else "good"
        return [Finding("Privacy", state, *_parted(without_file(rows, path)))]
    if changed:
        return [
            Finding(
                "Privacy", "wrong", f"{path} says otherwise than what is in force",
                "Start the load anew, or run `floorboard privacy apply`.",
            )
        ]  # fmt: skip
    if over := taken_over(rows):
        return [Finding("Privacy", "advice", over.removesuffix("."), f"Name them in {path}.")]
    empty = [
        name
        for name, told in named.items()
        if not told.is_off and not (told.legal_basis and told.by and told.since_date)
    ]
    if empty:
        found = f"{path} leaves legal_basis, by or since empty for: {labels(empty)}"
        return [Finding("Privacy", "advice", found, "Fill them in; the page Privacy shows what is missing.")]
    return [
        Finding(
            "Privacy", "good", f"{path}: {len(on)} kinds of figures of single agents, each with its purpose"
        )
    ]


def _parted(sentences: str) -> tuple[str, str]:
    """What was found, and the next step."""
    found, _, step = sentences.rpartition(". ")
    return found, step


def labels(family_names: tuple[str, ...] | list[str]) -> str:
    """The families in words, in the order of the list."""
    return ", ".join(one.label for one in individual.families() if one.name in family_names)


def policy_text(named: Mapping[str, Named], *, is_off: bool = False) -> str:
    """A policy file that names these; is_off: as lines that a person takes the # away from."""
    parts = [_HEAD]
    for family in individual.families():
        if family.name not in named:
            continue
        told = named[family.name]
        lines = [f"[{TABLE}.{family.name}]"]
        lines += [f"{key} = {json.dumps(getattr(told, key), ensure_ascii=False)}" for key in _TEXTS]
        lines += [f"since = {told.since_date.isoformat()}"] if told.since_date else []
        lines += ["off = true"] if told.is_off else []
        if is_off:
            lines = [f"# {line}" for line in lines]
        parts.append("\n".join([f"# {family.label}: {family.meaning}", *lines]) + "\n")
    return "\n".join(parts)


def write_once(file: Path, text: str) -> bool:
    """Writes the policy where there is none; what somebody has changed in it stays."""
    if file.exists():
        return False
    draft = file.with_name(f".{file.name}.draft")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, file)  # noqa: PTH105 - whole or not at all
    return True


def _table(file: Path, text: str, tables: dict[str, Any]) -> dict[str, Any]:
    found = tables.get(TABLE, {})
    if not isinstance(found, dict):
        raise _wrong(
            file, text, (TABLE,), f"found {TABLE}", f"tables [{TABLE}.<figures>]", "correct that line"
        )
    return found


def _named(file: Path, text: str, name: str, told: object) -> Named:
    known = [family.name for family in individual.families()]
    here = (TABLE, name)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        expected = f"{near[0]}" if near else f"one of {', '.join(known)}"
        raise _wrong(file, text, here, f'found figures "{name}"', expected, "correct that line")
    if not isinstance(told, dict):
        raise _wrong(file, text, here, f"found {name}", f"a table [{TABLE}.{name}]", "write it as a table")
    for key, value in told.items():
        place, found = (*here, key), f"found {key} = {json.dumps(value, ensure_ascii=False, default=str)}"
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1)
            expected = near[0] if near else f"one of {', '.join(_KEYS)}"
            raise _wrong(file, text, place, f"found {key}", expected, "correct that line")
        if key == "since":
            if type(value) is not date or not date(1990, 1, 1) <= value < date(2100, 1, 1):
                raise _wrong(
                    file, text, place, found, "a day such as 2026-01-31, without quotes", "correct it"
                )
        elif key == "off":
            if value is not True:
                raise _wrong(file, text, place, found, "off = true, or no such line", "correct that line")
        elif not isinstance(value, str) or len(value) > MOST_SIGNS or "\x00" in value:
            expected = f'text in "quotes" of at most {MOST_SIGNS} characters'
            raise _wrong(file, text, place, found, expected, "correct that line")
    is_off = told.get("off", False)
    if not is_off and not told.get("purpose", "").strip():
        raise _wrong(
            file, text, (*here, "purpose") if "purpose" in told else here, f"found no purpose of {name}",
            "for what these figures of a single agent are needed", "write it, or off = true, which deletes them",
        )  # fmt: skip
    texts = {key: told.get(key, "").strip() for key in _TEXTS}
    written_at = f"{file}, line {line_of(text, here)}"
    return Named(**texts, since_date=told.get("since"), place=written_at, is_off=is_off)


def _wrong(
    file: Path, text: str, location: tuple[str, ...], found: str, expected: str, step: str
) -> ConfigError:
    return ConfigError(f"{file}, line {line_of(text, location)}: {found}, expected {expected}; {step}.")
