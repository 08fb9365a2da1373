"""Many screens on one dashboard: what becomes of their streams when one hangs, a right ends, Postgres restarts, it stops."""

from __future__ import annotations

import asyncio
import resource
import signal
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard import board
from dashboard.door import accounts, sessions
from sql import rights, warehouse
from tests.torture.campaign import Campaign
from tests.torture.page_sessions import dashboard
from tests.torture.small_floor import SmallFloor, small_floor
from tests.torture.test_postgres_faults import workplace
from tests.torture.test_web_load import server_of
from tests.torture.wall_screens import ScreenOnWall, deaf_screen

STOP_SECONDS, OVER_SECONDS, BACK_SECONDS = 5.0, 10.0, 10.0
MOST_SILENCE_SECONDS = 8.0  # then a screen dims, and says so
MOST_STREAM_BYTES = 60 * 1024


async def until(is_so: Callable[[], bool], *, seconds: float) -> float:
    """How long it took to come to that; fails after `seconds`."""
    began_at = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_at < seconds, f"it did not come to that within {seconds} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - began_at


def signed_in(floor: SmallFloor, count: int) -> list[str]:
    """So many sessions of one account, each as good as another's."""
    rights.install(floor.engine)
    with warehouse.connected(floor.engine, deadline_seconds=60) as connection:
        number = accounts.add(connection, "mara", role_name="manager")
        now = datetime.now(UTC)
        return [
            sessions.begin(connection, account_id=number, now=now, lasts=timedelta(hours=2))
            for _ in range(count)
        ]


async def fresh_board(floor: SmallFloor, screens: list[ScreenOnWall], *, seconds: float) -> float:
    """How long after a load of new calls the last of the screens has another board."""
    since = time.monotonic()
    floor.write(5, seconds_ago=120)
    await asyncio.to_thread(floor.load)
    loaded_at = time.monotonic()
    await until(lambda: all(one.named("board", since=since) for one in screens), seconds=seconds)
    return time.monotonic() - loaded_at


@pytest.mark.timeout(1200)
def test_streams_of_walls_outlive_everything_but_their_right_and_end_with_the_server(
    campaign: Campaign,
) -> None:
    count = campaign.times(short=40, long=500)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with tempfile.TemporaryDirectory() as home, workplace() as folder, small_floor(folder, calls=60) as floor:
        tokens = signed_in(floor, count + 2)
        with dashboard(floor.server.url, Path(home)) as address:
            figures = asyncio.run(asyncio.wait_for(watched(floor, address, tokens, campaign), 600))
    campaign.record(
        "WS2", "streams of walls outlive everything but their right, and end with the server", streams_count=count,
        **figures,
    )  # fmt: skip


async def watched(floor: SmallFloor, address: str, tokens: list[str], campaign: Campaign) -> dict[str, float]:
    server = server_of(address)
    first = ScreenOnWall(address, tokens[0])
    first.begin()
    await until(lambda: bool(first.named("board")), seconds=30)
    await asyncio.sleep(2)
    before_bytes = server.memory_info().rss
    screens = [ScreenOnWall(address, token) for token in tokens[1:-1]]
    for one in screens:
        one.begin()
    all_shown_seconds = await until(lambda: all(one.named("board") for one in screens), seconds=60)
    stream_bytes = (server.memory_info().rss - before_bytes) / len(screens)
    if campaign.is_long:
        assert stream_bytes <= MOST_STREAM_BYTES
    # The page asks again for its files when they are others: each board names those that it was made for.
    assert {one.named("board")[0].data["asset"] for one in screens} == {board.asset_version()}
    old = ScreenOnWall(address, tokens[0], "boards=floor&asset=0000000000")
    old.begin()
    await until(lambda: bool(old.named("reload")), seconds=10)

    with deaf_screen(address, tokens[-1]):
        fresh_seconds = [
            await fresh_board(floor, screens, seconds=20) for _ in range(campaign.times(short=2, long=20))
        ]
        over_seconds = await revoked(floor, screens.pop(), tokens[-2])
        silent_seconds = max(one.longest_silence_seconds for one in screens)
        assert silent_seconds <= MOST_SILENCE_SECONDS
        trouble_seconds, back_seconds = await restarted(floor, screens)
        assert [one for one in [first, *screens] if one.ended_at is not None] == []
        began_at = time.monotonic()
        server.send_signal(signal.SIGTERM)
        await until(lambda: all(one.ended_at is not None for one in screens), seconds=STOP_SECONDS)
        await until(lambda: not server.is_running() or server.status() == "zombie", seconds=STOP_SECONDS)
        stop_seconds = time.monotonic() - began_at
        assert stop_seconds <= STOP_SECONDS
    return {
        "all_shown_seconds": round(all_shown_seconds, 2),
        "slowest_fresh_board_seconds": round(max(fresh_seconds), 2),
        "longest_silence_seconds": round(silent_seconds, 2),
        "over_seconds": round(over_seconds, 2),
        "told_of_trouble_seconds": round(trouble_seconds, 2),
        "figures_again_seconds": round(back_seconds, 2),
        "stop_seconds": round(stop_seconds, 2),
        "memory_of_a_stream_kilobytes": round(stream_bytes / 1024, 1),
    }


async def revoked(floor: SmallFloor, gone: ScreenOnWall, token: str) -> float:
    """How long after its session ended a screen is told so; nothing comes after that, though others go on."""
    began_at = time.monotonic()
    with warehouse.connected(floor.engine) as connection:
        assert sessions.end(connection, token, now=datetime.now(UTC))
    await until(lambda: bool(gone.named("over")), seconds=OVER_SECONDS)
    seconds = time.monotonic() - began_at
    await until(lambda: gone.ended_at is not None, seconds=5)
    assert gone.told[-1].name == "over"
    return seconds


async def restarted(floor: SmallFloor, screens: list[ScreenOnWall]) -> tuple[float, float]:
    """After how long every screen says that Postgres is away, and, once it is there again, has figures again."""
    stopped_at = time.monotonic()
    await asyncio.to_thread(floor.server.stop, "fast")
    trouble_seconds = await until(
        lambda: all(one.named("trouble", since=stopped_at) for one in screens), seconds=MOST_SILENCE_SECONDS
    )
    started_at = time.monotonic()
    await asyncio.to_thread(floor.server.start)
    back_at = time.monotonic()
    await until(lambda: all(one.named("board", since=started_at) for one in screens), seconds=BACK_SECONDS)
    assert all("sentence" in one.named("trouble")[0].data for one in screens)
    return trouble_seconds, time.monotonic() - back_at
