"""A site gets its integration, once, however many ask at the same moment (S3, S74)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from models.account import Account
from models.integration import Integration
from models.site import Site

WORDPRESS = "wordpress"


def address_of(session: Session, site: Site, platform: str = WORDPRESS) -> str:
    """Return where a site is on a platform: its integration's address, else its own (C16)."""
    query = sa.select(Integration).filter_by(site_id=site.id, platform=platform)
    found = session.scalars(query.options(joinedload(Integration.site))).one_or_none()
    return found.site_url if found else site.url


def other_site_at(
    session: Session, account_id: int, address: str, site_id: int | None = None
) -> Site | None:
    """Return the account's site, another one than ``site_id``, that is at an address by now.

    A site that has moved is at its integration's address, and no longer at its own. No other
    transaction gives a site of this account an address before this one ends.
    """
    locked = sa.select(Account.id).filter_by(id=account_id).with_for_update(key_share=True)
    session.execute(locked)
    query = (
        sa.select(Site)
        .outerjoin(Integration, Integration.site_id == Site.id)
        .where(
            Site.account_id == account_id,
            sa.func.coalesce(Integration.external_site_url, Site.url) == address,
        )
        .order_by(Site.id)
        .limit(1)
    )
    if site_id is not None:
        query = query.where(Site.id != site_id)
    return session.scalars(query).first()


def ensure_integration(
    session: Session, site: Site, platform: str = WORDPRESS, **values: Any
) -> tuple[Integration, bool]:
    """Return the site's integration on a platform, and whether it was made now.

    ``values`` are for a new one; the account is the site's, and so is the address unless
    ``values`` say otherwise.
    """
    query = (
        sa.select(Integration)
        .filter_by(site_id=site.id, platform=platform)
        .options(joinedload(Integration.site))
    )
    if found := session.scalars(query).one_or_none():
        return found, False
    config = values.pop("config_json", {})
    address = str(config.get("site_url") or site.url)
    try:
        with session.begin_nested():
            made = Integration(
                account_id=site.account_id,
                site=site,
                platform=platform,
                config_json={**config, "site_url": address},
                external_site_url=address,
                **values,
            )
            session.add(made)
    except IntegrityError:  # another request was quicker
        return session.scalars(query).one(), False
    return made, True
