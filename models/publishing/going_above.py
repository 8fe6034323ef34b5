"""Going above what a site has and our database does not know, as after a restored backup."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.bulk_job import ITEM_ACCEPTED, BulkItem
from models.history import Run
from models.publication import Publication
from models.publishing.outcome_values import Failure


def raise_runs(session: Session, failures: Sequence[Failure]) -> None:
    """Let who asked for the accepted text, a bulk job too, find it under the number it gets."""
    for failure in (each for each in failures if each.above):
        newest = sa.select(Publication.revision).where(Publication.id == failure.publication_id)
        for asked in (Run, BulkItem):
            session.execute(
                sa.update(asked)
                .where(
                    asked.publication_id == failure.publication_id,
                    asked.revision == newest.scalar_subquery(),
                    asked.revision <= failure.above,
                    *((BulkItem.state == ITEM_ACCEPTED,) if asked is BulkItem else ()),
                )
                .values(revision=failure.above + 1)
                .execution_options(synchronize_session=False)
            )


def caught_up(failures: Sequence[Failure]) -> dict[str, Any]:
    """Go above what a site has and our database does not know; a newer wish goes above it, too."""
    ahead = [failure for failure in failures if failure.above or failure.fence]
    if not ahead:
        return {}
    row = Publication
    return {
        "revision": sa.case(
            *(
                (sa.and_(row.id == f.publication_id, row.revision <= f.above), f.above + 1)
                for f in ahead
            ),
            else_=row.revision,
        ),
        "fence": sa.case(
            *((sa.and_(row.id == f.publication_id, row.fence < f.fence), f.fence) for f in ahead),
            else_=row.fence,
        ),
    }
