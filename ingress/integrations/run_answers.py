"""What became of a request about a site, as the API shows it, and how one is answered."""

from datetime import datetime
from http import HTTPStatus
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session, joinedload

from ingress.answers import WITH_LOCATION, status_url
from ingress.auth import account_id
from ingress.broker import ring_site_runs
from ingress.errors import not_found
from ingress.idempotency import IdempotentHeaders
from ingress.site_keys import asking_site
from ingress.waiting import preferred_wait, within
from models import SiteRun, SiteRunState
from models.site_run import OPEN


class LayerAnswer(BaseModel):
    """One layer of a connection; each rests on the one before."""

    layer: str
    ok: bool
    skipped: bool
    whose: str | None = Field(description="Who can mend it: ours, site, host or network.")
    message: str
    what_to_do: str
    code: str = Field("", description="Names message and what_to_do, to say them elsewhere.")
    facts: dict[str, str] = Field({}, description="What is put in at {name} in them.")


class SiteRunAnswer(BaseModel):
    """What became of a request about a site."""

    result: Literal["pending", "succeeded", "failed"]
    run_id: str
    status_url: str
    kind: str
    site_integration_id: int
    site_id: int
    state: str
    finished: bool
    success: bool | None = Field(description="Null until it has finished.")
    reason: str | None = Field(description="Why it failed, and what to do, in words.")
    code: str | None
    failing_layer: str | None = Field(description="Of a connection test.")
    layers: list[LayerAnswer] | None = Field(description="Of a connection test that has ended.")
    details: dict[str, Any] = Field(description="What else it came to.")
    created_at: datetime
    finished_at: datetime | None


class AcceptedSiteRun(BaseModel):
    """A request about a site that was accepted; the same one again while it is on its way."""

    model_config = WITH_LOCATION

    result: Literal["accepted"] = "accepted"
    run_id: str
    status_url: str
    kind: str
    site_integration_id: int
    state: str


class WaitHeaders(BaseModel):
    prefer: str | None = Field(
        None, description="`wait=N`: answer with the outcome if it is there within N ≤ 30 seconds."
    )


class RunHeaders(IdempotentHeaders, WaitHeaders):
    """The headers of a request about a site."""


def own_site_run(session: Session, run_id: str) -> SiteRun:
    """Return a run of the account that asks; for a plugin, of its own site.

    Raises:
        Problem: 404.
    """
    query = (
        sa.select(SiteRun)
        .filter_by(id=run_id, account_id=account_id())
        .options(joinedload(SiteRun.integration, innerjoin=True))
    )
    found = session.scalars(query).one_or_none()
    if found is None or asking_site() not in {None, found.integration.site_id}:
        raise not_found("run")
    return found


def site_run_answer(run: SiteRun) -> dict[str, Any]:
    """Return a run as JSON values."""
    ended = run.state not in OPEN
    told = dict(run.result or {})
    return SiteRunAnswer(
        result=("succeeded" if run.state is SiteRunState.SUCCEEDED else "failed")
        if ended
        else "pending",
        run_id=run.id,
        status_url=status_url(run.id),
        kind=run.kind.value,
        site_integration_id=run.integration_id,
        site_id=run.integration.site_id,
        state=run.state.value,
        finished=ended,
        success=told.pop("success", None),
        reason=told.pop("reason", None),
        code=told.pop("code", None),
        failing_layer=told.pop("failing_layer", None),
        layers=told.pop("layers", None),
        details=told,
        created_at=run.created_at,
        finished_at=run.finished_at,
    ).model_dump(mode="json")


def accepted_site_run(run: SiteRun) -> dict[str, Any]:
    """Return what is said of a run before anything is known of its outcome."""
    return AcceptedSiteRun(
        run_id=run.id,
        status_url=status_url(run.id),
        kind=run.kind.value,
        site_integration_id=run.integration_id,
        state=run.state.value,
    ).model_dump(mode="json")


def answer_run(accepted: dict[str, Any], prefer: str | None) -> Any:
    """Ring, and answer 202; or 200 with the outcome when the caller waits and it comes in time.

    Call it after the commit: a worker may be quicker than this process.
    """
    ring_site_runs()
    headers = {"Location": accepted["status_url"]}
    outcome, waited = site_outcome(accepted["run_id"], preferred_wait(prefer))
    if waited:
        headers["Preference-Applied"] = f"wait={preferred_wait(prefer)}"
    if outcome is not None:
        return outcome, HTTPStatus.OK, headers
    return accepted, HTTPStatus.ACCEPTED, headers


def site_outcome(run_id: str, seconds: int) -> tuple[dict[str, Any] | None, bool]:
    """Return a run's answer if it ends in time, and whether we waited at all."""
    if not seconds:
        return None, False

    def look(session: Session) -> dict[str, Any] | None:
        run = own_site_run(session, run_id)
        return None if run.state in OPEN else site_run_answer(run)

    return within(look, seconds)
