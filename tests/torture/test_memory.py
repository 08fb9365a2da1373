"""A single line of a gigabyte, packed or not, costs no reader more memory than any other file."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from tests.torture.campaign import Campaign, has_turn
from tests.torture.origins import CDR, CEL, CSV_FILE, DESK, JSONL_FILE, NOW, QUEUE_LOG, TSV_FILE, lines_of

ROOT = Path(__file__).parents[2]
MB = 1 << 20
MOST_MORE_MB = {"short": 60, "long": 200}
CASES = (
    *((origin, origin.file_name) for origin in (QUEUE_LOG, CDR, CEL, CSV_FILE, TSV_FILE, JSONL_FILE, DESK[2])),
    (CSV_FILE, "calls.csv.gz"), (JSONL_FILE, "revenues.jsonl.gz"),
)  # fmt: skip
NAMES = [(origin.name, file_name) for origin, file_name in CASES]


@pytest.mark.timeout(3_600)
def test_f5_a_line_of_a_gigabyte_takes_no_memory(tmp_path: Path, campaign: Campaign) -> None:
    size = campaign.times(short=64, long=1024) * MB
    cases = [case for case, name in zip(CASES, NAMES, strict=True) if has_turn(name, NAMES, short=3)]
    for place, (origin, file_name) in enumerate(cases):
        for name, middle in (("small", 2 * MB), ("large", size)):
            (folder := tmp_path / str(place) / name).mkdir(parents=True)
            origin.write(folder, lines_of(origin, 3))
            lines = (folder / origin.file_name).read_bytes().splitlines()
            (folder / origin.file_name).unlink()
            _write(folder / file_name, lines, middle)
    (tmp_path / "cases.json").write_text(json.dumps([(origin.name, file) for origin, file in cases]))
    child = subprocess.run(
        [sys.executable, "-m", "tests.torture.memory_child", str(tmp_path)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(child.stdout)
    for (origin, file_name), told in zip(cases, found["large"], strict=True):
        assert told["told_rows"] > 0, (origin.name, file_name)
        assert told["refused_rows"] >= 1, (origin.name, file_name)
        more_mb = told["peak_mb"] - found["before_mb"]
        assert more_mb <= MOST_MORE_MB["long" if campaign.is_long else "short"], (
            origin.name,
            file_name,
            found,
        )
    campaign.record(
        "F5", "one enormous line takes no memory, plain or packed",
        line_mb=size // MB, files_count=len(cases), before_mb=round(found["before_mb"]),
        more_memory_mb=round(found["large"][-1]["peak_mb"] - found["before_mb"], 1),
    )  # fmt: skip


def _write(path: Path, lines: list[bytes], middle: int) -> None:
    """The lines with one of so many bytes among them, written in pieces."""
    half = len(lines) // 2 + 1
    with cast("BinaryIO", gzip.open(path, "wb", 1)) if path.suffix == ".gz" else path.open("wb") as file:
        file.write(b"\n".join(lines[:half]) + b"\n")
        for _ in range(middle // MB):
            file.write(b"x" * MB)
        file.write(b"\n" + b"\n".join(lines[half:]) + b"\n")
    os.utime(path, (NOW.timestamp() - 3600,) * 2)
