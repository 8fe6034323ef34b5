"""Which adapter speaks to a site, and what it is told of it."""

import pytest
from factories import make_integration

import platforms
from platforms import Target, UnsupportedPlatform, target_of
from platforms.wordpress import WordPressBridge


def target(platform):
    return Target(integration_id=1, platform=platform, site_url="https://e.com", api_key="k")


def test_each_platform_has_its_adapter():
    assert isinstance(platforms.connect(target("wordpress")), WordPressBridge)


@pytest.mark.parametrize("platform", ["shopify", "custom", ""])
def test_a_platform_without_an_adapter_is_refused(platform):
    with pytest.raises(UnsupportedPlatform, match="no adapter"):
        platforms.connect(target(platform))
    assert issubclass(UnsupportedPlatform, NotImplementedError)


def test_the_settings_of_a_site_are_in_its_config(session):
    made = make_integration(
        session, config_json={"site_url": "https://other.example/", "requests_per_site": 5}
    )

    target = target_of(made)
    assert (target.site_url, target.requests_per_site) == ("https://other.example", 5)
