"""Who comes next: round the accounts, then whoever has waited longest; never more than fit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from factories import make_account, make_integration, make_publication, make_site

from models import Integration, Publication, PublicationState
from models.clock import now_plus
from models.publishing.claiming import Room, claim_batch, sites_with_work, wait_for_turn
from models.session import session_scope

ROOMY = Room(64, 48)


class Waiting:
    """Accounts with sites whose work is due; ages are in seconds."""

    def __init__(self):
        self.names = {}
        self.present = datetime.now(UTC)  # of all ages, however long it takes to add them

    def add(self, account, *ages, items=1):
        """Add a site for each age to the account; they are named a1, a2, b1 ..."""
        with session_scope() as session:
            owner = session.merge(self.names.get(account) or make_account(session, account))
            self.names[account] = owner
            taken = sum(str(name).startswith(account) for name in self.names.values())
            made = [make_integration(session, make_site(session, owner)) for _ in ages]
        for number, (site, age) in enumerate(zip(made, ages, strict=True), taken + 1):
            self.names[site.id] = f"{account}{number}"
            self.give(site, age, items)
        return made

    def give(self, site, age, items=1):
        for _ in range(items):
            make_publication(site)
        with session_scope() as session:
            session.execute(
                sa.update(Publication)
                .where(Publication.integration_id == site.id)
                .values(due_at=self.present - timedelta(seconds=age))
            )

    def next(self, room=ROOMY):
        with session_scope() as session:
            return [self.names[found.id] for found, _ in sites_with_work(session, room)]

    def start(self, room=ROOMY, size=20):
        """Claim a batch for each that comes next; return their names."""
        with session_scope() as session:
            found = [site for site, _ in sites_with_work(session, room)]
            for site in found:
                assert claim_batch(session, site.id, size, 180.0)
        return [self.names[site.id] for site in found]


@pytest.fixture
def waiting(database):
    return Waiting()


def change(site, **values):
    with session_scope() as session:
        session.execute(sa.update(Integration).where(Integration.id == site.id).values(values))


def test_accounts_take_turns_and_the_oldest_of_each_goes_first(waiting):
    waiting.add("a", 10, 50, 40)
    waiting.add("b", 20, 5)

    assert waiting.next() == ["a2", "b1", "a3", "b2", "a1"]


def test_ten_thousand_items_of_one_site_do_not_delay_the_one_item_of_another(waiting):
    waiting.add("a", 5000, items=40)  # more of them change nothing: only the oldest is looked at
    waiting.add("b", 1)

    assert waiting.start(Room(2, 2)) == ["a1", "b1"]


def test_many_sites_of_one_account_do_not_delay_another_account(waiting):
    waiting.add("a", *range(100, 110))
    waiting.add("b", 1)

    assert waiting.next(Room(3, 3)) == ["a10", "b1", "a9"]


def test_batches_on_their_way_count(waiting):
    waiting.add("a", 40, 30, 20, 10)

    assert waiting.start(Room(3, 3)) == ["a1", "a2", "a3"]
    assert waiting.next(Room(3, 3)) == []
    assert waiting.next(Room(4, 4)) == ["a4"]


def test_who_has_fewest_on_their_way_comes_first(waiting):
    waiting.add("a", 90, 80, 70)
    waiting.start(Room(2, 2))
    waiting.add("b", 2, 1)

    assert waiting.next(Room(5, 5)) == ["b1", "b2", "a3"]


def test_of_several_accounts_none_takes_all_the_room(waiting):
    waiting.add("a", 90, 80, 70, 60)
    (later,) = waiting.add("b", -600)

    assert waiting.start(Room(4, 3)) == ["a1", "a2", "a3"]
    waiting.give(later, 1)
    assert waiting.next(Room(4, 3)) == ["b1"]


def test_the_only_account_may_take_all_the_room(waiting):
    waiting.add("a", 90, 80, 70, 60)

    assert len(waiting.next(Room(4, 3))) == 4


@pytest.mark.parametrize(
    ("values", "comes"),
    [
        pytest.param({"breaker_opens": 1, "breaker_open_until": now_plus(600)}, False, id="open"),
        pytest.param({"breaker_opens": 1, "breaker_open_until": now_plus(-1)}, True, id="probe"),
        pytest.param({"next_post_at": now_plus(600)}, False, id="empty-bucket"),
        pytest.param({"next_post_at": now_plus(-1)}, True, id="bucket"),
        pytest.param({"slowness": 4}, True, id="slow"),
        pytest.param({"suspended_at": now_plus(0)}, False, id="suspended"),
        pytest.param({"is_active": False}, False, id="inactive"),
    ],
)
def test_a_site_that_is_held_up_takes_no_room_from_others(waiting, values, comes):
    held, _other = waiting.add("a", 90, 10)
    change(held, **values)

    assert waiting.next(Room(1, 1)) == (["a1"] if comes else ["a2"])


def test_dispatchers_at_once_do_not_start_more_than_there_is_room_for(waiting):
    waiting.add("a", *range(12))
    start = threading.Barrier(3)

    def dispatcher():
        start.wait()
        with session_scope() as session:
            wait_for_turn(session)
            found = sites_with_work(session, Room(5, 5))
            return [claim_batch(session, site.id, 1, 180.0) for site, _ in found]

    with ThreadPoolExecutor(3) as pool:
        claims = [
            claim for each in [pool.submit(dispatcher) for _ in range(3)] for claim in each.result()
        ]
    assert len(claims) == 5
    with session_scope(read_only=True) as session:
        on_their_way = sa.select(sa.func.count(Publication.batch_id.distinct())).where(
            Publication.state == PublicationState.PUBLISHING
        )
        assert session.scalar(on_their_way) == 5
