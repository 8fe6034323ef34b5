"""How much a picture may cost to decode."""

from dataclasses import dataclass

MOVING = 5
"""How many times the pixels of one picture an animation may have in all its frames together."""

MOST_FRAMES = 10_000
MILLION = 1e6


class TooMuch(Exception):
    """It has more of something than a picture may have; the message says of what, in words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``pixels`` of one picture, or of one frame of an animation."""

    pixels: int

    def check(self, pixels: int) -> None:
        """Raise TooMuch when a picture or a frame has too many pixels."""
        if pixels > self.pixels:
            raise TooMuch(
                f"it has {pixels / MILLION:.0f} million pixels; "
                f"the limit is {self.pixels / MILLION:.0f} million"
            )

    def check_all(self, frames: int, pixels: int) -> None:
        """Raise TooMuch when an animation has too many frames, or pixels in all of them."""
        if frames > MOST_FRAMES:
            raise TooMuch(f"it has more than {MOST_FRAMES:,} frames")
        if pixels > self.pixels * MOVING:
            raise TooMuch(
                f"its {frames} frames have {pixels / MILLION:.0f} million pixels together; "
                f"the limit is {self.pixels * MOVING / MILLION:.0f} million"
            )
