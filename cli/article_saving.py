"""Articles of an import go into the database, a group in one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from cli.picture_files import PictureBytes
from models import Content, ContentStatus, Site
from models.authoring import Manuscript, keep_image, save_content
from models.session import session_scope
from pipeline.documents import Document


class Saved(StrEnum):
    """What saving an article did."""

    IMPORTED = "imported"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Article:
    """A document with its place in the import, by which the next import finds it again."""

    place: str
    document: Document
    status: ContentStatus | None = None
    """None: as it is, and a draft when it is new."""


@dataclass(frozen=True, slots=True)
class Result:
    article: Article
    saved: Saved
    problem: str = ""


def save_group(
    site_id: int, articles: Sequence[Article], pictures: Sequence[PictureBytes]
) -> list[Result]:
    """Save a group at once; where the database refuses it, one by one, so that one fails alone."""
    try:
        with session_scope() as session:
            _keep(session, pictures)
            return list(_save_all(session, site_id, articles))
    except (DataError, IntegrityError):
        with session_scope() as session:
            _keep(session, pictures)
        return [_save_alone(site_id, article) for article in articles]


def _save_alone(site_id: int, article: Article) -> Result:
    try:
        with session_scope() as session:
            return next(_save_all(session, site_id, [article]))
    except (DataError, IntegrityError) as error:
        words = str(error.orig).strip().partition("\n")[0]
        return Result(article, Saved.FAILED, f"the database refuses it: {words}")


def _keep(session: Session, pictures: Sequence[PictureBytes]) -> None:
    for picture in pictures:
        keep_image(session, picture.sha256, picture.data, picture.media_type)


def _save_all(session: Session, site_id: int, articles: Sequence[Article]) -> Iterator[Result]:
    site = session.get_one(Site, site_id)
    known = _known(session, site_id, articles)
    for article in articles:
        before = known.get(article.place)
        content, changed = save_content(session, site, _manuscript(article, before), before)
        known[article.place] = content
        if before is None:
            yield Result(article, Saved.IMPORTED)
        else:
            yield Result(article, Saved.CHANGED if changed else Saved.UNCHANGED)


def _manuscript(article: Article, before: Content | None) -> Manuscript:
    return Manuscript(
        document=article.document.as_json(),
        fingerprint=article.document.fingerprint(),
        status=_status(article, before),
        import_key=article.place,
    )


def _status(article: Article, before: Content | None) -> ContentStatus:
    if article.status is not None:
        return article.status
    return before.status if before else ContentStatus.DRAFT


def compare_group(site_id: int, articles: Sequence[Article]) -> list[Result]:
    """Return what saving would do, without doing it."""
    with session_scope(read_only=True) as session:
        known = _known(session, site_id, articles)
        return [Result(article, _would(article, known.get(article.place))) for article in articles]


def _would(article: Article, before: Content | None) -> Saved:
    if before is None:
        return Saved.IMPORTED
    same = before.fingerprint == article.document.fingerprint()
    same = same and before.status is _status(article, before)
    return Saved.UNCHANGED if same else Saved.CHANGED


def _known(session: Session, site_id: int, articles: Sequence[Article]) -> dict[str, Content]:
    query = sa.select(Content).where(
        Content.site_id == site_id, Content.import_key.in_([article.place for article in articles])
    )
    return {content.import_key: content for content in session.scalars(query) if content.import_key}
