"""An automation has ended its last stage: its contents are approved, and scheduled (S62, C27)."""

from http import HTTPStatus
from typing import Annotated, Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field, StringConstraints

from ingress.aliases import BASE, aliased
from ingress.auth import require_token
from ingress.broker import ring_planning
from ingress.contents.fields import Body, RowId
from ingress.errors import problem_responses
from ingress.idempotency import PROBLEMS, IdempotentHeaders, idempotent, remembered
from ingress.tenancy import own_site
from models.plan_requests import ensure_settings
from models.schedule.approved_sweep import schedule_finished
from models.session import session_scope

bp = APIBlueprint(
    "automation",
    __name__,
    url_prefix=BASE,
    abp_tags=[Tag(name="schedule", description="When contents go out")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)

MOST_CONTENTS = 1000


class FinishedRun(Body):
    """Which contents an automation has ended with."""

    site_id: RowId
    run_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The automation's own name of its run."
    )
    content_ids: list[RowId] = Field(min_length=1, max_length=MOST_CONTENTS)


class FinishedAnswer(BaseModel):
    run_id: str
    auto_publish_enabled: bool = Field(description="Without it nothing is scheduled.")
    approved: list[int] = Field(description="Were in review, and are approved now.")
    scheduled: list[int] = Field(description="Wait for their slots now.")
    left: list[int] = Field(
        description="Drafts, contents of other sites, and what is published, scheduled or "
        "withdrawn already."
    )


@aliased(
    bp,
    "post",
    "/automation-runs/finished/",
    responses={
        202: FinishedAnswer,
        **PROBLEMS,
        **problem_responses(
            "invalid_fields",
            "unauthenticated",
            "not_found",
            "length_required",
            "too_large",
            "unsupported_media_type",
            "unavailable",
        ),
    },
    operation_id="automation_run_finished",
)
@idempotent
def finished(header: IdempotentHeaders, body: FinishedRun) -> Any:
    """Approve and schedule what an automation has ended with; telling it twice does it once."""
    with session_scope() as session:
        site = own_site(session, body.site_id)
        settings = ensure_settings(session, site)
        came = schedule_finished(session, site.id, body.run_id, body.content_ids)
        answer = FinishedAnswer(
            run_id=body.run_id,
            auto_publish_enabled=settings.auto_publish_enabled,
            approved=came.approved,
            scheduled=came.scheduled,
            left=came.left,
        )
        kept = remembered(session, answer.model_dump(mode="json"), HTTPStatus.ACCEPTED)
    ring_planning()
    return kept
