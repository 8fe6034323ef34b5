"""What the threads of a process hold at once stays below the budget, and nobody waits for ever."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.publishing.byte_budget import ByteBudget


class Lost(Exception):
    pass


def nothing():
    pass


class Holders:
    """Counts the bytes that are held by those who have taken them."""

    def __init__(self, budget):
        self.budget, self.held, self.most, self._lock = budget, 0, 0, threading.Lock()

    def hold(self, size):
        with self.budget.take(size, nothing):
            with self._lock:
                self.held += size
                self.most = max(self.most, self.held)
            time.sleep(0.002)
            with self._lock:
                self.held -= size


def test_the_threads_together_hold_no_more_than_the_budget():
    holders = Holders(ByteBudget(100))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(holders.hold, [10, 60, 35, 100, 1] * 30))

    assert 60 <= holders.most <= 100


def test_what_is_larger_than_the_budget_goes_alone():
    holders = Holders(ByteBudget(100))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(holders.hold, [250, 10, 20] * 20))

    assert holders.most == 250


def test_a_large_one_is_not_overtaken_for_ever_by_small_ones():
    budget, done = ByteBudget(100), threading.Event()

    def small_ones():
        while not done.is_set():
            with budget.take(30, nothing):
                time.sleep(0.001)

    with ThreadPoolExecutor(9) as pool:
        busy = [pool.submit(small_ones) for _ in range(8)]
        try:
            pool.submit(lambda: Holders(budget).hold(100)).result(timeout=10)
        finally:
            done.set()
    assert all(each.exception() is None for each in busy)


def test_who_waits_is_asked_again_and_again_whether_to_go_on():
    budget = ByteBudget(10, pause=0.01)
    asked = []

    def waiting():
        asked.append(1)
        if len(asked) == 3:
            raise Lost

    with budget.take(10, nothing), pytest.raises(Lost), budget.take(1, waiting):
        pass
    with budget.take(10, waiting):  # who gave up holds nothing
        assert len(asked) == 3
