"""Pages of a list, newest first, by a cursor that stays right while rows are added."""

import base64
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ingress.errors import Problem, refused_field
from models.base import LARGEST_ID


class PageQuery(BaseModel):
    """Which page of a list; subclasses add what to list."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=100)] = 20


def cursor_after(found: Sequence[object], page: Sequence[int]) -> str | None:
    """Return the cursor behind a page of ids; None when ``found`` has no more than these."""
    return cursor_of(page[-1]) if len(found) > len(page) else None


def cursor_of(last_id: int | UUID) -> str:
    """Return the cursor of the page that begins behind this row."""
    return base64.urlsafe_b64encode(f"id:{last_id}".encode()).decode()


def id_of(cursor: str) -> int:
    """Return the id that a cursor of ours names.

    Raises:
        Problem: 400, it is none of ours.
    """
    try:
        last_id = int(_named(cursor))
    except ValueError:
        last_id = 0
    if not 0 < last_id <= LARGEST_ID:
        raise _no_cursor()
    return last_id


def uuid_of(cursor: str) -> str:
    """Return the id, where that is no number, that a cursor of ours names.

    Raises:
        Problem: 400, it is none of ours.
    """
    try:
        return str(UUID(_named(cursor)))
    except ValueError:
        raise _no_cursor() from None


def _named(cursor: str) -> str:
    """Return what a cursor names. Raises ValueError, as base64's and ASCII's own errors are."""
    kind, _, name = base64.b64decode(cursor, altchars=b"-_", validate=True).partition(b":")
    if kind != b"id":
        raise ValueError
    return name.decode("ascii")


def _no_cursor() -> Problem:
    return refused_field("cursor", "not a next_cursor of ours: leave it out to start again")
