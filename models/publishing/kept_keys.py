"""The keys of a removed integration: kept for the one that is made anew at its site."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.content import Content
from models.integration import Integration
from models.kept_key import KeptKey
from models.publication import Publication


def keep_keys(session: Session, integration: Integration) -> None:
    """Keep what the site knows its contents by, before the integration and its rows go.

    What was never sent as well: a request that slept on its way may still arrive.
    """
    rows = sa.select(
        sa.literal(integration.site_id),
        sa.literal(integration.platform),
        Publication.content_id,
        Publication.key,
        Publication.revision,
        Publication.fence,
    ).where(Publication.integration_id == integration.id)
    names = ["site_id", "platform", "content_id", "key", "revision", "fence"]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    adding = dialect.insert(KeptKey).from_select(names, rows)
    # One that is there already is older, and the site's: a release that did not know of it has
    # made the other, which the site refused.
    kept = adding.on_conflict_do_nothing(index_elements=["site_id", "platform", "content_id"])
    session.execute(kept)


def take_kept_key(session: Session, content: Content, integration: Integration) -> dict[str, Any]:
    """Return the key of a content at a site, and where it goes on; {} where none was kept."""
    taken = session.execute(
        sa.delete(KeptKey)
        .where(
            KeptKey.site_id == integration.site_id,
            KeptKey.platform == integration.platform,
            KeptKey.content_id == content.id,
        )
        .returning(KeptKey.key, KeptKey.revision, KeptKey.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return {}
    return {"key": taken.key, "revision": taken.revision + 1, "fence": taken.fence}
