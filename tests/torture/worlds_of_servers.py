"""The worlds that are asked over a wire: Asterisk's manager, and the APIs of Genesys Cloud, LiveAgent and Zendesk.

In: the local servers of tests/, which behave as the real ones do. Out: worlds as in tests/torture/worlds.py.
The rule it guards: nothing but 127.0.0.1 is ever asked, and no test waits for the pace of a real service.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etl.sources import Reader, SourceSettings
from etl.sources.desks.liveagent_api import CursorNote
from etl.sources.liveagent import LiveAgent, LiveAgentSettings
from etl.sources.web import WebClient
from tests import liveagent_server as live
from tests.ami_server import SECRET, AmiServer, Block, recorded, replayed
from tests.torture.worlds import World
from tests.unit import test_genesys_cloud as genesys
from tests.web_server import web_server
from tests.zendesk_account import AGENT, CUSTOMER, Account

LAST_AT = 1_795_309_991  # the recording's last second is cut off
CREDENTIALS = {"PBX_SECRET": SECRET, "LIVEAGENT_KEY": live.KEY, "DESK_TOKEN": "zt-5f3d9a0c77e1"}


def reader_of(source: SourceSettings, options: dict[str, Any]) -> Reader:
    """A reader of a server on this computer, at any pace."""
    if isinstance(source, LiveAgentSettings):
        return _swift(source)
    return genesys.cloud_reader(options["url"])


def _swift(source: LiveAgentSettings) -> LiveAgent:
    reader = source.reader(live.SITE, live.SECRET)

    def connect(note: CursorNote) -> WebClient:
        real = reader.connect(note)
        return WebClient(
            f"{source.base_url}/api/v3", headers=real._headers, auth=note,
            credential_text=real._credential_text, most_per_second=1e6,
        )  # fmt: skip

    return replace(reader, connect=connect)


class _Served(World):
    """A world behind a web server of its own."""

    def served(self, handler: Any) -> str:
        """The address under which the handler answers until the world ends."""
        self.stack = ExitStack()
        self.environment = dict(CREDENTIALS)
        return str(self.stack.enter_context(web_server(handler)))

    def close(self) -> None:
        self.stack.close()


class GenesysCloudWorld(_Served):
    """Conversations that are told while they last and again when they have ended, and the states of two agents."""

    kind_name = "genesys_cloud"
    is_read_once = False  # a conversation is told again when it has changed

    def prepare(self) -> None:
        self.cloud = genesys.Cloud()
        self.url = self.served(self.cloud)
        self.began = genesys.NOON + timedelta(hours=1)
        self.set_clock(self.began)

    def table(self) -> dict[str, Any]:
        return {"region": "mypurecloud.ie", "client_id": "client", "token_env": "DESK_TOKEN"}

    def options(self) -> dict[str, Any]:
        return {"url": self.url}

    def write(self, number: int) -> None:
        now = self.began + timedelta(minutes=2 * number)  # all of it within the day that a first load reads
        ended = [
            (now, genesys.conversation(genesys.WAITED, genesys.SPOKEN, key=record["conversationId"]))
            for _, record in self.cloud.conversations
            if "conversationEnd" not in record
        ]
        open_ones = [
            (now, genesys.conversation(genesys.WAITED, key=f"c{number}-{place}", end=None))
            for place in range(8)
        ]
        broken = (now, genesys.conversation(genesys.WAITED, key=f"x{number}", conversationStart="soon"))
        known = {record["conversationId"] for _, record in ended}
        kept = [told for told in self.cloud.conversations if told[1]["conversationId"] not in known]
        self.cloud.conversations = [*kept, *ended, *open_ones, broken]
        self.rows = len(self.cloud.conversations)
        self.refused_rows += 1
        self.set_clock(now + timedelta(minutes=1))

    def mend(self) -> None:
        """Tells every broken conversation anew, as it should have been told."""
        now = self.now()
        told = []
        for at, record in self.cloud.conversations:
            is_broken = record["conversationStart"] == "soon"
            mended = genesys.conversation(genesys.WAITED, key=record["conversationId"])
            told.append((now, mended) if is_broken else (at, record))
        self.cloud.conversations = told
        self.set_clock(now + timedelta(minutes=1))


class LiveAgentWorld(_Served):
    """Tickets and calls that change while they are read."""

    kind_name = "liveagent"
    is_read_once = False  # within a minute of its change a record is read once more

    def prepare(self) -> None:
        self.account = live.LiveAgentAccount.recorded()
        self.url = self.served(self.account)
        self.set_clock(live.NOW)
        self.rows = len(self.account.tickets) + len(self.account.calls)

    def table(self) -> dict[str, Any]:
        return {"address": self.url, "token_env": "LIVEAGENT_KEY"}

    def options(self) -> dict[str, Any]:
        return {"url": self.url}

    def write(self, number: int) -> None:
        now = live.NOW + timedelta(minutes=3 * number)
        for place in range(3):
            self.add(live.simple_ticket(f"n{number}-{place}", now))
        for place in range(3 if number else 0):  # those of the piece before are answered
            ticket = self.account.ticket(f"n{number - 1}-{place}")
            self.account.tickets.remove(ticket)
            self.add(ticket | {"status": "R", "date_changed": f"{now:%Y-%m-%d %H:%M:%S}", "agentid": "a1"})
        self.add(live.simple_ticket(f"x{number}", now, status="Q"))
        self.rows += 4
        self.refused_rows += 1
        self.set_clock(now + timedelta(minutes=2))

    def mend(self) -> None:
        """Tells every broken ticket anew, as it should have been told."""
        now = self.now()
        for ticket in [ticket for ticket in self.account.tickets if ticket["status"] == "Q"]:
            self.account.tickets.remove(ticket)
            self.account.history[ticket["id"]] = []
            self.add(ticket | {"status": "N", "date_changed": f"{now:%Y-%m-%d %H:%M:%S}"})
        self.set_clock(now + timedelta(minutes=2))

    def add(self, ticket: dict[str, Any]) -> None:
        """A ticket as it is now, with its history of states."""
        self.account.messages.setdefault(ticket["id"], [])
        history = self.account.history.setdefault(ticket["id"], [])
        at = ticket["date_changed"] if history else ticket["date_created"]
        state = {"department_id": "dept1", "agent_id": ticket["agentid"], "status": ticket["status"]}
        history.append({"id": f"h{ticket['id']}-{len(history)}", "date_from": at, **state})
        self.account.tickets = [*self.account.tickets, ticket]


class ZendeskWorld(_Served):
    """Tickets, their updates and ratings; pages are small, so that a load has many."""

    kind_name = "zendesk"

    def prepare(self) -> None:
        self.account = Account(int(self.now().timestamp()), page_rows=9)
        self.account.address = self.served(self.account.served)

    def table(self) -> dict[str, Any]:
        return {"address": self.account.address, "token_env": "DESK_TOKEN", "requests_per_minute": 6000}

    def write(self, number: int) -> None:
        now = self.now().timestamp()
        before = dict(self.account.tickets)
        for place in range(4):
            id_ = number * 10 + place + 1
            self.account.ticket(id_, at=now + place)
            asked = {"event_type": "Comment", "public": True, "author_id": CUSTOMER}
            self.account.update(
                id_, {"event_type": "Create", "status": "new"}, asked, at=now + place, updater_id=CUSTOMER
            )
        solved = [id_ for id_ in before if number * 10 - 10 < id_ < number * 10 - 4]
        for id_ in solved:
            answered = {"event_type": "Comment", "public": True, "author_id": AGENT}
            self.account.update(
                id_, answered, {"event_type": "Change", "status": "solved"}, at=now + 30 + id_ % 10
            )
        self.account.update(number * 10 + 1, "no object", at=now + 50)
        if solved:
            self.account.rating(number, solved[0], "good", at=now + 55)
        self.rows += 4 + 4 + len(solved) + 1 + bool(solved)
        self.refused_rows += 1
        self.account.now = int(now) + 200
        self.set_clock(datetime.fromtimestamp(self.account.now, UTC))

    def finish(self) -> None:
        super().finish()
        self.account.now = int(self.now().timestamp())


class AmiWorld(World):
    """The recorded floor of a real phone system, told event by event; who was away must ask for what he missed."""

    kind_name = "asterisk_ami"
    is_read_once = False
    is_whole_at_the_end = False

    def prepare(self) -> None:
        folder = self.places.recorded
        if folder is None or not (folder / "asterisk_pbx").is_dir():
            pytest.skip("the recorded events of a phone system are not here")
        self.recorded = folder / "asterisk_pbx"
        self.environment = dict(CREDENTIALS)
        self.server = AmiServer()
        events = [told for told in replayed(recorded(self.recorded), self.server) if told[0] <= LAST_AT]
        size = -(-len(events) // self.pieces)
        self.parts: list[list[tuple[int, Block]]] = [
            events[first : first + size] for first in range(0, len(events), size)
        ]
        self.set_clock(datetime.fromtimestamp(self.server.at + 0.5, UTC))

    def table(self) -> dict[str, Any]:
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "user_name": "floorboard",
            "secret_env": "PBX_SECRET",
        }

    def write(self, number: int) -> None:
        for at, told in self.parts[number] if number < len(self.parts) else []:
            self.server.tell(told, at=at)
        self.set_clock(datetime.fromtimestamp(self.server.at + 0.5, UTC))

    def finish(self) -> None:
        """The present floor is asked for as it stands."""

    def close(self) -> None:
        self.server.close()


OF_SERVERS: tuple[type[World], ...] = (GenesysCloudWorld, LiveAgentWorld, ZendeskWorld, AmiWorld)
