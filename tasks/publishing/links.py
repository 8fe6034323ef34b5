"""The links of a publication's chain, and what it waits for. Each takes ids, and may run twice."""

from tasks import doorbell
from tasks.app import app
from tasks.publishing import building, confirming, preparing, pushing


@app.task(name="publish.build_excerpts")
def build_excerpts(batch_id: int) -> None:
    """Write every item's excerpt (S162)."""
    building.build_excerpts(batch_id)


@app.task(name="publish.build_taxonomy")
def build_taxonomy(batch_id: int) -> None:
    """Write every item's categories and tags (S163, S164)."""
    building.build_taxonomy(batch_id)


@app.task(name="publish.build_images")
def build_images(batch_id: int) -> None:
    """Write every item's images (S165); what has new ones is given back, the others go on."""
    building.build_images(batch_id)


# A message that came back at once would use up in seconds what a picture may cost in workers;
# its publications ring again after their pause.
@app.task(name="publish.prepare_pictures", acks_late=False)
def prepare_pictures(publication_ids: list[int]) -> None:
    """Prepare the pictures that these wait for: beside the chain, which never waits for it."""
    preparing.prepare_awaited(publication_ids)
    doorbell.ring()


@app.task(name="publish.push_posts")
def push_posts(batch_id: int) -> None:
    """Send every item to its site (S147, S166)."""
    pushing.push_batch(batch_id)


@app.task(name="publish.confirm_posts")
def confirm_posts(batch_id: int) -> None:
    """Read back what the site shows: published means seen (S170, S174, C20)."""
    confirming.confirm_batch(batch_id)
    doorbell.ring()  # the site has room for its next batch: why wait for the tick?
