"""WordPress's statuses as ours (S203), and what a content is shown as."""

import pytest

from pipeline.statuses import shown_status, status_here


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("publish", "published"),
        ("draft", "draft"),
        ("pending", "review"),
        ("private", "published"),
        ("trash", "draft"),
        ("future", "review"),
        ("gone", "draft"),
        ("auto-draft", None),
        ("inherit", None),
        ("", None),
        (None, None),
        ("x" * 1000, None),
    ],
)
def test_the_table(theirs, ours):
    assert status_here(theirs) == ours


@pytest.mark.parametrize(
    ("own", "confirmed", "shown"),
    [
        pytest.param("approved", [], "approved", id="never published"),
        pytest.param("approved", ["publish"], "published", id="published"),
        pytest.param("approved", ["trash"], "draft", id="trashed there"),
        pytest.param("approved", ["future"], "review", id="planned there"),
        pytest.param("approved", ["inherit"], "published", id="unknown changes nothing"),
        pytest.param("approved", [None], "published", id="not told"),
        pytest.param("draft", ["trash", "private"], "published", id="the best of two sites"),
    ],
)
def test_what_is_shown(own, confirmed, shown):
    assert shown_status(own, confirmed) == shown
