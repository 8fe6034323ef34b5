"""While an account is suspended nothing of it goes out, and all of it goes on afterwards."""

import sqlalchemy as sa
from factories import make_integration, make_publication

from models import Account
from models.clock import now
from models.session import session_scope
from tasks.dispatching import claim_due


def suspend(account_id, since):
    with session_scope() as session:
        changed = sa.update(Account).where(Account.id == account_id)
        session.execute(changed.values(suspended_at=since))


def claimed():
    return [number for claim in claim_due() for number in claim.publication_ids]


def test_its_work_waits_and_the_others_goes_on(database):
    with session_scope() as session:
        rows = [make_integration(session) for _ in range(2)]
    waiting, other = (make_publication(row) for row in rows)
    suspend(rows[0].account_id, now())

    assert claimed() == [other.id]

    suspend(rows[0].account_id, None)
    assert claimed() == [waiting.id]
