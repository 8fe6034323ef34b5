"""The test servers themselves: they come up, and nothing of them stays."""

import os
import sys
from pathlib import Path

import psutil
import pytest
import redis
import sqlalchemy as sa
from kombu import Connection

from models import schema
from servers import LocalProcess, Valkey, free_port, wait_until
from servers.nodes import LocalRabbitMQ, LocalRedis
from servers.processes import ProcessFailed


@pytest.mark.slow
def test_every_test_gets_an_empty_database_of_its_own(postgres_url):
    engine = sa.create_engine(postgres_url)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def rows(url, statement):
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        found = connection.execute(sa.text(statement))
        found = found.all() if found.returns_rows else []
    engine.dispose()
    return found


def test_a_lent_database_comes_back_as_it_was(postgres_server, postgres_lender):
    name = postgres_lender.lend()
    url = postgres_server.url(name)
    rows(url, "insert into accounts (name) values ('somebody')")
    rows(url, "update alembic_version set version_num = 'other'")
    postgres_lender.take_back(name)

    assert postgres_lender.lend() == name
    assert rows(url, "select * from accounts") == []
    assert rows(url, "insert into accounts (name) values ('next') returning id") == [(1,)]
    assert rows(url, "select version_num from alembic_version") == [
        (schema.scripts().get_current_head(),)
    ]
    postgres_lender.take_back(name)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("drop table runs", id="table"),
        pytest.param("alter table runs drop column kind", id="column"),
        pytest.param("drop index ix_publications_waiting", id="index"),
        pytest.param("create function f() returns int language sql as 'select 1'", id="function"),
    ],
)
def test_a_lent_database_with_other_tables_is_not_lent_again(
    postgres_server, postgres_lender, change
):
    name = postgres_lender.lend()
    rows(postgres_server.url(name), change)
    postgres_lender.take_back(name)

    assert postgres_lender.lend() != name


def test_a_port_that_another_process_chose_is_not_given_out(tmp_path, monkeypatch):
    script = "import servers, time; print(servers.free_port(), '!', flush=True); time.sleep(600)"
    env = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with LocalProcess("chooser", [sys.executable, "-c", script], tmp_path, env=env) as chooser:
        chosen = int(chooser.wait_for_log("!").split()[0])
        draws = iter([chosen, chosen - 1 if chosen > 18000 else chosen + 1])
        monkeypatch.setattr("random.randint", lambda *_: next(draws))

        assert free_port() != chosen


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


def test_a_process_ends_with_tests_that_were_killed(tmp_path):
    script = (
        "from pathlib import Path; from servers import LocalProcess; import os, signal\n"
        "made = LocalProcess('orphan', ['sleep', '600'], Path.cwd()).start()\n"
        "print(made.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    _, folder, root, *_ = Path(__file__).parents
    tests = {"PYTHONPATH": f"{folder}:{root}"}
    with LocalProcess("tests", [sys.executable, "-c", script], tmp_path, env=tests) as killed:
        orphan = int(killed.wait_for_log("\n").split()[0])

    wait_until(lambda: not lives(orphan), what="the orphan's end")


def lives(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_process_that_ends_early_shows_its_log(tmp_path):
    process = LocalProcess("short", ["sh", "-c", "echo it broke; exit 3"], tmp_path).start()
    with pytest.raises(ProcessFailed, match="ended with 3:\nit broke"):
        process.wait_for_log("never")


def test_valkey_is_a_node_for_pytest_celery(valkey_server, broker_url):
    node = LocalRedis(valkey_server.process)

    assert node.ready()
    assert node.url == node.celeryconfig["host_url"] == broker_url
    assert node.client.ping()


@pytest.mark.rabbitmq
def test_rabbitmq_is_a_node_for_pytest_celery(rabbitmq_server):
    node = LocalRabbitMQ(rabbitmq_server.process)

    assert node.ready()
    assert node.url == rabbitmq_server.url


@pytest.mark.rabbitmq
def test_rabbitmq_takes_a_connection(rabbitmq_server):
    with Connection(rabbitmq_server.url) as connection:
        assert connection.ensure_connection(max_retries=3).connected
