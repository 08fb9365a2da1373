"""An upload: what the loader made of the file, what would be loaded and refused, and the mapping that may be changed.

In: the upload's row and its preview as the loader wrote it down. Out: blocks for `board.show`; a changed mapping.
The rule it guards: what is shown is what would be loaded; a person decides, and sees the doubts before the button.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dashboard import board, words
from dashboard.board import Block, Row, column
from dashboard.words import t, t_count

ABSENT, KEPT = "", "\x00kept"
"""Two choices beside the columns of the file: none of them, and what is set already (a constant, several columns)."""
_ONE_ORIGIN = ("column", "columns", "from_first_of", "constant")
_UNITS = ("at", "seconds", "name", "id", "text", "score", "amount", "key")
_OPEN_COUNTS = ("read_rows", "mapped_rows", "rejected_rows")
CELL_LETTERS = 80
LEAST_SURE_RATIO = 0.5


@dataclass(frozen=True)
class Look:
    """What the loader found in a file; see etl/on_request/upload_look.py for who wrote it."""

    told: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, preview_text: str | None) -> Look | None:
        """The look that is kept in an upload's row, if there was one."""
        return cls(json.loads(preview_text)) if preview_text else None

    @property
    def facts_name(self) -> str:
        """What the rows are taken for."""
        return str(self.told["facts_name"])

    @property
    def table(self) -> dict[str, Any]:
        """The mapping as the settings would hold it."""
        return dict(self.told["table"])

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields that there are, those needed first, then those missing, those mapped, and the others."""
        mapped, missing = self.table.get("fields", {}), self._missing
        return sorted(
            self.told["fields"],
            key=lambda item: (
                not item["is_needed"],
                item["name"] not in missing,
                item["name"] not in mapped,
            ),
        )

    @property
    def _missing(self) -> set[str]:
        return {name for group in self.told["missing"] for name in group}

    @property
    def first_fields(self) -> list[dict[str, Any]]:
        """The fields that are to be seen at once: needed, missing or mapped ones."""
        missing = self._missing
        return [
            item
            for item in self.fields
            if item["is_needed"] or item["name"] in missing or self.spec(item["name"])
        ]

    def spec(self, field_name: str) -> dict[str, Any]:
        """How a field is mapped; empty where it is not."""
        spec = self.table.get("fields", {}).get(field_name, {})
        return {"column": spec} if isinstance(spec, str) else dict(spec)

    def count(self, name: str) -> int:
        """A count of rows of the preview."""
        return int(self.told["counts"].get(name, 0))


def facts_word(facts_name: str) -> str:
    """What a kind of fact is called."""
    known = {
        "calls": t("Calls"),
        "tickets": t("Tickets"),
        "ticket_events": t("Changes of tickets"),
        "agent_states": t("Agents' states"),
        "shifts": t("Shifts"),
        "surveys": t("Surveys"),
        "quality_reviews": t("Quality reviews"),
        "costs": t("Costs"),
        "revenues": t("Revenues"),
        "self_services": t("Self-service visits"),
        "recordings": t("Recordings"),
        "attempts": t("Attempts of campaigns"),
    }
    return known.get(facts_name, facts_name)


def field_word(name: str) -> str:
    """A field's name for people: "wait_seconds" -> "Wait (seconds)", "offered_at" -> "Offered at"."""
    stem, _, unit = name.rpartition("_")
    if unit in ("seconds", "amount", "score") and stem:
        return f"{stem.replace('_', ' ').capitalize()} ({unit})"
    plain = name if unit == "at" or unit not in _UNITS or not stem else stem
    return plain.replace("_", " ").capitalize()


def heading(row: Row, *, zone_name: str) -> Block:
    """The name of the file, when it came, from whom, and how large it is."""
    size = t("{size} kB", size=words.number(max(1, round(row["file_bytes_count"] / 1000))))
    told = [size, t("uploaded {instant}", instant=words.moment(row["uploaded_at"], zone_name))]
    told.append(t("by {name}", name=row["viewer_name"]))
    return {"kind": "section", "title": row["file_name"], "lead": " · ".join(told)}


def state_notice(row: Row, *, is_silent: bool) -> Block | None:
    """What happens to an upload now, or how it ended; none while it waits for a decision."""
    name, state = row["file_name"], row["state_name"]
    if state in ("waiting", "looking", "asked", "loading") and is_silent:
        return None  # the loader's own notice says it
    if state in ("waiting", "looking"):
        return board.notice(
            "none", t("{file} is being looked at", file=name), t("Nothing is loaded before you say so.")
        )
    if state in ("asked", "loading"):
        read = t_count("{n} row read so far.", "{n} rows read so far.", row["read_rows"] or 0)
        return board.notice("none", t("{file} is being loaded", file=name), read)
    if state == "loaded":
        return board.notice(
            "near" if row["rejected_rows"] else "good", t("{file} is loaded", file=name), _outcome(row)
        )
    if state == "discarded":
        return board.notice(
            "none", t("{file} was discarded", file=name), t("Nothing of it was loaded or kept.")
        )
    if row["error_text"]:
        title = (
            t("{file} could not be loaded", file=name)
            if state == "failed"
            else t("{file} needs you", file=name)
        )
        return board.notice("off" if state == "failed" else "near", title, row["error_text"])
    return None


