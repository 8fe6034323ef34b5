"""Stored secrets, written anew under the key ring's first key: a batch at a time, from anywhere."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.encryption import SecretDamaged, renewed
from models.integration import Integration
from models.site import Site

Place = tuple[type[Site] | type[Integration], str]

PLACES: tuple[Place, ...] = (
    (Site, "wp_api_key"),
    (Site, "next_api_key"),
    (Site, "webhook_secret"),
    (Integration, "credentials"),
)
"""Every column that holds secrets."""


@dataclass(slots=True)
class Renewed:
    """What a batch came to."""

    last_id: int
    """Go on after this one; 0: that was the last batch."""

    written: int = 0
    current: int = 0
    """Under the first key already."""

    damaged: list[str] = field(default_factory=list)
    """Rows whose secret no key of the ring opens, by table, column and id."""


def renew_batch(session: Session, place: Place, after: int, size: int) -> Renewed:
    """Re-encrypt up to ``size`` secrets of one of `PLACES`, whose ids follow ``after``.

    Each is a compare-and-set: what somebody changes meanwhile is written with the first key
    anyway. Done twice, it finds nothing to do.
    """
    name = place[1]
    # As it lies in the database: no type of ours may decrypt it on the way.
    table = sa.table(place[0].__tablename__, sa.column("id", sa.Integer), sa.column(name, sa.Text))
    secret = table.c[name]
    query = (
        sa.select(table.c.id, secret)
        .where(table.c.id > after, secret.is_not(None))
        .order_by(table.c.id)
        .limit(size)
    )
    rows = session.execute(query).all()
    done = Renewed(rows[-1][0] if len(rows) == size else 0)
    for number, stored in rows:
        try:
            anew = renewed(stored)
        except SecretDamaged:
            done.damaged.append(f"{table.name}.{name} of {number}")
            continue
        if anew is None:
            done.current += 1
            continue
        unchanged = sa.update(table).where(table.c.id == number, secret == stored)
        session.execute(unchanged.values({name: anew}))
        done.written += 1
    return done
