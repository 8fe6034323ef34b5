"""A site's keys: made, looked up when one comes in, and changed without a gap (S20, S21, C1)."""

import enum
import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager

from models.clock import now, now_plus
from models.encryption import digest
from models.history import EventStatus, SyncEvent
from models.installation import Installation
from models.integration import Integration
from models.site import Site

PREFIX = "igny8_live_"


class KeyKind(enum.StrEnum):
    """Which of a site's keys somebody has shown us."""

    CURRENT = "current"
    NEXT = "next"
    """Of a rotation that has not switched yet."""

    PREVIOUS = "previous"
    """Of one that has; accepted for a while."""


def new_site_key() -> str:
    """Return a fresh key, of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def _accepting(wanted: sa.BindParameter[str]) -> sa.Select[Site]:
    previous = sa.and_(Site.previous_api_key_digest == wanted, Site.previous_api_key_until > now())
    columns = (Site.wp_api_key_digest == wanted, Site.next_api_key_digest == wanted, previous)
    order = sa.case((columns[0], 0), (columns[1], 1), else_=2)
    with_account = sa.select(Site).join(Site.account).options(contains_eager(Site.account))
    return with_account.where(sa.or_(*columns)).order_by(order)


# Put together once: it is asked for every webhook.
_BY_DIGEST = _accepting(sa.bindparam("wanted", type_=sa.String))


def find_by_key(session: Session, key: str) -> tuple[Site, KeyKind] | None:
    """Return the site that accepts ``key`` at this moment, its account loaded, and as what.

    A wrong key costs the same: one digest, one statement, one comparison.
    """
    wanted = digest(key)
    site = session.scalars(_BY_DIGEST, {"wanted": wanted}).first()
    # The database's comparison may be case-blind by its collation; these are not.
    stored = {
        KeyKind.CURRENT: site and site.wp_api_key_digest,
        KeyKind.NEXT: site and site.next_api_key_digest,
        KeyKind.PREVIOUS: site and site.previous_api_key_digest,
    }
    same = [kind for kind, of in stored.items() if hmac.compare_digest(of or "", wanted)]
    return (site, same[0]) if site is not None and same else None


def owner_of(session: Session, key: str) -> Site | None:
    """Return the site that has this key in any place, also as one that is not accepted any more."""
    wanted = digest(key)
    places = (Site.wp_api_key_digest, Site.next_api_key_digest, Site.previous_api_key_digest)
    query = sa.select(Site).where(sa.or_(*(place == wanted for place in places)))
    return session.scalars(query).first()


def is_key_in_use(session: Session, integration: Integration) -> bool:
    """Whether the site was ever seen to have its key: one that is out of order still has it."""
    if integration.connection_status in {"connected", "ready"}:
        return True
    registered = sa.exists().where(Installation.site_id == integration.site_id)
    worked = sa.exists().where(
        SyncEvent.integration_id == integration.id, SyncEvent.status == EventStatus.SUCCESS
    )
    return bool(session.scalar(sa.select(sa.or_(registered, worked))))


def replace_key(session: Session, site: Site, key: str, overlap: float) -> None:
    """Give the site this key; go on accepting the one that it replaces for ``overlap`` seconds.

    A rotation on its way ends by this. The caller holds the site's row.
    """
    _keep_as_previous(session, site, overlap)
    site.next_api_key = None
    site.set_key(key)
    session.flush()


def start_rotation(session: Session, site: Site) -> str:
    """Return the key that the site shall get, made and stored before anybody is told of it.

    The same again until it has switched. The caller holds the site's row.
    """
    if site.next_api_key is None:
        site.next_api_key = new_site_key()
        session.flush()
    return str(site.next_api_key)


def switch_keys(session: Session, site: Site, key: str, overlap: float) -> bool:
    """Make the next key the site's own; False when ``key`` is not the next one any more.

    The old one is accepted for ``overlap`` seconds. The caller holds the site's row.
    """
    if site.next_api_key != key:
        return site.wp_api_key == key  # switched before: nothing to do
    replace_key(session, site, key, overlap)
    return True


def drop_next_key(session: Session, site: Site, key: str) -> None:
    """End a rotation that has not switched; nothing where ``key`` is not the next one any more.

    The caller holds the site's row.
    """
    if site.next_api_key == key:
        site.next_api_key = None
        session.flush()


def forget_old_keys(session: Session) -> int:
    """Take away the previous keys whose time is over; return how many."""
    forgotten = session.execute(
        sa.update(Site)
        .where(Site.previous_api_key_until <= now())
        .values(previous_api_key_digest=None, previous_api_key_until=None)
        .execution_options(synchronize_session=False)
    )
    return int(forgotten.rowcount)  # type: ignore[attr-defined]


def _keep_as_previous(session: Session, site: Site, overlap: float) -> None:
    replaced = site.wp_api_key_digest
    kept = overlap > 0 and replaced is not None
    session.execute(
        sa.update(Site)
        .where(Site.id == site.id)
        .values(
            previous_api_key_digest=replaced if kept else None,
            previous_api_key_until=now_plus(overlap) if kept else None,
        )
        .execution_options(synchronize_session=False)
    )
