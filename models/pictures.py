"""The image files of a batch: what is known of them, their bytes, and the verdict of a look."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, undefer

from models.image import ImageFile


def file_facts(session: Session, hashes: Collection[str]) -> dict[str, ImageFile]:
    """Return what is known of these files, without their bytes."""
    query = sa.select(ImageFile).where(ImageFile.sha256.in_(list(hashes)))
    return {file.sha256: file for file in session.scalars(query)}


def file_bytes(session: Session, sha256: str) -> bytes:
    """Return the bytes of one file."""
    return session.scalars(sa.select(ImageFile.data).filter_by(sha256=sha256)).one()


def files_with_bytes(session: Session, hashes: Collection[str]) -> list[ImageFile]:
    """Return these files with their bytes."""
    query = (
        sa.select(ImageFile)
        .options(undefer(ImageFile.data))
        .where(ImageFile.sha256.in_(list(hashes)))
    )
    return list(session.scalars(query))


def write_verdicts(session: Session, verdicts: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep what a look at the bytes showed: one statement for all of them."""
    session.execute(
        sa.update(ImageFile),
        [{"sha256": name, "checked": True, **verdict} for name, verdict in verdicts.items()],
    )
