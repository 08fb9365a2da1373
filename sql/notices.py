"""Says that something has changed, and hears it said: so that a screen need not wait for its next look.

In: the transaction that changes something; or an address of the warehouse. Out: a notice with that transaction's commit;
or a connection that hears them. The rule it guards: a notice only wakes and never tells what has changed; whoever hears
it asks as always, and whoever cannot hear is told why.
"""

from __future__ import annotations

import time
from types import TracebackType

import psycopg
import sqlalchemy as sa

from sql import deadlines, warehouse
from sql.warehouse import WarehouseError

SIGN_OF_LIFE_SECONDS = 15.0
_LISTEN = "listen floorboard_loaded"
_WHERE = "select pg_backend_pid(), pg_is_in_recovery()"


class DeafError(WarehouseError):
    """Nothing can be heard at this address, however often it is tried."""


def tell(connection: sa.Connection) -> None:
    """Says with the commit of this transaction that something of what is shown has changed."""
    warehouse.one_row(connection, "notices/tell")


class Listening:
    """A connection of its own that hears notices; raises WarehouseError where the warehouse does not answer.

    Raises DeafError where a pooler stands in between, which hands notices to nobody, and on a standby, which has none.
    """

    def __init__(self, url: str) -> None:
        rest = url.partition("://")[2]
        try:
            self._connection = psycopg.connect(
                f"postgresql://{rest}",
                autocommit=True,
                connect_timeout=int(deadlines.CONNECT_SECONDS),
                application_name="floorboard notices",
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=2,
            )
        except psycopg.Error as error:
            raise WarehouseError(warehouse.explain(error)) from error
        self._proved_at = time.monotonic()
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Listening:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        try:
            with deadlines.limited(self._connection, seconds=deadlines.CONNECT_SECONDS):
                found = self._connection.execute(_WHERE).fetchone()
                assert found is not None  # a select without a table answers one row
                if found[0] != self._connection.info.backend_pid:
                    raise DeafError(
                        "A connection pooler stands between the pages and Postgres, and hands on no notices. Name Postgres "
                        "itself in the address if screens shall follow each load at once."
                    )
                if found[1]:
                    raise DeafError("The pages read from a standby, which hears no notices.")
                self._connection.execute(_LISTEN)
        except psycopg.Error as error:
            raise WarehouseError(warehouse.explain(error)) from error

    def hears(self, seconds: float) -> bool:
        """Whether a notice came within the time, at once when it does; raises WarehouseError where the line is cut."""
        try:
            heard = list(self._connection.notifies(timeout=seconds, stop_after=1))
            if not heard and time.monotonic() - self._proved_at >= SIGN_OF_LIFE_SECONDS:
                with deadlines.limited(self._connection, seconds=deadlines.SIGN_OF_LIFE_SECONDS):
                    self._connection.execute("select 1")
                self._proved_at = time.monotonic()
        except psycopg.Error as error:
            raise WarehouseError(warehouse.explain(error)) from error
        return bool(heard)

    def close(self) -> None:
        """Lets go of the connection."""
        self._connection.close()
