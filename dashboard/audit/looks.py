"""Notes that somebody looked at figures, contacts or reviews of others, before the page shows them.

In: who looks, the question that a page has asked, its answer. Out: one line of the trail per viewer, kind of data, page and
quarter of an hour for whoever was not in it yet; none for what is one's own.
The rule it guards: whatever tells of a person is noted unless it stands in the short list of what is not; while the
warehouse takes no line, it is told to the log at once and written when the warehouse answers again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import polars as pl
import sqlalchemy as sa

from dashboard import access
from sql import audit
from sql.warehouse import WarehouseError

ACTS = {
    "agent_call_rows": "saw.contacts",
    "attempt_rows": "saw.contacts",
    "balance_rows": "saw.contacts",
    "call_rows": "saw.contacts",
    "callback_requests": "saw.contacts",
    "contact_recordings": "saw.contacts",
    "contact_search": "saw.contacts",
    "customer_contacts": "saw.contacts",
    "live_rows": "saw.contacts",
    "survey_rows": "saw.contacts",
    "ticket_due": "saw.contacts",
    "ticket_oldest": "saw.contacts",
    "ticket_owed": "saw.contacts",
    "ticket_rows": "saw.contacts",
    "transfers": "saw.contacts",
    "voice_contacts": "saw.contacts",
    "contact_journey": "saw.journey",
    "ticket_changes": "saw.journey",
    "calibration_answers": "saw.review",
    "quality_groups": "saw.review",
    "quality_questions": "saw.review",
    "quality_reviews": "saw.review",
    "review_rows": "saw.review",
    "review_sample": "saw.review",
    "review_states": "saw.review",
    "coaching_notes": "saw.coaching",
}
"""What was seen, by the question; of any other one it is figures of agents."""

NO_LOOK = frozenset(
    {
        *("agents", "call_names", "consented_agents", "consents", "own_data", "audit_of_agent", "wall_top"),
        *("game_colleagues", "game_kudos", "game_months"),
    }
)
"""Lists of names to choose from, what is one's own, and what people said to each other or allowed everybody to read."""

GROUPED = {"quality_groups": "agent", "voice_groups": "all"}
"""Questions whose rows are agents where they are asked by agent, and what they are asked by where nothing is said."""

MOST_LATE = 1000
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: who, at what, at which contact (empty for a list), where, when, whose.

    agent_names: of those whose number the answer does not tell.
    """

    viewer: access.Viewer
    what_name: str
    contact_name: str
    place_text: str
    at: datetime
    agent_ids: frozenset[int] = frozenset()
    agent_names: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """Looks of one key are one line, unless somebody comes in who was not in it."""
        quarter = int(self.at.timestamp()) // audit.QUARTER_SECONDS
        return (self.viewer.viewer_name, self.what_name, self.contact_name, self.place_text, quarter)

    @property
    def of_name(self) -> str:
        """What the line says it is about: a contact, or the one agent; several stand beside it by their numbers."""
        is_one = len(self.agent_ids) == 1 and not self.agent_names
        return self.contact_name or (f"agent {min(self.agent_ids)}" if is_one else "")


@dataclass
class Looks:
    """What was noted in this quarter of an hour, and what waits until the warehouse answers."""

    noted: dict[tuple[str, str, str, str, int], set[int | str]] = field(default_factory=dict)
    late: deque[Look] = field(default_factory=deque)
    told: set[Look] = field(default_factory=set)
    """Those among them that the log has been told of."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, engine: sa.Engine, look: Look | None, *, is_answering: bool = True) -> None:
        """Writes the line before anything is shown; is_answering: False where the warehouse is known to be silent."""
        waiting = self._waiting(look)
        if not waiting:
            return
        for place, one in enumerate(waiting):
            is_new = one is waiting[-1] and look is not None and one.key == look.key
            if not is_answering or not _written(engine, one, is_late=not is_new):
                self._put_off(waiting[place:])
                return

    def _waiting(self, look: Look | None) -> list[Look]:
        """What is to be written now: what came late first, and the look itself where somebody in it is new."""
        with self.lock:
            found = [self.late.popleft() for _ in range(len(self.late))] if look is not None else []
            if look is None:
                return found
            seen = self.noted.setdefault(look.key, set())
            people: set[int | str] = {*look.agent_ids, *look.agent_names} or {""}
            if people <= seen:
                return found
            new = replace(look, agent_ids=look.agent_ids - seen, agent_names=look.agent_names - seen)
            seen |= people
            if len(self.noted) > 10 * MOST_LATE:
                self.noted = {key: ones for key, ones in self.noted.items() if key[-1] >= look.key[-1]}
            return [*found, new]

    def _put_off(self, looks: list[Look]) -> None:
        with self.lock:
            for one in looks:
                if one not in self.told:
                    _LOG.warning(
                        "A look is written down later, the warehouse does not answer: %s", _words(one)
                    )
                self.late.append(one)
            while len(self.late) > MOST_LATE:
                _LOG.error("A look could not be written down: %s", _words(self.late.popleft()))
            self.told = set(self.late)


