"""Which home is meant: the site's, or the demo's, with the settings and the clock that belong to it.

In: FLOORBOARD_HOME, DATABASE_URL, the folders that are there. Out: the demo's own folder, and the settings and clock in use.
Rule: simulated and real calls never share a home, and a command never guesses between a site and its demo.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from etl.config import CONFIG_VARIABLE, DEFAULT_FILE_NAME, Settings, load_settings, settings_path
from etl.schedule.clock import CLOCK_VARIABLE, FROZEN_VARIABLE, Clock, environment_clock, wall_clock
from etl.simulation.floor_log import FloorClock, floor_clock
from etl.supervise import lock_holder
from sql.embedded import home
from sql.postgres_programs import place_of

DATA_PATTERN = "postgres-[0-9][0-9]"
LOG_NAME = "queue_log"
_DEMO_NAME = "demo"
_LOCK_NAME = "demo.lock"


def demo_home() -> Path:
    """The demo's own folder in FLOORBOARD_HOME: simulated and real calls never share a warehouse."""
    folder = home()
    is_own = folder.name == _DEMO_NAME and (folder / _LOCK_NAME).exists()
    return folder if is_own else folder / _DEMO_NAME


def demo_lock() -> Path:
    """The file that is locked while a demo runs."""
    return demo_home() / _LOCK_NAME


def enter_demo_home() -> None:
    """From here on this process and those that it starts live in the demo's home."""
    if not os.environ.get("DATABASE_URL", "").strip():
        place_of(home())  # root's server, an ordinary user, passes through it
    os.environ["FLOORBOARD_HOME"] = str(demo_home())
    with suppress(
        OSError
    ):  # by this file a demo's home is known; whoever locks it says what is wrong with it
        (home() / _LOCK_NAME).touch(mode=0o600)


def enter_home_in_use() -> None:
    """Enters the demo's home when it is the one that is meant.

    That is: neither DATABASE_URL nor a settings file is there, FLOORBOARD_HOME holds no site's warehouse, and
    its demo has one or is about to make one.
    """
    if os.environ.get("DATABASE_URL", "").strip() or os.environ.get(CONFIG_VARIABLE):
        return
    own, site = demo_home(), home()
    if own == site or not own.is_dir() or settings_path().exists() or _has_warehouse(site):
        return
    if _has_warehouse(own) or lock_holder(own / _LOCK_NAME) is not None:
        enter_demo_home()


def settings_in_use() -> Settings:
    """The settings that belong to the home in use: the site's, or the demo's where that is the one that is meant."""
    return load_settings(settings_file_in_use())


def settings_file_in_use() -> Path:
    """Where those settings stand, whether or not the file is there."""
    enter_home_in_use()
    own = home() / DEFAULT_FILE_NAME
    return own if home() == demo_home() and own.exists() else settings_path()


def _has_warehouse(folder: Path) -> bool:
    return any(place_of(folder).base.glob(DATA_PATTERN))


def clock_in_use() -> Clock:
    """The clock of the environment; in the demo's home the clock of its floor, which may run faster."""
    clock = _floor_in_use()
    return clock_of(clock) if clock else environment_clock()


def _floor_in_use() -> FloorClock | None:
    if any(os.environ.get(name) for name in (CLOCK_VARIABLE, FROZEN_VARIABLE, "DATABASE_URL")):
        return None
    folder = home()
    return floor_clock(folder / LOG_NAME) if folder == demo_home() else None


def clock_of(clock: FloorClock) -> Clock:
    """The clock of a floor, as a function that tells its present instant."""
    return lambda: clock.instant(wall_clock())
