"""The bodies, queries and answers about sites: a name, an address, and no key (S19, S23, C19)."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from ingress.contents.fields import Body, RowId
from ingress.paging import PageQuery
from models import Site
from pipeline.site_urls import LENGTH_LIMIT, BadSiteUrl, normalise_site_url
from platforms.site_addresses import inside

HostingType = Literal["wordpress", "shopify", "igny8_sites", "multi"]
SiteName = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]


def site_address(written: str) -> str:
    """Return an address in the one form we keep.

    Raises:
        ValueError: it is no address of a site, or one that leads inside.
    """
    try:
        address = normalise_site_url(written)
    except BadSiteUrl as error:
        raise ValueError(str(error)) from None
    if inside(address):
        raise ValueError("not a public address of a site")
    return address


SiteAddress = Annotated[
    str, StringConstraints(max_length=LENGTH_LIMIT), AfterValidator(site_address)
]


class NewSite(Body):
    url: SiteAddress = Field(description="Where it is: `https://example.com`.")
    name: SiteName | None = Field(None, description="Its host when left out.")
    hosting_type: HostingType = "wordpress"


class SiteChange(Body):
    """What is not named stays as it is."""

    name: SiteName | None = None
    hosting_type: HostingType | None = None
    is_active: bool | None = Field(
        None, description="Whether its plugin is let in, and anything is published there."
    )


class SitePath(BaseModel):
    site_id: RowId


class SiteQuery(PageQuery):
    """Which sites to list."""

    is_active: bool | None = None


class SiteAnswer(BaseModel):
    id: int
    account: int
    name: str
    url: str
    hosting_type: str
    is_active: bool
    masked_api_key: str | None = Field(description="Its start and its last four (C1, C19).")
    require_signature: bool = Field(description="Whether its webhooks must be signed.")
    created_at: datetime


class SitePage(BaseModel):
    results: list[SiteAnswer]
    next_cursor: str | None = Field(description="Null on the last page.")


def site_answer(site: Site) -> dict[str, Any]:
    """Return a site as JSON values."""
    names = SiteAnswer.model_fields.keys() - {"account", "masked_api_key"}
    return SiteAnswer(
        account=site.account_id,
        masked_api_key=site.masked_key,
        **{name: getattr(site, name) for name in names},
    ).model_dump(mode="json")
