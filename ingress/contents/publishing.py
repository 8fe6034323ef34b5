"""Requests to publish: check, record, ring, answer; nothing else (S112, S157, C22, C29)."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag

from ingress.answers import AcceptedAnswer, RunAnswer, accepted_answer, run_answer
from ingress.auth import require_token
from ingress.broker import ring
from ingress.contents.fields import ContentPath, PublishHeaders, PublishRequest
from ingress.errors import Problem, problem_responses
from ingress.idempotency import idempotent, remembered
from ingress.tenancy import integration_for, own_content
from ingress.waiting import outcome_within, preferred_wait
from models import Content, ContentStatus, PublicationState
from models.publishing.accepting import Wanted, accept_publish
from models.publishing.progress import run_outcome
from models.session import session_scope

bp = APIBlueprint(
    "publishing",
    __name__,
    url_prefix="/api/v1/writer/content",
    abp_tags=[Tag(name="publishing", description="Contents on their sites")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)

PROBLEMS = problem_responses(
    "invalid_fields",
    "unauthenticated",
    "not_found",
    "not_approved",
    "no_integration",
    "several_integrations",
    "integration_inactive",
    "site_inactive",
    "length_required",
    "too_large",
    "unsupported_media_type",
    "idempotency_key_reused",
    "unavailable",
)


@dataclass(frozen=True, slots=True)
class _Accepted:
    run_id: str
    changed: bool
    answer: dict[str, Any]


@bp.post(
    "/<row_id:content_id>/publish/",
    responses={200: RunAnswer, 202: AcceptedAnswer, **PROBLEMS},
    operation_id="publish_content",
)
@idempotent
def publish(path: ContentPath, header: PublishHeaders, body: PublishRequest) -> Any:
    """Accept a content for a site. Asking again is harmless.

    202 with the run to ask about; 200 when the site shows exactly this already, or, with
    `Prefer: wait=N`, when the outcome is there in time.
    """
    accepted = _accept(path.content_id, body)
    if not accepted.changed:
        return accepted.answer, HTTPStatus.OK
    # After the commit: a worker may be quicker than this process. If the broker is away, the
    # next tick finds the row.
    ring()
    headers = {"Location": accepted.answer["status_url"]}
    if seconds := preferred_wait(header.prefer):
        outcome, waited = outcome_within(accepted.run_id, seconds)
        if waited:
            headers["Preference-Applied"] = f"wait={seconds}"
        if outcome is not None:
            return outcome, HTTPStatus.OK, headers
    return accepted.answer, HTTPStatus.ACCEPTED, headers


def _accept(content_id: int, body: PublishRequest) -> _Accepted:
    wanted = Wanted(post_status=body.status, restore=body.restore, force=body.force)
    with session_scope() as session:
        content = own_content(session, content_id, to_publish=True)
        check_status(content, override=body.override_status)
        integration = integration_for(session, content, body.site_integration_id)
        accepted = accept_publish(session, content, integration, wanted)
        run, outcome = accepted.run, run_outcome(accepted.run)
        # Unchanged, but still on its way, is no reason to say that there is nothing to do.
        if accepted.changed or accepted.publication.state is not PublicationState.PUBLISHED:
            answer = accepted_answer(run, outcome.state)
            location = {"Location": answer["status_url"]}
            remembered(session, answer, HTTPStatus.ACCEPTED, location)
            return _Accepted(run.id, True, answer)
        session.refresh(run)
        answer = run_answer(run, outcome, "no_change")
        remembered(session, answer, HTTPStatus.OK)
        return _Accepted(run.id, False, answer)


def check_status(content: Content, *, override: bool) -> None:
    """Refuse a content that is not approved, unless that shall not matter.

    Raises:
        Problem: 409.
    """
    if content.status is ContentStatus.APPROVED or override:
        return
    raise Problem(
        "not_approved",
        f"The content's status is {content.status.value}. Set it to approved, "
        "or send override_status: true.",
    )
