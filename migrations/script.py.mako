"""${message[0].upper() + message[1:]}."""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
% if down_revision:
# While it is released, old code runs on the new tables and new code on the old ones. So:
# - a new column is nullable, or has a server default;
# - nothing is renamed or dropped before the release that stopped using it is out;
# - an index holds up every write to its table while it is made (all migrations run in one
#   transaction, so there is no CONCURRENTLY): on a table of millions make it by hand before;
# - much data is filled in by a task, in small steps, not here;
# - types and defaults are written out: models change, migrations don't.
# Delete these lines once they are true.

% endif
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}

<%!
def body(text):
    lines = [line for line in text.split("\n") if "###" not in line]
    return "\n".join(lines).strip() or "pass"
%>
def upgrade() -> None:
    ${body(upgrades)}


def downgrade() -> None:
    ${body(downgrades)}
