"""Rows for tests, made the way the product makes them. Only what a test is about is named in it."""

from itertools import count

from cryptography.fernet import Fernet

from models import Account, Content, Integration, Publication, Site
from models.authoring import Manuscript, save_content
from models.content import ContentStatus
from models.publishing.accepting import Wanted, accept_publish
from models.session import session_scope
from pipeline.documents import Document

SECRET_KEY = Fernet.generate_key().decode()
SITE_KEY = "igny8_live_0123456789abcdefghijklmnopqrst"

_numbers = count(1)


def make_account(session, name=None):
    account = Account(name=name or f"Account {next(_numbers)}")
    session.add(account)
    session.flush()
    return account


def make_site(session, account=None, url=None, key=None):
    """Make a site of ``account`` (else of a new one); no two sites may share a key."""
    number = next(_numbers)
    site = Site(
        account=account or make_account(session),
        name=f"Site {number}",
        url=url or f"https://site-{number}.example",
    )
    session.add(site)
    session.flush()
    site.set_key(key or f"igny8_live_{number:030d}")
    session.flush()
    return site


def make_integration(session, site=None, **values):
    site = site or make_site(session)
    config = values.pop("config_json", {"site_url": site.url})
    integration = Integration(
        account_id=site.account_id,
        site=site,
        external_site_url=config.get("site_url", site.url),
        config_json=config,
        connection_status=values.pop("connection_status", "connected"),
        **values,
    )
    session.add(integration)
    session.flush()
    return integration


def make_content(session, site, title="A title", html="<p>Some text.</p>", *, content=None, **more):
    """Save a content, or the next revision of ``content``; ``more`` are fields of a Document.

    `status` and `import_key` are the manuscript's.
    """
    status = more.pop("status", ContentStatus.APPROVED)
    import_key = more.pop("import_key", None)
    document = Document(title=title, html=html, **more)
    manuscript = Manuscript(document.as_json(), document.fingerprint(), status, import_key)
    saved, _ = save_content(session, site, manuscript, content)
    return saved


def make_publication(integration, title="A title", html="<p>Some text.</p>", **more):
    """Accept a publish of new content in a transaction of its own; return the queued row.

    ``wanted`` is a `models.publishing.accepting.Wanted`; the rest of ``more`` is the content's.
    """
    wanted = more.pop("wanted", Wanted())
    with session_scope() as session:
        ours = session.get_one(Integration, integration.id)
        content = make_content(session, ours.site, title, html, **more)
        return accept_publish(session, content, ours, wanted).publication


def reload(row):
    """Return the row as the database has it now."""
    with session_scope(read_only=True) as session:
        return session.get_one(type(row), row.id)


__all__ = [
    "SECRET_KEY",
    "SITE_KEY",
    "Content",
    "Publication",
    "make_account",
    "make_content",
    "make_integration",
    "make_publication",
    "make_site",
    "reload",
]
