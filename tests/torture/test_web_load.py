"""One visitor who asks without end, in front of a dashboard that others look at: it neither grows nor keeps them waiting."""

from __future__ import annotations

import statistics
import time
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import sqlalchemy as sa
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.db.test_records import call, tell
from tests.torture.campaign import Campaign
from tests.torture.page_sessions import Reader, dashboard, readers

PAGE = "queues"
MOST_GROWTH_BYTES = 100 * 1024 * 1024
MOST_SLOWER = 3.0
WAIT_SECONDS = 6.0  # what a reader waits at the most, whatever others do
LONG_QUERY = "queue=" + "1" * (2 * 1024 * 1024)


def opened(address: str) -> AbstractContextManager[ClientConnection]:
    return connect(
        f"{address.replace('http', 'ws')}/_stcore/stream",
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
        open_timeout=20,
    )


def ask(line: ClientConnection, query: str) -> None:
    wanted = BackMsg()
    wanted.rerun_script.query_string = query
    wanted.rerun_script.page_name = PAGE
    line.send(wanted.SerializeToString())


def finish(line: ClientConnection) -> list[str]:
    """Waits for the end of one drawing; the faults of the program that it showed."""
    faults = []
    while True:
        told = ForwardMsg()
        told.ParseFromString(line.recv(timeout=60))
        if told.delta.new_element.WhichOneof("type") == "exception":
            faults.append(told.delta.new_element.exception.message)
        if told.WhichOneof("type") == "script_finished" and told.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        ):
            return faults


def flooded(address: str, *, reruns: int) -> list[str]:
    """One tab that asks again and again; every twentieth time all at once, as a held key would."""
    faults = []
    with opened(address) as line:
        for number in range(reruns):
            ask(line, f"queue={number % 3}")
            if number % 20:
                faults += finish(line)
        ask(line, "")
        faults += finish(line)
    return faults


def knocked(address: str, *, times: int) -> None:
    for _ in range(times):
        with opened(address):
            pass


def told_two_megabytes(address: str) -> str:
    """What becomes of an address of two megabytes: the page as if it said nothing, or a closed line; never a fault."""
    with opened(address) as line:
        ask(line, LONG_QUERY)
        try:
            faults = finish(line)
        except ConnectionClosed:
            return "closed"
    assert faults == []
    return "drawn"


def server_of(address: str) -> psutil.Process:
    port = urlsplit(address).port
    for process in psutil.Process().children(recursive=True):
        if any(
            line.laddr.port == port and line.status == "LISTEN" for line in process.net_connections("tcp")
        ):
            return process
    raise AssertionError(f"nobody listens on {port}")


def slow_seconds(found: list[Reader], *, since: float) -> float:
    """What 95 of 100 drawings since then took at the most."""
    seconds = [
        one.seconds for reader in found for one in reader.drawings if one.began_at >= since and one.ended_at
    ]
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else max(seconds)


@pytest.mark.timeout(3600)
def test_a_flood_from_one_visitor_neither_grows_the_dashboard_nor_stops_the_others(
    engine: sa.Engine, database_url: str, tmp_path: Path, campaign: Campaign
) -> None:
    tell(engine, {"calls": [call()]})
    reruns, knocks = campaign.times(short=60, long=10_000), campaign.times(short=20, long=2_000)
    with (
        dashboard(database_url, tmp_path) as address,
        readers(address, [PAGE], count=2, every_seconds=0.2) as found,
    ):
        began_at = time.monotonic()
        time.sleep(campaign.times(short=1, long=60))
        calm_seconds, server = slow_seconds(found, since=began_at), server_of(address)
        before_bytes, began_at = server.memory_info().rss, time.monotonic()
        became = told_two_megabytes(address)
        faults = flooded(address, reruns=reruns)
        knocked(address, times=knocks)
        busy_seconds = slow_seconds(found, since=began_at)
        grown_bytes = server.memory_info().rss - before_bytes
        assert faults == [reader.failure for reader in found if reader.failure] == []
        assert [text for reader in found for one in reader.drawings for text in one.exceptions] == []
    assert grown_bytes <= MOST_GROWTH_BYTES
    assert busy_seconds <= (MOST_SLOWER * calm_seconds if campaign.is_long else WAIT_SECONDS)
    campaign.record(
        "W15", "a flood from one visitor neither grows the dashboard nor stops the others", reruns_count=reruns,
        connects_count=knocks, address_of_two_megabytes=became, grown_megabytes=round(grown_bytes / 1e6, 1),
        calm_p95_seconds=round(calm_seconds, 3), busy_p95_seconds=round(busy_seconds, 3),
    )  # fmt: skip
