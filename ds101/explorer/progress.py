"""What is shown while a search takes long."""

from __future__ import annotations

from ds101.progress import ProgressLine


class Progress(ProgressLine):
    """A line that says how far a search is. Use as a context manager, so that it disappears in the end."""

    def show(self, states: int, depth: int, elapsed: float) -> None:
        """Say how far it is, now and then."""
        if self.is_due(elapsed):
            self.say(f"searched {states:,} states, {depth} steps deep, {states / elapsed:,.0f} states/s", elapsed)
