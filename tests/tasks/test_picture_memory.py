"""A process holds the bytes of a few pictures, however many threads bring however many."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from chains import run_due
from factories import make_publication, reload
from servers import wait_until
from test_images import keep, png

from models import PublicationState
from pipeline.documents import Picture
from tasks.publishing import uploading
from tasks.publishing.byte_budget import ByteBudget

COLORS = ("teal", "navy", "plum")


def pictures():
    return tuple(Picture("gallery", f"{color}.png", keep(png(color))) for color in COLORS)


@pytest.fixture
def budget(monkeypatch):
    """One of a byte: every picture is larger, and goes alone."""
    made = ByteBudget(1)
    monkeypatch.setattr(uploading, "ROOM", made)
    return made


def test_pictures_larger_than_the_budget_are_brought_all_the_same(
    integration, simulated_site, budget
):
    publication = make_publication(integration, images=pictures())
    run_due()

    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.media) == 3


def test_a_picture_waits_until_there_is_room_for_it(integration, simulated_site, budget):
    publication = make_publication(integration, images=pictures())
    with ThreadPoolExecutor(1) as pool:
        with budget.take(1, lambda: None):
            going = pool.submit(run_due)
            with pytest.raises(TimeoutError):
                wait_until(lambda: simulated_site.media, timeout=1, what="a picture")
        going.result(timeout=60)

    assert reload(publication).state is PublicationState.PUBLISHED
    assert len(simulated_site.media) == 3
