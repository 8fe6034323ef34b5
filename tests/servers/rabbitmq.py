"""RabbitMQ from Debian's package, started privately: own ports, own folders, own epmd."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from embedded.wordpress.packages import apt_alone
from servers.processes import LocalProcess, free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
POLICY = Path("/usr/sbin/policy-rc.d")
READY = "Server startup complete"


class RabbitMQMissing(Exception):
    """It is not here and can't be installed; the message is the reason for a skip."""


class RabbitMQ:
    """One node. Its name server (epmd) is a child of ours too, so nothing is left behind."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self._epmd_port, self._peer_port = free_port(), free_port()
        self._epmd = self.process = None

    def start(self):
        """Start the node.

        Raises:
            RabbitMQMissing: it is neither installed nor installable.
        """
        ensure_installed()
        env = self._environment()
        self._epmd = LocalProcess(
            "epmd",
            ["epmd", "-port", str(self._epmd_port), "-address", "127.0.0.1"],
            self.folder,
            env=env,
            port=self._epmd_port,
        )
        self._epmd.start().wait_for_port()
        self.process = LocalProcess("rabbitmq", [SERVER], self.folder, env=env, port=self.port)
        self.process.start().wait_for_log(READY, timeout=120)
        return self

    def stop(self):
        for process in (self.process, self._epmd):
            if process:
                process.stop(timeout=30)  # its script waits for the node, and so reaps it

    @property
    def url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def _environment(self):
        """Every place RabbitMQ writes to, and every port it opens, is ours."""
        config = self.folder / "rabbitmq.conf"
        config.write_text("loopback_users.guest = true\nlog.console = true\n")
        places = {
            "HOME": self.folder,
            "RABBITMQ_HOME_DIR": self.folder,
            "RABBITMQ_MNESIA_BASE": self.folder / "mnesia",
            "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_SCHEMA_DIR": self.folder / "schema",
            "RABBITMQ_GENERATED_CONFIG_DIR": self.folder / "generated",
            "RABBITMQ_PID_FILE": self.folder / "pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "RABBITMQ_CONF_ENV_FILE": self.folder / "rabbitmq-env.conf",
            "RABBITMQ_CONFIG_FILE": config,
            "RABBITMQ_NODENAME": f"igny8-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": self.port,
            "RABBITMQ_DIST_PORT": self._peer_port,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_PORT": self._epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        return {name: str(value) for name, value in places.items()}


def ensure_installed():
    """Install Debian's package when it is missing and we are root."""
    if SERVER.exists():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise RabbitMQMissing("rabbitmq-server is not installed, and only root can install it")
    with apt_alone():
        if not SERVER.exists():
            _install()


def _install():
    install = ["install", "-y", "--no-install-recommends", "rabbitmq-server"]
    with no_daemons():
        for words in (["update", "-qq"], install):
            done = subprocess.run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=120", *words],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                check=False,
            )
    if done.returncode or not SERVER.exists():
        raise RabbitMQMissing(f"apt-get can't install rabbitmq-server: {done.stderr[-300:]}")


@contextmanager
def no_daemons():
    """Keep Debian's packages from starting their services while they are installed."""
    if POLICY.exists():  # a machine with a rule of its own keeps it
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
