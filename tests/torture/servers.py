"""A Postgres of a test's own, which it may stop, restart, fill up or set as it likes without harming another test.

In: settings of Postgres by name, and the programs that `sql/postgres_programs.py` finds (those of the system, or the
wheel's; FLOORBOARD_POSTGRES_BIN names others). Out: its address, while it runs and while it does not.
The rule it guards: nobody else's server is ever touched, and at the end of the block neither process nor file is left.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import quote

import psycopg
import sqlalchemy as sa

from sql import warehouse
from sql.embedded import START_SECONDS
from sql.postgres_programs import SOCKET_NAME, chosen, copied, place_of, private_folder, run, socket_folder

StopMode = Literal["smart", "fast", "immediate"]
NAME = "floorboard"  # of the database and of its owner, as in the embedded server


class PrivateServer:
    """A Postgres in a folder of its own, running inside the `with` block; `settings` hold from the next start on.

    The data is thrown away, so it does not wait for the disk: set fsync and synchronous_commit to "on" where a test is
    about the power being cut.
    """

    def __init__(self, **settings: str | int) -> None:
        self.settings: dict[str, str | int] = {
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "shared_buffers": "32MB",
            "max_connections": 40,
            "timezone": "UTC",
            "log_timezone": "UTC",
            **settings,
        }
        self.folder = Path(tempfile.mkdtemp(prefix="floorboard-private-"))
        self._where = place_of(self.folder)
        programs, _, _ = chosen(self._where)
        self._programs = copied(programs) if programs.is_copy_needed else programs
        self._sockets = socket_folder(self._where)
        self.data = self._where.base / "data"

    @property
    def version(self) -> tuple[int, int]:
        """The version of the programs, such as (15, 18)."""
        return self._programs.version

    @property
    def url(self) -> str:
        """The address of its database `floorboard`; its owner needs no password (tests/torture/tcp_proxy.py brings TCP)."""
        host = quote(str(self._sockets), safe="")
        return f"postgresql://{NAME}@/{NAME}?host={host}&port=5432"

    @contextmanager
    def opened(self) -> Iterator[sa.Engine]:
        """An engine on its database; a block that fails leaves no connection behind, which another test would fail on."""
        engine = warehouse.open_engine(self.url)
        try:
            yield engine
        finally:
            engine.dispose()

    @property
    def socket(self) -> Path:
        """The socket that it listens on."""
        return self._sockets / SOCKET_NAME

    @property
    def user(self) -> tuple[int, int] | None:
        """uid and gid that it runs as; None: as the tests themselves."""
        return self._where.user

    def start(self) -> None:
        """Starts it with the settings as they stand now; it has answered when this returns."""
        options = {
            **self.settings,
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "listen_addresses": "",
            "port": 5432,
        }
        words = shlex.join(word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        self._pg_ctl("start", "-w", "-t", str(START_SECONDS), "-o", words)

    def stop(self, mode: StopMode = "fast") -> None:
        """Stops it: `smart` waits for all sessions, `fast` ends them, `immediate` is as if the power were cut."""
        self._pg_ctl("stop", "-w", "-t", str(START_SECONDS), "-m", mode)

    def restart(self, mode: StopMode = "fast") -> None:
        """Stops and starts it."""
        self.stop(mode)
        self.start()

    @property
    def is_running(self) -> bool:
        """Whether there is a server at work on the data."""
        return (self.data / "postmaster.pid").exists()

    def __enter__(self) -> PrivateServer:
        try:
            private_folder(self._where, self._sockets)
            self._make()
            self.start()
            with psycopg.connect(self._maintenance_url, autocommit=True) as connection:
                connection.execute(f"create database {NAME}")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stops it where it runs, and removes everything that it made."""
        if self.is_running:
            self.stop("immediate")
        for folder in {self.folder, self._where.base, self._sockets}:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def _maintenance_url(self) -> str:
        return self.url.replace(f"/{NAME}?", "/postgres?")

    def _make(self) -> None:
        options = [
            "-D",
            str(self.data),
            "-U",
            NAME,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]
        new = self._where.base / "data"
        private_folder(self._where, new)
        answer = run(self._where.user, [str(self._programs.folder / "initdb"), *options])
        if answer.returncode:
            raise RuntimeError(f"initdb failed in {self._where.base}: {answer.stdout}")

    def _pg_ctl(self, *words: str) -> None:
        log_path = self._where.base / "postgres.log"
        with log_path.open("ab") as log:
            os.fchmod(log.fileno(), 0o666)
            command = [
                str(self._programs.folder / "pg_ctl"),
                words[0],
                "-s",
                "-D",
                str(self.data),
                *words[1:],
            ]
            answer = run(self._where.user, command, log)
        if answer.returncode:
            end = log_path.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"pg_ctl {words[0]} failed with {answer.returncode}:\n{end}")
