"""The bodies and queries that callers send about integrations, field by field (S1–S18)."""

from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from ingress.contents.fields import Body, RowId
from ingress.integrations.site_fields import SiteAddress
from ingress.paging import PageQuery

Platform = Literal["wordpress", "shopify", "ghost", "webflow", "custom"]
SyncStatus = Literal[
    "idle", "pending", "syncing", "success", "partial", "failed", "completed", "error"
]
OLD_WORDS = {"completed": "success", "error": "failed"}
"""What a sync status was once called, and is called now (C12)."""


class Settings(Body):
    """A site's settings, `config_json`; what is not named has its default (S6)."""

    site_url: SiteAddress | None = Field(None, description="The site's own address if left out.")
    tags_from_keywords: bool | None = Field(None, description="Make tags of keywords (S164).")
    requests_per_site: Annotated[int, Field(ge=1, le=32)] | None = None
    posts_per_minute: Annotated[float, Field(gt=0, le=6000)] | None = None
    burst: Annotated[int, Field(ge=1, le=6000)] | None = None
    max_attempts: Annotated[int, Field(ge=1, le=20)] | None = None
    two_way_sync_enabled: bool | None = Field(
        None, description="For the pull of contents, which is not built; kept until then (C30)."
    )
    # What we show there, so that an answer may be sent back; the site tells it, nobody sets it.
    content_types: dict[str, object] | None = Field(None, description="Ignored: read only.")
    plugin_connection_enabled: bool | None = Field(None, description="Ignored: read only.")

    def stored(self) -> dict[str, object]:
        """Return what is kept of it."""
        shown_only = {"content_types", "plugin_connection_enabled"}
        return self.model_dump(exclude_unset=True, exclude_none=True, exclude=shown_only)


class Credentials(Body):
    """What a WordPress integration shows in their place: nothing secret (S8, C17)."""

    debug_enabled: bool | None = None
    plugin_version: str | None = Field(None, description="Ignored: the plugin tells it.")


class Switches(Body):
    is_active: bool = Field(True, description="Whether anything goes out (S16).")
    sync_enabled: bool = Field(True, description="Whether syncs may change anything (S17).")
    config_json: Settings = Field(default_factory=Settings)
    credentials_json: Credentials = Field(default_factory=Credentials)


class NewIntegration(Switches):
    """A new integration of a site that has its key."""

    site: RowId = Field(
        validation_alias=AliasChoices("site", "site_id"), description="Also taken as `site_id`."
    )
    platform: Platform = "wordpress"
    platform_type: Literal["cms"] = "cms"


class IntegrationReplacement(Switches):
    """An integration as a whole: what is not named has its default."""

    site: RowId | None = Field(None, description="May be repeated; an integration keeps its site.")
    platform: Platform | None = Field(None, description="May be repeated.")


class IntegrationChange(Body):
    """What is not named stays as it is, in `config_json` too; null there takes it away."""

    is_active: bool | None = None
    sync_enabled: bool | None = None
    config_json: Settings | None = None
    credentials_json: Credentials | None = None


class IntegrationPath(BaseModel):
    integration_id: RowId


class IntegrationQuery(PageQuery):
    """Which integrations to list (S92, S113)."""

    site: RowId | None = Field(None, description="Only this site's.")
    site_id: RowId | None = Field(None, description="The same.")
    platform: Platform | None = None
    is_active: bool | None = None
    sync_status: SyncStatus | None = Field(
        None, description="`completed` means success, and `error` failed (C12)."
    )

    @model_validator(mode="after")
    def _one_site(self) -> Self:
        if None not in {self.site, self.site_id} and self.site != self.site_id:
            raise ValueError("site and site_id are the same thing: give one of them")
        return self


class KeyRequest(Body):
    """Whose key is made anew (S111)."""

    site_id: RowId
    replace: bool = Field(False, description="Though the present key is in use.")
    overlap_hours: Annotated[int, Field(ge=0, le=168)] = Field(
        24, description="How long we go on accepting the key that is replaced."
    )


class RotationRequest(Body):
    """How a key is changed; all of it has a default."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        openapi_extra={"required": False},  # type: ignore[typeddict-unknown-key]
    )

    overlap_hours: Annotated[int, Field(ge=0, le=168)] = Field(
        24, description="How long both sides go on accepting the old key."
    )
