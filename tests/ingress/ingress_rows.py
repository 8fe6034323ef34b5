"""Tenants with their tokens, a caller that sends one, and the shape that every problem has."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from factories import make_account, make_content, make_integration, make_site
from kombu import pools

import settings
from ingress import create_app
from models import Account, ApiToken, Content, Integration, Publication, PublicationState, Site
from models.encryption import digest
from models.session import session_scope
from tasks.app import app as celery_app


def point_celery_at(environment, url):
    """Make Celery use another broker; it asks the environment, and keeps its connections."""
    environment.setenv("CELERY_BROKER_URL", url)
    pools.reset()
    celery_app._after_fork()


_apps = {}


def application():
    """Return the web application for the present settings, one for all tests that have the same.

    To make it costs more than most tests. It must stay as it is: who adds a route makes their own.
    """
    known = settings.current()
    read = known.model_dump_json(exclude={"data_dir", "database_url", "secret_keys"})
    if read not in _apps:
        _apps[read] = create_app(known)
    return _apps[read]


def issue_token(session, account, **values):
    token = "igny8_api_" + secrets.token_urlsafe(24)
    row = ApiToken(
        account_id=account.id, name="test", prefix=token[:14], digest=digest(token), **values
    )
    session.add(row)
    session.flush()
    return token


@dataclass
class Tenant:
    """An account with one site, its integration, an approved content, and a token."""

    account: Account
    site: Site
    integration: Integration
    content: Content
    token: str

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}


def make_tenant(session):
    account = make_account(session)
    site = make_site(session, account)
    return Tenant(
        account,
        site,
        make_integration(session, site),
        make_content(session, site),
        issue_token(session, account),
    )


class Caller:
    """A test client that sends a tenant's token."""

    def __init__(self, client, headers):
        self._client, self._headers = client, headers

    def __getattr__(self, method):
        def send(path, headers=(), **more):
            return getattr(self._client, method)(
                path, headers={**self._headers, **dict(headers)}, **more
            )

        return send


def finish(publication_id, state=PublicationState.PUBLISHED, **values):
    """Write what a worker writes when a publication has come to its end."""
    if state is PublicationState.PUBLISHED:
        values = {
            "published_revision": Publication.revision,
            "external_id": "77",
            "external_url": "https://site.example/?p=77",
            "external_status": "publish",
        } | values
    with session_scope() as session:
        session.execute(
            sa.update(Publication)
            .where(Publication.id == publication_id)
            .values(state=state, **values)
        )


def problem_of(answer, status, code):
    """Return the problem that ``answer`` is, after a look at what every problem must have."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    return body
