"""How far the painting is."""

from __future__ import annotations

from collections.abc import Sequence

from impasto.context import Context


class Progress:
    """Counts steps by their pixels, and passes on what the user is told."""

    def __init__(self, sizes: Sequence[int], steps: int, context: Context) -> None:
        self.context, self.size_px, self.note = context, sizes[0], ""
        self.all = steps * sum(size**2 for size in sizes)
        self.before = self.done = 0

    def begin(self, size_px: int) -> None:
        """From now on it is painted at this size."""
        self.before, self.size_px = self.done, size_px
        self.tick()

    def step(self, count: int) -> bool:
        """Told how many steps are done at this size; whether to go on."""
        self.done = self.before + count * self.size_px**2
        self.tick()
        return not self.context.is_stopped()

    def tick(self) -> None:
        """Something was done. Raises Cancelled if the job was cancelled."""
        self.context.progress(self.done / self.all, f"Painting at {self.size_px} px{self.note}")
