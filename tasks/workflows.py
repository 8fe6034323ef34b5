"""Every chain is built here. A link takes the batch's id alone, so any may be run again."""

from celery import chain
from celery.canvas import Signature

from tasks import publishing


def publish(batch_id: int) -> Signature:
    """Return the way of a batch from rows to confirmed posts, not yet started."""
    return chain(
        publishing.build_excerpts.si(batch_id),
        publishing.build_taxonomy.si(batch_id),
        publishing.build_images.si(batch_id),
        publishing.push_posts.si(batch_id),
        publishing.confirm_posts.si(batch_id),
    )
