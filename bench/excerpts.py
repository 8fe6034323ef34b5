"""What an excerpt costs by the size of its document: 1 MB against 10 kB, alternating."""

import statistics
import time

from pipeline.excerpts import build_excerpt

ROUNDS, CALLS = 9, 400
PARAGRAPH = "<p>The path on the southern bank <em>begins</em> badly, with roots &amp; glass.</p>\n"


def cost(document: str) -> float:
    """Return the CPU seconds of one excerpt."""
    began = time.process_time()
    for _ in range(CALLS):
        build_excerpt(document)
    return (time.process_time() - began) / CALLS


def main() -> None:
    """Print the median costs and their ratio."""
    small = PARAGRAPH * (10_000 // len(PARAGRAPH))
    large = PARAGRAPH * (1_000_000 // len(PARAGRAPH))
    pairs = [(cost(small), cost(large)) for _ in range(ROUNDS)]
    ratio = statistics.median(big / little for little, big in pairs)
    print(f"10 kB: {statistics.median(p[0] for p in pairs) * 1e6:.0f} µs of CPU")
    print(f"1 MB:  {statistics.median(p[1] for p in pairs) * 1e6:.0f} µs of CPU, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
