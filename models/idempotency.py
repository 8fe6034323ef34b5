"""IdempotencyKey: a caller's own name for a request, and what it was answered."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, created_now


class IdempotencyKey(Base):
    """Written in the transaction of the request it names, so that both are there or neither."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[int] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[str]
    """Of method, path and body: the same key for another request is an error."""

    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    created_at: Mapped[created_now]
