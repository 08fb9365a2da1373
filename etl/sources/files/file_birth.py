"""Tells when a file was made, so that a new file is not taken for the one whose place on the disk it was given.

In: a path. Out: nanoseconds since 1970, or 0 where the system or the disk does not know.
The rule it guards: an unknown birth is never taken for an equal one.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from functools import cache
from pathlib import Path
from typing import Any

_HERE = -100  # AT_FDCWD: a path as it stands
_BIRTH = 0x800  # STATX_BTIME


def birth_of(path: Path, told: os.stat_result) -> int:
    """When the file (where a link leads to) was made, by what `told` of it or by asking again."""
    known = getattr(told, "st_birthtime", None)  # of systems other than Linux
    if known is not None:
        return int(known * 1e9)
    statx = _statx()
    if statx is None:
        return 0
    answer = ctypes.create_string_buffer(256)
    if statx(_HERE, os.fsencode(path), 0, _BIRTH, answer) != 0:
        return 0
    (mask,) = struct.unpack_from("=I", answer, 0)
    seconds, nanoseconds = struct.unpack_from("=qI", answer, 80)  # stx_btime
    return int(seconds) * 1_000_000_000 + int(nanoseconds) if mask & _BIRTH else 0


@cache
def _statx() -> Any:
    """The system's own call, which Python's os does not have yet; null where it is not to be had."""
    return getattr(ctypes.CDLL(None), "statx", None) if sys.platform == "linux" else None
