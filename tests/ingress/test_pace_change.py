"""An operator changes how much a site gets at most, by a request alone (S268, C28)."""

import pytest
from factories import make_publication

from tasks.publishing.dispatching import claim_due


def pace(api, tenant, **limits):
    path = f"/api/v1/integration/integrations/{tenant.integration.id}/"
    answer = api.patch(path, json={"config_json": limits})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["config_json"]


def claimed():
    return [len(claim.publication_ids) for claim in claim_due()]


@pytest.mark.parametrize(
    ("limits", "first_batch"),
    [
        pytest.param({"posts_per_minute": 6, "burst": 2}, 2, id="bucket"),
        pytest.param({"posts_per_minute": None, "burst": None}, 5, id="taken away"),
    ],
)
def test_the_next_batch_keeps_to_a_pace_that_was_set_by_a_request(api, tenant, limits, first_batch):
    for _ in range(5):
        make_publication(tenant.integration)
    pace(api, tenant, posts_per_minute=1, burst=1)

    kept = pace(api, tenant, **limits)

    assert claimed() == [first_batch]
    assert {name: kept.get(name) for name in limits} == limits
