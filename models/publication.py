"""Publication: one content on one integration; the row everything turns around."""

import enum
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ForeignKey, Index, UniqueConstraint, and_, bindparam, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now
from models.content import Content, Revision
from models.integration import Integration


class PublicationState(enum.StrEnum):
    """Where a publication is (C20); docs/architecture.md draws the moves."""

    QUEUED = "queued"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    """We don't know what the site did; the next step asks it, before anything is repeated."""

    HELD = "held"
    WITHDRAWN = "withdrawn"


WAITING = (PublicationState.QUEUED, PublicationState.UNCONFIRMED)
WAITING_SQL = text("state IN ('queued', 'unconfirmed')")
PUBLISHING_SQL = text("state = 'publishing'")
PUBLISHED_SQL = text("state = 'published'")
SHOWN_SQL = text("external_id IS NOT NULL")
WINDOW_SQL = text("publish_until IS NOT NULL AND state IN ('queued', 'unconfirmed')")

# Written out in the statement: SQLite uses a partial index only where it can see that it fits.
WAITS: BindParameter[Any] = bindparam("waits", WAITING, expanding=True, literal_execute=True)
ON_ITS_WAY: BindParameter[Any] = bindparam(
    "on_its_way", PublicationState.PUBLISHING, literal_execute=True
)


class Batch(Base):
    """1 to 20 publications of one site on their way together.

    The id is the lease token: it only grows, a rescued item goes into a new batch, and every
    write names the batch it was claimed for, so that a late one changes nothing.
    """

    __tablename__ = "batches"
    # Else SQLite gives the id of a pruned batch out again, and an old token would hold anew.
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's own protocol

    id: Mapped[int] = mapped_column(primary_key=True)
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    created_at: Mapped[created_now]
    link: Mapped[str | None]
    """The link that has begun with it and not ended (see `tasks.publishing.batch.at_work`)."""

    integration: Mapped[Integration] = relationship()


class Publication(Base):
    """What we want on a site, and what we last saw there."""

    __tablename__ = "publications"
    __table_args__ = (
        # Asking twice for the same content on the same site is one wish. The database keeps
        # it so, because two requests can arrive at once.
        UniqueConstraint("content_id", "integration_id"),
        # Partial: the tick looks at what waits, however much has been published.
        Index(
            "ix_publications_waiting",
            "integration_id",
            "due_at",
            "publish_until",
            postgresql_where=WAITING_SQL,
            sqlite_where=WAITING_SQL,
        ),
        Index(
            "ix_publications_leased",
            "integration_id",
            "leased_until",
            postgresql_where=PUBLISHING_SQL,
            sqlite_where=PUBLISHING_SQL,
        ),
        # A page that counts what a site shows reads this, and not the rows.
        Index(
            "ix_publications_published",
            "integration_id",
            "content_id",
            postgresql_where=PUBLISHED_SQL,
            sqlite_where=PUBLISHED_SQL,
        ),
        # What a webhook means that names a post by the site's own id alone. Partial: SQLite, which
        # does not count, would choose a whole one for a site's rows in any state.
        Index(
            "ix_publications_integration_id_external_id",
            "integration_id",
            "external_id",
            postgresql_where=SHOWN_SQL,
            sqlite_where=SHOWN_SQL,
        ),
        # What a site's caps count on a day, in a week, in a month.
        # The time first: SQLite would take it for the site alone, and leave the partial ones.
        Index("ix_publications_created_at_integration_id", "created_at", "integration_id"),
        # The slots that passed without their publish.
        Index(
            "ix_publications_window",
            "publish_until",
            postgresql_where=WINDOW_SQL,
            sqlite_where=WINDOW_SQL,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    content_id: Mapped[int] = mapped_column(ForeignKey("contents.id", ondelete="CASCADE"))
    integration_id: Mapped[int] = mapped_column(
        ForeignKey("site_integrations.id", ondelete="CASCADE")
    )
    key: Mapped[str] = mapped_column(unique=True, default=lambda: str(uuid.uuid4()))
    """Our name for it on the site; made once, sent with every attempt."""

    state: Mapped[PublicationState] = mapped_column(default=PublicationState.QUEUED)

    # The wish.
    revision: Mapped[int] = mapped_column(default=1)
    """Counts what was accepted: a new content revision, another post status, a restore."""

    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    """The content revision that was accepted last."""

    post_status: Mapped[str] = mapped_column(default="publish")
    restore: Mapped[bool] = mapped_column(default=False)
    """Bring the post back if a person has trashed or deleted it on the site."""

    # The work.
    due_at: Mapped[created_now]
    publish_until: Mapped[datetime | None]
    """The end of its site's window: it is not begun after it, but planned again. None: any time."""

    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"), index=True)
    fence: Mapped[int] = mapped_column(default=0)
    """Grows with every claim; the site refuses a lower one."""

    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    rescues: Mapped[int] = mapped_column(default=0, server_default="0")
    """Workers that were lost with it since it was accepted.

    A failed try does not clear them: between two losses the site often says that the lost
    request is still at work.
    """

    waits: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often in a row the site asked to wait when it was sent, and took others meanwhile."""

    unclear: Mapped[bool] = mapped_column(default=False)
    """The last request may have been carried out: look up the key before sending again."""

    # The payload's parts, each written by one link of the chain.
    excerpt: Mapped[str | None]
    taxonomy: Mapped[dict[str, Any] | None]
    images: Mapped[list[Any] | None]

    # What we last saw there.
    published_revision: Mapped[int | None]
    fingerprint: Mapped[str | None]
    """Digest of the document the site last confirmed."""

    external_id: Mapped[str | None]
    """The post's id on the site. Text, because not every CMS counts (C15)."""

    external_url: Mapped[str | None]
    external_status: Mapped[str | None]
    image_results: Mapped[list[Any] | None]
    remote_modified_at: Mapped[datetime | None]
    """The site's own post_modified_gmt of the newest news we have applied."""

    remote_sequence: Mapped[int | None]
    """The plugin's count of that news."""

    remote_seen_at: Mapped[datetime | None]
    """When it reached us (S39 calls it metadata.last_wp_sync)."""

    remote_metadata: Mapped[dict[str, Any] | None]
    """Categories, tags, author and date as the site tells them (S40: metadata.wp_metadata)."""

    failure_code: Mapped[str | None]
    failure: Mapped[str | None]
    """Why it is not published, in words an operator can act on."""

    published_at: Mapped[datetime | None]
    created_at: Mapped[created_now]
    """When it was accepted; anew when it had ended without ever being on the site."""

    content: Mapped[Content] = relationship()
    integration: Mapped[Integration] = relationship()
    accepted: Mapped[Revision] = relationship()


PARTS = ("excerpt", "taxonomy", "images")
"""The payload's parts; null from when a newer revision is accepted until its own are built."""

WITHOUT_EFFECT = and_(
    Publication.state.in_([PublicationState.FAILED, PublicationState.WITHDRAWN]),
    Publication.external_id.is_(None),
)
"""It has never been on the site, and will not be by itself."""
