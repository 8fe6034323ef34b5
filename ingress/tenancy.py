"""Rows of the account that asks. A row of another account is as good as missing."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from ingress.auth import account_id
from ingress.errors import Problem, not_found
from ingress.site_keys import asking_site
from models import Content, Integration, Publication, Revision, Run, Site
from models.sites.connecting import other_site_at
from pipeline.documents import Document


def own_site(session: Session, site_id: int, *, to_change: bool = False) -> Site:
    """Return a site; ``to_change`` locks it."""
    query = sa.select(Site).filter_by(id=site_id, account_id=account_id())
    if to_change:
        query = query.with_for_update()
    found = session.scalars(query).one_or_none()
    if found is None or asking_site() not in {None, found.id}:
        raise not_found("site")
    return found


def own_content(
    session: Session, content_id: int, *, to_change: bool = False, to_publish: bool = False
) -> Content:
    """Return a content; ``to_change`` locks it, because its next revision has the next number.

    ``to_publish`` locks it against changes: its status must be that of the text which goes out.
    """
    query = sa.select(Content).filter_by(id=content_id, account_id=account_id())
    if to_change or to_publish:
        query = query.with_for_update(read=to_publish)
    found = session.scalars(query).one_or_none()
    if found is None:
        raise not_found("content")
    return found


def own_run(session: Session, run_id: str) -> Run:
    query = (
        sa.select(Run)
        .filter_by(id=run_id, account_id=account_id())
        .options(
            joinedload(Run.publication, innerjoin=True).joinedload(
                Publication.integration, innerjoin=True
            )
        )
    )
    found = session.scalars(query).one_or_none()
    if found is None or asking_site() not in {None, found.publication.integration.site_id}:
        raise not_found("run")
    return found


def own_integration(
    session: Session, integration_id: int, *, to_change: bool = False
) -> Integration:
    """Return an integration with its site; ``to_change`` locks it.

    For who came with a site's key, every other site's is as good as missing.
    """
    query = (
        sa.select(Integration)
        .filter_by(id=integration_id, account_id=account_id())
        .options(joinedload(Integration.site, innerjoin=True))
    )
    if to_change:
        query = query.with_for_update(of=Integration)
    found = session.scalars(query).one_or_none()
    if found is None or asking_site() not in {None, found.site_id}:
        raise not_found("integration")
    return found


def integration_for(session: Session, content: Content, wanted_id: int | None) -> Integration:
    """Return the integration to publish on: the wanted one, else the site's only active one.

    Raises:
        Problem: 404 when it is not of the content's site, 403 or 409 when it or the site is not
            ready.
    """
    refuse_inactive(content.site)
    query = (
        sa.select(Integration)
        .filter_by(account_id=content.account_id, site_id=content.site_id)
        .order_by(Integration.id)
    )
    if wanted_id is None:
        return _only(list(session.scalars(query.where(Integration.is_active))))
    found = session.scalars(query.filter_by(id=wanted_id)).one_or_none()
    if found is None:
        raise not_found("integration of this content's site")
    if not found.is_active:
        raise Problem("integration_inactive", "Switch the integration on, or name another one.")
    return found


def refuse_taken_address(session: Session, address: str, site_id: int | None = None) -> None:
    """Refuse an address where another site of the account is: its plugin has that one's key.

    Raises:
        Problem: 409.
    """
    if other := other_site_at(session, account_id(), address, site_id):
        words = f"Site {other.id} is at {address}: go on with that one, or move it away first."
        raise Problem("site_exists", words)


def refuse_inactive(site: Site) -> None:
    """Refuse to publish on a site that is switched off.

    Raises:
        Problem: 403.
    """
    if not site.is_active:
        raise Problem("site_inactive", "Switch the site on to publish on it.")


def _only(active: list[Integration]) -> Integration:
    if not active:
        raise Problem(
            "no_integration", "Connect the content's site first: it has no active integration."
        )
    if len(active) > 1:
        names = ", ".join(f"{each.id} ({each.platform})" for each in active)
        raise Problem("several_integrations", f"Name one with site_integration_id: {names}.")
    return active[0]


def newest_document(session: Session, content: Content) -> Document:
    query = sa.select(Revision.document).filter_by(content_id=content.id, number=content.revision)
    return Document.from_json(session.scalars(query).one())


def publications_of(
    session: Session, contents: Collection[Content]
) -> dict[int, list[Publication]]:
    """Return every content's publications, oldest first: one statement for all of them."""
    found: dict[int, list[Publication]] = {content.id: [] for content in contents}
    query = sa.select(Publication).where(Publication.content_id.in_(found)).order_by(Publication.id)
    for publication in session.scalars(query):
        found[publication.content_id].append(publication)
    return found
