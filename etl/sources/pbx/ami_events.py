"""What each event of Asterisk's manager means for the floor.

In: an event's headers (names in lower case) and its second. Out: the changed floor; Refusal where a header is broken.
The rule it guards: an event that is refused has changed nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from etl.sources.pbx import ami_snapshot
from etl.sources.pbx.ami_floor import SEPARATOR, Floor, Stay, stay_key, told
from etl.sources.pbx.ami_headers import (
    Headers,
    Refusal,
    call_of,
    member_of,
    plain,
    seconds_of,
    text_of,
    whole,
)
from etl.sources.pbx.ami_snapshot import SAME_ENTRY_SECONDS
from etl.sources.pbx.ami_wire import SNAPSHOT
from etl.sources.pbx.queue_events import MOST_SECONDS


def hear(floor: Floor, at: int, headers: Headers) -> bool:
    """Changes the floor by one event; whether it is a kind that is used. Raises Refusal: then it changed nothing."""
    act = ACTS.get(headers.get("event", "").lower())
    if act is None:
        return False
    act(floor, at, headers)
    floor.newest_at = max(floor.newest_at, at)
    floor.settle(floor.newest_at)
    return True


def _heard_of(floor: Floor, at: int, headers: Headers, *, events: int) -> Stay:
    """The stay that an event is about; one whose beginning was not heard begins where the event says (`at`)."""
    call_id, queue_name = call_of(headers)
    stay = floor.stays.get(stay_key(call_id, queue_name))
    if stay is None or (stay.ended_at is not None and not stay.is_guess):
        stay = floor.enter(at, call_id, queue_name, customer_key=headers.get("customerkey"))
        stay.events = events
    return stay


def _joined(floor: Floor, at: int, headers: Headers) -> None:
    (call_id, queue_name), position = call_of(headers), seconds_of(headers, "position")
    before = floor.stays.get(stay_key(call_id, queue_name))
    if before and before.outcome_name == "waiting" and at - before.offered_at <= SAME_ENTRY_SECONDS:
        before.entry_position = position if before.entry_position is None else before.entry_position
        floor.tell(before)  # a snapshot told of it already
        return
    stay = floor.enter(at, call_id, queue_name, customer_key=headers.get("customerkey"))
    stay.entry_position = position
    floor.tell(stay, 1)


def _called(floor: Floor, at: int, headers: Headers) -> None:
    (call_id, queue_name), name = call_of(headers), member_of(headers)
    floor.join(at, name, queue_name)
    floor.agent(name).rings[stay_key(call_id, queue_name)] = queue_name
    floor.shift(at, name, 1)


def _not_answered(floor: Floor, at: int, headers: Headers) -> None:
    key, name = stay_key(*call_of(headers)), member_of(headers)
    floor.agent(name).rings.pop(key, None)
    floor.shift(at, name)
    if (stay := floor.stays.get(key)) is not None:
        stay.events += 1
        floor.tell(stay, 1)


def _dumped(floor: Floor, at: int, headers: Headers) -> None:
    """The agent hung up while he was told who calls; the queue goes on with the caller."""
    key, name = stay_key(*call_of(headers)), member_of(headers)
    floor.agent(name).rings.pop(key, None)
    floor.shift(at, name)


def _connected(floor: Floor, at: int, headers: Headers) -> None:
    name, hold, ring = member_of(headers), seconds_of(headers, "holdtime"), seconds_of(headers, "ringtime")
    stay = _heard_of(floor, at - (hold or 0), headers, events=1)
    floor.answer(at, stay, name)
    stay.ring_seconds = ring
    stay.wait_seconds = told(hold, max(at, stay.offered_at) - stay.offered_at)
    floor.tell(stay, 1)


def _talk_of(floor: Floor, name: str, queue_name: str) -> Stay:
    """The call that the agent is on in a queue: the PBX leaves the caller out where his line was gone before it told."""
    talks = [
        stay for stay in floor.stays.values()
        if stay.agent_name == name and stay.queue_name == queue_name and stay.outcome_name == "in_progress"
    ]  # fmt: skip
    if not talks:
        raise Refusal(f"no uniqueid, and no call of {name} in {queue_name} is going on; expected one of them")
    return max(talks, key=lambda stay: stay.answered_at or 0)


def _completed(floor: Floor, at: int, headers: Headers) -> None:
    name, hold, talk = member_of(headers), seconds_of(headers, "holdtime"), seconds_of(headers, "talktime")
    if headers.get("uniqueid"):
        stay = _heard_of(floor, at - (talk or 0) - (hold or 0), headers, events=2)
    else:
        stay = _talk_of(floor, name, text_of(headers, "queue"))
    heard_at = stay.answered_at if stay.answered_at is not None else -MOST_SECONDS
    if stay.answered_at is None or (stay.is_guess and abs(at - (talk or 0) - heard_at) > SAME_ENTRY_SECONDS):
        stay.answered_at = max(stay.offered_at, at - (talk or 0))
        stay.wait_seconds = told(hold, stay.answered_at - stay.offered_at)
        stay.agent_name = name
    stay.events, stay.left_at = max(stay.events, 2), None
    ended_at = stay.end(
        at, "answered", "caller" if headers.get("reason", "").lower() == "caller" else "agent"
    )
    stay.talk_seconds = told(talk, ended_at - stay.answered_at)
    floor.agent(name).contacts.pop(SEPARATOR + stay.queue_name, None)
    floor.let_go(at, stay)
    floor.shift(at, name)
    floor.tell(stay, 1)
    floor.touch(name)


def _abandoned(floor: Floor, at: int, headers: Headers) -> None:
    """Asterisk says the same of a caller who gave up and of one whose time was up; the end of his line tells."""
    hold = seconds_of(headers, "holdtime")
    stay = _heard_of(floor, at - (hold or 0), headers, events=1)
    ended_at = stay.end(at, "abandoned", "caller")
    stay.wait_seconds, stay.left_at = told(hold, ended_at - stay.offered_at), ended_at
    floor.let_go(at, stay)
    floor.tell(stay, 1)


def _left(floor: Floor, at: int, headers: Headers) -> None:
    stay = floor.stays.get(stay_key(*call_of(headers)))
    if stay is not None and stay.outcome_name == "waiting":
        stay.left_at = at  # what follows tells whether he was connected
        floor.touch(stay.key)


def _hung_up(floor: Floor, _at: int, headers: Headers) -> None:
    floor.hears_hangups = True
    call_id = headers.get("uniqueid", "")
    for stay in floor.stays.values():
        if stay.call_id == call_id and stay.ended_at is not None and stay.left_at is not None:
            stay.left_at = None


def _paused(floor: Floor, at: int, headers: Headers) -> None:
    name, queue_name, is_paused = member_of(headers), text_of(headers, "queue"), whole(headers, "paused") == 1
    floor.join(at, name, queue_name, is_paused=is_paused)
    reason = plain(headers.get("pausedreason"), headers.get("reason"))
    floor.agent(name).reason_name = reason if is_paused else ""
    floor.shift(at, name, 1)
    floor.touch(name + SEPARATOR + queue_name)


def _added(floor: Floor, at: int, headers: Headers) -> None:
    name, queue_name, is_paused = member_of(headers), text_of(headers, "queue"), whole(headers, "paused") == 1
    floor.join(at, name, queue_name, is_paused=is_paused)
    floor.shift(at, name, 1)
    floor.touch(name + SEPARATOR + queue_name)


def _removed(floor: Floor, at: int, headers: Headers) -> None:
    name, queue_name = member_of(headers), text_of(headers, "queue")
    floor.leave(at, name, queue_name)
    floor.shift(at, name, 1)
    floor.touch(name + SEPARATOR + queue_name)


def _stands(floor: Floor, at: int, headers: Headers) -> None:
    """A member's telephone changed: whoever was on a call that nobody heard begin is free once the PBX says so."""
    name, queue_name, in_call = member_of(headers), text_of(headers, "queue"), whole(headers, "incall")
    floor.join(at, name, queue_name, is_paused=None)
    if in_call == 0:
        floor.agent(name).contacts.pop(SEPARATOR + queue_name, None)
    floor.shift(at, name)


