"""Account: the tenant that every other row belongs to. ApiToken: how its people get in."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, created_now


class Account(Base):
    """A tenant. No query crosses from one to another (S12)."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[created_now]


class ApiToken(Base):
    """A bearer token for the API; we keep only its digest and its first letters."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[created_now]
    revoked_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
