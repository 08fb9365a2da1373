"""Corrects the floor by a snapshot: what the PBX tells of all its queues, members, waiting callers and channels at once.

In: the blocks of one snapshot, with events among them. Out: the corrected floor, once the snapshot is whole.
The rule it guards: what was missed is corrected without inventing how it came about, and an event is newer than the
snapshot among whose blocks it stands.
"""

from __future__ import annotations

from etl.sources.pbx.ami_floor import SEPARATOR, Floor, Snapshot, Stay, between, stay_key
from etl.sources.pbx.ami_headers import (
    FIRST_SECOND,
    Headers,
    call_of,
    member_of,
    plain,
    seconds_of,
    text_of,
    whole,
)

SAME_ENTRY_SECONDS = 3  # an entry told by an event and by a snapshot may differ by so much


def telling(floor: Floor, _at: int, _headers: Headers) -> None:
    """A snapshot begins."""
    floor.snapshot = Snapshot()


def tells_queue(floor: Floor, _at: int, headers: Headers) -> None:
    """A queue is listed, so that members who are not are gone."""
    queue_name = text_of(headers, "queue")
    floor.snapshot = floor.snapshot or Snapshot()
    floor.snapshot.members.setdefault(queue_name, {})


def tells_member(floor: Floor, _at: int, headers: Headers) -> None:
    """A member of a queue, his pause, and whether he is on a call."""
    queue_name, name = text_of(headers, "queue"), member_of(headers)
    for number in ("paused", "incall", "logintime", "lastpause"):
        whole(headers, number)
    floor.snapshot = floor.snapshot or Snapshot()
    floor.snapshot.members.setdefault(queue_name, {})[name] = dict(headers)


def tells_entry(floor: Floor, _at: int, headers: Headers) -> None:
    """A caller who waits, and for how long."""
    key, _ = stay_key(*call_of(headers)), whole(headers, "wait")
    floor.snapshot = floor.snapshot or Snapshot()
    floor.snapshot.entries[key] = dict(headers)


def tells_channel(floor: Floor, _at: int, headers: Headers) -> None:
    """A line that is there, and in which bridge."""
    call_id = text_of(headers, "uniqueid")
    floor.snapshot = floor.snapshot or Snapshot()
    floor.snapshot.channels[call_id] = {name: headers.get(name, "") for name in ("bridgeid", "device")}


def told_channels(floor: Floor, _at: int, _headers: Headers) -> None:
    """All lines have been listed."""
    floor.snapshot = floor.snapshot or Snapshot()
    floor.snapshot.knows_channels = True


def told_all(floor: Floor, at: int, _headers: Headers) -> None:
    """The snapshot is whole: members, then who is on a contact, then the calls, each unless an event was newer."""
    shot, floor.snapshot = floor.snapshot or Snapshot(), None
    touched = frozenset(shot.touched)
    _correct_members(floor, at, shot, touched)
    for key, stay in list(floor.stays.items()):
        if stay.ended_at is None and key not in touched and key not in shot.entries:
            _correct_stay(floor, at, shot, stay)
    for key, entry in shot.entries.items():
        if key in touched:
            continue
        began_at, known = at - (seconds_of(entry, "wait") or 0), floor.stays.get(key)
        is_known = known is not None and known.outcome_name == "waiting"
        if known is None or not is_known or began_at - known.offered_at > SAME_ENTRY_SECONDS:
            call_id, queue_name = key.split(SEPARATOR, 1)
            floor.tell(floor.enter(began_at, call_id, queue_name, customer_key=entry.get("customerkey")), 0)


def _since(member: Headers, name: str, at: int) -> int:
    """The second that a header names; now where it names none before now."""
    second = whole(member, name) or 0
    return second if FIRST_SECOND <= second <= at else at


def _correct_members(floor: Floor, at: int, shot: Snapshot, touched: frozenset[str]) -> None:
    for name, agent in floor.agents.items():
        for queue_name in list(agent.queues):
            if name not in shot.members.get(queue_name, {}) and name + SEPARATOR + queue_name not in touched:
                floor.leave(at, name, queue_name)
        agent.rings = {key: queue for key, queue in agent.rings.items() if key in {*shot.entries, *touched}}
    since: dict[str, int] = {}
    for queue_name, members in shot.members.items():
        for name, member in members.items():
            if name + SEPARATOR + queue_name not in touched:
                is_paused = whole(member, "paused") == 1
                floor.join(_since(member, "logintime", at), name, queue_name, is_paused=is_paused)
                if is_paused:
                    floor.agent(name).reason_name = plain(member.get("pausedreason"))
                    since[name] = max(since.get(name, 0), _since(member, "lastpause", at))
            if name not in touched:
                contacts, in_call = floor.agent(name).contacts, whole(member, "incall")
                if in_call == 1 and queue_name not in contacts.values():
                    contacts[SEPARATOR + queue_name] = queue_name
                elif in_call == 0:
                    contacts.pop(SEPARATOR + queue_name, None)
    for name, agent in floor.agents.items():
        is_new_pause = not agent.states and agent.state(floor.wrap_up_reason_names)[0] == "paused"
        floor.shift(since.get(name, at) if is_new_pause else at, name)


def _correct_stay(floor: Floor, at: int, shot: Snapshot, stay: Stay) -> None:
    """An open stay that no longer waits: who is bridged talks, whose line is there went elsewhere, else it is over."""
    channel = shot.channels.get(stay.call_id)
    if stay.answered_at is not None:
        member = shot.members.get(stay.queue_name, {}).get(stay.agent_name or "")
        is_free = not shot.knows_channels and (member is None or whole(member, "incall") == 0)
        if is_free or (shot.knows_channels and channel is None):
            floor.interrupt(at, stay)
    elif channel is None:
        floor.interrupt(at, stay)
    elif channel["bridgeid"]:
        floor.answer(at, stay, _partner(shot, stay, channel["bridgeid"]), is_guess=True)
        stay.wait_seconds = between(at - stay.offered_at)
        floor.tell(stay)
    else:
        stay.wait_seconds = between(at - stay.offered_at)
        floor.let_go(stay.end(at, "overflowed", "system", is_guess=True), stay)
        floor.tell(stay)


def _partner(shot: Snapshot, stay: Stay, bridge_id: str) -> str | None:
    """Which member of the queue is in the same bridge, by the beginning of his channel's name."""
    devices = {given["device"] for given in shot.channels.values() if given["bridgeid"] == bridge_id}
    members = shot.members.get(stay.queue_name, {})
    return next(
        (
            name
            for name, member in members.items()
            if member.get("location") and member["location"] in devices
        ),
        None,
    )
