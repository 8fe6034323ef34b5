"""How a sync stands, after what the plugin pushes and what we fetch come and fail in any order."""

import pytest
from factories import reload
from site_calls import at, end_run, plugin
from test_structure_endpoint import PUSH

from models.sites.run_ends import End

FAILED = End(False, "The site is away.", "unreachable")
OLDER = "2025-01-01T00:00:00Z"


def push(caller, tenant, **more):
    answer = caller.post(at(tenant, "update-structure/"), json=PUSH | more)
    assert answer.status_code == 200, answer.text


def fetch(api, tenant, end):
    end_run(api.post(at(tenant, "sync/")).get_json()["run_id"], end)


def status(api, tenant):
    return api.get(at(tenant, "sync-status/")).get_json()


def test_a_push_after_a_failed_fetch_takes_the_error_away(api, client, tenant):
    fetch(api, tenant, FAILED)
    assert status(api, tenant)["sync_error"] == "unreachable: The site is away."

    push(plugin(client, tenant), tenant)

    told = status(api, tenant)
    assert (told["sync_status"], told["sync_error"]) == ("success", None)


def test_a_push_does_not_hide_that_we_can_not_reach_the_site(api, client, tenant):
    end_run(api.post(at(tenant, "test-connection/")).get_json()["run_id"], FAILED)

    push(plugin(client, tenant), tenant)

    told = status(api, tenant)
    assert (told["connection_status"], told["sync_error"]) == (
        "error",
        "unreachable: The site is away.",
    )


def test_the_last_result_is_that_of_the_newest_sync_be_it_pushed_or_fetched(api, client, tenant):
    fetch(api, tenant, FAILED)
    push(plugin(client, tenant), tenant)
    api.post(at(tenant, "sync/"))

    told = status(api, tenant)
    assert (told["activity"], told["last_result"]) == ("pending", "success")


def test_a_push_that_is_older_than_what_is_known_is_no_sync(api, client, tenant):
    push(plugin(client, tenant), tenant)
    fetch(api, tenant, FAILED)
    before = reload(tenant.integration)

    push(plugin(client, tenant), tenant, timestamp=OLDER)

    after = reload(tenant.integration)
    assert (after.sync_status, after.sync_error) == ("failed", before.sync_error)
    assert after.last_sync_at == before.last_sync_at


@pytest.mark.parametrize("missing", ["post_types", "taxonomies"])
def test_a_push_of_one_kind_alone_is_a_part(api, client, tenant, missing):
    push(plugin(client, tenant), tenant, **{missing: None})

    told = status(api, tenant)
    assert (told["sync_status"], told["last_result"]) == ("partial", "partial")


def test_a_fetch_of_a_part_is_told_while_the_next_one_is_on_its_way(api, tenant):
    fetch(api, tenant, End(True, details={"partial": True}, is_partial=True))
    assert status(api, tenant)["sync_status"] == "partial"

    api.post(at(tenant, "sync/"))

    assert status(api, tenant)["last_result"] == "partial"


@pytest.mark.parametrize(
    ("pushes", "expected"),
    [
        pytest.param([{"taxonomies": None}], "partial", id="a part"),
        pytest.param([{"taxonomies": None}, {}], "success", id="a part and then the whole"),
        pytest.param([{}, {"taxonomies": None}], "partial", id="the whole and then a part"),
        pytest.param(
            [{"taxonomies": None}, {"timestamp": OLDER}], "partial", id="and then older news"
        ),
    ],
)
def test_what_was_pushed_is_told_while_a_fetch_is_on_its_way(api, client, tenant, pushes, expected):
    fetch(api, tenant, FAILED)
    for each in pushes:
        push(plugin(client, tenant), tenant, **each)

    api.post(at(tenant, "sync/"))

    told = status(api, tenant)
    assert (told["activity"], told["last_result"]) == ("pending", expected)


def test_a_part_that_is_pushed_during_a_fetch_is_told(api, client, tenant):
    api.post(at(tenant, "sync/"))

    push(plugin(client, tenant), tenant, taxonomies=None)

    assert status(api, tenant)["last_result"] == "partial"
