"""What a census concludes from a row of ours and what the site lists: the table."""

from dataclasses import replace

import pytest

from models import PublicationState as State
from pipeline.census import ALARMING, REPAIRS, Kind, Known, Repair, Shown, compare, hold_back

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
    fingerprint="a",
)
POST = Shown(
    key=KEY,
    revision=2,
    finished=True,
    external_id="912",
    status="publish",
    content_id=7,
    fingerprint="a",
    carrier_ids=("912",),
)


def row(**changes):
    return replace(ROW, **changes)


def post(**changes):
    return replace(POST, **changes)


def waiting(state, **changes):
    return row(state=state, published_revision=1, **changes)


def never_seen(state):
    return row(state=state, published_revision=None, external_id=None, external_status=None)


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
        pytest.param(
            waiting(State.FAILED), post(fingerprint="b"), [], id="failed-another-text-there"
        ),
        pytest.param(
            waiting(State.UNCONFIRMED), post(fingerprint="b"), [], id="unconfirmed-another-text"
        ),
        pytest.param(
            waiting(State.FAILED),
            post(fingerprint=""),
            [Kind.REACHED],
            id="failed-but-there-from-an-old-plugin",
        ),
        pytest.param(waiting(State.FAILED), post(revision=1), [], id="failed-older-there"),
        pytest.param(
            never_seen(State.FAILED), post(revision=1), [Kind.OLDER], id="failed-older-arrived"
        ),
        pytest.param(
            never_seen(State.WITHDRAWN), post(revision=1), [Kind.OLDER], id="withdrawn-older-there"
        ),
        pytest.param(
            never_seen(State.UNCONFIRMED), post(revision=1), [], id="unconfirmed-older-there"
        ),
        pytest.param(never_seen(State.QUEUED), post(revision=1), [], id="queued-older-there"),
        pytest.param(
            never_seen(State.WITHDRAWN), post(revision=3), [], id="withdrawn-unknown-there"
        ),
        pytest.param(
            never_seen(State.WITHDRAWN),
            post(revision=1, status="trash"),
            [],
            id="withdrawn-older-trashed",
        ),
        pytest.param(
            never_seen(State.WITHDRAWN),
            post(revision=1, finished=False),
            [],
            id="withdrawn-older-half-done",
        ),
        pytest.param(
            never_seen(State.WITHDRAWN),
            post(revision=1, content_id=8),
            [],
            id="withdrawn-other-content",
        ),
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
    noted = {Repair.NOTE_STATUS, Repair.CORRECT}
    assert {REPAIRS.get(kind) for kind in ALARMING} <= {None, *noted}


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


def site(*, published, lost=0, behind=0, removed=0):
    """Rows of a site, and what the site lists of them."""
    rows = [row(id=number, key=f"key-{number}") for number in range(published)]
    rows += [row(key=f"gone-{number}", external_status="trash") for number in range(removed)]
    listed = [post(key=row.key, status=row.external_status) for row in rows[lost:]]
    return rows, [replace(each, revision=1) for each in listed[:behind]] + listed[behind:]


@pytest.mark.parametrize(
    ("of", "held"),
    [
        pytest.param({"published": 100}, 0, id="all-is-well"),
        pytest.param({"published": 9, "lost": 9}, 0, id="a-small-site-lost-everything"),
        pytest.param({"published": 10, "lost": 10}, 10, id="all-of-ten"),
        pytest.param({"published": 49, "lost": 10}, 10, id="ten-and-more-than-a-fifth"),
        pytest.param({"published": 50, "lost": 10}, 0, id="just-a-fifth"),
        pytest.param({"published": 1000, "lost": 200}, 0, id="many-but-a-fifth"),
        pytest.param({"published": 1000, "lost": 201}, 201, id="more-than-a-fifth"),
        pytest.param({"published": 40, "lost": 5, "behind": 5}, 10, id="lost-and-behind"),
        pytest.param(
            {"published": 49, "lost": 10, "removed": 500}, 10, id="what-people-removed-is-not-there"
        ),
        pytest.param({"published": 40, "removed": 40}, 0, id="removed-by-people"),
    ],
)
def test_much_at_once_is_held_back(of, held):
    rows, listed = site(**of)
    found = compare(rows, listed)
    after = hold_back(rows, found, 3)

    assert sum(finding.repair is Repair.HELD for finding in after) == held
    assert sum(finding.repair is Repair.REPUBLISH for finding in after) == (
        0 if held else of.get("lost", 0) + of.get("behind", 0)
    )
    assert [finding.kind for finding in after].count(Kind.MANY_LOST) == bool(held)
    if not held:
        assert after == found


def test_what_is_held_says_so_and_is_told_again_when_it_is_let_go():
    rows, listed = site(published=10, lost=10)
    found = compare(rows, listed)
    whole, *held = hold_back(rows, found, 3)

    assert "10 of 10" in whole.words
    assert "igny8 census --site 3 --repair" in whole.words
    assert not any("sent again" in finding.words for finding in held)
    assert not {finding.mark for finding in found} & {finding.mark for finding in held}


def test_other_repairs_go_on_beside_what_is_held():
    rows, listed = site(published=20, lost=10)
    moved = [replace(listed[0], external_id="913"), *listed[1:]]
    after = hold_back(rows, compare(rows, moved), 3)

    assert [finding.kind for finding in after if finding.repair is Repair.CORRECT] == [Kind.MOVED]
