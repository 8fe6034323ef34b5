"""`igny8 publish`: who may go, what it says, and how waiting for it ends."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from commands import igny8
from factories import SITE_KEY, make_content, make_integration, make_site, reload

import settings
from models import Account, ContentStatus, Integration, Publication, PublicationState, Site
from models.clock import now
from models.session import session_scope
from tasks.publishing import building, confirming, dispatching, pushing

pytestmark = pytest.mark.usefixtures("broker_away")

LINKS = (
    building.build_excerpts,
    building.build_taxonomy,
    building.build_images,
    pushing.push_batch,
    confirming.confirm_batch,
)


@pytest.fixture
def place(database):
    with session_scope() as session:
        return make_integration(session, make_site(session, key=SITE_KEY))


def add(place, count=1, **more):
    with session_scope() as session:
        site = session.get_one(Integration, place.id).site
        return [make_content(session, site, f"Title {n}", **more).id for n in range(count)]


def publications():
    with session_scope(read_only=True) as session:
        return list(session.scalars(sa.select(Publication).order_by(Publication.content_id)))


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


def publish_due():
    for claim in dispatching.claim_due():
        for link in LINKS:
            link(claim.batch_id)


def fail_due():
    with session_scope() as session:
        session.execute(
            sa.update(Publication).values(
                state=PublicationState.FAILED, failure="the site refused it: [too] long"
            )
        )


def test_approved_contents_are_stored_as_wishes_though_the_broker_is_away(place):
    approved = add(place, 2)
    draft = add(place, status=ContentStatus.DRAFT)

    ran = igny8("publish", *approved, *draft, "--site", place.site_id)

    assert (ran.code, ran.out) == (0, f"accepted 2, unchanged 0 for {place.site.url}\n")
    assert "left out 1" in ran.err
    assert "the broker is away" in ran.err
    assert [row.content_id for row in publications()] == approved


def test_override_status_takes_what_is_not_approved(place):
    (draft,) = add(place, status=ContentStatus.DRAFT)

    ran = igny8("--json", "publish", draft, "--site", place.site_id, "--override-status")

    assert (ran.json["accepted"], ran.json["left_out"]) == (1, 0)


def test_all_means_the_contents_of_this_site(place):
    ids = add(place, 3)
    with session_scope() as session:
        make_content(session, make_integration(session).site)

    ran = igny8("--json", "publish", "--all", "--site", place.site.url)

    assert (ran.json["accepted"], [row.content_id for row in publications()]) == (3, ids)


def test_asking_twice_is_one_wish(place):
    add(place)
    igny8("publish", "--all", "--site", place.site_id)
    igny8("publish", "--all", "--site", place.site_id)

    (row,) = publications()
    assert row.revision == 1


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["--draft"], ("draft", False, 1), id="draft"),
        pytest.param(["--restore"], ("publish", True, 1), id="restore"),
    ],
)
def test_the_wish_carries_its_options(place, words, expected):
    add(place)
    igny8("publish", "--all", "--site", place.site_id, *words)

    (row,) = publications()
    assert (row.post_status, row.restore, row.revision) == expected


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        pytest.param(["--site", "SITE"], 2, "--all", id="nothing named"),
        pytest.param(["1", "--all", "--site", "SITE"], 2, "--all", id="ids and --all"),
        pytest.param(["999", "CONTENT", "--site", "SITE"], 4, "no content 999", id="unknown id"),
        pytest.param(["99999999999999", "--site", "SITE"], 4, "no content", id="huge id"),
        pytest.param(["1", "--site", "99"], 4, "no site 99", id="unknown site"),
        pytest.param(["one", "--site", "SITE"], 2, "integer", id="no number"),
    ],
)
def test_bad_input_publishes_nothing(place, words, code, reason):
    names = {"SITE": place.site_id, "CONTENT": add(place)[0]}

    ran = igny8("publish", *(names.get(word, word) for word in words))

    assert (ran.code, reason in ran.err) == (code, True), ran.err
    assert publications() == []


def test_contents_of_another_account_are_unknown(place):
    with session_scope() as session:
        foreign = make_content(session, make_integration(session).site).id

    assert igny8("publish", foreign, "--site", place.site_id).code == 4


def test_wait_shows_where_each_post_is(integration, simulated_site):
    ids = add(integration, 3)

    with working(publish_due):
        ran = igny8("publish", *ids, "--site", integration.site_id, "--wait", "--timeout", "60")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "published 3, failed 0, parked 0")
    assert all(row.external_url in ran.out for row in publications())
    again = igny8("--json", "publish", *ids, "--site", integration.site_id, "--wait")
    assert (again.code, again.json["unchanged"], again.json["published"]) == (0, 3, 3)


def test_wait_ends_when_the_site_refuses_our_key(integration, simulated_site):
    with session_scope() as session:
        session.get_one(Integration, integration.id).site.set_key("wrong")
    add(integration, 2)

    with working(publish_due):
        ran = igny8("--json", "publish", "--all", "--site", integration.site_id, "--wait")

    assert (ran.code, ran.json["parked"]) == (3, 2)
    assert "key" in ran.json["results"][0]["reason"]


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        pytest.param(Integration, {"is_active": False}, "its integration is", id="integration"),
        pytest.param(Site, {"is_active": False}, "its site is", id="site"),
        pytest.param(Account, {"suspended_at": now()}, "its account is", id="account"),
    ],
)
def test_wait_ends_when_the_site_is_taken_out_of_service(place, kind, values, reason):
    ids = add(place)

    def once_it_is_accepted():
        if publications():
            with session_scope() as session:
                session.execute(sa.update(kind).values(values))

    with working(once_it_is_accepted):
        ran = igny8("--json", "publish", *ids, "--site", place.site_id, "--wait")

    assert (ran.code, ran.json["parked"]) == (3, 1)
    assert ran.json["results"][0]["reason"].startswith(reason)


def test_wait_tells_why_something_failed(place):
    add(place)

    with working(fail_due):
        ran = igny8("publish", "--all", "--site", place.site_id, "--wait")

    assert (ran.code, "[too] long" in ran.out) == (1, True)
    assert ran.out.splitlines()[-1] == "published 0, failed 1, parked 0"


def test_wait_gives_up_at_its_timeout(place):
    add(place)

    ran = igny8("publish", "--all", "--site", place.site_id, "--wait", "--timeout", "0")

    assert (ran.code, ran.out.splitlines()[-1]) == (
        3,
        "published 0, failed 0, parked 0, still waiting 1",
    )
    assert publications()[0].state is PublicationState.QUEUED


@pytest.mark.slow
def test_ctrl_c_ends_the_waiting_and_not_the_work(place):
    (content_id,) = add(place)
    words = ["publish", str(content_id), "--site", str(place.site_id), "--wait"]
    with subprocess.Popen(
        [sys.executable, "-m", "cli", *words],
        env={**os.environ, "DATABASE_URL": settings.current().database_url},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background may have it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as started:
        try:
            accepted, away = started.stdout.readline(), started.stderr.readline()
            started.send_signal(signal.SIGINT)
            _, errors = started.communicate(timeout=60)
        finally:
            started.kill()

    assert (accepted[:10], "broker" in away) == ("accepted 1", True)
    assert (started.returncode, "the work goes on" in errors) == (130, True), errors
    assert reload(publications()[0]).state is PublicationState.QUEUED
