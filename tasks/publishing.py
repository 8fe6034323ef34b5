"""The links of a publication's chain. Each takes a batch's id, and may run twice."""

from celery import Task

from tasks import building, confirming, doorbell, pushing
from tasks.app import app


@app.task(name="publish.build_excerpts")
def build_excerpts(batch_id: int) -> None:
    """Write every item's excerpt (S162)."""
    building.build_excerpts(batch_id)


@app.task(name="publish.build_taxonomy")
def build_taxonomy(batch_id: int) -> None:
    """Write every item's categories and tags (S163, S164)."""
    building.build_taxonomy(batch_id)


@app.task(name="publish.build_images", bind=True)
def build_images(self: "Task[[int], None]", batch_id: int) -> None:
    """Write every item's images (S165); new ones wait for the media worker, and nothing else."""
    if not building.build_images(batch_id):
        self.replace(prepare_images.si(batch_id))


@app.task(name="publish.prepare_images")
def prepare_images(batch_id: int) -> None:
    """Write every item's images, after a look at their bytes: in the place of the link above."""
    building.prepare_images(batch_id)


@app.task(name="publish.push_posts")
def push_posts(batch_id: int) -> None:
    """Send every item to its site (S147, S166)."""
    pushing.push_batch(batch_id)


@app.task(name="publish.confirm_posts")
def confirm_posts(batch_id: int) -> None:
    """Read back what the site shows: published means seen (S170, S174, C20)."""
    confirming.confirm_batch(batch_id)
    doorbell.ring()  # the site has room for its next batch: why wait for the tick?
