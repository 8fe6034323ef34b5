"""Rows: the broker dies, forgets, freezes, fills up, comes back as it was, or is not there."""

import shutil

from chaos_rest import RestCaller
from chaos_table import POSTGRESQL, SQLITE, WAITS, Row, Size
from chaos_world import PUBLISHERS

WORK = b'"task": "publish.'
"""Stands in every message that is about a batch, or a picture."""


def kill_with_aof(run):
    _kill(run, aof=True)


def kill_without_aof(run):
    _kill(run, aof=False)


def _kill(run, *, aof):
    run.world.broker.aof = aof
    run.undo(setattr, run.world.broker, "aof", False)
    for _ in run.strikes():
        run.world.kill("valkey")


def flush(run):
    """Forget messages of work on its way; every other time its workers have just died, too.

    A worker that lives still has in its memory what it has taken: only then all is gone.
    """
    for number in run.strikes():
        dead = PUBLISHERS if number % 2 else ()
        held = b""
        while WORK not in held:
            run.publish_slowly(4)
            for name in dead:
                run.world.hold(name)
            held = forget_all(run.world.broker)
            for name in dead:
                run.world.release(name)
        run.undial()


def forget_all(broker):
    """Flush everything; return the messages that it held, waiting and not yet acknowledged."""
    with broker.client() as client, client.pipeline(transaction=True) as both:
        both.lrange("igny8:publish", 0, -1)
        both.hvals("igny8:unacked")
        both.flushall()
        waiting, unacked, _ = both.execute()
    return b"\n".join([*waiting, *unacked])


def freeze(run):
    """``size.seconds`` is how long it is frozen."""
    run.publish_slowly(12)
    run.world.freeze("valkey")
    run.struck()
    run.undial()
    run.last(run.size.seconds)
    run.world.thaw("valkey")


def restore_old_copy(run):
    """It comes back with what it knew some time ago: work that was done since is there again."""
    broker = run.world.broker
    broker.aof = True
    run.undo(setattr, broker, "aof", False)
    copy = run.folder / "old"
    for _ in run.strikes():
        shutil.rmtree(copy, ignore_errors=True)
        run.publish_slowly(4)
        run.world.freeze("valkey")  # a copy of files that nobody writes at the time
        shutil.copytree(broker.aof_folder, copy)
        run.world.thaw("valkey")
        run.undial()
        run.publish(4)
        run.pause(0.7)
        run.world.hold("valkey")
        shutil.rmtree(broker.aof_folder)
        shutil.copytree(copy, broker.aof_folder)
        run.world.release("valkey")


def fill_memory(run):
    with run.world.broker.client() as client:
        client.config_set("maxmemory-policy", "noeviction")
        run.undo(give_memory_back, run)
        for _ in run.strikes():
            client.config_set("maxmemory", client.info("memory")["used_memory"] // 2)
            run.publish(2)
            run.pause(run.size.seconds / run.size.times)
            client.config_set("maxmemory", 0)


def give_memory_back(run):
    with run.world.broker.client() as client:
        client.config_set("maxmemory", 0)


def accept_without_broker(run):
    """The API answers 202 while there is no broker at all."""
    caller = RestCaller(run)
    run.world.hold("valkey")
    run.struck()
    answers = []
    for _ in range(run.size.publishes):
        number = run.clients.next_number()
        accepted = caller.save(number)
        answers.append(caller.publish(accepted))
        run.ledger.note(accepted)
    run.world.release("valkey")
    if set(answers) != {202}:
        raise AssertionError(f"the API answered {answers} without a broker")


ROWS = [
    Row(
        "Valkey SIGKILL and restart, with AOF",
        kill_with_aof,
        Size(3, 24, 6),
        Size(20, 200, 45),
        databases=(POSTGRESQL,),
    ),
    Row(
        "Valkey SIGKILL and restart, without AOF",
        kill_without_aof,
        Size(3, 24, 6),
        Size(20, 200, 45),
        databases=(SQLITE,),
    ),
    Row("FLUSHALL", flush, Size(2, 24, 2), Size(5, 150, 10)),
    Row(
        "Valkey frozen (quick: 8 s, full: 60 s)",
        freeze,
        Size(1, 12, 8),
        Size(1, 100, 60),
        databases=(POSTGRESQL,),
        room=100,  # all: the API accepts without it
        lane=WAITS,
    ),
    Row(
        "Valkey restored from an old copy",
        restore_old_copy,
        Size(1, 16, 2),
        Size(5, 60, 12),
        databases=(POSTGRESQL,),
    ),
    Row("Valkey's memory full", fill_memory, Size(2, 12, 3), Size(10, 100, 15)),
    Row("Valkey unreachable when the API accepts", accept_without_broker, Size(1, 4), Size(1, 50)),
]
