"""Asking for contents to be published: which of them may, and the rows that keep the wish."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cli.finding import NotFound
from cli.row_ids import LARGEST_ID
from models import Content, ContentStatus, Integration
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope

Id = TypeVar("Id", int, str)

GROUP = 100
"""Contents accepted in one transaction: other writers wait for no more than that."""


@dataclass(slots=True)
class Request:
    """What became of one `igny8 publish`."""

    run_ids: list[str] = field(default_factory=list)
    accepted: int = 0
    unchanged: int = 0
    """The site shows exactly this already (C22)."""

    left_out: int = 0
    """Not approved (S43, C29)."""


def chosen_contents(session: Session, integration: Integration, ids: Sequence[int]) -> list[int]:
    """Return the ids of the contents that are meant, each once.

    A content may go to any site of its account (C44).

    Raises:
        NotFound: the account has no such contents; then nothing is published.
    """
    query = sa.select(Content.id).order_by(Content.id)
    mine = query.filter_by(account_id=integration.account_id)
    wanted = dict.fromkeys(ids)
    known: set[int] = set()
    for group in groups(sorted(number for number in wanted if 0 < number <= LARGEST_ID)):
        known.update(session.scalars(mine.where(Content.id.in_(group))))
    unknown = [str(number) for number in wanted if number not in known]
    if unknown:
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""  # noqa: PLR2004
        listed = ", ".join(unknown[:10])
        raise NotFound(f"there is no content {listed}{more}: nothing was published")
    return list(wanted)


def request_publish(
    integration_id: int, content_ids: Sequence[int], wanted: Wanted, *, any_status: bool
) -> Request:
    """Record the wish for these contents, group by group, each group in its own transaction."""
    request = Request()
    for group in groups(content_ids):
        with session_scope() as session:
            integration = session.get_one(Integration, integration_id)
            query = sa.select(Content).where(Content.id.in_(group)).order_by(Content.id)
            # Locked against changes: its status must be that of the text which goes out.
            for content in session.scalars(query.with_for_update(read=True)).all():
                if content.status is not ContentStatus.APPROVED and not any_status:
                    request.left_out += 1
                    continue
                _accept(session, request, content, integration, wanted)
    return request


def _accept(
    session: Session, request: Request, content: Content, integration: Integration, wanted: Wanted
) -> None:
    accepted = accept_publish(session, content, integration, wanted)
    request.accepted += accepted.changed
    request.unchanged += not accepted.changed
    request.run_ids.append(accepted.run.id)


def groups(ids: Sequence[Id]) -> Iterator[list[Id]]:
    """Cut a long list into pieces that one statement takes."""
    rest = iter(ids)
    while group := list(islice(rest, GROUP)):
        yield group
