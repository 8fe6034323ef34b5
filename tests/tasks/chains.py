"""Runs a chain's links one after the other: for what a batch does, not for how it travels."""

from tasks import building, confirming, dispatching, pushing

LINKS = [
    building.build_excerpts,
    building.build_taxonomy,
    building.prepare_images,
    pushing.push_batch,
    confirming.confirm_batch,
]


def run_due(links=LINKS):
    """Claim everything that is due and take each batch through its links; return the claims."""
    claims = dispatching.claim_due()
    for claim in claims:
        for link in links:
            link(claim.batch_id)
    return claims
