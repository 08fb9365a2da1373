"""What tests share: a real Postgres, a fresh migrated database for each test that asks, the recorded data.

The server is FLOORBOARD_TEST_DATABASE_URL (a role that may create databases) or the embedded one, in a home
made for the run, which all parallel workers share and the end of the run removes: the ~/.floorboard and the
DATABASE_URL of whoever runs the tests are never touched.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import sys
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql as words

from sql import embedded, migrate, policy, warehouse
from tests.torture import campaign

ROOT = Path(__file__).parents[1]
MEMORY = Path("/dev/shm")
MEMORY_BYTES = 3 * 1024**3  # what the run's server may grow to; containers often have 64 MB
DEAREST_FIRST = {"e2e": 0, "torture": 1, "controls": 2, "app": 3, "db": 4}
OF_ONE_SITE = {"test_organisation.py", "test_pages.py", "test_sources.py", "test_web.py", "test_who.py"}
_home_of_the_run = pytest.StashKey[Path]()
_numbers = count(1)
_idle: dict[str, psycopg.Connection[Any]] = {}


def pytest_configure(config: pytest.Config) -> None:
    turns = "by_turns(count, of=None, first=None): so many of its cases a day, and all in the campaign"
    config.addinivalue_line("markers", turns)
    os.environ.pop("DATABASE_URL", None)
    if not hasattr(config, "workerinput"):  # parallel workers inherit what the first process sets
        home = Path(tempfile.mkdtemp(prefix="floorboard-tests-", dir=memory()))
        config.stash[_home_of_the_run] = home
        os.environ["FLOORBOARD_HOME"] = str(home)
        # Each worker and each command that a test starts would compile all of it again: a minute of two processors.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first (folders in this order), so that no worker is left alone with it at the end."""
    campaign.take_turns(items)
    items.sort(key=lambda item: DEAREST_FIRST.get(item.path.parent.name, len(DEAREST_FIRST)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Parallel workers take whole files: what a file makes once (a filled warehouse, a site) is made once in all."""
    from xdist.scheduler import LoadFileScheduling  # only where several workers run

    class WholeFiles(LoadFileScheduling):
        """Also files that look at the same site in one browser stay together."""

        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            return "one site" if path.rpartition("/")[2] in OF_ONE_SITE and "/e2e/" in path else path

    config.option.loadscopereorder = False  # by the number of its tests the browser's few would come last
    return WholeFiles(config, log)


def memory() -> Path | None:
    """The folder that this computer keeps in memory, where it has room: databases come and go there for a tenth."""
    try:
        is_fit = shutil.disk_usage(MEMORY).free > MEMORY_BYTES and os.access(MEMORY, os.W_OK)
        return MEMORY if is_fit and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC else None
    except OSError:
        return None  # this computer has none; its disk does as well


def pytest_unconfigure(config: pytest.Config) -> None:
    home = config.stash.get(_home_of_the_run, None)
    if home is None:
        return
    os.environ["FLOORBOARD_HOME"] = str(home)
    folders = {home}
    try:
        if any(home.iterdir()):
            embedded.stop()  # one left where a worker was killed
            data = embedded.status().data_folder  # elsewhere where root's server cannot reach home
            folders |= {data.parent} if data else set()
    finally:
        for folder in folders:
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of the server for the run; its database is for making others."""
    if given := os.environ.get("FLOORBOARD_TEST_DATABASE_URL"):
        yield given
        let_go(given)
        return
    with embedded.attached() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):  # the data is thrown away
                connection.execute(words.SQL("alter system set {} = off").format(words.Identifier(setting)))
            connection.execute("select pg_reload_conf()")
            with connection.transaction():
                connection.execute(
                    "select pg_advisory_xact_lock(1)"
                )  # workers that change one row at once collide
                connection.execute(hashed_once(connection.info))
        yield url
        let_go(url)


def hashed_once(who: psycopg.ConnectionInfo) -> words.Composed:
    """Keeps the owner's password as a hash of one round: a run connects ten thousand times, 4,096 rounds each."""
    salt = b"one run, no secret"
    salted = hashlib.pbkdf2_hmac("sha256", who.password.encode(), salt, 1)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    kept = "SCRAM-SHA-256$1:{}${}:{}".format(*(b64encode(one).decode() for one in (salt, stored, server)))
    return words.SQL("alter role {} password {}").format(words.Identifier(who.user), words.Literal(kept))


@pytest.fixture(scope="session")
def template_name(server_url: str) -> Iterator[str]:
    """A migrated database, made once in each worker; every test's database is a copy of it."""
    with made_database(server_url) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        migrate.migrate(engine)
        with_every_figure(engine)
        engine.dispose()
        yield name


def with_every_figure(engine: sa.Engine) -> None:
    """Lets every family of figures exist for single agents, as the demo's policy does."""
    with warehouse.connected(engine) as connection:
        policy.keep(connection, policy.example(), noted_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database with nothing in it, not even the schema."""
    with made_database(server_url) as name:
        yield url_of(server_url, name)


@pytest.fixture
def database_url(server_url: str, template_name: str) -> Iterator[str]:
    """The address of this test's own migrated database."""
    with made_database(server_url, template_name=template_name) as name:
        yield url_of(server_url, name)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on this test's own migrated database."""
    engine = warehouse.open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def shared_engine(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """An engine on one migrated database for all tests of a module that fill it once and then only read."""
    with engine_of_copy(server_url, template_name) as engine:
        yield engine


@contextmanager
def filled_template(
    server_url: str, template_name: str, fill: Callable[[sa.Engine], object]
) -> Iterator[str]:
    """A migrated database that was filled once; a copy of it costs a fraction of filling it again for each test."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        try:
            fill(engine)
        finally:
            engine.dispose()  # a database in use cannot be copied
        yield name


@contextmanager
def engine_of_copy(server_url: str, template_name: str) -> Iterator[sa.Engine]:
    """An engine on a copy of that database, for the length of the block."""
    with made_database(server_url, template_name=template_name) as name:
        engine = warehouse.open_engine(url_of(server_url, name))
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded data that stands beside the checkout; skips where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"the recorded data is not here: {folder} is absent")
    return folder


@contextmanager
def made_database(server_url: str, *, template_name: str = "template0") -> Iterator[str]:
    """A database for the length of the block, dropped at its end even while somebody is connected."""
    name = f"floorboard_test_{os.getpid()}_{next(_numbers)}"
    # Copied as files: the server's own way (every block through its log) takes up to ten times the processor's time.
    make = words.SQL("create database {} template {} encoding 'UTF8' strategy file_copy")
    with maintenance(server_url) as connection:
        connection.execute(make.format(words.Identifier(name), words.Identifier(template_name)))
    try:
        yield name
    finally:
        with maintenance(server_url) as connection:
            connection.execute(words.SQL("drop database {} with (force)").format(words.Identifier(name)))


@contextmanager
def maintenance(server_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the server's own database, kept open between the tests of a worker."""
    connection = _idle.pop(server_url, None) or psycopg.connect(server_url, autocommit=True)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    if _idle.setdefault(server_url, connection) is not connection:
        connection.close()


def let_go(server_url: str) -> None:
    """Closes the connection that was kept open."""
    if connection := _idle.pop(server_url, None):
        connection.close()


def url_of(server_url: str, name: str) -> str:
    """The address of another database of the same server."""
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()
