"""Whose post a message is about: the publications and contents it may mean, in two statements."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.content import Content
from models.publication import Publication


@dataclass(frozen=True, slots=True)
class Names:
    """What the messages of one site name."""

    keys: frozenset[str]
    content_ids: frozenset[int]
    external_ids: frozenset[str]
    """Of messages that name nothing else."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What there is of it; ``own_contents`` are those of the site."""

    publications: tuple[Publication, ...]
    own_contents: frozenset[int]


def find_candidates(
    session: Session, integration_id: int, site_id: int, names: Names
) -> Candidates:
    """Return the publications and contents of this site that are named; no other site's."""
    publications = session.scalars(named_publications(integration_id, names))
    contents = session.scalars(
        sa.select(Content.id).where(Content.id.in_(names.content_ids), Content.site_id == site_id)
    )
    return Candidates(tuple(publications), frozenset(contents))


def named_publications(integration_id: int, names: Names) -> sa.Select[Publication]:
    """Return the query for the publications of a site that are named in any way."""
    ways = (
        (Publication.key, names.keys),
        (Publication.content_id, names.content_ids),
        (Publication.external_id, names.external_ids),
    )
    of_site = Publication.integration_id == integration_id
    # Each by an index of its own: for an OR of them SQLite reads all of the site's rows.
    found = [
        sa.select(Publication.id).where(of_site, column.in_(values))
        for column, values in ways
        if values
    ]
    ids = Publication.id.in_(sa.union_all(*found)) if found else sa.false()
    return sa.select(Publication).where(of_site, ids)


def lock_publications(session: Session, ids: Collection[int]) -> dict[int, Publication]:
    """Return those that nobody else is writing at this moment, as they are now, locked.

    Never waits: a batch on its way locks its rows in an order of its own.
    """
    query = (
        sa.select(Publication)
        .where(Publication.id.in_(ids))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.scalars(query)}
