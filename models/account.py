"""Account: the tenant that every other row belongs to. User and ApiToken: its people and keys."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now


class Account(Base):
    """A tenant. No query crosses from one to another (S12)."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    suspended_at: Mapped[datetime | None]
    """While set, nobody of it gets in, and nothing of it goes out."""

    created_at: Mapped[created_now]


def suspended_accounts() -> sa.Select[int]:
    """Return the ids of the accounts of which nothing goes out at present, as a subquery."""
    return sa.select(Account.id).where(Account.suspended_at.is_not(None))


class Role(enum.StrEnum):
    """What somebody may do: look; write and connect; give out keys and tokens (S91)."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether who has this role may do all that ``other`` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


class User(Base):
    """Somebody of an account. There are no passwords here: a user gets in by a token."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(default=Role.EDITOR)
    created_at: Mapped[created_now]
    disabled_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


API_PREFIX = "igny8_api_"
"""Each API token begins so: it is told from a site's key before either is looked up."""


class ApiToken(Base):
    """A bearer token for the API; we keep only its digest and its first letters."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    """Null for a machine's token, which has the role of the token itself."""

    role: Mapped[Role] = mapped_column(default=Role.ADMIN, server_default=Role.ADMIN.value)
    """At most this; a user's token never opens more than the user may."""

    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[created_now]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
    user: Mapped[User | None] = relationship()
