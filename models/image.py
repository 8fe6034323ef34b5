"""Image: a picture a content uses. ImageFile: its bytes, kept once however often it is used."""

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class ImageFile(Base):
    """The bytes of a picture, named by their SHA-256.

    In the database and not in a folder, so that every worker on every host finds them, and a
    backup holds them together with the rows that name them (docs/decisions/0004). What an author
    gave is kept as it came; what a site gets is a file of its own (docs/decisions/0007).
    """

    __tablename__ = "image_files"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[bytes] = mapped_column(deferred=True)
    size: Mapped[int]
    media_type: Mapped[str | None]
    width: Mapped[int | None]
    height: Mapped[int | None]
    checked: Mapped[bool] = mapped_column(default=False)
    """Whether a media worker has decoded it. The release before this one asks."""

    prepared_sha256: Mapped[str | None]
    """The file with the bytes that sites get in place of these: itself, for that file."""

    problem: Mapped[str | None]
    """Why it can't be used, in words; null when it can."""

    created_at: Mapped[created_now]


class Image(Base):
    """A picture in its place: whose it is, where it stands, what it shows (S44, S46)."""

    __tablename__ = "images"
    __table_args__ = (UniqueConstraint("content_id", "role", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    role: Mapped[str]
    """featured, gallery or inline."""

    position: Mapped[int]
    source: Mapped[str]
    """The path or address that the author wrote (S46 calls an address image_url)."""

    alt: Mapped[str] = mapped_column(default="")
    caption: Mapped[str] = mapped_column(default="")
    sha256: Mapped[str | None] = mapped_column(ForeignKey("image_files.sha256"), index=True)
    created_at: Mapped[created_now]
