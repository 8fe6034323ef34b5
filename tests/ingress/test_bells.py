"""A bell is rung at once when nobody rang before; what comes soon after is rung for together."""

import threading

from servers import wait_until

from ingress.bells import Bell


class Workers:
    """What a bell tells; each time it waits until it may end."""

    def __init__(self, *, busy=False):
        self.told, self.may_end = 0, threading.Event()
        if not busy:
            self.may_end.set()

    def tell(self):
        self.told += 1
        self.may_end.wait(60)
        return True

    def wait_for(self, count):
        wait_until(lambda: self.told >= count, what=f"ring {count}")


def test_the_first_ring_waits_for_no_pause():
    workers = Workers()
    Bell("test", workers.tell, pause=3600).ring()

    workers.wait_for(1)


def test_many_rings_are_few_messages():
    workers = Workers()
    bell = Bell("test", workers.tell, pause=0.05)
    for _ in range(200):
        bell.ring()
    workers.wait_for(2)

    assert workers.told < 20


def test_a_ring_while_the_workers_are_told_is_not_lost():
    workers = Workers(busy=True)
    bell = Bell("test", workers.tell, pause=0)
    bell.ring()
    workers.wait_for(1)
    bell.ring()
    workers.may_end.set()

    workers.wait_for(2)


def test_nobody_waits_for_a_broker_that_does_not_answer():
    workers = Workers(busy=True)
    bell = Bell("test", workers.tell, pause=0)
    for _ in range(10):
        bell.ring()

    assert workers.told <= 1
    workers.may_end.set()