_looks = Looks()


@dataclass(frozen=True, slots=True)
class Told:
    """One answer that tells of people, kept to be noted for each of several who are shown it."""

    question_name: str
    arguments: Mapping[str, object]
    found: pl.DataFrame
    place_text: str
    is_answering: bool

    def note(self, engine: sa.Engine, viewer: access.Viewer) -> None:
        """Notes that this person is shown it."""
        note(
            engine, viewer, self.question_name, self.arguments, self.found,
            place_text=self.place_text, is_answering=self.is_answering,
        )  # fmt: skip


_gathered: ContextVar[list[Told] | None] = ContextVar("floorboard_gathered_looks", default=None)
_SOMEBODY = access.Viewer("", "", token="")
"""A person who is nobody of those whom an answer tells of."""


@contextmanager
def gathered() -> Iterator[list[Told]]:
    """Within the block looks are only gathered: what is made once for several people is noted for each of them."""
    told: list[Told] = []
    token = _gathered.set(told)
    try:
        yield told
    finally:
        _gathered.reset(token)


def note(
    engine: sa.Engine,
    viewer: access.Viewer,
    question_name: str,
    arguments: Mapping[str, object],
    found: pl.DataFrame,
    *,
    place_text: str,
    is_answering: bool,
) -> None:
    """Notes what this answer tells of others. Where nobody signs in there is nobody to name, and nothing is noted."""
    if (told := _gathered.get()) is not None:
        at = datetime.now(UTC)
        if look_of(_SOMEBODY, question_name, arguments, found, place_text=place_text, at=at) is not None:
            told.append(Told(question_name, arguments, found, place_text, is_answering))
        return
    look = look_of(viewer, question_name, arguments, found, place_text=place_text, at=datetime.now(UTC))
    if look is not None:
        _looks.note(engine, look, is_answering=is_answering)


def look_of(
    viewer: access.Viewer,
    question_name: str,
    arguments: Mapping[str, object],
    found: pl.DataFrame,
    *,
    place_text: str,
    at: datetime,
) -> Look | None:
    """The look that an answer is; None for one that tells of nobody, or of the viewer alone."""
    if viewer.token is None or question_name in NO_LOOK or found.is_empty():
        return None
    if question_name == "audit_lines":
        return Look(viewer, "saw.trail", "", place_text, at)
    ids, names = _whose(question_name, arguments, found)
    ids -= {viewer.agent_id} if viewer.agent_id is not None else set()
    if not ids and not names:
        return None
    contact_id = arguments.get("contact_id") or arguments.get("ticket_id")
    contact_name = (
        f"contact {arguments.get('source_name') or ''}/{contact_id}" if contact_id is not None else ""
    )
    what_name = ACTS.get(question_name, "saw.agent")
    return Look(viewer, what_name, contact_name, place_text, at, frozenset(ids), frozenset(names))


def _whose(
    question_name: str, arguments: Mapping[str, object], found: pl.DataFrame
) -> tuple[set[int], set[str]]:
    """The agents of an answer by their numbers, and by their names where it has no numbers."""
    asked = arguments.get("agent_id")
    ids = {asked} if isinstance(asked, int) else set[int]()
    if "agent_id" in found.columns:
        return ids | set(found["agent_id"].drop_nulls().to_list()), set()
    if "agent_name" in found.columns:
        return ids, set(found["agent_name"].drop_nulls().to_list()) if not ids else set()
    if question_name in GROUPED and arguments.get("by_name", GROUPED[question_name]) == "agent":
        return ids, set(found["of_name"].drop_nulls().to_list()) if not ids else set()
    return ids, set()


def _written(engine: sa.Engine, look: Look, *, is_late: bool) -> bool:
    """Whether the line stands; a session that ended meanwhile does not take the look back."""
    told = {"late": True} if is_late else {}
    try:
        try:
            with audit.acting(place_text=look.place_text), access.change(engine, look.viewer) as connection:
                _note(connection, look, told)
        except access.SessionError:
            who = access.Viewer(look.viewer.viewer_name, access.EVERYONE)
            with audit.acting(place_text=look.place_text), access.change(engine, who) as connection:
                _note(connection, look, told | {"session_is_over": True})
    except WarehouseError as error:
        _LOG.warning("The trail takes no line: %s", error)
        return False
    return True


def _note(connection: sa.Connection, look: Look, told: Mapping[str, object]) -> None:
    ids = set(look.agent_ids)
    if look.agent_names:
        ids |= audit.agents_called(connection, look.agent_names)
    audit.note_seen(
        connection,
        what_name=look.what_name,
        of_name=look.of_name,
        agent_ids=ids,
        viewer_name=look.viewer.viewer_name,
        at=look.at,
        told=told,
    )


def _words(look: Look) -> str:
    whose = look.of_name or ", ".join(f"agent {number}" for number in sorted(look.agent_ids))
    return f"{look.viewer.viewer_name}, {look.what_name}, {whose}, {look.place_text}, {look.at:%Y-%m-%dT%H:%M:%SZ}"
