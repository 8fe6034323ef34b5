"""One handler behind every spelling of an address."""

import pytest
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel

from ingress.aliases import BASE, aliased, aliases_of


class Path(BaseModel):
    number: int


@pytest.fixture
def opened():
    app = OpenAPI(__name__)
    bp = APIBlueprint("things", __name__, url_prefix=BASE)

    @aliased(bp, "post", "/integrations/<int:number>/update-structure/")
    def update_structure(path: Path):
        return {"number": path.number + 1}

    app.register_api(bp)
    return app.test_client()


@pytest.mark.parametrize(
    ("rule", "others"),
    [
        pytest.param(
            "/integrations/<int:an-id>/sync-status/",
            {
                "/integrations/<int:an-id>/sync_status/",
                "/<int:an-id>/sync-status/",
                "/<int:an-id>/sync_status/",
            },
            id="all kinds",
        ),
        pytest.param("/integrations/", {"/"}, id="the list"),
        pytest.param("/webhooks/wordpress/status/", set(), id="none"),
    ],
)
def test_the_other_addresses_of_a_rule(rule, others):
    assert set(aliases_of(rule)) == others


@pytest.mark.parametrize(
    "address",
    [
        "/integrations/4/update-structure/",
        "/integrations/4/update_structure/",
        "/4/update-structure/",
        "/4/update_structure/",
    ],
)
def test_every_address_has_the_one_handler(opened, address):
    assert opened.post(BASE + address).get_json() == {"number": 5}
    assert opened.get(BASE + address).status_code == 405


def test_the_document_shows_the_canonical_address(opened):
    paths = opened.get("/openapi/openapi.json").get_json()["paths"]

    assert list(paths) == [BASE + "/integrations/{number}/update-structure/"]
