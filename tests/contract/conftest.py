"""One suite, every site: what the simulator and the plugin must agree on."""

import tempfile
from pathlib import Path

import pytest
from sites import KEY, PLUGIN, SUITES, RealSite, SimulatedBridgeSite

from embedded.wordpress import Blueprint, WordPressSite, ensure, fetch_many

REAL = [
    pytest.param(version, id=f"wordpress-{version}", marks=pytest.mark.wordpress)
    for version in SUITES
]


@pytest.fixture(scope="session")
def wordpress_sites():
    """Put up a WordPress of each version when it is first asked for."""
    up = {}

    def site(version):
        if version not in up:
            ensure()
            core = fetch_many(list(SUITES.values()))[SUITES[version]]
            # pytest's own folder is closed to the account that PHP and MariaDB run as.
            root = Path(tempfile.mkdtemp(prefix="igny8-contract-", dir="/var/tmp"))
            root.chmod(0o755)
            up[version] = WordPressSite.up(
                root, Blueprint(core=core, plugin=PLUGIN, api_key=KEY, workers=8)
            )
        return up[version]

    yield site
    for wordpress in up.values():
        wordpress.remove()


@pytest.fixture(params=[pytest.param("simulator", id="simulator"), *REAL])
def bridge(request):
    """A site with the bridge and nothing published on it."""
    if request.param == "simulator":
        from simulators.wordpress import SimulatedSite

        with SimulatedSite(api_key=KEY) as simulated:
            yield SimulatedBridgeSite(simulated)
        return
    wordpress = request.getfixturevalue("wordpress_sites")(request.param)
    wordpress.reset()
    yield RealSite(wordpress)
