"""Following accepted requests until nothing more will happen to them by itself."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from cli.interrupts import Pause
from cli.publish_requests import groups
from models import Content, Integration, Publication, Run, Site
from models.publishing.progress import run_outcome
from models.session import session_scope

PAUSE = 0.5
"""Seconds between two looks at the database."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request, for people and for scripts."""

    run_id: str
    content_id: int
    title: str
    state: str
    finished: bool
    url: str | None
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def outcomes(run_ids: Sequence[str]) -> list[Outcome]:
    """Return what has become of these runs so far, in their order."""
    found: dict[str, Outcome] = {}
    with session_scope(read_only=True) as session:
        for group in groups(run_ids):
            query = (
                sa.select(Run, Content.title)
                .join(Run.publication)
                .join(Content, Content.id == Publication.content_id)
                .where(Run.id.in_(group))
                .options(
                    # Not the payload's parts: they are many times the rest.
                    joinedload(Run.publication)
                    .load_only(
                        Publication.state,
                        Publication.revision,
                        Publication.published_revision,
                        Publication.external_url,
                        Publication.failure,
                        Publication.content_id,
                        Publication.integration_id,
                    )
                    .joinedload(Publication.integration)
                    .load_only(
                        Integration.suspended_at,
                        Integration.suspended_reason,
                        Integration.is_active,
                        Integration.site_id,
                    )
                    .joinedload(Integration.site)
                    .joinedload(Site.account)
                )
            )
            for run, title in session.execute(query):
                found[run.id] = _outcome(run, title)
            session.expunge_all()
    return [found[run_id] for run_id in run_ids if run_id in found]


def _outcome(run: Run, title: str) -> Outcome:
    result = run_outcome(run)
    return Outcome(
        run_id=run.id,
        content_id=result.publication.content_id,
        title=title,
        state=result.state,
        finished=result.finished,
        url=result.publication.external_url,
        reason=result.reason,
    )


def watch(
    run_ids: Sequence[str], timeout: float, report: Callable[[Outcome], None], pause: Pause
) -> list[Outcome]:
    """Wait for the runs, telling ``report`` of each that has ended; return how far all are.

    Returns after ``timeout`` seconds at the latest, finished or not.

    Raises:
        KeyboardInterrupt: from ``pause``.
    """
    ended: dict[str, Outcome] = {}
    deadline = monotonic() + timeout
    while True:
        latest = outcomes([run_id for run_id in run_ids if run_id not in ended])
        for outcome in latest:
            if outcome.finished:
                ended[outcome.run_id] = outcome
                report(outcome)
        left = deadline - monotonic()
        if len(ended) == len(run_ids) or left <= 0:
            now = ended | {outcome.run_id: outcome for outcome in latest}
            return [now[run_id] for run_id in run_ids if run_id in now]
        pause(min(PAUSE, left))
