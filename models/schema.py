"""Whether the tables are those of this code: a process must not run on others."""

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from models import session
from settings import ROOT


def scripts() -> ScriptDirectory:
    """Return this code's migrations."""
    return ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))


def revision_of(engine: sa.Engine | None = None) -> str | None:
    """Return the migration a database is at (ours by default); None when it has no tables yet."""
    chosen = engine or session.engine()
    with chosen.connect().execution_options(read_only=True) as connection:
        return MigrationContext.configure(connection).get_current_revision()


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
