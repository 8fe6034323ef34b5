"""How many statements a full batch costs, counted: 20 items, one site (docs/performance.md)."""

import pytest
from chains import WITHOUT_MEDIA, run_due
from factories import make_publication
from test_images import keep, png

from pipeline.documents import Picture

ITEMS = 20


@pytest.mark.parametrize("with_images", [False, True], ids=["text", "images"])
def test_statements_per_item(integration, simulated_site, statements, with_images):
    digest = keep(png()) if with_images else None
    for number in range(ITEMS):
        images = (Picture("featured", "a.png", digest),) if with_images else ()
        make_publication(integration, title=f"Post {number}", images=images)
    if with_images:  # the bytes have been looked at, as after any earlier use
        run_due()
        for number in range(ITEMS):
            make_publication(
                integration, title=f"More {number}", images=(Picture("featured", "a.png", digest),)
            )
    statements.clear()
    run_due(WITHOUT_MEDIA)

    assert len(simulated_site.posts) == ITEMS * (2 if with_images else 1)
    assert len(statements) / ITEMS <= 0.8, statements
