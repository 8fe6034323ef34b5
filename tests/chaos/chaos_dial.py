"""The dials of a row's sites, turned together: each fault is counted as it was dialled."""


class Dials:
    """``sites`` are the row's; each fault gets a name that tells it from all others."""

    def __init__(self, sites):
        self._sites = sites
        self._faults = {}

    def add(self, **fault):
        label = _label(fault)
        self._faults[label] = fault
        for site in self._sites:
            site.dial(label=label, **fault)

    def clear(self):
        self._faults.clear()
        for site in self._sites:
            site.undial()

    def struck(self):
        """Return how often something has struck, over all sites."""
        return sum(sum(site.struck().values()) for site in self._sites)

    def have_struck(self, times):
        """Whether so many have struck, and each of those on the dial at least once."""
        return self.struck() >= times and not self.never_struck()

    def never_struck(self):
        """Return the names of those on the dial that have struck at no site."""
        struck = {label for site in self._sites for label in site.struck()}
        return [label for label in self._faults if label not in struck]

    def ensure_next(self):
        """Let what chance has left out strike the next request it is meant for, one at each site.

        Not all at once: the breaker leaves a site that fails again and again alone for minutes.
        """
        for site, label in zip(self._sites, self.never_struck(), strict=False):
            site.dial(label=label, **self._faults[label] | {"probability": 1.0, "times": 1})


def _label(fault):
    told = {name: value for name, value in fault.items() if name not in {"probability", "times"}}
    return ", ".join(f"{name} {value!r}" for name, value in told.items() if value is not None)
