"""What callers get back: rows as the API shows them. Nothing here is secret."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from flask import current_app, request
from pydantic import BaseModel, ConfigDict, Field

from models import Content, Publication, PublicationState, Run
from models.publishing.progress import RunOutcome
from pipeline.documents import FEATURED, GALLERY, Document
from pipeline.statuses import shown_status

ContentState = Literal["draft", "review", "approved", "published"]

WITH_LOCATION = ConfigDict(
    openapi_extra={  # type: ignore[typeddict-unknown-key]
        "headers": {"Location": {"schema": {"type": "string"}}}
    }
)
"""Of an answer that says in a header where what it speaks of is."""


class RemoteAnswer(BaseModel):
    """What the site itself has told of a post (S39, S40, C45)."""

    wordpress_status: str | None = Field(description="In WordPress's own word.")
    last_wp_sync: datetime | None = Field(description="When it was last told.")
    wp_metadata: dict[str, Any] | None = Field(
        description="title, categories, tags, author and modified, as last told."
    )


class PublicationAnswer(BaseModel):
    """A content on one site (C20, C44)."""

    id: int
    site_integration_id: int
    state: str
    post_status: str
    revision: int
    published_revision: int | None
    external_id: str | None = Field(description="The post's id on the site, as text (C15).")
    external_url: str | None
    external_status: str | None
    published_at: datetime | None
    failure_code: str | None
    failure: str | None = Field(description="Why it is not published, in words.")
    metadata: RemoteAnswer


class ContentSummary(BaseModel):
    id: int
    site_id: int
    title: str
    status: ContentState = Field(
        description="`published` when a site shows it (C20); else what its post was made there "
        "(S203), or what it is here."
    )
    revision: int
    created_at: datetime
    external_id: str | None = Field(description="Of the first published one (S39).")
    external_url: str | None
    publications: list[PublicationAnswer]


class GalleryAnswer(BaseModel):
    url: str
    alt: str
    caption: str


class ContentAnswer(ContentSummary):
    """A content with what it says in its newest revision."""

    html: str
    slug: str
    seo_title: str
    seo_description: str
    primary_keyword: str
    secondary_keywords: list[str]
    cluster: str
    categories: list[list[str]]
    tags: list[str]
    featured_image_url: str | None
    featured_image_alt: str
    gallery_images: list[GalleryAnswer]


class ContentPage(BaseModel):
    results: list[ContentSummary]
    next_cursor: str | None = Field(description="Null on the last page.")


class AcceptedAnswer(BaseModel):
    """A publish that was accepted: what must happen is a row, whatever dies next."""

    model_config = WITH_LOCATION

    result: Literal["accepted"] = "accepted"
    run_id: str
    status_url: str
    publication_id: int
    state: str


class RunAnswer(BaseModel):
    """What became of an accepted request."""

    result: str = Field(
        description="`pending`, `no_change`, or, when finished, the state it ended in."
    )
    run_id: str
    status_url: str
    content_id: int
    publication_id: int
    site_integration_id: int
    state: str = Field(
        description="Of the publication; `parked` while its site is suspended or off."
    )
    finished: bool = Field(description="Whether nothing more will happen by itself.")
    reason: str | None = Field(description="Why it is not published, in words.")
    external_id: str | None
    external_url: str | None
    external_status: str | None
    created_at: datetime


def publication_answer(publication: Publication) -> PublicationAnswer:
    known = PublicationAnswer.model_fields.keys() - {"site_integration_id", "state", "metadata"}
    return PublicationAnswer(
        site_integration_id=publication.integration_id,
        state=publication.state.value,
        metadata=_remote(publication),
        **{name: getattr(publication, name) for name in known},
    )


def _remote(publication: Publication) -> RemoteAnswer:
    told = publication.remote_metadata
    shown = None if told is None else {k: v for k, v in told.items() if k != "mark"}
    return RemoteAnswer(
        wordpress_status=publication.external_status,
        last_wp_sync=publication.remote_seen_at,
        wp_metadata=shown,
    )


def summary_values(content: Content, publications: Sequence[Publication]) -> dict[str, Any]:
    published = [p for p in publications if p.state is PublicationState.PUBLISHED]
    confirmed = (publication.external_status for publication in published)
    shown = _first_with_post(published) or _first_with_post(publications)
    return {
        "id": content.id,
        "site_id": content.site_id,
        "title": content.title,
        "status": shown_status(content.status.value, confirmed),
        "revision": content.revision,
        "created_at": content.created_at,
        "external_id": shown.external_id if shown else None,
        "external_url": shown.external_url if shown else None,
        "publications": [publication_answer(publication) for publication in publications],
    }


def _first_with_post(publications: Iterable[Publication]) -> Publication | None:
    return next((p for p in publications if p.external_id is not None), None)


def content_answer(
    content: Content, document: Document, publications: Sequence[Publication]
) -> dict[str, Any]:
    """Return a content as JSON values."""
    featured = next(document.pictures(FEATURED), None)
    answer = ContentAnswer(
        **summary_values(content, publications),
        html=document.html,
        slug=document.slug,
        seo_title=document.seo_title,
        seo_description=document.seo_description,
        primary_keyword=document.primary_keyword,
        secondary_keywords=list(document.secondary_keywords),
        cluster=document.cluster,
        categories=[list(path) for path in document.categories],
        tags=list(document.tags),
        featured_image_url=featured.source if featured else None,
        featured_image_alt=featured.alt if featured else "",
        gallery_images=[
            GalleryAnswer(url=picture.source, alt=picture.alt, caption=picture.caption)
            for picture in document.pictures(GALLERY)
        ],
    )
    return answer.model_dump(mode="json")


def status_url(run_id: str) -> str:
    """Return the address to ask for a run: under IGNY8_PUBLIC_BASE_URL, else as we were asked."""
    return public_url(f"/api/v1/runs/{run_id}/")


def public_url(path: str) -> str:
    """Return an address of ours: under IGNY8_PUBLIC_BASE_URL, else as we were asked."""
    base = current_app.config["PUBLIC_BASE_URL"] or request.host_url
    return f"{base.rstrip('/')}{path}"


def accepted_answer(run: Run, state: str) -> dict[str, Any]:
    return AcceptedAnswer(
        run_id=run.id,
        status_url=status_url(run.id),
        publication_id=run.publication_id,
        state=state,
    ).model_dump(mode="json")


def run_answer(run: Run, outcome: RunOutcome, result: str | None = None) -> dict[str, Any]:
    """Return a run as JSON values; ``result`` says it in one word, else the outcome does."""
    publication = outcome.publication
    return RunAnswer(
        result=result or (outcome.state if outcome.finished else "pending"),
        run_id=run.id,
        status_url=status_url(run.id),
        content_id=publication.content_id,
        publication_id=publication.id,
        site_integration_id=publication.integration_id,
        state=outcome.state,
        finished=outcome.finished,
        reason=outcome.reason,
        external_id=publication.external_id,
        external_url=publication.external_url,
        external_status=publication.external_status,
        created_at=run.created_at,
    ).model_dump(mode="json")
