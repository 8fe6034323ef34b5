"""A PostgreSQL whose clock a test sets: all processes of the engine live in its time.

What is due, late and in its window is decided by the database's clock alone. So our own
`statement_timestamp()` stands before the server's; from where it is set on it goes as always.
"""

from datetime import datetime

import sqlalchemy as sa

SCHEMA = "moved_clock"

_MAKE = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.shift (by interval NOT NULL);
INSERT INTO {SCHEMA}.shift VALUES ('0');
CREATE FUNCTION {SCHEMA}.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT pg_catalog.statement_timestamp() + by FROM {SCHEMA}.shift $$;
"""


class MovedClock:
    """The clock of one database; tables made after it take their defaults from it, too."""

    def __init__(self, url):
        self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with self._engine.connect() as connection:
            connection.exec_driver_sql(_MAKE)
            name = connection.engine.url.database
            connection.exec_driver_sql(
                f'ALTER DATABASE "{name}" SET search_path = {SCHEMA}, pg_catalog, public'
            )
        self._engine.dispose()  # a connection keeps the path that it began with

    def set(self, moment):
        """Make it ``moment`` now; an aware datetime."""
        with self._engine.connect() as connection:
            connection.execute(
                sa.text(
                    f"UPDATE {SCHEMA}.shift"
                    " SET by = CAST(:moment AS timestamptz) - pg_catalog.statement_timestamp()"
                ),
                {"moment": moment},
            )

    def read(self) -> datetime:
        """Return what time it is."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.text("SELECT statement_timestamp()"))

    def dispose(self):
        self._engine.dispose()
