"""Asking for a new plan of a site's slots, by whatever moves them; the planner's tick makes it.

Locks are taken in one order: a site's settings, its entries, their publications. Who writes many
entries skips those that are locked, who writes one waits for it: so none waits in a circle.
"""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.publishing_settings import PublishingSettings
from models.site import Site


def ensure_settings(session: Session, site: Site) -> PublishingSettings:
    """Return a site's settings, made with their defaults where it has none yet (S55)."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(
        dialect.insert(PublishingSettings)
        .values(site_id=site.id, account_id=site.account_id)
        .on_conflict_do_nothing(index_elements=["site_id"])
    )
    return session.get_one(PublishingSettings, site.id)


def ask_for_plan(session: Session, site_ids: Collection[int]) -> None:
    """Have these sites planned anew; call it before entries of theirs are written.

    It waits for whoever plans one of them now, else that plan would lack what is written next.
    """
    if not lock_settings(session, site_ids):
        return
    session.execute(
        sa.update(PublishingSettings)
        .where(PublishingSettings.site_id.in_(site_ids))
        .values(plan_due=True)
        .execution_options(synchronize_session=False)
    )


def ask_for_plans_of(session: Session, account_id: int) -> None:
    """Have all sites of an account planned anew, as :func:`ask_for_plan`."""
    query = sa.select(PublishingSettings.site_id).filter_by(account_id=account_id)
    ask_for_plan(session, list(session.scalars(query)))


def suggest_plan(session: Session, site_id: int) -> None:
    """Have a site planned anew, unless it is being planned now; never waits.

    For a publish by hand, which may use up a cap: a plan that has missed it stays too full, and
    the caps are counted again when a slot is due.
    """
    known = PublishingSettings
    free = sa.select(known.site_id).where(known.site_id == site_id, known.plan_due.is_(False))
    session.execute(
        sa.update(known)
        .where(known.site_id.in_(free.with_for_update(skip_locked=True)))
        .values(plan_due=True)
        .execution_options(synchronize_session=False)
    )


def lock_settings(
    session: Session, site_ids: Collection[int], *, skip_locked: bool = False
) -> list[int]:
    """Lock the settings of sites; return which are locked now: all, or those that were free."""
    if not site_ids:
        return []
    query = (
        sa.select(PublishingSettings.site_id)
        .where(PublishingSettings.site_id.in_(site_ids))
        .order_by(PublishingSettings.site_id)
        .with_for_update(skip_locked=skip_locked)
    )
    return list(session.scalars(query))
