"""The application on a database of its own with a real broker, and a caller with a token."""

import pytest
from ingress_rows import Caller, application, make_tenant, point_celery_at

from models.session import session_scope


@pytest.fixture
def broker(broker_url, valkey_server, environment):
    point_celery_at(environment, broker_url)
    return valkey_server


@pytest.fixture
def app(database, broker):
    return application()


@pytest.fixture
def tenant(app):
    with session_scope() as session:
        return make_tenant(session)


@pytest.fixture
def stranger(app):
    """Another account, with the same things."""
    with session_scope() as session:
        return make_tenant(session)


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def api(client, tenant):
    return Caller(client, tenant.headers)
