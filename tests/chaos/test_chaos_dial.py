"""A row's dials tell faults of one kind apart, and let each strike."""

from types import SimpleNamespace

import pytest
from chaos_dial import Dials
from chaos_fronts import QuietSite
from fault_dial import Dial

from simulators.faults import FaultDial

PATH = "/igny8/v1/publish"
FAULTS = [
    {"kind": "status", "code": 503, "retry_after": None, "probability": 0.0},
    {"kind": "status", "code": 503, "retry_after": "1", "probability": 0.0},
    {"kind": "status", "code": 429, "retry_after": None, "probability": 0.0},
]


class AtSite:
    """A simulated site's own dial."""

    def __init__(self):
        self._dial = FaultDial()
        self.dial, self.undial, self.struck = self._dial.add, self._dial.clear, self._dial.struck

    def meet(self):
        return self._dial.strike("POST", PATH)


class AtProxy:
    """The dial of the fault proxy."""

    def __init__(self):
        self._dial = Dial()
        self.dial, self.undial = self._dial.add, self._dial.clear

    def struck(self):
        return dict(self._dial.struck)

    def meet(self):
        return self._dial.strike(SimpleNamespace(method="POST", decoded=PATH))


@pytest.mark.parametrize("kind", [AtSite, AtProxy])
def test_faults_of_one_kind_are_told_apart_and_each_strikes_in_the_end(kind):
    sites = [kind(), kind()]
    dials = Dials(sites)
    dials.add(kind="status", code=500, probability=1.0, times=1)
    for fault in FAULTS:
        dials.add(**fault)
    for site in sites:
        site.meet()

    assert dials.struck() == 2
    assert len(dials.never_struck()) == len(FAULTS)
    assert not dials.have_struck(2)

    while dials.never_struck():
        dials.ensure_next()
        while any([site.meet() for site in sites]):  # noqa: C419 - each meets one
            pass
    assert dials.never_struck() == []
    assert dials.have_struck(2 + len(FAULTS))
    assert not dials.have_struck(3 + len(FAULTS))


def test_what_is_off_the_dial_is_waited_for_no_more():
    site = QuietSite()
    try:
        dials = Dials([site])
        dials.add(kind="crash", at="reserved")
        assert len(dials.never_struck()) == 1
        dials.clear()
        assert dials.never_struck() == []
    finally:
        site.stop()
