"""One suite, every site: what the simulator and the plugin must agree on."""

import tempfile
from pathlib import Path

import pytest
from npm_of_a_wheel import npm_on_path
from sites import KEY, ON_SQLITE, PLUGIN, SUITES, RealSite, SimulatedBridgeSite

from embedded.wordpress import (
    Blueprint,
    CannotFetch,
    WordPressSite,
    ensure,
    fetch_dropin,
    fetch_many,
)

REAL = [
    pytest.param(f"{version}-{engine}", id=f"wordpress-{version}{suffix}", marks=mark)
    for engine, suffix, versions in (("mariadb", "", SUITES), ("sqlite", "-dropin", ON_SQLITE))
    for version in versions
    for mark in [pytest.mark.wordpress]
]


@pytest.fixture(scope="session")
def dropin(pytestconfig):
    """The folder of the drop-in that puts WordPress on SQLite; it stays in the cache."""
    try:
        return fetch_dropin()
    except CannotFetch as reason:
        if not pytestconfig.getoption("npm_of_a_wheel"):
            pytest.skip(f"{reason}; --npm-of-a-wheel brings one for the time being (61 MB)")
    with npm_on_path():
        return fetch_dropin()


@pytest.fixture(scope="session")
def wordpress_sites(request):
    """Put up a WordPress of each version and database when it is first asked for."""
    up = {}

    def site(name):
        version, engine = name.split("-")
        if name not in up:
            sqlite = request.getfixturevalue("dropin") if engine == "sqlite" else None
            ensure(sqlite=sqlite is not None)
            core = fetch_many(list(SUITES.values()))[SUITES[version]]
            # pytest's own folder is closed to the account that PHP and MariaDB run as.
            root = Path(tempfile.mkdtemp(prefix="igny8-contract-", dir="/var/tmp"))
            root.chmod(0o755)
            up[name] = WordPressSite.up(
                root, Blueprint(core=core, plugin=PLUGIN, api_key=KEY, workers=8, sqlite=sqlite)
            )
        return up[name]

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
