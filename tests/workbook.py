"""Writes small Excel workbooks for tests: the least that Excel itself would take."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

DATE_TIME, TIME, DATE = 1, 2, 3
_OPEN = "http://schemas.openxmlformats.org/"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
Cell = str | int | float | bool | tuple[float, int] | None
"""A cell; a pair is a number shown as DATE_TIME, TIME or DATE."""


def write_workbook(
    path: Path, rows: list[list[Cell]], *, sheet: str = "Sheet", merged: tuple[str, ...] = ()
) -> Path:
    """A workbook with one sheet."""
    body = "".join(
        f'<row r="{number}">{"".join(_cell(number, place, cell) for place, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    )
    merges = "".join(f'<mergeCell ref="{item}"/>' for item in merged)
    merges = f"<mergeCells>{merges}</mergeCells>" if merged else ""
    main, types = (
        f"{_OPEN}spreadsheetml/2006/main",
        "application/vnd.openxmlformats-officedocument.spreadsheetml",
    )
    relations, office = f"{_OPEN}package/2006/relationships", f"{_OPEN}officeDocument/2006/relationships"
    formats = "".join(f'<xf numFmtId="{number}" applyNumberFormat="1"/>' for number in (0, 22, 21, 14))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_OPEN}package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{types}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{types}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{types}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" Type="{office}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        f'<sheet name="{escape(sheet)}" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{relations}"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{office}/styles" '
        'Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
        f'<borders count="1"><border/></borders><cellXfs count="4">{formats}</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>{merges}</worksheet>',
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, _HEAD + text)
    return path


def _cell(row: int, place: int, cell: Cell) -> str:
    at = f'r="{chr(65 + place)}{row}"'
    if cell is None:
        return ""
    if isinstance(cell, tuple):
        return f'<c {at} s="{cell[1]}"><v>{cell[0]}</v></c>'
    if isinstance(cell, bool):
        return f'<c {at} t="b"><v>{int(cell)}</v></c>'
    if isinstance(cell, int | float):
        return f"<c {at}><v>{cell}</v></c>"
    return f'<c {at} t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
