"""The links of a key's change. Each takes a run's id, and may run twice."""

from tasks.app import app
from tasks.sites import key_rotation


@app.task(name="site.offer_key")
def offer_key(run_id: str) -> None:
    """Have the site accept a second key."""
    key_rotation.offer_key(run_id)


@app.task(name="site.prove_key")
def prove_key(run_id: str) -> None:
    """Use it in both directions."""
    key_rotation.prove_key(run_id)


@app.task(name="site.switch_to_key")
def switch_to_key(run_id: str) -> None:
    """Make it the key."""
    key_rotation.switch_to_key(run_id)
