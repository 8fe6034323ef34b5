"""The doors, for tests of what must not come in; the application and a caller with a token."""

import bad_input_paths  # noqa: F401 - before what it makes importable
import pytest
from ingress_rows import Caller, application, make_tenant, point_celery_at

import settings
from models.session import session_scope


@pytest.fixture
def app(database, broker_url, environment):
    point_celery_at(environment, broker_url)
    return application()


@pytest.fixture
def tenant(app):
    with session_scope() as session:
        return make_tenant(session)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def api(client, tenant):
    return Caller(client, tenant.headers)


@pytest.fixture
def no_private_hosts(environment):
    """Nobody has allowed a private address."""
    environment.delenv("IGNY8_ALLOWED_PRIVATE_HOSTS")
    settings.current.cache_clear()
