"""The systemd units run what the Procfile runs, are started again for ever, and are well formed.

And `deploy/igny8` runs the command where the units run their programs.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import celeryconfig
from settings import ROOT, Settings
from tasks.publishing.uploading import ROOM

FOLDER = ROOT / "deploy"
LINES = {
    "web": "igny8-web",
    "worker-publish": "igny8-worker-publish",
    "worker-media": "igny8-worker-media",
    "beat": "igny8-beat",
    "flower": "igny8-flower",
    "release": "igny8-migrate",
}
RUNNING = [name for line, name in LINES.items() if line != "release"]
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
PROGRAMS = "/opt/igny8/.venv/bin/"


def options(name):
    """Return a unit's options, each with all its values, in their order."""
    found = {}
    for line in (FOLDER / f"{name}.service").read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def variables(name):
    words = shlex.split(" ".join(options(name).get("Environment", [])))
    return dict(word.split("=", 1) for word in words)


def command(name):
    """Return what systemd runs, with the defaults of its variables."""
    (line,) = options(name)["ExecStart"]
    known = variables(name)
    filled = re.sub(r"\$\{(\w+)\}", lambda found: known[found[1]], line.replace("%%", "%"))
    return shlex.split(filled.removeprefix(PROGRAMS))


@pytest.fixture
def run_wrapper(tmp_path):
    """Call `deploy/igny8` before a systemd-run that notes its words and ends with a code."""
    stand_in = tmp_path / "systemd-run"
    stand_in.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" >{tmp_path}/words\nexit 7\n')
    stand_in.chmod(0o755)

    def run(*words):
        path = f"{tmp_path}:{os.environ['PATH']}"
        done = subprocess.run(
            [FOLDER / "igny8", *words], env={"PATH": path}, cwd=tmp_path, check=False
        )
        return done.returncode, (tmp_path / "words").read_text().split("\0")[:-1]

    return run


@pytest.fixture(scope="module")
def procfile():
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize(("line", "name"), LINES.items())
def test_a_unit_runs_its_line_of_the_procfile(procfile, line, name):
    assert set(procfile) == set(LINES)
    words = shlex.split(DEFAULT.sub(r"\1", procfile[line]))
    remap = [word for word in words if word.startswith("REMAP_SIGTERM=")]
    # Behind a proxy on the same host, and with a folder that systemd makes.
    here = {"0.0.0.0": "127.0.0.1", "var/beat-schedule": "/var/lib/igny8/beat-schedule"}

    assert command(name) == [here.get(word, word) for word in words if word not in remap]
    assert [f"REMAP_SIGTERM={variables(name).get('REMAP_SIGTERM')}"] == (
        remap or ["REMAP_SIGTERM=None"]
    )


@pytest.mark.parametrize("name", RUNNING)
def test_it_is_started_again_for_ever(name):
    found = options(name)

    assert found["Restart"] == ["always"]
    assert found["StartLimitIntervalSec"] == ["0"]
    assert found["KillMode"] == ["mixed"]
    assert found["EnvironmentFile"] == ["/etc/igny8/igny8.env"]


@pytest.mark.parametrize("name", ["igny8-worker-publish", "igny8-worker-media"])
def test_a_worker_has_the_time_its_soft_shutdown_takes(name):
    (limit,) = options(name)["TimeoutStopSec"]
    total = Settings.model_fields["total_timeout"].default

    assert int(limit) > celeryconfig.worker_soft_shutdown_timeout + total


def test_a_worker_has_the_memory_that_its_pictures_take():
    most = {
        name: float(options(name)["MemoryMax"][0].removesuffix("G")) * 2**30
        for name in ("igny8-worker-publish", "igny8-worker-media")
    }

    # Of the hex that a driver reads, the bytes, and what is sent: four times its size at worst.
    assert most["igny8-worker-publish"] >= 4 * ROOM.most + 2**28
    processes = int(variables("igny8-worker-media")["IGNY8_MEDIA_CONCURRENCY"])
    assert most["igny8-worker-media"] >= processes * 1.5 * 2**30 + 2**28


@pytest.mark.parametrize("name", ["igny8-worker-publish", "igny8-worker-media", "igny8-web"])
def test_a_unit_may_open_a_connection_to_each_site(name):
    assert options(name)["LimitNOFILE"] == ["65536"]


@pytest.mark.parametrize("name", LINES.values())
def test_no_dump_of_a_units_memory_is_written(name):
    assert options(name)["LimitCORE"] == ["0"]


def test_the_command_may_open_as_many_files_as_the_units(run_wrapper):
    _, words = run_wrapper("census")

    assert "--property=LimitNOFILE=65536" in words


@pytest.mark.parametrize("name", LINES.values())
def test_the_command_runs_where_the_units_run(run_wrapper, name):
    _, words = run_wrapper("doctor")
    unit = options(name)

    for option in ("User", "Group", "EnvironmentFile", "StateDirectory", "UMask", "LimitCORE"):
        assert f"--property={option}={unit[option][0]}" in words
    assert f"--setenv=IGNY8_DATA_DIR={variables(name)['IGNY8_DATA_DIR']}" in words
    assert f"--setenv=PYTHONPATH={unit['WorkingDirectory'][0]}" in words


def test_the_command_passes_its_words_and_its_end_on(run_wrapper):
    code, words = run_wrapper("site", "add", "two words", "", "5 $HOME", "*")

    program = [f"{PROGRAMS}python", "-P", "-m", "cli"]
    # systemd makes one dollar of two, and a variable's value of one.
    assert words[words.index("--") + 1 :] == [
        *program,
        "site",
        "add",
        "two words",
        "",
        "5 $$HOME",
        "*",
    ]
    assert {"--pipe", "--pty", "--wait"} <= set(words)
    assert code == 7


def test_the_target_wants_every_unit():
    wanted = re.search(r"^Wants=(.*)$", (FOLDER / "igny8.target").read_text(), re.MULTILINE)[1]

    assert wanted.split() == [f"{name}.service" for name in RUNNING]
    assert {path.stem for path in FOLDER.glob("*.service")} == set(LINES.values())


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_understands_them(tmp_path):
    programs = Path(sys.executable).parent
    for path in [*FOLDER.glob("*.service"), *FOLDER.glob("*.target")]:
        text = path.read_text().replace(PROGRAMS, f"{programs}/")
        text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE)
        text = text.replace("=/opt/igny8\n", f"={ROOT}\n")
        (tmp_path / path.name).write_text(text)

    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
