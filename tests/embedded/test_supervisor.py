"""The whole stack as an operator has it: up in order, down in order, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from servers import free_port, wait_until

from embedded import leftovers, lineup
from embedded.child import MARK
from embedded.errors import CannotStart
from embedded.places import Places
from embedded.supervisor import Stack, flower_login
from settings import ROOT, Settings

EVERYBODY = {"broker", "publish", "media", "flower", "web", "beat"}
NAMES = [name for stage in lineup.STAGE_NAMES for name in stage]


def free_ports():
    ports = set()
    while len(ports) < 3:
        ports.add(str(free_port()))
    return dict(zip(("PORT", "FLOWER_PORT", "IGNY8_BROKER_PORT"), ports, strict=True))


def settings_in(folder, **variables):
    given = {"DATABASE_URL": "", "REDIS_URL": "", "CELERY_BROKER_URL": "", **variables}
    return Settings(_env_file=None, IGNY8_DATA_DIR=folder, **given)


def left_in(folder):
    return leftovers.find(NAMES, Places(folder.resolve()))


def status_of(url):
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code


def igny8(folder, *words, ports=None, folder_of_data=None):
    """Start the command as an operator does, in a session of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("IGNY8_", "CELERY_"))}
    kept |= {"IGNY8_DATA_DIR": str(folder_of_data or folder), "PYTHONPATH": str(ROOT)}
    kept |= ports or free_ports()
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cli", *words],
        cwd=folder,
        env=kept,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    with Stack(settings_in(folder, **free_ports()), quiet=True) as running:
        yield running


@pytest.mark.slow
class TestARunningStack:
    def test_everybody_is_there(self, stack):
        assert set(stack.processes) == EVERYBODY

    def test_the_api_answers(self, stack):
        assert status_of(f"http://127.0.0.1:{stack.settings.port}/healthz") == 200

    def test_flower_wants_a_password_that_no_command_line_shows(self, stack):
        password = flower_login(stack.settings).split(" / ")[1]
        shown = Path(f"/proc/{stack.processes['flower']}/cmdline").read_text()

        assert status_of(f"http://127.0.0.1:{stack.settings.flower_port}/api/workers") == 401
        assert password not in shown
        assert "--read_only=True" in shown

    def test_secrets_are_for_us_alone(self, stack):
        folder = stack.settings.data_dir
        modes = {
            name: (folder / name).stat().st_mode & 0o777 for name in ("secret.key", "flower.auth")
        }

        assert modes == {"secret.key": 0o600, "flower.auth": 0o600}

    def test_flowers_password_reaches_flower_alone(self, stack):
        password = flower_login(stack.settings).split(" / ")[1].encode()
        holders = {
            name
            for name, pid in stack.processes.items()
            if password in Path(f"/proc/{pid}/environ").read_bytes()
        }

        assert holders == {"flower"}

    def test_the_doctor_is_content(self, stack):
        variables = {name: value for name, value in stack.child_environment.items() if name != MARK}
        asked = subprocess.run(
            [sys.executable, "-P", "-m", "cli", "--json", "doctor"],
            env=variables,
            check=False,
            capture_output=True,
            text=True,
        )
        said = {check["subject"]: check for check in json.loads(asked.stdout)["checks"]}

        del said["beat"], said["queues"]  # the first tick may be still to come
        assert {check["grade"] for check in said.values()} == {"ok"}

    def test_a_second_stack_on_the_same_folder_is_refused(self, stack):
        other = Stack(stack.settings, quiet=True)

        with pytest.raises(CannotStart, match=rf"running already .* {os.getpid()}"):
            other.start()
        assert set(stack.processes) == EVERYBODY

    def test_a_process_that_is_killed_comes_back(self, stack):
        before = stack.processes["web"]

        os.killpg(before, signal.SIGKILL)

        wait_until(lambda: stack.processes["web"] != before)
        wait_until(lambda: _answers(f"http://127.0.0.1:{stack.settings.port}/healthz"))


def _answers(url):
    try:
        return status_of(url) == 200
    except OSError:
        return False


@pytest.mark.slow
def test_ctrl_c_stops_everything_in_order(tmp_path):
    up = igny8(tmp_path, "up")
    said = []
    while not any("Ctrl-C stops everything" in line for line in said):
        line = up.stdout.readline()
        assert line, up.stderr.read()
        said.append(line)

    up.send_signal(signal.SIGINT)
    rest, errors = up.communicate(timeout=120)

    stopped = [line.split()[0] for line in rest.splitlines() if " stopped (" in line]
    assert stopped == ["beat", "flower", "web", "publish", "media", "broker"]
    assert (up.returncode, errors) == (0, "")
    assert left_in(tmp_path) == []
    assert list((tmp_path / "run").glob("*.pid")) == []


