"""The links of the chains about a site. Each takes a run's id, and may run twice."""

from tasks.app import app
from tasks.sites import collection_test, connecting, structure


@app.task(name="site.probe_network")
def probe_network(run_id: str) -> None:
    """Find the site, connect to it, and look at its certificate."""
    connecting.probe_network(run_id)


@app.task(name="site.probe_wordpress")
def probe_wordpress(run_id: str) -> None:
    """See whether it is a WordPress, and whether its REST API answers (S99)."""
    connecting.probe_wordpress(run_id)


@app.task(name="site.probe_bridge")
def probe_bridge(run_id: str) -> None:
    """Ask the plugin with our key (S94)."""
    connecting.probe_bridge(run_id)


@app.task(name="site.write_capabilities")
def write_capabilities(run_id: str) -> None:
    """Write what was seen, and which layer fails."""
    connecting.write_capabilities(run_id)


@app.task(name="site.fetch_structure")
def fetch_structure(run_id: str) -> None:
    """Ask the site for its types and taxonomies (S208)."""
    structure.fetch_structure(run_id)


@app.task(name="site.store_structure")
def store_structure(run_id: str) -> None:
    """Store them, unless newer ones are known (C34)."""
    structure.store_structure(run_id)


@app.task(name="site.probe_collection")
def probe_collection(run_id: str) -> None:
    """Try one content type (S98)."""
    collection_test.probe_collection(run_id)
