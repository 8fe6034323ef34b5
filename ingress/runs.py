"""What became of an accepted request."""

from typing import Any
from uuid import UUID

from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel

from ingress.answers import RunAnswer, run_answer
from ingress.auth import require_token
from ingress.errors import problem_responses
from ingress.tenancy import own_run
from models.progress import run_outcome
from models.session import session_scope

bp = APIBlueprint(
    "runs",
    __name__,
    url_prefix="/api/v1/runs",
    abp_tags=[Tag(name="runs", description="Accepted requests")],
    abp_security=[{"bearer": []}],
)
bp.before_request(require_token)


class RunPath(BaseModel):
    run_id: UUID


@bp.get(
    "/<uuid:run_id>/",
    operation_id="run",
    responses={
        200: RunAnswer,
        **problem_responses("invalid_fields", "unauthenticated", "not_found", "unavailable"),
    },
)
def read(path: RunPath) -> Any:
    """Return how far a request is; ask again while `finished` is false."""
    with session_scope(read_only=True) as session:
        run = own_run(session, str(path.run_id))
        return run_answer(run, run_outcome(run))
