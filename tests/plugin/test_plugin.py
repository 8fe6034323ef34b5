"""The plugin's own tests: its style, and PHPUnit inside a real WordPress of each version."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from embedded.wordpress import Blueprint, WordPressSite, ensure, fetch_many

pytestmark = pytest.mark.wordpress

FOLDER = Path(__file__).parents[2] / "wordpress-plugin"
SUITES = {"6.1": "bookworm", "6.8": "trixie", "7.1": "sid"}


@pytest.fixture(scope="module", autouse=True)
def tools():
    ensure(tests=True)


@pytest.fixture(params=SUITES.values(), ids=SUITES)
def site(request):
    """A throw-away WordPress: the tests empty the bridge's tables."""
    root = Path(tempfile.mkdtemp(prefix="igny8-plugin-", dir="/var/tmp"))
    root.chmod(0o755)  # pytest's own folder is closed to the account that PHP runs as
    core = fetch_many(list(SUITES.values()))[request.param]
    made = WordPressSite.up(
        root, Blueprint(core=core, plugin=FOLDER / "igny8-wp-bridge", api_key="k" * 40)
    )
    yield made
    made.remove()


def run(*command, **env):
    return subprocess.run(
        command,
        cwd=FOLDER,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


def test_the_style_is_wordpress():
    done = run("phpcs", "--standard=phpcs.xml", "-q")

    assert done.returncode == 0, done.stdout[-3000:]


def test_phpunit_passes_inside_wordpress(site):
    done = run(
        "phpunit",
        "-c",
        "tests/phpunit.xml",
        IGNY8_TEST_SITE=str(site.folder),
        IGNY8_TEST_URL=site.url,
    )

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert "OK" in done.stdout
