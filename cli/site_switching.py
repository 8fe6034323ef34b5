"""What `igny8 site switch-on` and `switch-off` do: let a site's work go out, or keep it back."""

from cli.bell import wake_planner, wake_workers
from cli.finding import find_integration
from cli.output import output
from cli.standing import site_values
from models import Site
from models.plan_requests import ask_for_plan
from models.session import session_scope
from models.sites.standing import why_out_of_service


def switch_site(chosen: str, *, on: bool) -> None:
    """Switch a site on or off; where it is so already, nothing changes."""
    with session_scope() as session:
        integration = find_integration(session, chosen)
        site = session.get_one(Site, integration.site_id, with_for_update=True)
        if site.is_active is not on:
            ask_for_plan(session, [site.id])
        site.is_active = on
        values = site_values(integration) | {"is_active": on}
        waits_all_the_same = why_out_of_service(integration) if on else None
    # Switched on, it may have work that waits.
    wake_planner()
    wake_workers()
    output().line(f"Site {values['id']}, {values['url']}, is switched {'on' if on else 'off'}")
    if waits_all_the_same:
        output().note(f"nothing goes out to it all the same: {waits_all_the_same}")
    output().result(values)
