"""What a caller's own name for a request stands for: written with its work, or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.idempotency import IdempotencyKey


class NameTaken(Exception):
    """Another request with this name was quicker; what we did is to be rolled back."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its caller names it; ``digest`` says what it asks for."""

    account_id: int
    key: str
    digest: str


def find_remembered(session: Session, asked: Asked) -> IdempotencyKey | None:
    """Return what the request of this name was, and what it was answered."""
    return session.get(IdempotencyKey, (asked.account_id, asked.key))


def remember_answer(session: Session, asked: Asked, status: int, answer: Mapping[str, Any]) -> None:
    """Keep an answer, in the transaction of what it tells of.

    Two at once: the second waits here for the first one's commit, and is refused then.

    Raises:
        NameTaken: roll back.
    """
    row = IdempotencyKey(
        account_id=asked.account_id,
        key=asked.key,
        request_digest=asked.digest,
        status=status,
        answer=dict(answer),
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise NameTaken from None
