"""How far it is: what became of a run, and counts by state. Reads only."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.history import Run
from models.integration import Integration
from models.publication import Publication, PublicationState
from models.sites.standing import why_out_of_service


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What became of an accepted request."""

    state: str
    """A publication state, or 'parked' while the site is out of service, or 'superseded'."""

    finished: bool
    """Whether nothing more will happen by itself."""

    publication: Publication
    reason: str | None


def run_outcome(run: Run) -> RunOutcome:
    """Return what became of ``run``; its publication and integration are read through it."""
    publication = run.publication
    integration = publication.integration
    if (publication.published_revision or 0) >= run.revision:
        newer = (publication.published_revision or 0) > run.revision
        return RunOutcome("superseded" if newer else "published", True, publication, None)
    waits = publication.state in {PublicationState.QUEUED, PublicationState.UNCONFIRMED}
    if waits and (why := why_out_of_service(integration)):
        return RunOutcome("parked", True, publication, why)
    ended = publication.state in {
        PublicationState.FAILED,
        PublicationState.WITHDRAWN,
        PublicationState.HELD,
    }
    return RunOutcome(publication.state.value, ended, publication, publication.failure)


def counts_by_site(session: Session, account_id: int) -> dict[int, dict[str, int]]:
    """Return, for every integration of an account, how many publications are in which state."""
    rows = session.execute(
        sa.select(Publication.integration_id, Publication.state, sa.func.count())
        .join(Integration, Integration.id == Publication.integration_id)
        .where(Integration.account_id == account_id)
        .group_by(Publication.integration_id, Publication.state)
    )
    counts: dict[int, dict[str, int]] = {}
    for integration_id, state, count in rows:
        counts.setdefault(integration_id, {})[state.value] = count
    return counts
