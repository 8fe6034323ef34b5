"""The test servers themselves: they come up, and nothing of them stays."""

import psutil
import pytest
import redis
import sqlalchemy as sa
from kombu import Connection

from servers import LocalProcess, Valkey, wait_until
from servers.processes import ProcessFailed


def test_every_test_gets_an_empty_database_of_its_own(postgres_url):
    engine = sa.create_engine(postgres_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_valkey_keeps_its_port_over_a_crash(tmp_path):
    server = Valkey(tmp_path).start()
    server.process.kill()
    server.flush()

    with redis.Redis.from_url(server.url()) as client:
        assert client.ping()
    server.stop()


def test_a_broker_is_empty_at_the_start_of_a_test(broker_url):
    with redis.Redis.from_url(broker_url) as client:
        assert client.dbsize() == 0


def test_a_killed_process_takes_its_children_along(tmp_path):
    script = "sleep 600 & echo child $!; wait"
    with LocalProcess("parent", ["sh", "-c", script], tmp_path) as parent:
        child = int(parent.wait_for_log("child").split()[1])

    wait_until(lambda: not lives(child), what="the child's end")


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_process_that_ends_early_shows_its_log(tmp_path):
    process = LocalProcess("short", ["sh", "-c", "echo it broke; exit 3"], tmp_path).start()
    with pytest.raises(ProcessFailed, match="ended with 3:\nit broke"):
        process.wait_for_log("never")


@pytest.mark.rabbitmq
def test_rabbitmq_takes_a_connection(rabbitmq_server):
    with Connection(rabbitmq_server.url) as connection:
        assert connection.ensure_connection(max_retries=3).connected
