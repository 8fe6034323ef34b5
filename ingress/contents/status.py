"""A content's status as lists filter by it: the same as `pipeline.statuses.shown_status` shows."""

import sqlalchemy as sa

from models import Content, ContentStatus, Publication, PublicationState
from pipeline.statuses import DRAFT, OURS, PUBLISHED, REVIEW


def is_shown_as(status: str) -> sa.ColumnElement[bool]:
    """Return the condition under which a content is shown as ``status``."""
    if status == PUBLISHED:
        return _confirmed_as(PUBLISHED)
    own = sa.and_(Content.status == ContentStatus(status), ~_confirmed())
    above = {REVIEW: [PUBLISHED], DRAFT: [PUBLISHED, REVIEW]}.get(status)
    if above is None:
        return own
    there = sa.and_(_confirmed_as(status), *(~_confirmed_as(better) for better in above))
    return sa.or_(own, there)


def _confirmed(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(
        Publication.content_id == Content.id,
        Publication.state == PublicationState.PUBLISHED,
        *conditions,
    )


def _confirmed_as(status: str) -> sa.Exists:
    words = [word for word, ours in OURS.items() if ours == status]
    if status != PUBLISHED:
        return _confirmed(Publication.external_status.in_(words))
    others = [word for word, ours in OURS.items() if ours != PUBLISHED]
    said = Publication.external_status
    return _confirmed(sa.or_(said.is_(None), said.not_in(others)))
