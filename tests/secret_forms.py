"""How a secret may stand in bytes: as it is, or inside what kombu keeps as base64."""

from base64 import b64encode

SHARED = (0, 2, 3)
"""Letters at the beginning that hold something of so many bytes before the secret."""


def forms(secret):
    """Return what to search for, as bytes.

    Bodies of messages and of events are base64. How a secret looks there depends on what stands
    before it: one of three ways. Letters that it shares with its neighbours are left out.
    """
    plain = secret.encode()
    encoded = [
        b64encode(bytes(before) + plain)[first : (before + len(plain)) * 8 // 6]
        for before, first in enumerate(SHARED)
    ]
    return [plain, *encoded]
