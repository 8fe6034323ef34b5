"""Local processes in pytest-celery's shapes: its brokers and workers without a container engine."""

import celery
from pytest_celery import CeleryTestWorker, CeleryWorkerContainer, RabbitMQContainer, RedisContainer


class LocalRedis(RedisContainer):
    """A Redis node on a LocalProcess; ``database`` is what a vhost is elsewhere."""

    def __init__(self, container, database="0"):
        super().__init__(container)
        self._database = database

    @property
    def hostname(self):
        return "127.0.0.1"

    @property
    def port(self):
        return self._wait_port(f"{self._container.port}/tcp")

    @property
    def vhost(self):
        return self._database

    @property
    def host_url(self):
        return f"redis://127.0.0.1:{self.port}/{self.vhost}"

    @property
    def url(self):
        return self.host_url


class LocalRabbitMQ(RabbitMQContainer):
    """A RabbitMQ node on a LocalProcess."""

    @property
    def hostname(self):
        return "127.0.0.1"

    @property
    def port(self):
        return self._wait_port(f"{self._container.port}/tcp")

    @property
    def host_url(self):
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def url(self):
        return self.host_url


class LocalWorkerContainer(CeleryWorkerContainer):
    @classmethod
    def command(cls, *args, **options):
        # Quicker to start: a test's cluster has nobody to greet.
        return super().command("--without-mingle", "--without-gossip", "-c", "2", *args, **options)


class LocalWorker(CeleryTestWorker):
    @property
    def version(self):
        return celery.__version__
