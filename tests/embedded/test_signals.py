"""An ending signal ends the command as one, wherever it meets it."""

import os

import pytest

from embedded.signals import ENDING, as_interrupts


class Interrupted:
    """A descriptor that gets a signal while its class is made, as in an import."""

    def __init__(self, kind):
        self.kind = kind

    def __set_name__(self, _owner, _name):
        os.kill(os.getpid(), self.kind)


@pytest.mark.parametrize("kind", ENDING)
def test_a_signal_in_the_middle_of_an_import_is_still_an_interrupt(kind):
    with pytest.raises(KeyboardInterrupt), as_interrupts():
        type("Made", (), {"name": Interrupted(kind)})


def test_an_error_without_a_signal_stays_what_it_is():
    with pytest.raises(ZeroDivisionError), as_interrupts():
        _ = 1 / 0
