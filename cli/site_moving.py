"""What `igny8 site move` does: write down that a site has another address from now on."""

from cli.exits import CommandError, Exit
from cli.finding import find_integration, normalised
from cli.output import output
from cli.private_hosts import allow_private_host
from cli.site_commands import refuse_inside
from models import Integration
from models.session import session_scope
from models.sites.connecting import other_site_at


def move_site(site: str, url: str, *, allow_private: bool) -> None:
    """Write a site's new address, which its key is sent to and its plugin is let in from.

    Raises:
        CommandError: it is no address of a site, one that nobody has allowed, or one where
            another site of the account is.
    """
    address = normalised(url)
    refuse_inside(address, "igny8 site move SITE URL", allowed=allow_private)
    with session_scope() as session:
        found = find_integration(session, site)
        # Locked: whoever changes another setting of it at the same time must see this one.
        found = session.get_one(Integration, found.id, with_for_update=True, populate_existing=True)
        before = found.site_url
        if before == address:
            raise CommandError(f"{address} is its address already", Exit.BAD_INPUT)
        if other := other_site_at(session, found.account_id, address, found.site_id):
            raise CommandError(
                f"site {other.id} is at {address}: go on with that one, or move it away first",
                Exit.BAD_INPUT,
            )
        # Once nothing speaks against it any more, and before it is kept: .env may be read-only.
        noted = allow_private and allow_private_host(address)
        found.config_json = {**found.config_json, "site_url": address}
        found.external_site_url = address
        site_id = found.site_id
    if noted:
        output().note("noted in .env; restart what is running, so that it sees that too")
    output().line(f"Site {site_id} is at {address} from now on, and no longer at {before}")
    output().line("Press Connect in its plugin's settings there, then `igny8 site check` it.")
    names = {"site": site_id, "site_id": site_id, "url": address}
    output().result(names | {"previous_url": before})
