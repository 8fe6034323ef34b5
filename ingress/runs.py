"""What became of an accepted request: a publish, or something about a site."""

from typing import Any
from uuid import UUID

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, RootModel

from ingress.answers import RunAnswer, run_answer
from ingress.errors import Problem, problem_responses
from ingress.integrations.run_answers import SiteRunAnswer, own_site_run, site_run_answer
from ingress.site_keys import require_token_or_site_key
from ingress.tenancy import own_run
from models.publishing.progress import run_outcome
from models.session import session_scope

bp = APIBlueprint(
    "runs",
    __name__,
    url_prefix="/api/v1/runs",
    abp_tags=[Tag(name="runs", description="Accepted requests")],
    abp_security=[{"bearer": []}, {"site_key": []}],
)
bp.before_request(require_token_or_site_key)


class RunPath(BaseModel):
    run_id: UUID


class EitherRunAnswer(RootModel[RunAnswer | SiteRunAnswer]):
    """Of a publish, or of a request about a site: that one has a `kind`."""


@bp.get(
    "/<uuid:run_id>/",
    operation_id="run",
    responses={
        200: EitherRunAnswer,
        **problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable"),
    },
)
def read(path: RunPath) -> Any:
    """Return how far a request is; ask again while `finished` is false."""
    with session_scope(read_only=True) as session:
        try:
            run = own_run(session, str(path.run_id))
        except Problem:
            return site_run_answer(own_site_run(session, str(path.run_id)))
        return run_answer(run, run_outcome(run))
