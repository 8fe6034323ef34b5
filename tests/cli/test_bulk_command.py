"""`igny8 publish --all` as a bulk job, and `igny8 bulk`, by which it is looked at and changed."""

import contextlib
import threading

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import SITE_KEY, make_content, make_integration, make_site

from models import Integration, Publication, PublicationState
from models.bulk.feeding import SITE_ROOM
from models.session import session_scope
from tasks.bulk import feed
from tasks.publishing import dispatching

pytestmark = pytest.mark.usefixtures("broker_away")


@pytest.fixture
def place(database):
    with session_scope() as session:
        return make_integration(session, make_site(session, key=SITE_KEY))


def add(place, count=1, **more):
    with session_scope() as session:
        site = session.get_one(Integration, place.id).site
        return [make_content(session, site, f"Title {n}", **more).id for n in range(count)]


def start(place):
    return igny8("--json", "publish", "--all", "--site", place.site_id).json["job"]


def end_all(**values):
    with session_scope() as session:
        session.execute(sa.update(Publication).values(**values))


def publish_due():
    """Publish everything at once, as a site without a fault would have it."""
    for claim in dispatching.claim_due():
        with session_scope() as session:
            session.execute(
                sa.update(Publication)
                .where(Publication.batch_id == claim.batch_id)
                .values(state="published", published_revision=Publication.revision)
            )


@contextlib.contextmanager
def working(step):
    """Run ``step`` again and again beside the command, as workers would."""
    ended = threading.Event()

    def work():
        while not ended.wait(0.05):
            step()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield
    finally:
        ended.set()
        worker.join()


def test_all_is_a_job_of_which_a_part_is_accepted_at_once(place):
    add(place, SITE_ROOM + 5)
    add(place, 2, status="draft")

    ran = igny8("--json", "publish", "--all", "--site", place.site_id)

    assert (ran.json["accepted"], ran.json["left_out"]) == (SITE_ROOM + 5, 2)
    shown = igny8("--json", "bulk", "show", ran.json["job"]).json
    assert shown["counts"] | {"accepted": SITE_ROOM, "waiting": 5, "skipped": 2} == shown["counts"]


def test_waiting_for_all_takes_the_rest_as_there_is_room(place):
    add(place, SITE_ROOM * 2 + 5)

    with working(publish_due):
        ran = igny8("--json", "publish", "--all", "--site", place.site_id, "--wait")

    assert (ran.code, ran.json["published"], len(ran.json["results"])) == (0, 85, 85)
    assert igny8("--json", "bulk", "show", ran.json["job"][:8]).json["counts"]["published"] == 85


def test_all_of_a_site_without_contents_is_nothing(place):
    ran = igny8("--json", "publish", "--all", "--site", place.site_id, "--wait")

    assert (ran.code, ran.json["accepted"]) == (0, 0)


def test_jobs_are_listed_with_how_far_they_are(place):
    add(place, 2)
    job = start(place)

    ran = igny8("bulk", "list")

    assert job in ran.out
    assert "accepted 2" in ran.out


def test_the_items_of_a_job_are_shown_page_by_page(place):
    add(place, 3)
    words = ("bulk", "show", start(place), "--state", "accepted", "--limit", "2")

    first = igny8("--json", *words).json
    rest = igny8("--json", *words, "--after", first["next"]).json

    assert (len(first["items"]), first["next"]) == (2, first["items"][-1]["item_id"])
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert f"--after {first['next']}" in igny8(*words).err


def test_a_job_is_paused_resumed_and_cancelled(place):
    add(place, SITE_ROOM + 3)
    job = start(place)

    assert "paused" in igny8("bulk", "pause", job).out
    assert igny8("bulk", "pause", job).code == 0
    end_all(state="published", published_revision=1)
    assert feed() == 0
    assert igny8("--json", "bulk", "resume", job).json["state"] == "running"
    cancelled = igny8("--json", "bulk", "cancel", job).json

    assert (cancelled["state"], cancelled["counts"]["cancelled"]) == ("cancelled", 3)
    assert igny8("bulk", "resume", job).code == 4
    assert igny8("bulk", "retry", job).code == 4


def test_what_failed_is_shown_with_its_reason_and_tried_again(place):
    add(place, 2)
    job = start(place)
    end_all(state=PublicationState.FAILED, failure="the site refused it: [too] long")

    shown = igny8("bulk", "show", job)
    again = igny8("--json", "bulk", "retry", job)

    assert "failed 2" in shown.out
    assert "[too] long" in shown.out
    assert (again.json["retried"], again.json["counts"]["waiting"]) == (2, 2)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param(["show", "zzz"], "no bulk job zzz", id="unknown"),
        pytest.param(["show", ""], "no bulk job", id="empty"),
        pytest.param(["pause", "%"], "no bulk job", id="a pattern"),
        pytest.param(["show", "JOB", "--state", "lost"], "no state lost", id="state"),
    ],
)
def test_bad_input_is_said(place, words, reason):
    add(place)
    job = start(place)

    ran = igny8("bulk", *(job if word == "JOB" else word for word in words))

    assert (ran.code, reason in ran.err) == (4, True), ran.err
