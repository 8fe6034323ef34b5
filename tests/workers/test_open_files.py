"""A worker, and a command that asks every site, may hold a connection to each of them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from engine import LINES, celery
from servers import LocalProcess

from settings import ROOT

USUAL = ["sh", "-c", 'ulimit -Sn 256 && ulimit -Hn 1500 && exec "$@"', "sh"]
"""What comes behind it runs under a soft limit as a shell or systemd sets one, and a hard one."""

ASK = "import resource; print(*resource.getrlimit(resource.RLIMIT_NOFILE))"


def run(code):
    """Run Python code; return the soft and the hard limit that it had in the end."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [*USUAL, sys.executable, "-c", f"{code}\n{ASK}"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=60)
    return [int(word) for word in done.stdout.split()[-2:]]


def test_the_soft_limit_is_raised_to_the_hard_one():
    assert run("from tasks.open_files import allow_many; allow_many()") == [1500, 1500]


def test_a_limit_that_is_higher_already_stays():
    code = "import tasks.open_files as limits; limits.MOST = 200; limits.allow_many()"

    assert run(code) == [256, 1500]


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("command", [["census"], ["site", "check"]])
def test_a_command_that_asks_every_site_raises_it(command):
    code = (
        "from typer.testing import CliRunner; from cli.main import app\n"
        f"print(CliRunner().invoke(app, {command}).output)"
    )

    assert run(code) == [1500, 1500]


@pytest.mark.slow
@pytest.mark.usefixtures("sqlite_database", "broker_url")
def test_a_worker_raises_it_as_it_starts(tmp_path):
    command = [*USUAL, *celery("worker", *LINES["publish"])]
    with LocalProcess("worker", command, tmp_path, env={"PYTHONPATH": str(ROOT)}) as worker:
        worker.wait_for_log("ready.")
        limits = Path(f"/proc/{worker.pid}/limits").read_text()

    assert re.findall(r"Max open files +(\d+) +(\d+)", limits) == [("1500", "1500")]