def _signed_in(floor: Floor, at: int, headers: Headers) -> None:
    name = text_of(headers, "agent", "membername")
    floor.agent(name).is_signed_in = True
    floor.shift(at, name, 1)


def _signed_out(floor: Floor, at: int, headers: Headers) -> None:
    name = text_of(headers, "agent", "membername")
    agent = floor.agent(name)
    agent.is_signed_in, agent.reason_name = False, ""
    for queue_name in list(agent.queues):
        floor.leave(at, name, queue_name)
    floor.shift(at, name, 1)


def _blindly(floor: Floor, _at: int, headers: Headers) -> None:
    _transferred(floor, headers, "blind", plain(headers.get("extension")))


def _attended(floor: Floor, _at: int, headers: Headers) -> None:
    _transferred(floor, headers, "attended", plain(headers.get("destapp"), headers.get("destbridgeuniqueid")))


def _transferred(floor: Floor, headers: Headers, kind_name: str, to: str) -> None:
    """The transfer is told beside the end of the stay, before or after it."""
    if headers.get("result", "success").lower() != "success":
        return
    call_id = text_of(headers, "transfereeuniqueid")
    for stay in floor.stays.values():
        if stay.call_id == call_id and stay.answered_at is not None and stay.transfer_kind_name is None:
            stay.transfer_kind_name, stay.transferred_to_name = kind_name, to or None
            floor.tell(stay, 1)
            return


