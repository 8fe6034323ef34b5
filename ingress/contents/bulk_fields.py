"""The bodies, queries and answers of bulk publishing, field by field."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from ingress.answers import WITH_LOCATION
from ingress.contents.fields import Body, RowId, Status
from ingress.paging import PageQuery
from models import BulkItemState, BulkState

MOST_IDS = 10_000


class BulkFilter(Body):
    """Which contents, instead of their ids; at least the site or the status."""

    site_id: RowId | None = Field(None, description="Only this site's; else of all sites.")
    status: Status = Field("approved", description="Only those with this status.")
    unpublished: bool = Field(
        False, description="Only those that no site has, and that are not on their way to one."
    )


class BulkRequest(Body):
    """Many contents, each to be published as by its own request."""

    content_ids: Annotated[list[RowId], Field(min_length=1, max_length=MOST_IDS)] | None = None
    filter: BulkFilter | None = None
    site_integration_id: RowId | None = Field(
        None, description="Else each goes to the only active integration of its site."
    )
    status: Literal["publish", "draft"] = Field("publish", description="Of the posts on the site.")
    restore: bool = Field(False, description="Bring posts back that the site's people removed.")
    force: bool = Field(False, description="Send again what has not changed.")
    override_status: bool = Field(False, description="Also what is not approved (C29).")

    @model_validator(mode="after")
    def _one_selection(self) -> Self:
        if (self.content_ids is None) == (self.filter is None):
            raise ValueError("give either content_ids or a filter")
        return self

    def options(self) -> dict[str, Any]:
        """Return what holds for every item."""
        return {
            "post_status": self.status,
            "restore": self.restore,
            "force": self.force,
            "override_status": self.override_status,
        }


class BulkPath(BaseModel):
    job_id: UUID


class BulkQuery(PageQuery):
    """Which jobs to list, the newest first."""

    state: BulkState | None = None


class BulkItemQuery(PageQuery):
    """Which items to list, the oldest first."""

    state: BulkItemState | None = None


class BulkCounts(BaseModel):
    """How many items are in which state."""

    waiting: int
    accepted: int = Field(description="On their way.")
    published: int
    failed: int
    parked: int = Field(
        description="Their site is suspended or switched off; they go on after that."
    )
    skipped: int = Field(description="They can't go: each item says why.")
    cancelled: int


class BulkAnswer(BaseModel):
    """A bulk job and how far it is."""

    id: str
    state: BulkState
    total: int
    counts: BulkCounts
    selection: dict[str, Any] = Field(description="What was asked for.")
    options: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None
    status_url: str
    items_url: str


class BulkAccepted(BulkAnswer):
    """A bulk job that was made."""

    model_config = WITH_LOCATION


class BulkList(BaseModel):
    """Jobs; their counts are as of the last few seconds."""

    results: list[BulkAnswer]
    next_cursor: str | None = Field(description="Null on the last page.")


class RetryAnswer(BulkAnswer):
    retried: int = Field(description="How many failed items wait again.")


class BulkItemAnswer(BaseModel):
    id: int
    content_id: int | None = Field(description="Null when it was removed.")
    title: str | None
    site_integration_id: int | None
    publication_id: int | None
    state: BulkItemState
    code: str | None = Field(description="Why, for programs.")
    reason: str | None = Field(description="Why, in words.")
    external_url: str | None


class BulkItemPage(BaseModel):
    results: list[BulkItemAnswer]
    next_cursor: str | None = Field(description="Null on the last page.")
