"""Which of many sites are meant: by account, by what is wrong with them, page by page."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from cli.finding import find_account, find_integration
from cli.output import output
from cli.row_ids import LARGEST_ID
from models import Integration, Site
from models.sites.standing import OFF, STRUGGLES

HAS_PROBLEM = sa.or_(
    Integration.suspended_at.is_not(None),
    Integration.sync_error.is_not(None),
    STRUGGLES,
    *(off for off, _ in OFF),
)
"""Of an integration: it is not well, or nothing goes out to it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of `igny8 site list` and `igny8 status`."""

    site: str | None
    account: str | None
    problem: bool
    after: int
    limit: int


def page_of_sites(session: Session, asked: Asked) -> tuple[list[Integration], int | None]:
    """Return the integrations of a page of sites, and the id behind which the next one begins."""
    wanted = [Site.id > min(asked.after, LARGEST_ID)]
    if asked.site is not None:
        wanted.append(Integration.id == find_integration(session, asked.site).id)
    if asked.account is not None:
        wanted.append(Integration.account_id == find_account(session, asked.account).id)
    if asked.problem:
        wanted.append(HAS_PROBLEM)
    ids = sa.select(Site.id).join(Integration, Integration.site_id == Site.id).where(*wanted)
    found = session.scalars(ids.distinct().order_by(Site.id).limit(asked.limit + 1)).all()
    query = (
        sa.select(Integration)
        .join(Site)
        .where(Site.id.in_(found[: asked.limit]), *wanted)
        .options(joinedload(Integration.site).joinedload(Site.account))
        .order_by(Site.id, Integration.id)
    )
    following = found[asked.limit - 1] if len(found) > asked.limit else None
    return list(session.scalars(query)), following


def say_next(following: int | None) -> None:
    """Say how to see the rest, where there is one."""
    if following is not None:
        output().note(f"there are more: --after {following}")
