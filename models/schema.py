"""Whether a database is one to work with: the tables of this code, and a clock like ours."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models import session
from models.clock import now
from settings import ROOT


def scripts() -> ScriptDirectory:
    """Return this code's migrations."""
    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))


def revision_of(engine: sa.Engine | None = None) -> str | None:
    """Return the migration a database is at (ours by default); None when it has no tables yet."""
    chosen = engine or session.engine()
    with chosen.connect().execution_options(read_only=True) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def seconds_ahead() -> float:
    """Return by how much this host's clock is ahead of the database's; negative when behind.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be asked.
    """
    with session.engine().connect().execution_options(read_only=True) as connection:
        before = datetime.now(UTC)
        told: datetime = connection.execute(sa.select(now())).scalar_one()
        after = datetime.now(UTC)
    return (before + (after - before) / 2 - told).total_seconds()


def schema_fault() -> str | None:
    """Return what is wrong with the tables, or None.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database can't be asked.
    """
    at, known = revision_of(), scripts()
    newest = known.get_current_head()
    if at == newest:
        return None
    if at is None:
        return "the database has no tables yet: run `igny8 db upgrade`"
    if at in {script.revision for script in known.walk_revisions()}:
        return f"the database is at migration {at}, older than {newest}: run `igny8 db upgrade`"
    return (
        f"the database is at migration {at}, which this code does not know (its newest is "
        f"{newest}): start the release that made it"
    )
