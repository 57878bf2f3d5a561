"""How much a test does: a little by default, as much as the goals say when asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """How much a test does: ``scale(20, 1000)`` is 20 by default, 1000 with ``--scale=large``."""

    name: str

    def __call__(self, small: int, large: int) -> int:
        """The count for this run."""
        return large if self.name == "large" else small
