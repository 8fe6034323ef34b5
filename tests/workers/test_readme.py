"""The README's calls by HTTP, run as printed against the API and its workers."""

import json
import re
import subprocess
import sys

import pytest
import sqlalchemy as sa
from factories import reload
from servers import LocalProcess, free_port

from models import Account, Publication, PublicationState, Site
from models.session import session_scope
from settings import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("broker", ["valkey"], indirect=True),
]

GRANIAN = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws", "--host", "127.0.0.1"]
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
SHOP = "https://shop.invalid"
"""In the place of the site that the page connects: nobody must be asked over the network."""


@pytest.fixture
def port(engine, integration, tmp_path):
    """The API before workers, with one site of the account that commands are for."""
    with session_scope() as session:
        session.execute(sa.update(Account).values(name="default"))
    port = free_port()
    command = [*GRANIAN, "--port", str(port), "ingress.wsgi:app"]
    with LocalProcess("web", command, tmp_path, env={"PYTHONPATH": str(ROOT)}) as web:
        web.wait_for_port(port)
        yield port


@pytest.fixture
def printed(port):
    """Return the calls of the page in their order, at our port."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    (first, second) = [block for block in blocks if "curl" in block or "post " in block]
    changes = {"127.0.0.1:8000": f"127.0.0.1:{port}", "https://example.com": SHOP}
    for old, new in changes.items():
        assert old in first + second
        first, second = first.replace(old, new), second.replace(old, new)
    return first, second


def run(*blocks):
    """Return what the last call answered."""
    script = "\necho\necho ---\n".join(blocks)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.rpartition("---")[2])


def test_a_content_is_saved_and_published(printed, integration):
    told = run(printed[0])

    with session_scope(read_only=True) as session:
        (published,) = session.scalars(sa.select(Publication))
    assert published.integration_id == integration.id
    assert told["result"] in {"accepted", "published"}, told
    if told["result"] == "published":
        assert reload(published).state is PublicationState.PUBLISHED


def test_a_site_is_connected_by_a_script(printed):
    told = run(*printed)

    with session_scope(read_only=True) as session:
        site = session.scalars(sa.select(Site).filter_by(url=SHOP)).one()
    assert (told["success"], told["site_id"]) == (True, site.id)
    assert told["status_url"].endswith(told["run_id"] + "/")
