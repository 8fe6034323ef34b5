"""Following a bulk job until nothing more of it will happen by itself."""

from collections.abc import Callable, Sequence
from time import monotonic

from cli.bell import wake_workers
from cli.interrupts import Pause
from cli.publish_requests import groups
from cli.run_watch import PAUSE, Outcome
from models import BulkItem, BulkItemState, Content, Publication
from models.bulk.progress import REASON, STATE, items
from models.session import session_scope
from tasks.bulk import feed

OPEN = {BulkItemState.WAITING, BulkItemState.ACCEPTED}


def watch_job(
    job_id: str, timeout: float, report: Callable[[Outcome], None], pause: Pause
) -> list[Outcome]:
    """Wait for a job, telling ``report`` of each item that has ended; return how far all are.

    Returns after ``timeout`` seconds at the latest, finished or not. It feeds the job itself, too:
    what somebody waits for does not depend on beat.

    Raises:
        KeyboardInterrupt: from ``pause``.
    """
    told: set[int] = set()
    deadline = monotonic() + timeout
    # What was left out from the beginning has been told already.
    ours = {id_ for id_, state in _states(job_id).items() if state is not BulkItemState.SKIPPED}
    while True:
        states = _states(job_id)
        ended = [id_ for id_ in states if states[id_] not in OPEN and id_ in ours - told]
        for outcome in outcomes_of(job_id, ended):
            report(outcome)
        told.update(ended)
        left = deadline - monotonic()
        if told == ours or left <= 0:
            return outcomes_of(job_id, sorted(ours))
        pause(min(PAUSE, left))
        if feed(job_id):
            wake_workers()


def _states(job_id: str) -> dict[int, BulkItemState]:
    query = items(BulkItem.id, STATE).where(BulkItem.job_id == job_id).order_by(BulkItem.id)
    with session_scope(read_only=True) as session:
        found = session.execute(query).all()
    return dict(found)


def outcomes_of(job_id: str, item_ids: Sequence[int]) -> list[Outcome]:
    """Return what has become of these items so far, in their order."""
    query = items(
        BulkItem.id, Content.id, Content.title, STATE, Publication.external_url, REASON
    ).where(BulkItem.job_id == job_id)
    found: list[Outcome] = []
    with session_scope(read_only=True) as session:
        for group in groups(item_ids):
            rows = session.execute(query.where(BulkItem.id.in_(group)).order_by(BulkItem.id))
            found += [
                Outcome(
                    run_id=job_id,
                    content_id=content_id or 0,
                    title=title or "",
                    state=state.value,
                    finished=state not in OPEN,
                    url=url,
                    reason=reason,
                )
                for _, content_id, title, state, url, reason in rows
            ]
    return found
