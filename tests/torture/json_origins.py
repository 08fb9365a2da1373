"""The readers of JSON records behind one face: some good records of each origin, and how records are given to it.

In: records, good or not. Out: the batches that the real reader makes of them, from a file or from an account in memory.
The rule it guards: what is tried against one reader is tried against all of them, through the door that a load uses.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from etl.sources import Batch
from tests.liveagent_server import LiveAgentAccount, served
from tests.torture.origins import NOW, T0, Origin, jsonl_record, origin_named, utc
from tests.web_server import Answer, Request
from tests.zendesk_account import Account

Record = dict[str, Any]


@dataclass(frozen=True)
class JsonOrigin:
    """One reader: its good records from their number, and how it reads records. part: which of several lists they are."""

    name: str
    good: Callable[[int], Record]
    reading: Callable[[Path, Sequence[Record]], list[Batch]]

    def read(self, folder: Path, records: Sequence[Record]) -> list[Batch]:
        """What the reader makes of the records."""
        return self.reading(folder, records)


def _told(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def contact(number: int) -> Record:
    """A contact record of Amazon Connect."""
    at = T0 + 90 * number
    return {
        "ContactId": f"c{number}", "Channel": "VOICE", "InitiationMethod": ("INBOUND", "CALLBACK", "OUTBOUND")[number % 3],
        "InitiationTimestamp": _told(at), "DisconnectTimestamp": _told(at + 65), "LastUpdateTimestamp": _told(at + 70),
        "CustomerEndpoint": {"Address": "+37251000001", "Type": "TELEPHONE_NUMBER"}, "PreviousContactId": None,
        "Queue": {"ARN": "q/1", "Name": "Sales", "EnqueueTimestamp": _told(at), "DequeueTimestamp": _told(at + 5),
        "Duration": 5},
        "Agent": {"ARN": "a/1", "Username": "Ann", "ConnectedToAgentTimestamp": _told(at + 5),
        "AgentInteractionDuration": 60,
                  "CustomerHoldDuration": 0, "AfterContactWorkDuration": 5,
                  "AfterContactWorkStartTimestamp": _told(at + 65)},
        "Attributes": {"csat": "4", "topic": "refund"}, "DisconnectReason": "CUSTOMER_DISCONNECT",
        "TransferredToEndpoint": {"Type": "CONTACT_FLOW"}, "TransferCompletedTimestamp": None,
    }  # fmt: skip


def agent_event(number: int) -> Record:
    """An agent event of Amazon Connect."""
    at = T0 + 90 * number
    one = {
        "ContactId": f"x{number}",
        "State": "CONNECTED",
        "StateStartTimestamp": _told(at),
        "Queue": {"ARN": "q/1", "Name": "Sales"},
    }
    return {
        "AgentARN": f"arn:{number % 5}", "EventId": f"e{number}", "EventTimestamp": _told(at), "EventType": "STATE_CHANGE",
        "CurrentAgentSnapshot": {
            "AgentStatus": {"Name": ("Available", "Lunch", "Offline")[number % 3], "Type": "ROUTABLE",
            "StartTimestamp": _told(at)},
            "Configuration": {"Username": f"Agent {number % 5}"}, "Contacts": [one] if number % 3 == 0 else [],
        },
        "PreviousAgentSnapshot": None,
    }  # fmt: skip


def conversation(number: int) -> Record:
    """A conversation of Genesys Cloud."""
    at = T0 + 90 * number

    def session(
        purpose: str, segments: list[tuple[str, int, int]], metrics: dict[str, int], **fields: Any
    ) -> Record:
        told = [{"segmentType": kind, "segmentStart": _told(at + start), "segmentEnd": _told(at + end), "queueId": "Q",
                 "disconnectType": "peer"} for kind, start, end in segments]  # fmt: skip
        values = [
            {"name": name, "value": value, "emitDate": _told(at + 65)} for name, value in metrics.items()
        ]
        one = {
            "sessionId": f"s{number}{purpose}",
            "mediaType": "voice",
            "direction": "inbound",
            "segments": told,
            "metrics": values,
        }
        return {"purpose": purpose, "participantName": "Somebody", "sessions": [one | fields]}

    people = [
        session("customer", [("interact", 0, 70)], {}, ani="tel:+37251000001"),
        session("acd", [("interact", 1, 5)], {"nOffered": 1, "tAcd": 4000}),
        session("agent", [("alert", 3, 5), ("interact", 5, 65), ("wrapup", 65, 70)],
                {"tAnswered": 4000, "tTalkComplete": 60000, "tAcw": 5000, "tHandle": 65000}) | {"userId": f"U{number % 5}"},
    ]  # fmt: skip
    return {"conversationId": f"g{number}", "conversationStart": _told(at), "conversationEnd": _told(at + 70),
            "originatingDirection": "inbound", "participants": people,
            "surveys": [{"surveyId": f"v{number}", "surveyPromoterScore": 9, "surveyCompletedDate": _told(at + 80),
            "queueId": "Q",
                         "userId": "U1", "surveyStatus": "Finished"}],
            "evaluations": [{"evaluationId": f"w{number}", "formName": "f", "totalScore": 80, "releaseDate": _told(at + 90),
                             "userId": "U1", "evaluatorId": "U2"}]}  # fmt: skip


def _from_file(
    kind: str, *records: Callable[[int], Record]
) -> Callable[[Path, Sequence[Record]], list[Batch]]:
    origin = Origin(
        kind,
        kind,
        "records.json",
        lambda number: [json.dumps(each(number)).encode() for each in records],
        b",",
    )

    def read(folder: Path, told: Sequence[Record]) -> list[Batch]:
        return origin.read(folder, [json.dumps(record).encode() for record in told])

    return read


def _jsonl(folder: Path, told: Sequence[Record]) -> list[Batch]:
    return origin_named("file jsonl").read(folder, [json.dumps(record).encode() for record in told])


def ticket(number: int) -> Record:
    """A ticket of Zendesk."""
    account = Account(int(NOW.timestamp()))
    return account.ticket(number + 1, at=T0 + 90 * number, changed=T0 + 90 * number + 60)


def update(number: int) -> Record:
    """An update of a ticket of Zendesk, with what it changed."""
    account = Account(int(NOW.timestamp()))
    children = (
        {"event_type": "Change", "status": "solved", "previous_value": "open"}, {"event_type": "Change", "assignee_id": 101},
        {"event_type": "Comment", "public": True, "author_id": 101, "comment_public": True}, {"event_type": "Change",
        "priority": "high"},
        {"event_type": "Create", "status": "new", "group_id": 11, "via": "Web form"},
        {"event_type": "ScheduleAssignment", "new_schedule_id": 1},
        {"event_type": "Notification", "subject": "x"}, {"event_type": "Change", "subject": "x"},
    )  # fmt: skip
    return account.update(number % 9 + 1, *(children[(number + more) % len(children)] for more in range(3)),
        at=T0 + 90 * number,
                          id=5_000_000_000 + number)  # fmt: skip


def rating(number: int) -> Record:
    """A satisfaction rating of Zendesk."""
    at = utc(T0 + 90 * number)
    return {"id": number + 1, "ticket_id": number % 9 + 1, "score": ("good", "bad", "offered")[number % 3],
        "comment": "thanks",
            "requester_id": 901, "assignee_id": 101, "created_at": at, "updated_at": at}  # fmt: skip


def metric_event(number: int) -> Record:
    """An event of the metrics of a ticket of Zendesk."""
    return {"id": number + 1, "ticket_id": number % 9 + 1, "metric": ("reply_time", "requester_wait_time")[number % 2],
        "instance_id": 1,
            "type": ("apply_sla", "activate")[number % 5 == 0], "time": utc(T0 + 90 * number),
            "sla": {"target": 60, "target_in_seconds": 3600, "business_hours": True, "policy": {"title": "x"}}}  # fmt: skip


def _of_zendesk(path_end: str, key: str) -> Callable[[Path, Sequence[Record]], list[Batch]]:
    def read(folder: Path, told: Sequence[Record]) -> list[Batch]:
        def bend(path: str, query: dict[str, str], found: Any) -> Any:
            if path.endswith(path_end):
                is_listed = key == "satisfaction_ratings"
                page = (
                    found
                    | {key: list(told)}
                    | ({"meta": {"has_more": False}} if is_listed else {"end_of_stream": True})
                )
                return httpx.Response(200, content=json.dumps(page))
            return found

        os.environ["DESK_TOKEN"] = "t" * 20
        account = Account(int(NOW.timestamp()), bend=bend)
        reader = account.reader(read_sla_targets=True, keep_rating_comments=True, call_id_field="external_id",
            topic_field="55",
                                start_date=datetime.fromtimestamp(T0 - 9 * 86_400, UTC).date())  # fmt: skip
        batches = list(reader.read("", "", now=NOW))
        return batches + list(
            reader.read(batches[-1].position_text, batches[-1].carry_text, now=NOW.replace(hour=23))
        )

    return read


def _at(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}"


def help_ticket(number: int) -> Record:
    """A ticket of LiveAgent, with its messages, its history and its targets under names of their own."""
    at = T0 + 90 * number
    return {
        "id": f"t{number}", "status": "R", "departmentid": "d1", "agentid": "a1", "channel_type": "E",
        "date_created": _at(at),
        "date_changed": _at(at + 70), "date_resolved": _at(at + 65), "owner_email": "a@example.com", "owner_contactid": "k1",
        "_messages": [{"id": "g1", "type": "3", "datecreated": _at(at), "datefinished": _at(at + 9), "userid": "a1",
        "messages": [
            {"id": "m1", "type": "M", "datecreated": _at(at + 1), "userid": "a1"}, {"id": "m2", "type": "R",
            "datecreated": _at(at + 2)},
        ]}],
        "_history": [{"id": "h1", "department_id": "d1", "agent_id": "a1", "status": "N", "date_from": _at(at),
        "date_to": _at(at + 60)}],
        "_slas": [{"id": "l1", "sla_type": "F", "date_created": _at(at), "date_due": _at(at + 600), "date_closed": None}],
    }  # fmt: skip


def help_call(number: int) -> Record:
    """A call of LiveAgent."""
    at = T0 + 90 * number
    return {"id": f"c{number}", "ticketId": "t1", "type": "IO"[number % 2], "dateCreated": _at(at),
        "dateAnswered": _at(at + 5),
            "dateFinished": _at(at + 65), "fromNumber": "+37251000001", "toNumber": "+37251000002"}  # fmt: skip


def _of_liveagent(part: str) -> Callable[[Path, Sequence[Record]], list[Batch]]:
    def read(folder: Path, told: Sequence[Record]) -> list[Batch]:
        records = [
            {name: value for name, value in record.items() if not name.startswith("_")} for record in told
        ]
        whole = help_ticket(1)
        account = LiveAgentAccount(
            agents=[{"id": "a1", "name": "Ann"}], departments=[{"department_id": "d1", "name": "Help"}],
            tickets=[{name: value for name, value in whole.items() if not name.startswith("_")}],
        )  # fmt: skip
        of_ticket = {str(record.get("id")): record for record in told} if part == "tickets" else {"t1": whole}

        def answer(request: Request) -> Answer | None:
            words = request.path.removeprefix("/api/v3/").split("/")
            is_first = request.query.get("_page", "1") == "1"
            if words == [part]:
                return Answer(records if is_first else [])
            if words[0] in ("tickets", "slas") and len(words) == 3:
                name = "slas" if words[0] == "slas" else words[2]
                value = of_ticket.get(words[1], {}).get(f"_{name}", [])
                return Answer(value if name != "messages" or (is_first and isinstance(value, list)) else [])
            return None

        account.misbehaves = answer
        os.environ["LIVEAGENT_KEY"] = "k3y-of-the-test-account"
        with served(account) as (reader, _):
            batches = list(replace(reader, connect=reader.connect).read("", "", now=NOW))
            last = batches[-1] if batches else None
            return batches + list(reader.read(last.position_text, last.carry_text, now=NOW) if last else ())

    return read


JSON_ORIGINS: tuple[JsonOrigin, ...] = (
    JsonOrigin("amazon_connect contacts", contact, _from_file("amazon_connect", contact)),
    JsonOrigin("amazon_connect agents", agent_event, _from_file("amazon_connect", agent_event)),
    JsonOrigin("genesys_cloud", conversation, _from_file("genesys_cloud", conversation)),
    JsonOrigin("file jsonl", jsonl_record, _jsonl),
    JsonOrigin("zendesk tickets", ticket, _of_zendesk("tickets/cursor.json", "tickets")),
    JsonOrigin("zendesk events", update, _of_zendesk("ticket_events.json", "ticket_events")),
    JsonOrigin("zendesk ratings", rating, _of_zendesk("satisfaction_ratings.json", "satisfaction_ratings")),
    JsonOrigin(
        "zendesk targets", metric_event, _of_zendesk("ticket_metric_events.json", "ticket_metric_events")
    ),
    JsonOrigin("liveagent tickets", help_ticket, _of_liveagent("tickets")),
    JsonOrigin("liveagent calls", help_call, _of_liveagent("calls")),
)
