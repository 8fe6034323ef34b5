"""KeptKey: what a removed integration's publications were called at their site."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class KeptKey(Base):
    """The site knows a content by this key for good, and refuses it under any other.

    Gone when the content is accepted there again: its publication has the key then.
    """

    __tablename__ = "kept_keys"

    site_id: Mapped[int] = mapped_column(
        ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True
    )
    platform: Mapped[str] = mapped_column(primary_key=True)
    content_id: Mapped[int] = mapped_column(
        ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(unique=True)
    revision: Mapped[int]
    """The last that may be at the site, or on its way there: the next one goes above it."""

    fence: Mapped[int]
    kept_at: Mapped[created_now]
