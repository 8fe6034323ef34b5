"""The daily census of a site: who takes it, the rows it compares, and what it found last time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, created_now
from models.clock import now, now_plus
from models.content import Revision
from models.integration import Integration
from models.publication import Publication
from models.sites.standing import IN_SERVICE

DAY, SPREAD = 24 * 3600, 3600
AGAIN_AFTER = 3600
"""Seconds until a census that did not come to its end is taken again."""

AT_ONCE = 500
"""Values in one statement; SQLite takes 32,766, older ones 999."""


class CensusFinding(Base):
    """A difference that the last census of a site found: told once, and counted while it lasts."""

    __tablename__ = "census_findings"

    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    mark: Mapped[str]
    """Changes when the difference does."""

    found_at: Mapped[created_now]


def _is_due() -> tuple[sa.ColumnElement[bool], ...]:
    # By the id, so that sites which were added together are not asked together for ever.
    age = DAY + Integration.id % SPREAD * 7919 % SPREAD
    return (
        sa.func.coalesce(Integration.census_at, Integration.created_at) < now_plus(-age),
        sa.and_(IN_SERVICE, Integration.sync_enabled, Integration.breaker_opens == 0),
    )


def due_sites(session: Session, platforms: Collection[str], limit: int) -> list[int]:
    """Return integrations whose last census is older than a day, the oldest first."""
    query = (
        sa.select(Integration.id)
        .where(*_is_due(), Integration.platform.in_(list(platforms)))
        .order_by(sa.func.coalesce(Integration.census_at, Integration.created_at))
        .limit(limit)
    )
    return list(session.scalars(query))


def claim_census(session: Session, integration_id: int, *, forced: bool = False) -> datetime | None:
    """Take the census of a site upon oneself; None when it is not due, or another has it.

    Until `end_census` says that it came to its end, it will be due again in an hour or two.
    """
    return session.scalar(
        sa.update(Integration)
        .where(Integration.id == integration_id, *(() if forced else _is_due()))
        .values(census_at=now_plus(AGAIN_AFTER - DAY))
        .returning(Integration.census_at)
        .execution_options(synchronize_session=False)
    )


def end_census(session: Session, integration_id: int, claimed: datetime) -> None:
    """Note that a census came to its end, unless another has begun meanwhile."""
    session.execute(
        sa.update(Integration)
        .where(Integration.id == integration_id, Integration.census_at == claimed)
        .values(census_at=now())
        .execution_options(synchronize_session=False)
    )


def census_rows(session: Session, integration_id: int) -> list[dict[str, Any]]:
    """Return a site's publications, with what was accepted last of each.

    The columns are the fields of `pipeline.census.Known`, but for the two of the accepted wish.
    """
    row = Publication
    found = session.execute(
        sa.select(
            row.id,
            row.key,
            row.content_id,
            row.state,
            row.fence,
            row.revision,
            row.published_revision,
            row.unclear,
            row.external_id,
            row.external_status,
            row.post_status,
            Revision.fingerprint.label("document_fingerprint"),
        )
        .join(Revision, Revision.id == row.revision_id)
        .where(row.integration_id == integration_id)
    )
    return [dict(each) for each in found.mappings()]


def keys_of_ours(session: Session, integration_id: int, keys: Sequence[str]) -> set[str]:
    """Return those of ``keys`` that are publications of this site by now."""
    found: set[str] = set()
    for start in range(0, len(keys), AT_ONCE):
        query = sa.select(Publication.key).where(
            Publication.integration_id == integration_id,
            Publication.key.in_(keys[start : start + AT_ONCE]),
        )
        found |= set(session.scalars(query))
    return found


def change_row(
    session: Session, publication_id: int, seen: Mapping[str, Any], values: Mapping[str, Any]
) -> bool:
    """Write ``values`` to a publication while its columns are still as they were ``seen``."""
    unchanged = (getattr(Publication, name) == value for name, value in seen.items())
    changed = session.execute(
        sa.update(Publication)
        .where(Publication.id == publication_id, *unchanged)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def accepted_wish(session: Session, publication_id: int) -> tuple[str, str]:
    """Return the document's fingerprint and the post status that were accepted last."""
    row = session.execute(
        sa.select(Revision.fingerprint, Publication.post_status)
        .join(Publication, Publication.revision_id == Revision.id)
        .where(Publication.id == publication_id)
    ).one()
    return row[0], row[1]


def keep_finding(session: Session, integration_id: int, key: str, kind: str, mark: str) -> bool:
    """Keep a finding; whether it is new, or differs from what was found before."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    adding = dialect.insert(CensusFinding).values(
        integration_id=integration_id, key=key, kind=kind, mark=mark
    )
    kept = adding.on_conflict_do_update(
        index_elements=["integration_id", "key", "kind"],
        set_={"mark": adding.excluded.mark, "found_at": now()},
        where=CensusFinding.mark != adding.excluded.mark,
    ).returning(CensusFinding.key)
    return session.scalar(kept) is not None


def forget_findings(
    session: Session, integration_id: int, but: Collection[tuple[str, str]]
) -> None:
    """Forget what is found no more: all but these keys and kinds."""
    query = sa.select(CensusFinding.key, CensusFinding.kind).filter_by(
        integration_id=integration_id
    )
    for key, kind in session.execute(query).all():
        if (key, kind) not in but:
            session.execute(
                sa.delete(CensusFinding)
                .filter_by(integration_id=integration_id, key=key, kind=kind)
                .execution_options(synchronize_session=False)
            )


def count_findings(session: Session) -> dict[str, int]:
    """Return how many findings of each kind the last censuses of all sites left."""
    query = sa.select(CensusFinding.kind, sa.func.count()).group_by(CensusFinding.kind)
    return dict(session.execute(query).all())
