"""Content: ours, whichever site it ends up on. Its revisions, which never change, and its terms."""

import enum
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.site import Site


class ContentStatus(enum.StrEnum):
    """What our people think of it (C29). Whether a site has it is the publication's state (C20)."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"


class TermType(enum.StrEnum):
    CATEGORY = "category"
    TAG = "tag"


content_terms = Table(
    "content_terms",
    Base.metadata,
    Column("content_id", ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("term_id", ForeignKey("terms.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Term(Base):
    """A category or a tag of a site's vocabulary; categories form a tree (S45, S189)."""

    __tablename__ = "terms"
    __table_args__ = (UniqueConstraint("site_id", "type", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    type: Mapped[TermType]
    name: Mapped[str]
    path: Mapped[str]
    """The names from the root, joined by U+001F: what makes a term unique."""

    parent_id: Mapped[int | None] = mapped_column(ForeignKey("terms.id", ondelete="CASCADE"))


# As SQLAlchemy writes `~Content.swept` there: SQLite compares the words.
UNSWEPT_SQL = {"postgresql": text("NOT swept"), "sqlite": text("swept = 0")}


class Content(Base):
    """A piece of content; what it says is in its newest revision."""

    __tablename__ = "contents"
    __table_args__ = (
        UniqueConstraint("site_id", "import_key"),
        Index("ix_contents_account_id_id", "account_id", "id"),
        # Partial: the sweep looks at what is new to it, however much has been published.
        Index(
            "ix_contents_unswept",
            "site_id",
            "status",
            postgresql_where=UNSWEPT_SQL["postgresql"],
            sqlite_where=UNSWEPT_SQL["sqlite"],
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id", ondelete="CASCADE"))
    title: Mapped[str]
    status: Mapped[ContentStatus] = mapped_column(default=ContentStatus.DRAFT)
    import_key: Mapped[str | None]
    """Where an import found it; importing the same place again finds the same row."""

    revision: Mapped[int] = mapped_column(default=0)
    """The number of the newest revision."""

    fingerprint: Mapped[str] = mapped_column(default="")
    swept: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the sweep of approved contents has seen to it; it never does so twice."""

    created_at: Mapped[created_now]

    site: Mapped[Site] = relationship()
    terms: Mapped[list[Term]] = relationship(secondary=content_terms)


class Revision(Base):
    """What a content said at one moment. Written once: a publish is accepted for a revision."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("content_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    number: Mapped[int]
    document: Mapped[dict[str, Any]]
    """The plain values of pipeline.documents.Document."""

    fingerprint: Mapped[str]
    created_at: Mapped[created_now]

    content: Mapped[Content] = relationship()
