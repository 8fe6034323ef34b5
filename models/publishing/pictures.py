"""The image files of a batch: what is known of them, their bytes, and what was made of them."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased, undefer

from models.image import ImageFile


def prepared_files(
    session: Session, hashes: Collection[str]
) -> dict[str, tuple[str | None, int | None, str | None]]:
    """Return hash and size of what was made of each file, and its problem, by the file's hash.

    All three are None for one that nobody has looked at yet.
    """
    prepared = aliased(ImageFile)
    query = (
        sa.select(ImageFile.sha256, prepared.sha256, prepared.size, ImageFile.problem)
        .outerjoin(prepared, prepared.sha256 == ImageFile.prepared_sha256)
        .where(ImageFile.sha256.in_(list(hashes)))
    )
    return {name: (made, size, problem) for name, made, size, problem in session.execute(query)}


def file_bytes(session: Session, sha256: str) -> bytes:
    """Return the bytes of one file."""
    return session.scalars(sa.select(ImageFile.data).filter_by(sha256=sha256)).one()


def files_with_bytes(session: Session, hashes: Collection[str]) -> list[ImageFile]:
    """Return those of these files that may go to a site, with their bytes."""
    query = (
        sa.select(ImageFile)
        .options(undefer(ImageFile.data))
        .where(
            ImageFile.sha256.in_(list(hashes)),
            ImageFile.prepared_sha256 == ImageFile.sha256,
        )
    )
    return list(session.scalars(query))


def keep_prepared(
    session: Session, sha256: str, prepared: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    """Keep what was made of a file, once, and what was ``found`` out about the file itself."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    known = {"checked": True, "prepared_sha256": prepared["sha256"], "problem": None}
    session.execute(
        dialect.insert(ImageFile)
        .values(**prepared, **known)
        .on_conflict_do_update(index_elements=["sha256"], set_=known)
    )
    _note(session, sha256, {**found, **known})


def refuse_file(session: Session, sha256: str, found: Mapping[str, Any]) -> None:
    """Note why a file can't be used."""
    _note(session, sha256, {**found, "checked": True})


def _note(session: Session, sha256: str, values: Mapping[str, Any]) -> None:
    session.execute(
        sa.update(ImageFile)
        .where(ImageFile.sha256 == sha256)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
