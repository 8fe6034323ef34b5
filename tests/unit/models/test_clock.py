"""The database's clock: one time for everybody, aware, and sorting among stored times."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from factories import make_account, make_integration, make_publication

from models import Account, Publication
from models.clock import now, now_plus


def test_the_time_is_aware_and_in_utc(session):
    assert session.scalar(sa.select(now())).utcoffset() == timedelta(0)


def test_the_time_goes_on_within_a_transaction(session):
    first = session.scalar(sa.select(now()))
    while session.scalar(sa.select(now())) == first:
        pass
    assert session.scalar(sa.select(now())) > first


@pytest.mark.parametrize("seconds", [0.25, 60, -3600, 86400.5])
def test_seconds_from_now(session, seconds):
    before, moment, after = session.execute(sa.select(now(), now_plus(seconds), now())).one()

    tick = timedelta(milliseconds=1)  # SQLite counts milliseconds
    assert before - tick <= moment - timedelta(seconds=seconds) <= after + tick


def test_seconds_may_be_an_expression(session):
    account = make_account(session)
    moment, base = session.execute(
        sa.select(now_plus(sa.cast(Account.id, sa.Float) * 0 + 90), now()).where(
            Account.id == account.id
        )
    ).one()

    assert abs(moment - base - timedelta(seconds=90)) < timedelta(seconds=30)


@pytest.mark.parametrize(
    "stored",
    [
        pytest.param(datetime(2026, 3, 1, 12, 30, 15, 123456, UTC), id="utc"),
        pytest.param(
            datetime(2026, 3, 1, 14, 30, 15, tzinfo=timezone(timedelta(hours=2))), id="offset"
        ),
        pytest.param(datetime(2026, 3, 1, tzinfo=UTC), id="midnight"),
    ],
)
def test_a_moment_comes_back_as_the_same_moment(session, stored):
    account = Account(name="A", created_at=stored)
    session.add(account)
    session.flush()
    session.expire_all()

    assert account.created_at == stored
    assert account.created_at.utcoffset() is not None


@pytest.mark.parametrize("distance", [-1, 1])
def test_times_from_python_sort_among_the_databases(session, distance):
    integration = make_integration(session)
    session.commit()
    publication = make_publication(integration)
    session.execute(
        sa.update(Publication).values(due_at=datetime.now(UTC) + timedelta(hours=distance))
    )

    due = session.scalars(sa.select(Publication.id).where(Publication.due_at <= now())).all()
    assert due == ([publication.id] if distance < 0 else [])
