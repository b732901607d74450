"""A page of a list as a query reads it: rows, cursors, whether there is more."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A row in its list."""

    node: Any
    page: "Slice"

    @property
    def cursor(self) -> str:
        """Where the list goes on behind it."""
        return self.page.seal(self.node)


@dataclass(frozen=True)
class Slice:
    """Rows that follow one another in a list, from behind the cursor `after`."""

    nodes: list[Any]
    more: bool
    after: str | None
    seal: Callable[[Any], str]

    @property
    def edges(self) -> list[Place]:
        """The rows, each with its cursor."""
        return [Place(node, self) for node in self.nodes]

    @property
    def page_info(self) -> "Slice":
        """Where it begins and ends."""
        return self

    @property
    def has_next_page(self) -> bool:
        """Whether there is more behind."""
        return self.more

    @property
    def has_previous_page(self) -> bool:
        """Whether it began behind a cursor."""
        return self.after is not None

    @cached_property
    def start_cursor(self) -> str | None:
        """Where its first row stands."""
        return self.seal(self.nodes[0]) if self.nodes else None

    @cached_property
    def end_cursor(self) -> str | None:
        """Where the next page begins."""
        return self.seal(self.nodes[-1]) if self.nodes else None
