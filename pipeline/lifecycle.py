"""The allowed moves of a publication; docs/architecture.md draws this table."""

from models import PublicationState as State

MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.PUBLISHING, State.QUEUED, State.HELD, State.WITHDRAWN}),
    State.PUBLISHING: frozenset(
        {State.PUBLISHED, State.FAILED, State.QUEUED, State.UNCONFIRMED, State.PUBLISHING}
    ),
    # A census may see what its own chain did not.
    State.UNCONFIRMED: frozenset({State.PUBLISHING, State.UNCONFIRMED, State.PUBLISHED}),
    State.PUBLISHED: frozenset({State.QUEUED}),
    State.FAILED: frozenset({State.QUEUED, State.UNCONFIRMED, State.PUBLISHED}),
    State.HELD: frozenset({State.HELD, State.QUEUED, State.WITHDRAWN}),
    State.WITHDRAWN: frozenset({State.QUEUED, State.UNCONFIRMED, State.PUBLISHED}),
}

END_STATES = frozenset({State.PUBLISHED, State.FAILED, State.WITHDRAWN})
