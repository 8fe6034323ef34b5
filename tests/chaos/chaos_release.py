"""Other releases of the product: copies of this one with some lines or a migration changed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOMS = ("models", "pipeline", "platforms", "tasks", "ingress", "cli", "embedded", "simulators")
PARTS = (*ROOMS, "migrations")
FILES = ("settings.py", "celeryconfig.py", "beat_schedule.py", "alembic.ini")

MIGRATION = '''"""A column and its index, which no code knows of. Adds only."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "{revision}", "{before}"
branch_labels = depends_on = None


def upgrade():
    with op.batch_alter_table("publications") as table:
        table.add_column(sa.Column("{revision}", sa.String(), nullable=True))
    op.create_index("ix_{revision}", "publications", ["{revision}"])


def downgrade():
    op.drop_index("ix_{revision}", "publications")
    with op.batch_alter_table("publications") as table:
        table.drop_column("{revision}")
'''


OBEY = """

def obey(what):
    import json, os, pathlib, time
    order, held = pathlib.Path({order!r}), pathlib.Path({held!r})
    try:
        order.rename(f"{{order}} taken")  # by one worker only
    except FileNotFoundError:
        return
    held.with_suffix(".new").write_text(json.dumps([os.getpid(), what]))
    held.with_suffix(".new").rename(held)
    time.sleep(3600)  # until it is killed
"""


class Release:
    """A folder with the whole product."""

    def __init__(self, root):
        self.root = Path(root)

    def copy(self, folder):
        """Return the same in a folder that may be there already."""
        for name in PARTS:
            shutil.copytree(self.root / name, folder / name)
        for name in FILES:
            shutil.copy(self.root / name, folder / name)
        return Release(folder)

    def replace(self, name, line, other):
        """Replace a line, once; AssertionError where the file does not say it any more."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        if line not in text:
            raise AssertionError(f"{name} does not say {line!r} any more: say how to break it")
        path.write_text(text.replace(line, other, 1), encoding="utf-8")

    def add_migration(self, revision, before):
        path = self.root / "migrations" / "versions" / f"{revision}.py"
        path.write_text(MIGRATION.format(revision=revision, before=before), encoding="utf-8")

    def run(self, *words):
        """Start a command of this release in the surroundings of this process."""
        return subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


class Order:
    """Tells the next process that comes to a place of its code to stand still there."""

    def __init__(self, folder):
        self.order, self._held = folder / "order", folder / "held"

    def give(self):
        self._held.unlink(missing_ok=True)
        self.order.touch()

    def held(self):
        """Return who stands there, and what it has told (``obey``'s argument); None: nobody yet."""
        return json.loads(self._held.read_text()) if self._held.exists() else None

    def teach(self, release, name, line, obeying):
        """Let a release obey: ``obeying`` calls ``obey`` in the place of a line of a file."""
        release.replace(name, line, obeying)
        path = release.root / name
        text = OBEY.format(order=str(self.order), held=str(self._held))
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
