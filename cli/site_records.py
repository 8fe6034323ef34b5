"""A site in the database: recorded, given its key, and what a look at it showed."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from cli.exits import CommandError, Exit
from models import Account, Integration, Site
from models.encryption import SecretDamaged, digest
from models.publishing.outcomes import resume_site
from models.session import session_scope
from models.sites.connecting import address_of, ensure_integration, other_site_at
from models.sites.keys import is_key_in_use, owner_of, replace_key
from pipeline.errors import PublishError, SiteError
from platforms import Target, connect, target_of
from platforms.base import SiteStatus
from platforms.trying_out import try_out


class KeyRefused(CommandError):
    """This can't be a site's key; the message says why and never repeats it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, Exit.BAD_INPUT)


@dataclass(frozen=True, slots=True)
class NewSite:
    """What the operator says of a site."""

    url: str
    """As `pipeline.site_urls.normalise_site_url` wrote it."""

    key: str
    name: str | None = None
    account: str = "default"
    replace: bool = False
    """Also where the present key is in use."""

    overlap_hours: int = 24
    """How long the key that is replaced goes on being accepted."""


@dataclass(frozen=True, slots=True)
class Recorded:
    integration: Integration
    added: bool
    """False when the site was there."""

    new_key: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What a site said of itself, or why it could not."""

    integration_id: int
    status: SiteStatus | None = None
    error: PublishError | None = None


def check_key(key: str) -> str:
    """Return the key without the white space around it.

    Raises:
        KeyRefused: it is empty, or no HTTP header can carry it.
    """
    cleaned = key.strip()
    if not cleaned:
        raise KeyRefused("the key is empty: copy it from the plugin's settings, or --generate-key")
    if not (cleaned.isascii() and cleaned.isprintable()) or " " in cleaned:
        raise KeyRefused("the key has spaces or unusual characters in it: copy it once more")
    return cleaned


def record_site(session: Session, new: NewSite) -> Recorded:
    """Add a site with its integration, or give the one that is at this address now its new key.

    Raises:
        KeyRefused: another site has this key, since an inbound key must name one site (C1); or the
            site works with the one it has.
        CommandError: the site that was added with this address has moved away.
    """
    account = ensure_account(session, new.account)
    site = other_site_at(session, account.id, new.url)
    _refuse_shared_key(session, new.key, site)
    added = site is None
    if site is None:
        _refuse_moved_away(session, account.id, new.url)
        host = new.url.partition("://")[2]
        site = Site(account_id=account.id, url=new.url, name=new.name or host)
        session.add(site)
        session.flush()
    site = session.get_one(Site, site.id, with_for_update=True, populate_existing=True)
    site.name = new.name or site.name
    integration = ensure_integration(session, site)[0]
    return Recorded(integration, added, _give_key(session, integration, new))


def _refuse_moved_away(session: Session, account_id: int, url: str) -> None:
    """Refuse the address of a site that is elsewhere by now: the new key is not meant for it."""
    query = sa.select(Site).filter_by(account_id=account_id, url=url)
    if gone := session.scalars(query).one_or_none():
        raise CommandError(
            f"site {gone.id}, added as {url}, is at {address_of(session, gone)} by now: when it "
            f"is back, `igny8 site move {gone.id} {url}`; a new site there needs another account",
            Exit.BAD_INPUT,
        )


def _give_key(session: Session, integration: Integration, new: NewSite) -> bool:
    """Give the site its key, and return whether that changed anything."""
    site = integration.site
    if site.wp_api_key_digest == digest(new.key):
        if _is_readable(site):
            return False
        site.set_key(new.key)  # entering the key again is how a damaged one is repaired
        session.flush()
        return True
    if not new.replace and is_key_in_use(session, integration):
        raise KeyRefused(
            f"site {site.id}, {integration.site_url}, works with the key it has: change it by "
            f"`igny8 site rotate-key {site.id}`, or say --replace"
        )
    replace_key(session, site, new.key, new.overlap_hours * 3600)
    return True


def _is_readable(site: Site) -> bool:
    try:
        return site.wp_api_key is not None
    except SecretDamaged:
        return False


def ensure_account(session: Session, name: str) -> Account:
    """Return the account of this name; made when it is missing."""
    account = session.scalars(sa.select(Account).filter_by(name=name)).one_or_none()
    if account is None:
        account = Account(name=name)
        session.add(account)
        session.flush()
    return account


def _refuse_shared_key(session: Session, key: str, site: Site | None) -> None:
    owner = owner_of(session, key)
    if owner is not None and owner is not site:
        where = address_of(session, owner)
        raise KeyRefused(f"{where} has this key already: every site needs its own")


def target_or_fault(integration: Integration) -> Target | Look:
    """Return whom to ask, or why nobody can be asked."""
    try:
        return target_of(integration)
    except SiteError as error:
        return Look(integration.id, error=error)


def look_at(target: Target | Look) -> Look:
    """Ask the site for all that a publish asks of it; no transaction is open."""
    if isinstance(target, Look):
        return target
    try:
        return Look(target.integration_id, try_out(connect(target)))
    except PublishError as error:
        return Look(target.integration_id, error=error)


def record_look(look: Look) -> None:
    """Write down what a look showed; a site that is well again goes on with its parked work."""
    with session_scope() as session:
        if look.error is None:
            resume_site(session, look.integration_id)
            return
        session.execute(
            sa.update(Integration)
            .where(Integration.id == look.integration_id)
            .values(connection_status="error", sync_error=f"{look.error.code}: {look.error}")
            .execution_options(synchronize_session=False)
        )


ADVICE = {
    "unreachable": "see whether the site is up and its address right",
    "timeout": "see whether the site is up; it may only be slow",
    "credentials_rejected": "or give us the plugin's: igny8 site add URL --key KEY --replace",
    "bridge_missing": "install and activate it under Plugins",
    "not_wordpress": "see whether the address is that of the WordPress itself",
    "key_damaged": "enter it again: igny8 site add URL --key KEY",
    "address_refused": "where that is meant: igny8 site add URL --allow-private",
}


def advice(look: Look, site_id: int) -> str:
    """Return what is wrong with a site and what the operator can do about it."""
    if look.error is None:
        return ""
    todo = ADVICE.get(look.error.code)
    again = f"then `igny8 site check {site_id}`"
    return f"{look.error}; {todo}, {again}" if todo else f"{look.error}; {again}"
