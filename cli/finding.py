"""Which site the operator means: by id or by address."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from cli.exits import CommandError, Exit
from cli.row_ids import LARGEST_ID
from models import Account, Integration, Site
from models.sites import standing
from pipeline.site_urls import BadSiteUrl, normalise_site_url

WHERE_IT_IS = sa.func.coalesce(
    sa.select(Integration.external_site_url)
    .where(Integration.site_id == Site.id)
    .order_by(Integration.id)
    .limit(1)
    .correlate(Site)
    .scalar_subquery(),
    Site.url,
)
"""Of a site: its address; one that has moved is at its integration's, not at its own (C16)."""


class NotFound(CommandError):
    """There is no such thing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.BAD_INPUT)


def normalised(written: str) -> str:
    """Return an address that an operator gave, in the form we keep.

    Raises:
        CommandError: it is no address of a site.
    """
    try:
        return normalise_site_url(written)
    except BadSiteUrl as error:
        raise CommandError(str(error), Exit.BAD_INPUT) from None


def refuse_switched_off(integration: Integration) -> None:
    """Refuse to publish where nothing goes out.

    Raises:
        CommandError: the integration or its site is switched off, or its account is suspended.
    """
    match standing.why_off(integration):
        case None:
            return
        case standing.ACCOUNT_OFF:
            name = integration.site.account.name
            words = f"the account {name} is suspended; `igny8 account resume` lets it in again"
        case _:
            words = f"{integration.site_url} is switched off"
    raise CommandError(words, Exit.BAD_INPUT)


def addresses(session: Session, site_ids: Collection[int]) -> dict[int, str]:
    """Return where these sites are."""
    query = sa.select(Site.id, WHERE_IT_IS).where(Site.id.in_(list(site_ids)))
    return dict(session.execute(query).all())


def names_of(integration: Integration) -> dict[str, Any]:
    """Return how a document for scripts names a site, whatever else it calls it."""
    return {"site_id": integration.site_id, "url": integration.site_url}


def find_account(session: Session, written: str) -> Account:
    """Return the account that goes by a name or an id.

    Raises:
        NotFound: none, or more than one, does.
    """
    # As text: a number that is too large for the column is just no id.
    wanted = (Account.name == written) | (sa.cast(Account.id, sa.String) == written)
    found = session.scalars(sa.select(Account).where(wanted)).all()
    if len(found) != 1:
        fault = "more than one account goes" if found else "no account goes"
        raise NotFound(f"{fault} by {written!r}: see `igny8 account list`")
    return found[0]


def find_integration(session: Session, written: str) -> Integration:
    """Return the integration of a site that is named by its id or its URL, with its site.

    Raises:
        NotFound: no site, or more than one, goes by that name.
        CommandError: it is neither a number nor an address.
    """
    query = (
        sa.select(Integration)
        .join(Site)
        .options(joinedload(Integration.site))
        .order_by(Integration.id)
    )
    if written.isascii() and written.isdecimal():
        number = int(written[:12])
        found = session.scalars(query.where(Site.id == min(number, LARGEST_ID))).first()
        if found is None:
            raise NotFound(f"there is no site {number}; `igny8 site list` shows them all")
        return found
    url = normalised(written)
    here = sa.or_(Site.url == url, Integration.external_site_url == url)
    known = session.scalars(query.where(here)).all()
    if not known:
        raise NotFound(f"there is no site {url}; `igny8 site list` shows them all")
    # Where one has moved away from, another may be by now.
    same = [one for one in known if one.site_url == url] or known
    if len(ids := {one.site_id for one in same}) > 1:
        listed = ", ".join(map(str, sorted(ids)))
        raise NotFound(f"several accounts have {url}: name it by its id ({listed})")
    return same[0]