def _outcome(row: Row) -> str:
    text = t(
        "{read} rows read = {loaded} loaded + {unchanged} unchanged + {rejected} refused.",
        read=words.number(row["read_rows"]),
        loaded=words.number(row["loaded_rows"]),
        unchanged=words.number(row["unchanged_rows"]),
        rejected=words.number(row["rejected_rows"]),
    )
    if row["rejected_rows"]:
        return " ".join([text, t("Data health shows the refused rows with their reasons.")])
    return text


def look_tiles(look: Look) -> Block:
    """What the rows are taken for, and how many would be taken and refused; only the first while fields are missing."""
    sure = look.told["confidence_ratio"]
    facts: Block = {
        "key": "facts",
        "label": t("The rows are"),
        "value": facts_word(look.facts_name),
        "more": _basis(sure),
    }
    if "read_rows" not in look.told["counts"]:
        return {"kind": "tiles", "tiles": [{**facts, "status": board.status("near", t("Not whole yet"))}]}
    read, mapped, refused = (look.count(name) for name in _OPEN_COUNTS)
    part = (
        t("of the whole file")
        if look.told["is_whole"]
        else t("of its first rows; the rest is read when it is loaded")
    )
    tiles: list[Block] = [
        {**facts, "units": 1},
        board.count_tile("read", t("Rows read"), read, more=part),
        board.count_tile(
            "mapped", t("Would be taken"), mapped,
            status=board.status("good" if mapped else "off", t("Fits") if mapped else t("None fits")),
            more=_others(look) or t("rows that are there already stay as they are"),
        ),
        board.count_tile(
            "refused", t("Would be refused"), refused,
            status=board.status("near" if refused else "good", t("See below") if refused else t("None")),
            more=t("kept with their reason, and can be tried again"),
        ),
    ]  # fmt: skip
    return {"kind": "tiles", "tiles": tiles}


def _basis(sure: float | None) -> str:
    if sure is None:
        return t("as you mapped it")
    if sure < LEAST_SURE_RATIO:
        return t("hardly more than a guess; say below what the rows are")
    return t("guessed, {sure} sure", sure=words.ratio(sure))


def _others(look: Look) -> str:
    """The rows that are neither taken nor refused: passed over by a filter, or told by another row again."""
    counts = {
        name: count for name, count in look.told["counts"].items() if name not in _OPEN_COUNTS and count
    }
    told = [f"{words.number(count)} {name.replace('_', ' ')}" for name, count in counts.items()]
    read, mapped, refused = (look.count(name) for name in _OPEN_COUNTS)
    again = read - mapped - refused - sum(counts.values())
    if again > 0:
        told.append(t_count("{n} comes again and counts once", "{n} come again and count once", again))
    return ", ".join(told)


def doubts(look: Look) -> Block | None:
    """What a person should look at before loading."""
    missing = [
        t(
            "{fields} is needed, and no column seems to be it.",
            fields=t(" or ").join(field_word(name) for name in group),
        )
        for group in look.told["missing"]
    ]
    told = [*missing, *look.told["warnings"]]
    names = {item["name"] for item in look.told["columns"]}
    if not told:
        return None
    return board.table(
        t("Look at these before you load"),
        [column(t("Column")), column(t("What to look at"), "text")],
        [
            {
                "key": str(place),
                "tone": "near" if place < len(missing) else "none",
                "cells": _apart(text, names),
            }
            for place, text in enumerate(told)
        ],
        nothing="",
        title=t("Look at these before you load"),
    )


def _apart(text: str, names: set[str]) -> list[str]:
    """A doubt as the column that it is about and the sentence."""
    name, colon, rest = text.partition(": ")
    is_of_column = bool(colon) and name in names
    sentence = rest if is_of_column else text
    return [name if is_of_column else t("The file"), sentence[:1].upper() + sentence[1:]]


