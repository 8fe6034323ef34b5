"""Keeping that a site has a post of ours, though what was accepted since did not get there."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.publication import Publication
from models.publishing.batches import by_id
from models.publishing.outcome_values import Failure

_COLUMNS = {
    "external_id": "external_id",
    "external_url": "url",
    "external_status": "status",
    "published_revision": "revision",
}


def found_at_the_site(failures: Sequence[Failure]) -> dict[str, Any]:
    """Return the values by which a row without a post shows the one that its key was found at.

    Without them it would pass for one that has never been on the site, and could be called off. Of
    a post that is known, its webhooks may have told newer things meanwhile.
    """
    each = {f.publication_id: f.shown for f in failures if f.shown is not None}
    if not each:
        return {}
    return {
        name: sa.case(
            (
                sa.and_(Publication.external_id.is_(None), Publication.id.in_(list(each))),
                by_id(name, {id_: getattr(shown, source) for id_, shown in each.items()}),
            ),
            else_=getattr(Publication, name),
        )
        for name, source in _COLUMNS.items()
    }
