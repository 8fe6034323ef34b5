"""A site's publishing settings over the API: made when first asked for, read, changed (S47–S55)."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from ingress.aliases import BASE, aliased
from ingress.auth import require_token
from ingress.broker import ring_schedule
from ingress.errors import problem_responses
from ingress.integrations.site_fields import SitePath
from ingress.schedule.setting_fields import (
    SettingsAnswer,
    SettingsChange,
    WholeSettings,
    settings_answer,
    zone_columns,
)
from ingress.tenancy import own_site
from models import PublishingSettings
from models.session import session_scope
from tasks.sites.settings import settings_in_zone, write_settings

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")
WRITING = READING | problem_responses("length_required", "too_large", "unsupported_media_type")

bp = APIBlueprint(
    "publishing_settings",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="schedule", description="What goes out by itself, and when")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)

RULE = "/publishing-settings/<row_id:site_id>/"


@aliased(
    bp, "get", RULE, responses={200: SettingsAnswer, **READING}, operation_id="publishing_settings"
)
def read(path: SitePath) -> Any:
    """Return a site's publishing settings; a site that has none gets the defaults."""
    with session_scope(read_only=True) as session:
        site = own_site(session, path.site_id)
        if found := session.get(PublishingSettings, site.id):
            return settings_answer(found)
    with session_scope() as session:
        return settings_answer(settings_in_zone(session, own_site(session, path.site_id)))


@aliased(
    bp,
    "put",
    RULE,
    responses={200: SettingsAnswer, **WRITING},
    operation_id="replace_publishing_settings",
)
def replace(path: SitePath, body: WholeSettings) -> Any:
    """Set a site's publishing settings as a whole."""
    return _write(path.site_id, body)


@aliased(
    bp,
    "patch",
    RULE,
    responses={200: SettingsAnswer, **WRITING},
    operation_id="change_publishing_settings",
)
def change(path: SitePath, body: SettingsChange) -> Any:
    """Change what the body names; the queue is planned anew by it."""
    return _write(path.site_id, body)


def _write(site_id: int, body: WholeSettings | SettingsChange) -> dict[str, Any]:
    with session_scope() as session:
        site = own_site(session, site_id)
        written = write_settings(session, site, body.columns() | zone_columns(body))
        answer = settings_answer(written)
    ring_schedule()
    return answer
