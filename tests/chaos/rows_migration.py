"""Rows: a release with a migration comes out, and is taken back, while workers publish."""

from chaos_release import Release
from chaos_table import SQLITE, Row, Size
from chaos_world import WORKERS
from servers import wait_until

from models import schema

REFUSAL = "refusing to start: the database is at migration"


def bring_out_releases(run):
    """Do what an operator does: `igny8 db upgrade`, then restart the processes."""
    first, at = Release(run.world.root), schema.scripts().get_current_head()
    known = [(first, at)]
    run.undo(lambda: take_back(run, known))
    for number in run.strikes():
        release, before = known[-1]
        revision = f"chaos_{number}"
        newer = release.copy(run.folder / revision)
        newer.add_migration(revision, before)
        migrate(run, newer, "cli", "db", "upgrade")
        known.append((newer, revision))
        restart_all(run, newer)
    take_back(run, known)


def take_back(run, known):
    """Go back to the release that the row began with, unless that is done."""
    (first, revision), (newest, _) = known[0], known[-1]
    if newest is first:
        return
    migrate(run, newest, "alembic", "downgrade", revision)
    del known[1:]
    restart_all(run, first)


def migrate(run, release, *words):
    """Change the tables under the workers, and kill one meanwhile: it must not come back to them.

    Code and tables differ until all are restarted.
    """
    process = release.run(*words)
    run.pause(0.8)  # about what it takes to come to the tables
    run.world.kill(run.random.choice(WORKERS))
    told, _ = process.communicate()
    if process.returncode:
        raise AssertionError(f"{' '.join(words)} ended with {process.returncode}:\n{told}")
    killed = run.random.choice(WORKERS)
    run.world.kill(killed)
    wait_until(lambda: REFUSAL in run.world.said(killed), what=f"{killed}'s refusal")
    run.struck(2)


def restart_all(run, release):
    names = (*WORKERS, "beat")
    run.world.install(release.root)
    run.world.end("SIGTERM", *names)
    wait_until(lambda: all(map(run.world.is_up, names)), what="the release")


ROWS = [
    Row(
        "migration while workers run",
        bring_out_releases,
        Size(1, 40, 1),
        Size(3, 200, 10),
        databases=(SQLITE,),
        may_end=True,
    ),
]
