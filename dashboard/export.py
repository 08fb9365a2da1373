"""A frame as a CSV file for spreadsheets, in which no cell can act as a formula.

In: a frame with unit-bearing column names. Out: UTF-8 bytes with a mark that lets spreadsheets read every
script.
The rule it guards: text that a spreadsheet could take for a formula is made harmless; numbers stay numbers.
"""

from __future__ import annotations

import re

import polars as pl

_FORMULA = re.compile(r"""^(?:[\s"';,|]*[=+\-@＝＋－＠]|[\t\r\n|;%])""")


def csv_bytes(frame: pl.DataFrame, *, zone_name: str) -> bytes:
    """One line per row; instants in the site's time with their offset, ratios from 0 to 1, unknown as
    empty."""
    columns = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.String:
            column = column.map_elements(harmless, return_dtype=pl.String)
        elif isinstance(dtype, pl.Datetime):
            column = column.dt.convert_time_zone(zone_name).dt.strftime("%Y-%m-%dT%H:%M:%S%:z")
        columns.append(column.alias(harmless(name)))
    return b"\xef\xbb\xbf" + frame.select(columns).write_csv().encode("utf-8")


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet could take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text
