"""A desk for dry runs."""

from collections.abc import Collection

from scans.desk import Desk
from scans.entries import Entry


class Rehearsal(Desk):
    """A desk that only looks: it locks and writes nothing, and goes on where another left off."""

    LOCKS = False

    def __init__(
        self,
        entries: Collection[Entry],
        *,
        areas: frozenset[int] | None,
        before: "Rehearsal | None" = None,
    ) -> None:
        super().__init__(entries, areas=areas)
        if before is not None:
            # What was decided before stands in for what the tables still say.
            self.bags |= before.bags
            self.earlier |= before.earlier
            self._lies_in.clear()
            self._inside.clear()
            self._join()

    def save(self) -> None:
        """Nothing is kept."""
