"""Filters of lists of bags, each with an index: the cost depends on the rows that match."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from bags.models import CHILD_STATES, PARENT_STATES, Area, BagType, Batch, Kind, State
from bags.querysets import BagQuerySet

# A condition that PostgreSQL recognizes as false by a look at the primary key.
NO_BAG = Q(pk=0)
STATES_BY_KIND: dict[str | None, list[State]] = {
    None: list(State),
    Kind.PARENT: PARENT_STATES,
    Kind.CHILD: CHILD_STATES,
}
# The states of children without a parent.
UNLINKED_STATES: list[State] = [state for state in CHILD_STATES if state != State.LINKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFilters:
    """Filters of a list of bags, by codes and names; None does not filter."""

    kind: str | None = None
    state: str | None = None
    area: str | None = None
    batch: str | None = None
    bag_type: str | None = None
    loose: bool = False

    def apply(self, bags: BagQuerySet) -> BagQuerySet:
        """Return the bags that match all filters.

        Index: bag_in_state. Index: bag_in_area. Index: bag_in_area_and_state. Index: bag_in_batch.
        Index: bag_of_type. Index: bag_loose_anywhere.
        """
        columns = {
            "kind": self.kind,
            "state": self.state,
            # With ids instead of joins PostgreSQL can estimate the number of rows.
            "area": id_or_zero(Area, code=self.area),
            "batch": id_or_zero(Batch, code=self.batch),
            "bag_type": id_or_zero(BagType, name=self.bag_type),
        }
        condition = Q(**{column: value for column, value in columns.items() if value is not None})
        if self._is_contradictory():
            condition &= NO_BAG
        # Children in these states have no parent: with loose() PostgreSQL can use bag_loose.
        unlinked = self.loose or (self.kind == Kind.CHILD and self.state in UNLINKED_STATES)
        return (bags.loose() if unlinked else bags).filter(condition)

    def _is_contradictory(self) -> bool:
        """Return whether no bag can match: the kind is unknown, or never has this state."""
        if self.kind not in STATES_BY_KIND or (self.loose and self.kind == Kind.PARENT):
            return True
        states = UNLINKED_STATES if self.loose else STATES_BY_KIND[self.kind]
        return self.state is not None and self.state not in states


def id_or_zero(model: type[models.Model], **lookup: str | None) -> int | None:
    """Return the id of the row that matches, 0 if there is none, None to look up nothing.

    No row has the id 0, so it matches nothing as a foreign key.
    """
    if None in lookup.values():
        return None
    return model._default_manager.filter(**lookup).values_list("pk", flat=True).first() or 0