def _stopped(floor: Floor, at: int, _headers: Headers) -> None:
    """The PBX goes down: nobody talks, waits or serves any more."""
    for stay in list(floor.stays.values()):
        if stay.ended_at is None and stay.offered_at <= at:
            floor.interrupt(at, stay)
    for name, agent in floor.agents.items():
        agent.contacts, agent.rings, agent.reason_name, agent.is_signed_in = {}, {}, "", False
        for queue_name in list(agent.queues):
            floor.leave(at, name, queue_name)
        floor.shift(at, name)


def _booted(floor: Floor, at: int, headers: Headers) -> None:
    """What is older than the PBX's own start ended with it; told at every login, so mostly it says nothing new."""
    uptime = whole(headers, "uptime")
    if uptime is not None and at - uptime > floor.newest_at > 0:
        _stopped(floor, at - uptime, headers)


ACTS: dict[str, Callable[[Floor, int, Headers], None]] = {
    "queuecallerjoin": _joined,
    "queuecallerleave": _left,
    "queuecallerabandon": _abandoned,
    "agentcalled": _called,
    "agentconnect": _connected,
    "agentcomplete": _completed,
    "agentringnoanswer": _not_answered,
    "agentdump": _dumped,
    "queuememberpause": _paused,
    "queuememberstatus": _stands,
    "queuememberadded": _added,
    "queuememberremoved": _removed,
    "agentlogin": _signed_in,
    "agentlogoff": _signed_out,
    "blindtransfer": _blindly,
    "attendedtransfer": _attended,
    "hangup": _hung_up,
    "fullybooted": _booted,
    "shutdown": _stopped,
    SNAPSHOT: ami_snapshot.telling,
    "queueparams": ami_snapshot.tells_queue,
    "queuemember": ami_snapshot.tells_member,
    "queueentry": ami_snapshot.tells_entry,
    "coreshowchannel": ami_snapshot.tells_channel,
    "coreshowchannelscomplete": ami_snapshot.told_channels,
    "queuestatuscomplete": ami_snapshot.told_all,
}
"""What is done at each kind of event, by its name in lower case; the names of Asterisk 11 are translated before."""
