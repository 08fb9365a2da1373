"""Says of each source whether what it needs is there: its files, its credentials, its libraries.

In: the settings of a source. Out: one finding that is good, or one for each thing that is not.
The rule it guards: nothing is asked over a network and nothing is changed; no credential is shown.
"""

from __future__ import annotations

import glob
import importlib.util
import stat
from collections.abc import Iterator
from pathlib import Path

from etl import LoadError
from etl.findings import Finding
from etl.sources import Place, PlaceKind, SourceSettings
from etl.sources.credentials import credential

_WANTED: dict[PlaceKind, str] = {"file": "file", "folder": "folder", "files": "file or folder"}


def source_findings(source: SourceSettings) -> list[Finding]:
    """What is not as one source needs it; where nothing is, what was looked at, and how to try the rest."""
    subject = f"Source {source.name}"
    places = [_place(subject, place) for place in source.places()]
    others = [*_secrets(subject, source), *_libraries(subject, source)]
    if faults := [each for each in (*places, *others) if each.state_name != "good"]:
        return faults
    looked = "; ".join(each.found_text for each in places)
    if looked and not source.secrets():
        return [Finding(subject, "good", looked)]
    told = "; ".join(
        filter(None, [source.origin_text(), looked, "its credential is there" * bool(source.secrets())])
    )
    return [Finding(subject, "good", f"{told}; `floorboard etl run --source {source.name}` tries it")]


def _place(subject: str, place: Place) -> Finding:
    """Whether what a path names is there, is what it must be, and can be read."""
    path, wanted = place.path, _WANTED[place.kind_name]
    try:
        if place.kind_name == "files" and glob.has_magic(str(path)) and not path.exists():
            return _pattern(subject, place)
        mode = path.stat().st_mode
        is_folder = stat.S_ISDIR(mode)
        if not (is_folder or stat.S_ISREG(mode)) or (is_folder and place.kind_name == "file"):
            found = "a folder" if is_folder else "neither a file nor a folder"
        elif not is_folder and place.kind_name == "folder":
            found = "a file"
        else:
            return Finding(subject, "good", _read(place, is_folder=is_folder))
    except FileNotFoundError:
        step = f"Correct {place.key_name} in the settings, or see that what writes it has begun."
        return Finding(subject, "wrong", f"there is no {wanted} {path}", step)
    except OSError as error:
        step = "Give this user the right to read it, for example by a group of its owner's."
        return Finding(subject, "wrong", f"{path} cannot be read ({error.strerror})", step)
    return Finding(
        subject,
        "wrong",
        f"{path} is {found}, expected a {wanted}",
        f"Name the {wanted} as {place.key_name} in the settings.",
    )


def _pattern(subject: str, place: Place) -> Finding:
    count = sum(1 for _ in Path(place.path.anchor).glob(str(place.path.relative_to(place.path.anchor))))
    if count:
        return Finding(subject, "good", f"{count:,} files fit {place.path}")
    step = f"See that they are put there, or correct {place.key_name} in the settings."
    return Finding(subject, "advice", f"no file fits {place.path}", step)


def _read(place: Place, *, is_folder: bool) -> str:
    """What is there, in words; OSError where it cannot be read."""
    if is_folder:
        return f"{place.path} is a folder of {len(list(place.path.iterdir())):,} entries"
    with place.path.open("rb") as file:
        file.read(1)
    return f"{place.path} can be read ({place.path.stat().st_size:,} bytes)"


def _secrets(subject: str, source: SourceSettings) -> Iterator[Finding]:
    for env_name, file in source.secrets():
        try:
            credential(env_name, file, what="its credential")
        except LoadError as error:
            yield Finding(subject, "wrong", str(error))


def _libraries(subject: str, source: SourceSettings) -> Iterator[Finding]:
    for name in source.libraries():
        if importlib.util.find_spec(name) is None:
            step = f"Install it beside Floorboard: pip install {name}"
            yield Finding(subject, "wrong", f"the library {name}, which reads it, is not installed", step)