@pytest.mark.slow
def test_ctrl_c_while_starting_leaves_nothing(tmp_path):
    up = igny8(tmp_path, "up")
    wait_until((tmp_path / "run" / "publish.pid").exists)

    up.send_signal(signal.SIGSTOP)  # so that both are there when it goes on
    up.send_signal(signal.SIGTERM)
    up.send_signal(signal.SIGINT)  # a second one: now at once
    up.send_signal(signal.SIGCONT)
    said, errors = up.communicate(timeout=120)

    assert up.returncode == 130, f"{said}\n{errors}"
    assert left_in(tmp_path) == []


INTERRUPTED = """
import os, signal
import settings
from embedded.signals import as_interrupts
from embedded.supervisor import Stack

def interrupt_once(signals=[signal.SIGINT]):
    if signals:
        os.kill(os.getpid(), signals.pop())
    return False

with as_interrupts(), Stack(settings.current(), quiet=True, in_a_hurry=interrupt_once):
    pass
"""


@pytest.mark.slow
def test_ctrl_c_while_it_stops_anyway_leaves_nothing(tmp_path):
    env = {"IGNY8_DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), **free_ports()}
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, env={**os.environ, **env}, check=False, timeout=200)

    assert left_in(tmp_path) == []
    assert done.returncode == 0


@pytest.mark.slow
def test_what_a_killed_supervisor_left_is_stopped_by_the_next(tmp_path):
    ports = free_ports()
    up = igny8(tmp_path, "up", ports=ports)
    wait_until((tmp_path / "run" / "publish.pid").exists)
    up.kill()
    up.communicate()
    left = left_in(tmp_path)
    assert left

    # The same ports: they are free only when those processes are gone.
    with Stack(settings_in(tmp_path, **ports), quiet=True) as stack:
        assert not set(left) & set(stack.processes.values())
        assert "an earlier run left" in (tmp_path / "log" / "up.log").read_text()
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("name", ["PORT", "FLOWER_PORT", "IGNY8_BROKER_PORT"])
def test_a_port_in_use_is_named_with_its_variable(tmp_path, name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = Stack(
            settings_in(tmp_path, **free_ports()), quiet=True, overrides={name: str(port)}
        )

        with pytest.raises(CannotStart, match=rf"port {port} .* in use.* set {name} "):
            stack.start()


def test_one_port_for_two_is_refused(tmp_path):
    ports = free_ports() | {"PORT": "18001", "FLOWER_PORT": "18001"}

    with pytest.raises(CannotStart, match="PORT and FLOWER_PORT are both 18001"):
        Stack(settings_in(tmp_path, **ports), quiet=True).start()


def test_an_address_of_another_machine_is_refused(tmp_path):
    with pytest.raises(CannotStart, match=r"192\.0\.2\.1 is no address of this machine"):
        Stack(settings_in(tmp_path, HOST="192.0.2.1", **free_ports()), quiet=True).start()


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    up = igny8(tmp_path, "up", folder_of_data=tmp_path / "file" / "var")

    said, errors = up.communicate(timeout=60)

    assert (up.returncode, said) == (1, "")
    assert errors.startswith(
        f"igny8: can't write to {tmp_path}/file/var (Not a directory): set IGNY"
    )
    assert len(errors.splitlines()) == 1


def test_overrides_change_what_follows_from_them(tmp_path):
    known = settings_in(tmp_path / "one")

    stack = Stack(known, overrides={"IGNY8_BROKER_PORT": "18999", "IGNY8_DATA_DIR": str(tmp_path)})

    assert stack.settings.broker_url == "redis://127.0.0.1:18999/0"
    assert stack.settings.database_url == f"sqlite:///{tmp_path / 'igny8.db'}"
    assert stack.child_environment["CELERY_BROKER_URL"] == stack.settings.broker_url


def test_a_broker_of_somebody_elses_is_not_started(tmp_path):
    ports = free_ports()
    known = settings_in(tmp_path, **ports, REDIS_URL="redis://127.0.0.1:1/0")

    with pytest.raises(CannotStart, match="the broker does not answer"):
        Stack(known, quiet=True).start()
    assert not (tmp_path / "log" / "broker.log").exists()


def test_children_see_the_same_settings(tmp_path):
    known = settings_in(tmp_path, **free_ports(), IGNY8_ALLOWED_PRIVATE_HOSTS="a.test,b.test")
    environment = Stack(known).child_environment

    names = {field.alias for field in Settings.model_fields.values()}
    seen = {name: value for name, value in environment.items() if name in names}

    assert Settings(_env_file=None, **seen) == known
