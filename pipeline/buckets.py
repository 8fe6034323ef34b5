"""A site's own limit of posts, which its operator chose: a token bucket that is one moment."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bucket:
    """A site's own limit: ``burst`` posts at once, then one every ``interval`` seconds."""

    interval: float
    burst: int


def bucket_of(config: Mapping[str, Any]) -> Bucket | None:
    """Return the limit in a site's settings, `posts_per_minute` and `burst`; None: there is none.

    Without `burst` a minute's posts may go at once. What is no positive number is no limit.
    """
    per_minute = _positive(config.get("posts_per_minute"))
    if per_minute is None:
        return None
    burst = _positive(config.get("burst")) or per_minute
    return Bucket(60.0 / per_minute, max(1, int(burst)))


def _positive(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < math.inf else None


def tokens(bucket: Bucket, next_in: float | None) -> float:
    """Return what is in the bucket; a fraction is a token on its way."""
    if next_in is None:
        return bucket.burst
    return min(bucket.burst, 1.0 - next_in / bucket.interval)


def next_after(bucket: Bucket, next_in: float | None, taken: int) -> float:
    """Return the seconds until there is a token (again) once ``taken`` are gone."""
    return (1.0 - tokens(bucket, next_in) + taken) * bucket.interval
