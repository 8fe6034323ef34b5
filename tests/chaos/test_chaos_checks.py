"""What the checker says of a content, from what the site and its row hold."""

import pytest
from chaos_checks import _check_content
from chaos_clients import Accepted
from chaos_sites import SitePost
from chaos_table import Result

from models import Publication, PublicationState

ENTRY = Accepted(content_id=7, place=0, title="T", text="Text 7.", revision=2, number=7)
THERE = SitePost(41, 7, "T", "<p>Text 7.</p>", "publish")
DRAFT = SitePost(42, 7, "T", "<p>Text 7.</p>", "draft")


def said(found, external_id, revision=2):
    row = Publication(
        state=PublicationState.PUBLISHED,
        revision=2,
        published_revision=revision,
        external_id=external_id,
    )
    result = Result("a row", "sqlite")
    _check_content(ENTRY, found, {7: row}, {}, result)
    return tuple(len(told) for told in (result.lost, result.duplicates, result.broken))


@pytest.mark.parametrize(
    ("found", "row", "lost_duplicate_broken"),
    [
        pytest.param([THERE], {"external_id": "41"}, (0, 0, 0), id="right"),
        pytest.param([THERE], {"external_id": "42"}, (0, 0, 1), id="another-post"),
        pytest.param([THERE], {"external_id": None}, (0, 0, 1), id="no-post"),
        pytest.param([THERE, DRAFT], {"external_id": "42"}, (0, 1, 1), id="its-draft"),
        pytest.param([DRAFT], {"external_id": "42"}, (1, 0, 0), id="only-a-draft"),
        pytest.param([THERE], {"external_id": "41", "revision": 1}, (1, 0, 0), id="behind"),
        pytest.param([], {"external_id": "41"}, (1, 0, 0), id="nothing"),
    ],
)
def test_a_content(found, row, lost_duplicate_broken):
    assert said(found, **row) == lost_duplicate_broken
