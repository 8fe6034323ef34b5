"""`igny8 account`: the tenants, and a stop to all that goes in or out of one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import output

if TYPE_CHECKING:
    from models import Account

Name = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its name, or its id.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Tenants: listed, suspended, resumed.", no_args_is_help=True)
    commands.command("list")(list_accounts)
    commands.command("suspend")(suspend)
    commands.command("resume")(resume)
    app.add_typer(commands, name="account")


def list_accounts() -> None:
    """Show all accounts with the number of their sites."""
    import sqlalchemy as sa

    from models import Account, Site
    from models.session import session_scope

    sites = sa.select(sa.func.count(Site.id)).where(Site.account_id == Account.id)
    with session_scope(read_only=True) as session:
        query = sa.select(Account, sites.scalar_subquery()).order_by(Account.id)
        rows = [_values(account) | {"sites": number} for account, number in session.execute(query)]
    columns = ("id", "name", "sites", "suspended_at")
    output().table(columns, ([row[column] for column in columns] for row in rows))
    output().result({"accounts": rows})


def suspend(name: Name) -> None:
    """Keep an account's people, tokens and plugins out, and all its work back.

    What is on its way comes to its end; everything else waits until `igny8 account resume`.
    """
    import sqlalchemy as sa

    from models import Account
    from models.clock import now

    since = sa.func.coalesce(Account.suspended_at, now())
    _change(name, since, "is suspended: nothing of it goes in or out")


def resume(name: Name) -> None:
    """Let an account in again; its work goes on where it stopped."""
    from cli.bell import wake_planner, wake_readers, wake_site_runs, wake_workers
    from models.plan_requests import ask_for_plans_of
    from models.session import session_scope

    account_id = _change(name, None, "goes on")
    with session_scope() as session:
        ask_for_plans_of(session, account_id)  # its slots went by meanwhile
    wake_planner()
    wake_workers()
    wake_site_runs()
    wake_readers()


def _change(name: str, suspended_at: Any, words: str) -> int:
    """Suspend or resume an account; return its id."""
    import sqlalchemy as sa

    from cli.finding import find_account
    from models import Account
    from models.session import session_scope

    with session_scope() as session:
        found = find_account(session, name)
        change = sa.update(Account).where(Account.id == found.id)
        session.execute(change.values(suspended_at=suspended_at))
        session.refresh(found)
        shown = _values(found)
    output().line(f"{shown['name']} {words}")
    output().result(shown)
    return int(shown["id"])


def _values(account: "Account") -> dict[str, Any]:
    since = account.suspended_at
    return {
        "id": account.id,
        "name": account.name,
        "suspended_at": since and since.isoformat(timespec="seconds"),
    }
