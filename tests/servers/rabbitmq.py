"""RabbitMQ from Debian's package, started privately: own ports, own folders, own epmd."""

from pathlib import Path

from servers.debian import ensure_installed
from servers.processes import LocalProcess, free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
READY = "Server startup complete"


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
            PackageMissing: it is neither installed nor installable.
        """
        ensure_installed("rabbitmq-server", SERVER)
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
