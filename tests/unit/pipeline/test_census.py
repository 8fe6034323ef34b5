"""What a census concludes from a row of ours and what the site lists: the table."""

from dataclasses import replace

import pytest

from models import PublicationState as State
from pipeline.census import ALARMING, REPAIRS, Kind, Known, Repair, Shown, compare

KEY = "0f8c1d2e-0000-4000-8000-000000000001"
ROW = Known(
    id=1,
    key=KEY,
    content_id=7,
    state=State.PUBLISHED,
    fence=4,
    revision=2,
    published_revision=2,
    external_id="912",
    external_status="publish",
)
POST = Shown(
    key=KEY,
    revision=2,
    finished=True,
    external_id="912",
    status="publish",
    content_id=7,
    carrier_ids=("912",),
)


def row(**changes):
    return replace(ROW, **changes)


def post(**changes):
    return replace(POST, **changes)


def waiting(state, **changes):
    return row(state=state, published_revision=1, **changes)


GONE = {"status": "gone", "carriers": 0, "carrier_ids": ()}
WORKING = {"finished": False, "external_id": None, "status": ""}


@pytest.mark.parametrize(
    ("ours", "theirs", "kinds"),
    [
        pytest.param(row(), post(), [], id="alike"),
        pytest.param(row(), post(status="draft"), [], id="a-person-made-it-a-draft"),
        pytest.param(row(), None, [Kind.LOST], id="published-key-unknown"),
        pytest.param(row(external_status="trash"), None, [Kind.REMOVED], id="trashed-then-lost"),
        pytest.param(row(external_status="gone"), None, [Kind.REMOVED], id="deleted-then-lost"),
        pytest.param(row(), post(revision=1), [Kind.BEHIND], id="lower-revision"),
        pytest.param(row(), post(revision=0, content_id=0), [Kind.BEHIND], id="only-a-post-has-it"),
        pytest.param(row(), post(revision=1, external_id="4"), [Kind.BEHIND], id="lower-and-moved"),
        pytest.param(row(), post(revision=3), [Kind.AHEAD], id="higher-revision"),
        pytest.param(row(), post(external_id="913"), [Kind.MOVED], id="other-post"),
        pytest.param(row(), post(status="trash"), [Kind.REMOVED], id="trashed"),
        pytest.param(row(), post(**GONE), [Kind.REMOVED], id="deleted"),
        pytest.param(row(), post(revision=1, status="trash"), [Kind.REMOVED], id="old-and-trashed"),
        pytest.param(row(external_status="trash"), post(), [Kind.RETURNED], id="out-of-the-trash"),
        pytest.param(row(), post(finished=False), [], id="published-being-worked-on"),
        pytest.param(waiting(State.FAILED), post(), [Kind.REACHED], id="failed-but-there"),
        pytest.param(
            waiting(State.UNCONFIRMED), post(), [Kind.REACHED], id="unconfirmed-but-there"
        ),
        pytest.param(waiting(State.FAILED), post(revision=1), [], id="failed-older-there"),
        pytest.param(waiting(State.FAILED), None, [], id="failed-not-there"),
        pytest.param(waiting(State.FAILED), post(status="trash"), [], id="failed-trashed"),
        pytest.param(waiting(State.FAILED), post(**GONE), [], id="failed-deleted"),
        pytest.param(waiting(State.FAILED), post(finished=False), [], id="failed-half-done"),
        pytest.param(waiting(State.FAILED), post(content_id=8), [], id="failed-other-content"),
        pytest.param(waiting(State.UNCONFIRMED), None, [], id="unconfirmed-not-there"),
        pytest.param(waiting(State.QUEUED), None, [], id="queued"),
        pytest.param(waiting(State.QUEUED), post(), [], id="queued-and-there"),
        pytest.param(waiting(State.PUBLISHING), None, [], id="on-its-way"),
        pytest.param(waiting(State.WITHDRAWN), None, [], id="withdrawn"),
        pytest.param(waiting(State.HELD), None, [], id="held"),
        pytest.param(None, post(), [Kind.FOREIGN], id="no-row"),
        pytest.param(None, post(**GONE), [], id="no-row-and-no-post"),
        pytest.param(None, post(status="trash"), [], id="no-row-and-trashed"),
        pytest.param(row(), post(carriers=2), [Kind.DUPLICATE], id="two-posts"),
        pytest.param(None, post(carriers=3), [Kind.FOREIGN, Kind.DUPLICATE], id="strange-copies"),
        pytest.param(
            row(), post(**GONE | {"carriers": 2}), [Kind.REMOVED, Kind.DUPLICATE], id="only-copies"
        ),
        pytest.param(
            waiting(State.QUEUED), post(**WORKING, worked_on_for=601), [Kind.STUCK], id="stuck"
        ),
        pytest.param(waiting(State.QUEUED), post(**WORKING, worked_on_for=600), [], id="at-work"),
        pytest.param(waiting(State.QUEUED), post(**WORKING), [], id="given-up"),
    ],
)
def test_findings(ours, theirs, kinds):
    findings = compare([ours] if ours else [], [theirs] if theirs else [])

    assert [finding.kind for finding in findings] == kinds
    assert all(finding.words and finding.key == KEY for finding in findings)


@pytest.mark.parametrize(
    ("kind", "repair"),
    [
        pytest.param(Kind.LOST, Repair.REPUBLISH, id="lost"),
        pytest.param(Kind.BEHIND, Repair.REPUBLISH, id="behind"),
        pytest.param(Kind.REACHED, Repair.CORRECT, id="reached"),
        pytest.param(Kind.REMOVED, Repair.NOTE_STATUS, id="a-persons-removal-stays"),
        pytest.param(Kind.DUPLICATE, Repair.REPORT, id="a-persons-copy-stays"),
        pytest.param(Kind.FOREIGN, Repair.REPORT, id="foreign"),
        pytest.param(Kind.STUCK, Repair.REPORT, id="stuck"),
    ],
)
def test_repairs(kind, repair):
    assert REPAIRS.get(kind, Repair.REPORT) is repair


def test_what_alarms_is_not_repaired_by_sending():
    assert {REPAIRS.get(kind) for kind in ALARMING} <= {None, Repair.NOTE_STATUS}


def test_a_duplicate_names_its_posts():
    (finding,) = compare([row()], [post(carriers=2, carrier_ids=("912", "950"))])

    assert "912, 950" in finding.words


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        pytest.param((row(), None), (row(), None), True, id="lost-still"),
        pytest.param((row(), None), (row(fence=5), None), False, id="lost-once-more"),
        pytest.param(
            (row(), post(carriers=2)), (row(fence=5), post(carriers=2)), True, id="the-same-copy"
        ),
        pytest.param(
            (row(), post(carriers=2)), (row(), post(carriers=3)), False, id="another-copy"
        ),
        pytest.param(
            (row(), post(status="trash")), (row(), post(**GONE)), False, id="trash-emptied"
        ),
    ],
)
def test_the_mark_changes_with_the_difference(before, after, same):
    marks = [
        compare([ours], [theirs] if theirs else [])[-1].mark for ours, theirs in (before, after)
    ]

    assert (marks[0] == marks[1]) is same
