"""Integrations as the API shows them: nothing secret, and the site's own words beside ours."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from models import Installation, Integration, SiteStructure


class CredentialsAnswer(BaseModel):
    """Facts on the plugin; a WordPress integration has no credentials (S8, C17)."""

    plugin_version: str | None
    debug_enabled: bool


class IntegrationAnswer(BaseModel):
    """One site on one platform (S1, S2)."""

    id: int
    account: int
    site: int
    platform: str
    platform_type: str
    external_site_url: str | None
    config_json: dict[str, Any]
    credentials_json: CredentialsAnswer
    is_active: bool
    sync_enabled: bool
    connection_status: str = Field(
        description="not_connected, authenticating, connected, ready, error or suspended (C41)."
    )
    sync_status: str = Field(description="idle, pending, syncing, success, partial or failed.")
    sync_error: str | None
    last_sync_at: datetime | None
    masked_api_key: str | None = Field(description="Of its site: start and last four (C19).")
    created_at: datetime


class IntegrationPage(BaseModel):
    results: list[IntegrationAnswer]
    next_cursor: str | None = Field(description="Null on the last page.")


def integration_answer(session: Session, integration: Integration) -> dict[str, Any]:
    """Return an integration with its content types (S18) as JSON values."""
    structure = session.get(SiteStructure, integration.id)
    versions = plugin_versions(session, [integration.site_id])
    shown = _answer(integration, versions.get(integration.site_id))
    if structure is not None:
        shown.config_json |= _structure_values(structure)
    return shown.model_dump(mode="json")


def listed(session: Session, integrations: Collection[Integration]) -> list[dict[str, Any]]:
    """Return many, without their content types: a site may have hundreds."""
    versions = plugin_versions(session, [each.site_id for each in integrations])
    answers = (_answer(each, versions.get(each.site_id)) for each in integrations)
    return [each.model_dump(mode="json") for each in answers]


def plugin_versions(session: Session, site_ids: Collection[int]) -> dict[int, str]:
    """Return the version of each site's plugin, as it told us last."""
    query = sa.select(Installation.site_id, Installation.version)
    rows = session.execute(query.where(Installation.site_id.in_(site_ids)))
    return {row.site_id: row.version for row in rows}


def _answer(integration: Integration, plugin_version: str | None) -> IntegrationAnswer:
    config = dict(integration.config_json)
    debug = bool(config.pop("debug_enabled", False))
    same = IntegrationAnswer.model_fields.keys() & set(Integration.__table__.columns.keys())
    values = {name: getattr(integration, name) for name in same}
    return IntegrationAnswer(
        **values
        | {
            "account": integration.account_id,
            "site": integration.site_id,
            "connection_status": connection_status(integration),
            "config_json": config,
            "credentials_json": CredentialsAnswer(
                plugin_version=plugin_version, debug_enabled=debug
            ),
            "masked_api_key": integration.site.masked_key,
        }
    )


def connection_status(integration: Integration) -> str:
    """Return the one of the six words of C41 that is true now."""
    return "suspended" if integration.suspended_at else integration.connection_status


def _structure_values(structure: SiteStructure) -> dict[str, Any]:
    fetched = structure.last_structure_fetch
    return {
        "content_types": {
            "post_types": structure.post_types,
            "taxonomies": structure.taxonomies,
            "last_structure_fetch": fetched.isoformat() if fetched else None,
        },
        "plugin_connection_enabled": structure.plugin_connection_enabled,
    }
