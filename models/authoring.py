"""Saving what authors write: a content, its next revision when it changed, its terms and images."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.content import Content, ContentStatus, Revision, Term, TermType
from models.image import Image, ImageFile
from models.plan_requests import suggest_plan
from models.site import Site

PATH_SEPARATOR = "\x1f"
"""Between the names of a path: no name holds it."""


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A document's plain values, with what the database wants to know beside them."""

    document: Mapping[str, Any]
    """`pipeline.documents.Document.as_json()`."""

    fingerprint: str
    status: ContentStatus = ContentStatus.DRAFT
    import_key: str | None = None


def save_content(
    session: Session, site: Site, manuscript: Manuscript, content: Content | None = None
) -> tuple[Content, bool]:
    """Create a content, or give ``content`` its next revision; return it and whether it changed.

    Saving the same again changes nothing.
    """
    content = content or _find_imported(session, site, manuscript.import_key)
    if content is None:
        content = Content(
            account_id=site.account_id,
            site_id=site.id,
            title="",
            revision=0,
            fingerprint="",
            import_key=manuscript.import_key,
        )
        session.add(content)
    same = content.fingerprint == manuscript.fingerprint
    if same and content.status is manuscript.status:
        return content, False
    if content.id is not None and content.status is not manuscript.status:
        suggest_plan(session, content.site_id)  # what is approved again may have a slot again
    content.status = manuscript.status
    if not same:
        _add_revision(session, content, manuscript)
    session.flush()
    return content, True


def _find_imported(session: Session, site: Site, import_key: str | None) -> Content | None:
    if import_key is None:
        return None
    query = sa.select(Content).filter_by(site_id=site.id, import_key=import_key)
    return session.scalars(query).one_or_none()


def _add_revision(session: Session, content: Content, manuscript: Manuscript) -> None:
    document = manuscript.document
    content.title = str(document["title"])
    content.fingerprint = manuscript.fingerprint
    content.revision += 1
    session.flush()
    session.add(
        Revision(
            content_id=content.id,
            number=content.revision,
            document=dict(document),
            fingerprint=manuscript.fingerprint,
        )
    )
    content.terms = [
        *_terms(session, content.site_id, TermType.CATEGORY, document["categories"]),
        *_terms(session, content.site_id, TermType.TAG, [[name] for name in document["tags"]]),
    ]
    _replace_images(session, content.id, document["images"])


def _terms(
    session: Session, site_id: int, kind: TermType, paths: Iterable[Sequence[str]]
) -> list[Term]:
    found: dict[int, Term] = {}
    for path in paths:
        parent: Term | None = None
        for depth in range(1, len(path) + 1):
            parent = _ensure_term(session, site_id, kind, path[:depth], parent)
        if parent is not None:
            found[parent.id] = parent
    return list(found.values())


def _ensure_term(
    session: Session, site_id: int, kind: TermType, path: Sequence[str], parent: Term | None
) -> Term:
    wanted = {"site_id": site_id, "type": kind, "path": PATH_SEPARATOR.join(path)}
    query = sa.select(Term).filter_by(**wanted)
    if found := session.scalars(query).one_or_none():
        return found
    try:
        with session.begin_nested():
            added = Term(**wanted, name=path[-1], parent_id=parent.id if parent else None)
            session.add(added)
    except sa.exc.IntegrityError:  # another import made it meanwhile
        return session.scalars(query).one()
    return added


def _replace_images(session: Session, content_id: int, images: Iterable[Mapping[str, Any]]) -> None:
    session.execute(sa.delete(Image).filter_by(content_id=content_id))
    session.add_all(
        Image(
            content_id=content_id,
            role=image["role"],
            position=position,
            source=image["source"],
            alt=image["alt"],
            caption=image["caption"],
            sha256=image["hash"],
        )
        for position, image in enumerate(images)
    )


def keep_image(session: Session, sha256: str, data: bytes, media_type: str | None) -> None:
    """Keep the bytes of an image, once; ``sha256`` is their digest."""
    if session.get(ImageFile, sha256) is None:
        session.add(ImageFile(sha256=sha256, data=data, size=len(data), media_type=media_type))
        session.flush()
