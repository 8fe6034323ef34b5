"""How Alembic reaches the database: through our settings and our engine."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from models import Base
from models.clock import UtcDateTime, now
from models.encryption import Secret
from models.session import engine

UPGRADE_LOCK = 0x69676E79
"""Any number, the same in every process: two releases at once wait for one another."""


def run(connection: Connection) -> None:
    """Migrate in one transaction: all of it, or nothing."""
    is_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        # SQLite can't alter a table: it is copied instead.
        render_as_batch=is_sqlite,
        # Our engine begins SQLite's transactions itself, so its DDL rolls back too.
        transactional_ddl=True,
    )
    if is_sqlite:
        _without_foreign_keys(connection)
        return
    with connection.begin():
        # Waiting for a lock blocks everybody who comes after us: rather fail, and be run again.
        connection.execute(sa.text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
        context.run_migrations()


def _without_foreign_keys(connection: Connection) -> None:
    # A table that is copied is dropped, and with foreign keys on, SQLite then deletes every row
    # that refers to it. The pragma means nothing inside a transaction.
    raw = connection.connection
    raw.execute("pragma foreign_keys=off")
    try:
        with connection.begin():
            context.run_migrations()
            broken = connection.exec_driver_sql("pragma foreign_key_check").first()
            if broken is not None:
                raise RuntimeError(f"the migration broke a foreign key: {tuple(broken)}")
    finally:
        raw.execute("pragma foreign_keys=on")


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Return how `--autogenerate` writes a type of ours: as a plain one, which will not change.

    False for what Alembic writes well itself.
    """
    if kind == "server_default" and isinstance(getattr(item, "arg", None), now):
        autogen.imports.add("from models.clock import now")
        return "now()"
    if kind == "type":
        return _render_type(item)
    return False


def _render_type(item: Any) -> str | Literal[False]:
    match item:
        case UtcDateTime():
            return "sa.DateTime(timezone=True)"
        case Secret():
            return "sa.Text()"
        case sa.Enum():
            # Its members are Python's business: a new one needs no migration.
            return f"sa.String(length={item.length})"
    return False


def main() -> None:
    given = context.config.attributes.get("engine")
    with (given or engine()).connect() as connection:
        run(connection)


main()
