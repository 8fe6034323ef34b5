"""An account with a bulk job of its contents, for the tests of bulk jobs."""

import sqlalchemy as sa
from factories import make_account, make_content, make_integration, make_site, reload

from models import BulkItem, BulkItemState, Publication, PublicationState
from models.bulk.jobs import Selection, make_bulk_job
from models.bulk.progress import counts
from models.session import session_scope

W, A, P, F, K, S, C = (
    BulkItemState.WAITING,
    BulkItemState.ACCEPTED,
    BulkItemState.PUBLISHED,
    BulkItemState.FAILED,
    BulkItemState.PARKED,
    BulkItemState.SKIPPED,
    BulkItemState.CANCELLED,
)


class Bulk:
    """An account with sites, and a job of all their contents."""

    def __init__(self, *sizes, selection=None, **options):
        with session_scope() as session:
            self.account = make_account(session)
            self.places = [
                make_integration(session, make_site(session, self.account)) for _ in sizes
            ]
            for place, size in zip(self.places, sizes, strict=True):
                for number in range(size):
                    make_content(session, place.site, f"Title {number}")
        self.start(selection or Selection(), **options)

    def start(self, selection, **options):
        with session_scope() as session:
            self.job = make_bulk_job(session, self.account.id, selection, options)

    def counts(self):
        with session_scope(read_only=True) as session:
            return {state: count for state, count in counts(session, self.job.id).items() if count}

    def on_their_way(self, place):
        query = sa.select(sa.func.count()).where(
            Publication.integration_id == place.id, Publication.state == PublicationState.QUEUED
        )
        with session_scope(read_only=True) as session:
            return session.scalar(query)

    def items(self):
        query = sa.select(BulkItem).where(BulkItem.job_id == self.job.id).order_by(BulkItem.id)
        with session_scope(read_only=True) as session:
            return list(session.scalars(query))

    def end(self, state=PublicationState.PUBLISHED, number=1000, place=None, **values):
        """Write what a worker writes when publications have come to their end."""
        if state is PublicationState.PUBLISHED:
            values["published_revision"] = Publication.revision
        mine = Publication.integration_id.in_([p.id for p in ([place] if place else self.places)])
        some = sa.select(Publication.id).where(mine, Publication.state == "queued").limit(number)
        with session_scope() as session:
            session.execute(
                sa.update(Publication)
                .where(Publication.id.in_(some))
                .values(state=state, **values)
                .execution_options(synchronize_session=False)
            )

    def state(self):
        return reload(self.job).state

    def do(self, action):
        with session_scope() as session:
            return action(session, self.job.id)
