"""`igny8 db`: the tables, made and brought up to date."""

from typing import TYPE_CHECKING

import typer

from cli.exits import CommandError, Exit
from cli.output import output

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy.engine import Engine


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="The database's tables.", no_args_is_help=True)
    commands.command("upgrade")(upgrade_command)
    commands.command("current")(current_command)
    app.add_typer(commands, name="db")


def upgrade_command() -> None:
    """Make the tables, or bring them up to date. Also makes the encryption key of a new stack."""
    import settings
    from embedded.secrets import make_secret_key

    make_secret_key(settings.current())
    before = current()
    upgrade()
    after = current()
    output().line(f"at {after}" + ("" if before == after else f" (was {before or 'empty'})"))
    output().result({"before": before, "current": after})


def current_command() -> None:
    """Show at which migration the database is; status 1 when it is not the newest."""
    now, newest = current(), head()
    output().line(f"at {now or 'no migration'}, newest {newest}")
    output().result({"current": now, "newest": newest, "is_current": now == newest})
    if now != newest:
        raise typer.Exit(Exit.FAILED)


def upgrade(engine: "Engine | None" = None, revision: str = "head") -> None:
    """Run the migrations up to a revision, all or none; the configured database by default.

    Raises:
        CommandError: the database is newer than this code.
    """
    from alembic import command
    from alembic.util import CommandError as AlembicError

    try:
        command.upgrade(_config(engine), revision)
    except AlembicError as error:
        raise CommandError(f"can't migrate: {error}") from None


def downgrade(engine: "Engine | None" = None, revision: str = "-1") -> None:
    """Undo migrations down to a revision; for tests and for a release that is taken back."""
    from alembic import command

    command.downgrade(_config(engine), revision)


def head() -> str | None:
    """Return the newest migration of this code."""
    from models.schema import scripts

    return scripts().get_current_head()


def current(engine: "Engine | None" = None) -> str | None:
    """Return the migration a database is at; None when it has no tables yet."""
    from models.schema import revision_of

    return revision_of(engine)


def is_current(engine: "Engine") -> bool:
    """Whether a database has exactly the tables of this code."""
    return current(engine) == head()


def _config(engine: "Engine | None" = None) -> "Config":
    from alembic.config import Config

    from settings import ROOT

    config = Config(str(ROOT / "alembic.ini"))
    config.attributes["engine"] = engine
    return config
