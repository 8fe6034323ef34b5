"""A site's schedule over the API: the plan beside what happened."""

from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from ingress.aliases import BASE
from ingress.auth import require_token
from ingress.errors import problem_responses
from ingress.integrations.site_fields import SitePath
from ingress.schedule.view_fields import ScheduleAnswer, ScheduleQuery, schedule_answer
from ingress.tenancy import own_site
from models import PublishingSettings
from models.session import session_scope
from tasks.schedule.view import view_schedule
from tasks.sites.settings import settings_in_zone

READING = problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable")

bp = APIBlueprint(
    "schedule",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="schedule", description="When contents go out")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


@bp.get(
    "/schedule/<row_id:site_id>/",
    responses={200: ScheduleAnswer, **READING},
    operation_id="site_schedule",
)
def read(path: SitePath, query: ScheduleQuery) -> Any:
    """Return what a site's plan is, and what became of the slots that have come."""
    with session_scope(read_only=True) as session:
        site = own_site(session, path.site_id)
        if settings := session.get(PublishingSettings, site.id):
            return schedule_answer(view_schedule(session, site, settings, query.days))
    with session_scope() as session:
        site = own_site(session, path.site_id)
        settings = settings_in_zone(session, site)
        return schedule_answer(view_schedule(session, site, settings, query.days))
