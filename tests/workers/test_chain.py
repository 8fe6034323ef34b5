"""The chain in worker processes: what is accepted is published once, whatever is killed."""

import hashlib
import io
import signal

import pytest
import sqlalchemy as sa
from factories import make_publication
from PIL import Image
from servers import wait_until

from models import Publication, PublicationState
from models.authoring import keep_image
from models.session import session_scope
from pipeline.documents import Picture
from tasks.doorbell import ring

pytestmark = pytest.mark.slow


def accept(integration, count):
    for number in range(count):
        make_publication(integration, title=f"Post {number}")
    ring()


def accept_with_a_new_picture(integration):
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    digest = hashlib.sha256(out.getvalue()).hexdigest()
    with session_scope() as session:
        keep_image(session, digest, out.getvalue(), "image/png")
    make_publication(integration, images=(Picture("featured", "a.png", digest),))


def states():
    with session_scope(read_only=True) as session:
        return session.scalars(sa.select(Publication.state)).all()


def published():
    return states().count(PublicationState.PUBLISHED)


def wait_for_all(count, engine=None):
    """Wait until so many are published; start what has ended of ``engine`` again meanwhile."""

    def are_published():
        if engine:
            engine.revive()
        return published() == count

    wait_until(are_published, timeout=120, what=f"{count} published, have {states()}")


def titles(site):
    return sorted(post.title for post in site.posts)


def test_every_accepted_publish_becomes_one_post(setup, integration, simulated_site):
    accept(integration, 45)
    wait_for_all(45)

    assert titles(simulated_site) == sorted(f"Post {number}" for number in range(45))


@pytest.mark.usefixtures("sqlite_database")
@pytest.mark.parametrize("broker", ["valkey"], indirect=True)
class TestFaults:
    def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(
        self, setup, engine, integration, simulated_site, turn_dial
    ):
        turn_dial(kind="slow", seconds=0.3)
        accept(integration, 12)
        wait_until(lambda: simulated_site.posts, what="the first post")
        publish = setup.worker_cluster[0]
        publish.kill()
        assert publish.container.status == "exited"
        engine["publish"].start()

        wait_for_all(12)
        assert titles(simulated_site) == sorted(f"Post {number}" for number in range(12))

    def test_what_has_no_new_picture_needs_no_media_worker(self, setup, engine, integration):
        engine["media"].kill()
        accept_with_a_new_picture(integration)
        accept(integration, 3)
        wait_for_all(3)

        engine["media"].start()
        wait_for_all(4)

    def test_a_worker_told_to_stop_finishes_its_batch(
        self, setup, engine, integration, simulated_site, turn_dial
    ):
        turn_dial(kind="slow", seconds=0.2)
        accept(integration, 4)
        wait_until(lambda: simulated_site.posts, what="the first post")
        engine["publish"].kill(signal.SIGTERM)
        wait_until(lambda: not engine["publish"].running, what="the worker's end")
        assert engine["publish"].exit_code == 0

        engine["publish"].start()
        wait_for_all(4)
        assert len(simulated_site.posts) == 4

    def test_a_broker_that_forgets_everything_costs_only_time(
        self, setup, valkey_server, integration, simulated_site, turn_dial
    ):
        turn_dial(kind="slow", seconds=0.1)
        accept(integration, 12)
        wait_until(lambda: simulated_site.posts, what="the first post")
        valkey_server.flush()

        wait_for_all(12)
        assert len(simulated_site.posts) == 12

    def test_work_accepted_while_the_broker_is_away_starts_when_it_is_back(
        self, setup, broker, engine, integration, simulated_site
    ):
        broker.kill()
        accept(integration, 3)
        assert published() == 0
        broker.start().wait_for_port()

        wait_for_all(3, engine)
        assert len(simulated_site.posts) == 3

    def test_lost_answers_make_no_second_post(self, setup, integration, simulated_site, turn_dial):
        turn_dial(kind="lost_answer", probability=0.3)
        accept(integration, 20)

        wait_for_all(20)
        assert len(simulated_site.posts) == 20

    def test_one_slow_answer_is_no_second_post(self, setup, integration, simulated_site, turn_dial):
        turn_dial(kind="late_answer", seconds=3, times=1)
        accept(integration, 3)

        wait_for_all(3)
        assert len(simulated_site.posts) == 3
