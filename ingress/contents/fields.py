"""The bodies and queries that callers send about contents, field by field."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from ingress.idempotency import IdempotentHeaders
from models.base import LARGEST_ID
from models.content import ContentStatus
from pipeline.documents import TITLE_LIMIT
from pipeline.taxonomy import TERM_LIMIT

RowId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Name = Annotated[str, StringConstraints(max_length=TERM_LIMIT)]
Line = Annotated[str, StringConstraints(max_length=2000)]
LONGEST_MARKDOWN = 250_000
"""Characters, 40,000 words: hostile markdown costs more than its length; HTML does not."""

Status = Literal["draft", "review", "approved"]


class Body(BaseModel):
    # An unknown field is refused: a misspelt one would be lost in silence, and `account_id` or
    # `external_id` is nothing a caller may set. Strict: "1" and true are no ids.
    model_config = ConfigDict(strict=True, extra="forbid")


class GalleryImage(Body):
    """A picture of the gallery; the site fetches it from its address."""

    url: Line
    alt: Line = ""
    caption: Line = ""


class ContentFields(Body):
    """Everything that a content says (S44)."""

    title: Annotated[str, Field(max_length=TITLE_LIMIT)] = ""
    html: str | None = Field(None, description="Sanitised before it is kept.")
    markdown: str | None = Field(
        None, max_length=LONGEST_MARKDOWN, description="CommonMark, instead of `html`."
    )
    slug: Name = ""
    status: Status | None = Field(
        None, description="`draft` for a new content; else it stays as it is."
    )
    seo_title: Line = ""
    seo_description: Line = ""
    primary_keyword: Name = ""
    secondary_keywords: list[Name] = Field([], max_length=100)
    cluster: Name = ""
    categories: list[Line | list[Name]] = Field(
        [],
        max_length=50,
        description="Paths from the root: `A > B`, or the names as a list.",
        examples=[["News > Local", ["Recipes", "Pies"]]],
    )
    tags: list[Name] = Field([], max_length=100)
    featured_image_url: Line | None = None
    featured_image_alt: Line = ""
    gallery_images: list[GalleryImage] = Field([], max_length=50)

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.html is not None and self.markdown is not None:
            raise ValueError("give html or markdown, not both")
        return self


class WholeContent(ContentFields):
    title: Annotated[str, Field(min_length=1, max_length=TITLE_LIMIT)]

    @model_validator(mode="after")
    def _some_body(self) -> Self:
        if self.html is None and self.markdown is None:
            raise ValueError("give html or markdown")
        return self


class NewContent(WholeContent):
    """A new content of a site."""

    site_id: RowId


class ContentReplacement(WholeContent):
    """A content's next revision as a whole: what is not named becomes empty."""

    site_id: RowId | None = Field(None, description="May be repeated; a content keeps its site.")


class ContentChange(ContentFields):
    """A content's next revision: what is not named stays as it is."""


class PublishRequest(Body):
    """What a publish may say; all of it has a default (S112)."""

    # The framework's own place for "the body may be left out".
    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        openapi_extra={"required": False},  # type: ignore[typeddict-unknown-key]
    )

    site_integration_id: RowId | None = Field(
        None, description="Which integration; the site's only active one when left out."
    )
    status: Literal["publish", "draft"] = Field("publish", description="Of the post on the site.")
    restore: bool = Field(False, description="Bring the post back if the site's people removed it.")
    force: bool = Field(False, description="Send again although nothing has changed.")
    override_status: bool = Field(False, description="Publish although it is not approved (C29).")


class PublishHeaders(IdempotentHeaders):
    prefer: str | None = Field(
        None, description="`wait=N`: answer with the outcome if it is there within N ≤ 30 seconds."
    )


class ContentPath(BaseModel):
    content_id: RowId


class ContentQuery(BaseModel):
    """Which contents to list."""

    model_config = ConfigDict(extra="forbid")

    site_id: RowId | None = Field(None, description="Only this site's.")
    status: Literal["draft", "review", "approved", "published"] | None = None
    cursor: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="`next_cursor` of the page before."
    )
    limit: Annotated[int, Field(ge=1, le=100)] = 20


def wanted_status(fields: ContentFields, present: ContentStatus) -> ContentStatus:
    """Return the status that a body asks for, else the ``present`` one."""
    return present if fields.status is None else ContentStatus(fields.status)
