"""Looking into the inbox, and giving ended messages back to be read again."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, defer

from models.clock import now
from models.inbox_message import InboxMessage, InboxState

OPEN = (InboxState.WAITING, InboxState.READING)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which messages; None: any."""

    ids: Collection[int] | None = None
    site_id: int | None = None
    state: InboxState | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = []
        if self.ids is not None:
            found.append(InboxMessage.id.in_(self.ids))
        if self.site_id is not None:
            found.append(InboxMessage.site_id == self.site_id)
        if self.state is not None:
            found.append(InboxMessage.state == self.state)
        return found


def newest_messages(session: Session, chosen: Chosen, count: int) -> list[InboxMessage]:
    """Return the newest of them, without their bodies, the newest first."""
    query = sa.select(InboxMessage).where(*chosen.conditions())
    query = query.order_by(InboxMessage.id.desc()).limit(count).options(defer(InboxMessage.body))
    return list(session.scalars(query))


def replay(session: Session, chosen: Chosen) -> list[int]:
    """Have ended messages read once more; return their ids. What is on its way is left alone."""
    replayed = session.execute(
        sa.update(InboxMessage)
        .where(*chosen.conditions(), InboxMessage.state.not_in(OPEN))
        .values(
            state=InboxState.WAITING,
            attempts=0,
            parks=0,
            reason=None,
            due_at=now(),
            finished_at=None,
            leased_until=None,
        )
        .returning(InboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return sorted(replayed.scalars())
