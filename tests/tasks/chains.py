"""Runs a chain's links one after the other: for what a batch does, not for how it travels."""

import sqlalchemy as sa

from models import ImageFile
from models.session import session_scope
from tasks.publishing import building, confirming, dispatching, preparing, pushing


def build_prepared_images(batch_id):
    """The images' link, where the media worker has looked at every picture before."""
    with session_scope(read_only=True) as session:
        new = set(session.scalars(sa.select(ImageFile.sha256).filter_by(checked=False)))
    preparing.prepare_pictures(new)
    building.build_images(batch_id)


LINKS = [
    building.build_excerpts,
    building.build_taxonomy,
    build_prepared_images,
    pushing.push_batch,
    confirming.confirm_batch,
]

WITHOUT_MEDIA = [building.build_images if link is build_prepared_images else link for link in LINKS]
"""The same where no media worker has looked at anything but what was prepared before."""


def run_due(links=LINKS):
    """Claim everything that is due and take each batch through its links; return the claims."""
    claims = dispatching.claim_due()
    for claim in claims:
        for link in links:
            link(claim.batch_id)
    return claims
