"""What `igny8 site list` shows: every site, and whether it is well."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from cli.output import output
from cli.standing import site_values
from models import Installation, Integration
from models.session import session_scope

COLUMNS = ("id", "name", "url", "key", "connection_status", "plugin_version", "problem")


def list_sites() -> None:
    """Show every site, and whether it is well."""
    query = (
        sa.select(Integration, Installation.version)
        .outerjoin(Installation, Installation.site_id == Integration.site_id)
        .options(joinedload(Integration.site))
        .order_by(Integration.site_id)
    )
    with session_scope(read_only=True) as session:
        rows = [
            site_values(row) | {"plugin_version": version}
            for row, version in session.execute(query)
        ]
    output().table(
        ("Id", "Name", "URL", "Key", "Connection", "Plugin", "Problem"),
        [[row[column] for column in COLUMNS] for row in rows],
    )
    output().result({"sites": rows})
