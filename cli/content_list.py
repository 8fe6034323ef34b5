"""What `igny8 content list` shows: contents by id, page by page."""

import sqlalchemy as sa

from cli.finding import WHERE_IT_IS, find_integration
from cli.output import output
from cli.row_ids import LARGEST_ID
from models import Content, ContentStatus, Site
from models.session import session_scope

COLUMNS = ("id", "title", "status", "revision", "site", "import_key")


def list_contents(site: str | None, status: str | None, after: int, limit: int) -> None:
    """Show up to ``limit`` contents whose ids are above ``after``."""
    query = (
        sa.select(Content, WHERE_IT_IS)
        .join(Site, Site.id == Content.site_id)
        .where(Content.id > min(after, LARGEST_ID))
        .order_by(Content.id)
        .limit(limit + 1)
    )
    if status is not None:
        query = query.where(Content.status == ContentStatus(status))
    with session_scope(read_only=True) as session:
        if site is not None:
            query = query.where(Content.site_id == find_integration(session, site).site_id)
        rows = [
            {
                "id": content.id,
                "title": content.title,
                "status": content.status.value,
                "revision": content.revision,
                "site": url,
                "site_id": content.site_id,
                "url": url,
                "import_key": content.import_key,
            }
            for content, url in session.execute(query)
        ]
    shown, more = rows[:limit], len(rows) > limit
    output().table(
        ("Id", "Title", "Status", "Revision", "Site", "Imported from"),
        [[row[name] for name in COLUMNS] for row in shown],
    )
    next_id = shown[-1]["id"] if more else None
    if next_id is not None:
        output().note(f"there are more: --after {next_id}")
    output().result({"contents": shown, "next": next_id})
