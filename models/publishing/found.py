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
    """Return the values by which a row shows the post that its key was found at.

    Without them it would pass for one that has never been on the site, and could be called off.
    """
    each = {f.publication_id: f.shown for f in failures if f.shown is not None}
    if not each:
        return {}
    return {
        name: sa.func.coalesce(
            by_id(name, {id_: getattr(shown, source) for id_, shown in each.items()}),
            getattr(Publication, name),
        )
        for name, source in _COLUMNS.items()
    }