def mapped_table(look: Look, *, zone_name: str) -> Block:
    """The first rows as they would be loaded, instants in the site's time."""
    names: Sequence[str] = look.told["mapped"]["columns"]
    instants = set(look.told["mapped"]["instants"])
    rows = [
        {
            "key": str(place),
            "cells": [
                _cell(name, value, zone_name, is_instant=name in instants)
                for name, value in zip(names, row, strict=True)
            ],
        }
        for place, row in enumerate(look.told["mapped"]["rows"])
    ]
    return board.table(
        t("The first rows as they would be loaded"),
        [column(field_word(name), "end" if name.endswith("_seconds") else "") for name in names],
        rows,
        nothing=t("No row can be taken yet; change the mapping below."),
        title=t("The first rows as they would be loaded"),
        lead=t("times in {zone}", zone=zone_name),
    )


def _cell(name: str, value: object, zone_name: str, *, is_instant: bool) -> str:
    if is_instant and isinstance(value, str):
        return words.instant(datetime.fromisoformat(value), zone_name)
    text = words.value(name, value)
    return text if len(text) <= CELL_LETTERS else f"{text[: CELL_LETTERS - 1]}…"


def refused_table(look: Look) -> Block | None:
    """Why rows would be refused, how many, and one of each as it stands in the file."""
    columns = [
        column(t("Reason"), "text"),
        column(t("Rows"), "end"),
        column(t("First of them"), wide=True),
        column(t("That row itself"), "raw", wide=True),
    ]
    rows = [
        {"key": str(place), "cells": [part["reason"], words.number(part["rows"]), part["place"], part["raw"]]}
        for place, part in enumerate(look.told["refused"])
    ]
    if not rows:
        return None
    return board.table(
        t("What would be refused"), columns, rows, nothing="", title=t("What would be refused")
    )


def column_choices(look: Look, field_name: str) -> dict[str, str]:
    """What a field can come from: no column, what is set already, or a column with some of its texts."""
    spec = look.spec(field_name)
    choices = {ABSENT: t("– not in this file –")}
    if spec and "column" not in spec:
        choices[KEPT] = _kept_words(spec)
    for item in look.told["columns"]:
        samples = ", ".join(item["samples"][:3])
        label = f"{item['name']}  ·  {samples}"[:70] if samples else item["name"]
        # The browser tells choices apart by what they are called.
        choices[item["name"]] = f"{label} ({len(choices)})" if label in choices.values() else label
    if (name := spec.get("column")) is not None:
        choices.setdefault(name, name)
    return choices


def _kept_words(spec: Mapping[str, Any]) -> str:
    if "constant" in spec:
        return t("always: {value}", value=spec["constant"])
    return t(
        "several columns: {names}", names=", ".join(spec.get("columns") or spec.get("from_first_of") or ())
    )


def chosen_column(look: Look, field_name: str) -> str:
    """What the field comes from now, as one of the choices."""
    spec = look.spec(field_name)
    return str(spec["column"]) if "column" in spec else KEPT if spec else ABSENT


def how_text(look: Look, item: Mapping[str, Any]) -> str:
    """How the texts of a field are read, as a person writes it: a format, a unit, or what the words mean."""
    spec = look.spec(item["name"])
    if item["kind"] in ("choice", "bool"):
        return "; ".join(f"{found} = {means}" for found, means in spec.get("values", {}).items())
    formats = spec.get("format", ())
    return str(spec.get("unit") or " | ".join([formats] if isinstance(formats, str) else formats))


def changed_table(
    look: Look, columns: Mapping[str, str], hows: Mapping[str, str], more: Mapping[str, str]
) -> dict[str, Any]:
    """The mapping with the person's changes: where fields come from, how they are read, and keys of the source itself."""
    fields = {}
    kinds = {item["name"]: item["kind"] for item in look.told["fields"]}
    for name, choice in columns.items():
        if choice == ABSENT:
            continue
        spec = look.spec(name)
        if choice != KEPT:
            spec = {key: value for key, value in spec.items() if key not in _ONE_ORIGIN} | {"column": choice}
        if name in hows:
            spec = _read_so(spec, kinds[name], hows[name], look.told["units"].get(kinds[name], ()))
        fields[name] = spec
    table = {key: value for key, value in look.table.items() if key not in more}
    return {**table, **{key: value for key, value in more.items() if value}, "fields": fields}


def _read_so(spec: dict[str, Any], kind: str, how: str, units: Sequence[str]) -> dict[str, Any]:
    plain = {key: value for key, value in spec.items() if key not in ("format", "unit", "values")}
    text = how.strip()
    if not text:
        return plain
    if kind in ("choice", "bool"):
        pairs = [part.rpartition("=") for part in text.split(";") if part.strip()]
        return plain | {
            "values": {found.strip() or means.strip(): means.strip() for found, _, means in pairs}
        }
    if text in units:
        return plain | {"unit": text}
    return plain | {"format": [part.strip() for part in text.split(" | ")]}
