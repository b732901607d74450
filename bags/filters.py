"""What narrows a list of bags, so that what is found costs what is found, not what there is."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q

from bags.models import CHILD_STATES, PARENT_STATES, Area, BagType, Batch, Kind, State
from bags.querysets import BagQuerySet

# No bag has this id, and PostgreSQL need not look far to know it.
NO_BAG = Q(pk=0)
STATES_BY_KIND: dict[str | None, list[State]] = {
    None: list(State),
    Kind.PARENT: PARENT_STATES,
    Kind.CHILD: CHILD_STATES,
}
# What a child is that lies in no parent.
UNLINKED_STATES: list[State] = [state for state in CHILD_STATES if state != State.LINKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class BagFilters:
    """What narrows a list of bags; None does not narrow. Names and codes, not ids."""

    kind: str | None = None
    state: str | None = None
    area: str | None = None
    batch: str | None = None
    bag_type: str | None = None
    loose: bool = False

    def apply(self, bags: BagQuerySet) -> BagQuerySet:
        """`bags`, narrowed. Each of these alone has an index, so that few are found among many.

        Index: bag_in_state. Index: bag_in_area. Index: bag_in_area_and_state. Index: bag_in_batch.
        Index: bag_of_type. Index: bag_loose_anywhere.
        """
        columns = {
            "kind": self.kind,
            "state": self.state,
            # PostgreSQL knows how many bags an id has, and of the name of a table it joins nothing.
            "area": id_or_zero(Area, code=self.area),
            "batch": id_or_zero(Batch, code=self.batch),
            "bag_type": id_or_zero(BagType, name=self.bag_type),
        }
        given = Q(**{column: value for column, value in columns.items() if value is not None})
        if self._contradicts():
            given &= NO_BAG
        out = self.loose or (self.kind == Kind.CHILD and self.state in UNLINKED_STATES)
        return (bags.loose() if out else bags).filter(given)

    def _contradicts(self) -> bool:
        """Whether no bag can be all of this."""
        # A page takes any words for filters.
        if self.kind not in STATES_BY_KIND or (self.loose and self.kind == Kind.PARENT):
            return True
        states = UNLINKED_STATES if self.loose else STATES_BY_KIND[self.kind]
        return self.state is not None and self.state not in states


def id_or_zero(model: type[models.Model], **named: str | None) -> int | None:
    """The id of what is named; 0, which nothing has, where there is none of that name."""
    if None in named.values():
        return None
    return model._default_manager.filter(**named).values_list("pk", flat=True).first() or 0
