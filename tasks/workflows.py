"""Every chain is built here. A link takes one row's id alone, so any may be run again."""

from collections.abc import Callable, Mapping

from celery import chain
from celery.canvas import Signature

from models import SiteRunKind
from tasks.inbox import links as inbox_links
from tasks.publishing import links as publishing
from tasks.sites import key_links
from tasks.sites import links as site_links


def publish(batch_id: int) -> Signature:
    """Return the way of a batch from rows to confirmed posts, not yet started."""
    return chain(
        publishing.build_excerpts.si(batch_id),
        publishing.build_taxonomy.si(batch_id),
        publishing.build_images.si(batch_id),
        publishing.push_posts.si(batch_id),
        publishing.confirm_posts.si(batch_id),
    )


def inbox(batch_id: int) -> Signature:
    """Return the way of a batch of webhooks from bytes to rows, not yet started."""
    return chain(
        inbox_links.read_messages.si(batch_id),
        inbox_links.refetch_posts.si(batch_id),
        inbox_links.apply_messages.si(batch_id),
    )


def connection_test(run_id: str) -> Signature:
    """Return the way of a test from the site's name to its capabilities, not yet started."""
    return chain(
        site_links.probe_network.si(run_id),
        site_links.probe_wordpress.si(run_id),
        site_links.probe_bridge.si(run_id),
        site_links.write_capabilities.si(run_id),
    )


def collection_test(run_id: str) -> Signature:
    """Return the test of one content type: one link, and a chain all the same."""
    return chain(site_links.probe_collection.si(run_id))


def structure_sync(run_id: str) -> Signature:
    """Return the way of a site's structure to its row, not yet started."""
    return chain(site_links.fetch_structure.si(run_id), site_links.store_structure.si(run_id))


def key_rotation(run_id: str) -> Signature:
    """Return the way of a site to its new key, not yet started."""
    return chain(
        key_links.offer_key.si(run_id),
        key_links.prove_key.si(run_id),
        key_links.switch_to_key.si(run_id),
    )


SITE_CHAINS: Mapping[SiteRunKind, Callable[[str], Signature]] = {
    SiteRunKind.CONNECTION_TEST: connection_test,
    SiteRunKind.COLLECTION_TEST: collection_test,
    SiteRunKind.STRUCTURE_SYNC: structure_sync,
    SiteRunKind.KEY_ROTATION: key_rotation,
}
