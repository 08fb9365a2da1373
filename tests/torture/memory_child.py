"""What a process of its own does to show how much memory readers take: files with one enormous line, read to their end.

In: the folder of the cases. Out: for each case its rows told and refused and the peak of memory after it, as JSON.
Rule: every file is first read with a small line in it, so that what a reader always takes is not counted.
"""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import replace
from pathlib import Path

from tests.torture.origins import NOW, origin_named


def read(name: str, file_name: str, folder: Path) -> dict[str, float]:
    """The rows told and refused of the file in the folder, and the peak of memory so far in MB."""
    origin = replace(origin_named(name), file_name=file_name)
    told = refused = 0
    for batch in origin.reader(folder).read("", "", now=NOW):
        told += sum(frame.height for frame in batch.facts.values())
        refused += batch.rejects.height
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"told_rows": told, "refused_rows": refused, "peak_mb": peak_mb}


def main(folder: Path) -> None:
    """Reads every case twice: with a small line, then with the large one."""
    cases = json.loads((folder / "cases.json").read_text())
    small = [read(name, file, folder / str(place) / "small") for place, (name, file) in enumerate(cases)]
    large = [read(name, file, folder / str(place) / "large") for place, (name, file) in enumerate(cases)]
    print(json.dumps({"before_mb": small[-1]["peak_mb"], "large": large}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
