"""Asking for a new key by the API: a run, one at a time, and for admins alone."""

import pytest
import sqlalchemy as sa
from factories import reload
from ingress_rows import issue_token, problem_of
from site_calls import at, end_run

from models import Role, Site, SiteRun
from models.session import session_scope
from models.sites.run_ends import End


def runs():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(SiteRun)).all()


def test_it_is_accepted_as_a_run(api, tenant):
    answer = api.post(at(tenant, "rotate-api-key/"), json={"overlap_hours": 2})

    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == answer.get_json()["status_url"]
    (run,) = runs()
    assert (run.id, run.arguments) == (answer.get_json()["run_id"], {"overlap_hours": 2})
    assert reload(tenant.site).wp_api_key == tenant.site.wp_api_key


def test_the_body_may_be_left_out(api, tenant):
    assert api.post(at(tenant, "rotate_api_key/")).status_code == 202
    assert runs()[0].arguments == {"overlap_hours": 24}


def test_asked_twice_it_is_one_run(api, tenant):
    answers = [api.post(at(tenant, "rotate-api-key/")).get_json() for _ in range(2)]

    assert answers[0]["run_id"] == answers[1]["run_id"]


def test_its_end_is_told_with_the_reason(api, tenant):
    accepted = api.post(at(tenant, "rotate-api-key/")).get_json()
    end_run(accepted["run_id"], End(False, "the site could not reach us", "not_proved"))

    found = api.get(accepted["status_url"]).get_json()

    assert (found["finished"], found["success"], found["code"]) == (True, False, "not_proved")
    assert found["reason"] == "the site could not reach us"


def test_a_site_without_a_key_has_none_to_change(api, tenant):
    with session_scope() as session:
        session.get_one(Site, tenant.site.id).wp_api_key_digest = None

    problem_of(api.post(at(tenant, "rotate-api-key/")), 409, "no_site_key")


@pytest.mark.parametrize("hours", [-1, 169, 1.5, "24", True])
def test_hours_are_hours(api, tenant, hours):
    answer = api.post(at(tenant, "rotate-api-key/"), json={"overlap_hours": hours})

    problem_of(answer, 400, "invalid_fields")
    assert runs() == []


def test_it_takes_an_admin(client, tenant):
    with session_scope() as session:
        token = issue_token(session, session.merge(tenant.account), role=Role.EDITOR)
    headers = {"Authorization": f"Bearer {token}"}

    problem_of(client.post(at(tenant, "rotate-api-key/"), headers=headers), 403, "forbidden")


def test_a_site_can_not_ask_for_itself(client, tenant):
    headers = {"X-IGNY8-API-Key": tenant.site.wp_api_key}

    answer = client.post(at(tenant, "rotate-api-key/"), headers=headers)
    problem_of(answer, 401, "unauthenticated")


def test_another_tenants_is_like_a_missing_one(api, stranger):
    problem_of(api.post(at(stranger, "rotate-api-key/")), 404, "not_found")
