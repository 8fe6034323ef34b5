"""What `igny8 site list` shows: sites, and whether they are well."""

import sqlalchemy as sa

from cli.output import output
from cli.site_pages import Asked, page_of_sites, say_next
from cli.standing import site_values
from models import Installation
from models.session import session_scope

COLUMNS = (
    *("id", "account", "name", "url", "key"),
    *("connection_status", "plugin_version", "problem"),
)


def list_sites(asked: Asked) -> None:
    """Show a page of sites, and whether they are well."""
    with session_scope(read_only=True) as session:
        found, following = page_of_sites(session, asked)
        installed = sa.select(Installation.site_id, Installation.version).where(
            Installation.site_id.in_([row.site_id for row in found])
        )
        versions = dict(session.execute(installed).all())
        rows = [site_values(row) | {"plugin_version": versions.get(row.site_id)} for row in found]
    output().table(
        ("Id", "Account", "Name", "URL", "Key", "Connection", "Plugin", "Problem"),
        [[row[column] for column in COLUMNS] for row in rows],
    )
    say_next(following)
    output().result({"sites": rows, "next": following})
