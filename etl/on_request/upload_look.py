"""Writes down what was found in an uploaded file, for the page that shows it to a person.

In: the file, the mapping, and what the mapping makes of its rows. Out: one JSON text.
The rule it guards: the page needs to know nothing of files and mappings; fields, columns and words come with the text.
Rows that come again are what is left of the rows read: the page says so in the reader's language.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl

from etl.mappings.guess import REPEATED, Guess, Preview
from etl.mappings.mapping import CLOCK_UNITS, DURATION_UNITS, EPOCH_UNITS
from etl.mappings.mapping_words import WORDS
from etl.sources.files.file_sample import sample
from etl.sources.mapped_file import MappedFileSettings

SAMPLES = 4
MOST_REASONS = 20
LONGEST_TEXT = 200
_HIDDEN = ("customer_key",)
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")


def look_text(
    path: Path,
    chosen: Guess | MappedFileSettings,
    guessed: Guess,
    seen: Preview,
    table: dict[str, Any],
    *,
    toml_text: str,
) -> str:
    """What the page shows of an upload: mapping, columns, fields, the first rows mapped and those refused, as JSON."""
    words = WORDS[guessed.facts]
    missing = guessed.missing if isinstance(chosen, Guess) else ()
    told_apart = f"no column seems to be {', '.join(missing)}."
    needed = {group[0] for group in words.required if len(group) == 1}
    return json.dumps(
        {
            "facts_name": guessed.facts,
            "all_facts": list(WORDS),
            "is_guess": isinstance(chosen, Guess),
            "confidence_ratio": guessed.confidence_ratio if isinstance(chosen, Guess) else None,
            "missing": [group.split(" or ") for group in missing],
            "warnings": [text for text in seen.warnings if text != told_apart],
            "table": table,
            "toml_text": toml_text,
            "counts": {name: count for name, count in seen.counts.items() if name != REPEATED},
            "is_whole": seen.is_whole,
            "mapped": _mapped(seen.mapped),
            "refused": _refused(seen.rejected),
            "columns": _columns(path),
            "fields": [
                {"name": name, "kind": field.kind, "words": list(field.words), "is_needed": name in needed}
                for name, field in words.fields.items()
            ],
            "units": {
                "seconds": [*DURATION_UNITS, *CLOCK_UNITS],
                "instant": [*EPOCH_UNITS, "excel_days"],
            },
        },
        default=str,
    )


def _mapped(frame: pl.DataFrame) -> dict[str, Any]:
    names = [name for name in frame.columns if name not in _HIDDEN]
    instants = [name for name in names if isinstance(frame.schema[name], pl.Datetime)]
    rows = [[_cell(value) for value in row] for row in frame.select(names).iter_rows()]
    return {"columns": names, "instants": instants, "rows": rows}


def _cell(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text[:LONGEST_TEXT]


def _refused(rejected: pl.DataFrame) -> list[dict[str, Any]]:
    """The kinds of reasons (alike but for numbers and quoted values), the most frequent first, each with its first row."""
    counts: Counter[str] = Counter()
    first: dict[str, dict[str, Any]] = {}
    for place, reason, raw in rejected.select("place_text", "reason_text", "raw_text").iter_rows():
        kind = _NUMBER.sub("#", _QUOTED.sub("…", reason))
        counts[kind] += 1
        first.setdefault(kind, {"reason": reason, "place": place, "raw": raw[:2000]})
    return [{**first[kind], "rows": rows} for kind, rows in counts.most_common(MOST_REASONS)]


def _columns(path: Path) -> list[dict[str, Any]]:
    """The columns of the file, each with a few of its texts."""
    rows = sample(path).rows
    return [
        {
            "name": name,
            "samples": [
                text[:40]
                for text in rows[name].drop_nulls().unique(maintain_order=True).head(40).to_list()
                if text.strip()
            ][:SAMPLES],
        }
        for name in rows.columns
    ]
