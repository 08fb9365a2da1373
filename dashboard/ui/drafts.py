"""What somebody has begun to change on a board, a playlist or a rule and has not saved yet: kept while the dashboard runs.

In: who edits, what, and its text as it stands in the editor. Out: the same text when they come back, in a new tab too.
The rule it guards: a tab that was closed or a session that ended takes nobody's work with it; a draft is nobody else's.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

MOST_DRAFTS = 500
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """An unsaved text; version_number: the version that it was begun from, 0 for what was never saved."""

    toml_text: str
    version_number: int


class Drafts:
    """The drafts of everybody; the ones touched longest ago are let go of first."""

    def __init__(self, *, most: int = MOST_DRAFTS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], Draft] = OrderedDict()

    def of(self, viewer_name: str, kind_name: str, name: str) -> Draft | None:
        """What this person has not saved of that name."""
        with self._lock:
            return self._kept.get((viewer_name, kind_name, name))

    def names(self, viewer_name: str, kind_name: str) -> list[str]:
        """Of what of that kind this person has a draft, by name."""
        with self._lock:
            return sorted(name for who, kind, name in self._kept if (who, kind) == (viewer_name, kind_name))

    def keep(self, viewer_name: str, kind_name: str, name: str, draft: Draft) -> None:
        """Keeps a text, cut to what can be saved at all."""
        key = (viewer_name, kind_name, name)
        with self._lock:
            self._kept[key] = Draft(draft.toml_text[:LONGEST_TEXT], draft.version_number)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, viewer_name: str, kind_name: str, name: str) -> None:
        """Lets go of a text: it was saved, or thrown away."""
        with self._lock:
            self._kept.pop((viewer_name, kind_name, name), None)
