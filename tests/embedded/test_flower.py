"""Flower asks for a password however it is started: by `igny8 up`, Procfile or systemd."""

import os
import sys
from pathlib import Path

import pytest
import requests
from servers import LocalProcess, free_port

from settings import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def address(environment, broker_url, tmp_path):
    """Where Flower answers that was started by the Procfile's line, and nobody gave it a login."""
    port = free_port()
    environment.setenv("CELERY_BROKER_URL", broker_url)
    environment.delenv("FLOWER_BASIC_AUTH", raising=False)
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    variables = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "FLOWER_PORT": str(port),
        "IGNY8_DATA_DIR": str(tmp_path),
    }
    command = ["sh", "-c", f"exec {lines['flower']}"]
    with LocalProcess("flower", command, tmp_path, env=variables) as flower:
        flower.wait_for_port(port)
        yield f"http://127.0.0.1:{port}/workers"


def test_without_a_password_of_its_own_it_takes_the_one_that_was_made(address, tmp_path):
    assert requests.get(address, timeout=30).status_code == 401

    name, password = (tmp_path / "flower.auth").read_text().strip().split(":")
    assert requests.get(address, auth=(name, password), timeout=30).status_code == 200
