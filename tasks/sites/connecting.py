"""The links of a connection test. Each takes the run's id, adds its facts, and may run twice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

import settings
from models import SiteRun
from models.publishing.outcomes import resume_site
from models.session import session_scope
from models.sites.capabilities import write_capability
from models.sites.run_ends import End, end_site_run
from models.sites.runs import hold_site_run, write_progress
from models.sites.structures import plan_first_fetch
from pipeline.diagnosis import Facts, Layer, Wants, diagnose, first_failing
from pipeline.errors import SiteError
from platforms import Target, target_of
from platforms.handshakes import probe_network as network_facts
from platforms.probing import probe_bridge as bridge_facts
from platforms.probing import probe_wordpress as wordpress_facts
from platforms.wordpress import OLDEST_BRIDGE
from tasks import doorbell
from tasks.sites.settings import note_zone

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Probe:
    """A run as plain values: no transaction is open while the site thinks."""

    run: SiteRun
    target: Target
    facts: Facts


def probe_network(run_id: str) -> None:
    """Add the facts of address, DNS, TCP and TLS."""
    _add(run_id, lambda probe: network_facts(probe.target.site_url))


def probe_wordpress(run_id: str) -> None:
    """Add what the site shows to everybody; nothing where it can't be connected to."""
    _add(run_id, lambda probe: wordpress_facts(probe.target, probe.facts), after=_connects)


def probe_bridge(run_id: str) -> None:
    """Add what the plugin says to who has the key."""
    _add(run_id, lambda probe: bridge_facts(probe.target, probe.facts))


def _connects(facts: Facts) -> bool:
    return facts.tcp_fault == "" and not facts.tls_fault


def _add(
    run_id: str,
    look: Callable[[Probe], Facts],
    *,
    after: Callable[[Facts], bool] = lambda _: True,
) -> None:
    probe = _read(run_id)
    if probe is None or not after(probe.facts):
        return
    found = look(probe)
    with session_scope() as session:
        write_progress(session, probe.run, found.as_json())


def _read(run_id: str) -> Probe | None:
    """Return the run with its lease prolonged; None when it is over, also by a key of no use."""
    with session_scope() as session:
        run = hold_site_run(session, run_id, settings.current().lease)
        if run is None:
            return None
        try:
            target = target_of(run.integration)
        except SiteError as error:
            end_site_run(session, run, End(succeeded=False, reason=str(error), code=error.code))
            return None
    return Probe(run, target, Facts.from_json(run.progress))


def write_capabilities(run_id: str) -> None:
    """Write what the probe came to; a suspended site that is well goes on with its work."""
    probe = _read(run_id)
    if probe is None:
        return
    layers = diagnose(probe.facts, wants())
    end = end_of(layers)
    if end.succeeded and not probe.facts.key_accepted:
        # A late link of a chain whose lease had run out: the one that runs anew has begun, and
        # has not seen the site yet.
        return
    with session_scope() as session:
        write_capability(session, probe.run.integration_id, _capability(layers, probe.facts))
        facts = probe.facts
        note_zone(session, probe.run.integration.site_id, facts.timezone, facts.gmt_offset)
        suspended = probe.run.integration.suspended_at is not None
        if end.succeeded and suspended:
            resume_site(session, probe.run.integration_id)
        if end.succeeded:
            plan_first_fetch(session, probe.run.integration_id)
        end_site_run(session, probe.run, end)
    log.info("connection.tested", integration=probe.run.integration_id, failing=end.code)
    if end.succeeded and suspended:
        doorbell.ring()


_SAME_NAMES = (
    "wordpress_version",
    "php_version",
    "plugin_version",
    "rest_route",
    "timezone",
    "authorization_stripped",
    "can_write",
    "transactions",
    "seo_plugin",
    "max_body_bytes",
    "gmt_offset",
)


def _capability(layers: list[Layer], facts: Facts) -> dict[str, Any]:
    """Return the columns of a probe; what it did not get to see is null."""
    values = {name: getattr(facts, name) for name in _SAME_NAMES}
    return {
        **{name: None if value == "" else value for name, value in values.items()},
        "pretty_permalinks": facts.rest_route == "path" if facts.rest_route else None,
        "layers": [layer.as_json() for layer in layers],
    }


def wants() -> Wants:
    """Return what this deployment needs of a site."""
    return Wants(str(OLDEST_BRIDGE), settings.current().max_image_bytes)


def end_of(layers: list[Layer]) -> End:
    """Return what a test came to: its failing layer's words, or nothing to complain of."""
    failing = first_failing(layers)
    return End(
        succeeded=failing is None,
        reason=f"{failing.message} {failing.what_to_do}".strip() if failing else None,
        code=failing.layer if failing else None,
        details={
            "failing_layer": failing.layer if failing else None,
            "layers": [layer.as_json() for layer in layers],
        },
    )
