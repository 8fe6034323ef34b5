"""Waiting for beat: until all that could send something by itself has had its chance."""

from datetime import timedelta

import sqlalchemy as sa
from servers import wait_until

from models import Heartbeat
from models.session import session_scope


def ticks_of(*names):
    with session_scope(read_only=True) as session:
        query = sa.select(Heartbeat.name, Heartbeat.at).where(Heartbeat.name.in_(names))
        return dict(session.execute(query).all())


def let_it_tick(times=3):
    """Wait until everything that could send something has had its chance, several times."""
    names = ("plan_slots", "due_slots", "dispatch")
    for _ in range(times):
        before = ticks_of(*names)
        wait_until(
            lambda seen=before: (
                all(at > seen.get(name, at - timedelta(1)) for name, at in ticks_of(*names).items())
                and len(ticks_of(*names)) == len(names)
            ),
            timeout=60,
            what="a tick of each",
        )
