"""The unit of work: bags that are locked, loaded, changed in memory and saved together."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from bags.code_patterns import matches
from bags.errors import OTHER_BATCH_TYPE, BagUnknown, BatchClosed, WrongKind
from bags.models import Area, Bag, BagType, Batch, Kind
from scans.models import Scan, Step
from scans.recording.store import load, load_children, load_scans, save
from scans.recording.transitions import CHILDREN_FOLLOW_STEPS, LEAVING_STEPS, TRANSITIONS
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import Message

# An undo may reverse any step, so it loads the bags that any step needs.
_LEAVING_STEPS = LEAVING_STEPS | {Step.UNDO}
_CHILDREN_FOLLOW_STEPS = CHILDREN_FOLLOW_STEPS | {Step.UNDO}


class StaleRead(Exception):
    """A bag moved between the look-up of its parent and the lock: load again."""


class UnitOfWork:
    """The bags that one or several scan requests concern, locked until the transaction ends.

    Locks are taken in the same order everywhere: codes and refs (advisory, sorted), parents by
    code, named children by code, then the children that follow a parent. A bag that does not exist
    yet has no row to lock; the advisory lock on its code takes its place.

    `area_ids` are the areas that the actor works in, None for all areas. `bags`, `areas` and
    `scans_by_ref` map codes and refs to the loaded objects, `undo_targets` the ids of scans that
    requests undo.
    """

    # False: only look, without locks.
    LOCKS = True

    def __init__(
        self, requests: Collection[ScanRequest], *, area_ids: frozenset[int] | None
    ) -> None:
        self._area_ids = area_ids
        self._created: list[Bag] = []
        self._changed: dict[int, Bag] = {}
        self._scans: list[Scan] = []
        self._parent_codes: dict[str, str | None] = {}
        self._children: defaultdict[str | None, dict[str, Bag]] = defaultdict(dict)
        targets = _find_undo_targets(requests)
        loaded = load(
            codes=_find_codes(requests, targets),
            areas={request.area for request in requests},
            lots={request.lot for request in requests if request.lot},
            refs=[
                r for request in requests for r in (request.ref, *request.implicit_refs.values())
            ],
            lock=self.LOCKS,
        )
        self.areas, self._bag_types, self._batches = loaded.areas, loaded.bag_types, loaded.batches
        self.bags = loaded.bags
        self.scans_by_ref = load_scans(loaded.known_refs)
        self._load_children(requests)
        self._connect(self.bags.values())
        self.undo_targets = {target.pk: target for target in targets}

    # -- look-ups -----------------------------------------------------------------------------

    def find_bag(self, code: str) -> Bag | None:
        """Return the bag with this code or None. Raises BagUnknown if the actor may not see it."""
        bag = self.bags.get(code)
        if bag is not None and not self._is_visible(bag):
            raise BagUnknown(bag=code)
        return bag

    def get_bag(self, code: str) -> Bag:
        """Return the bag with this code. Raises BagUnknown."""
        bag = self.find_bag(code)
        if bag is None:
            raise BagUnknown(bag=code)
        return bag

    def covers_area(self, area: Area) -> bool:
        """Return whether the actor works in this area."""
        return self._area_ids is None or area.pk in self._area_ids

    def children_of(self, parent: Bag) -> list[Bag]:
        """Return the children in `parent`: all of them if they follow one of the steps."""
        return list(self._children[parent.code].values())

    def match_bag_type(self, code: str, kind: str | None = None) -> tuple[Kind, BagType] | None:
        """Return the kind and type that a new bag with this code would have, or None."""
        return match_bag_type(code, self._bag_types, kind)

    def bag_type_names(self) -> set[str]:
        """Return the names of all bag types."""
        return {bag_type.name for bag_type in self._bag_types}

    def find_batch(self, code: str | None) -> Batch | None:
        """Return the batch that the lot of a request names, or None."""
        return self._batches.get(code or "")

    def require_loaded(self, bag: Bag) -> Bag:
        """Return the locked instance of `bag`. Raises StaleRead if it was not locked."""
        try:
            return self.bags[bag.code]
        except KeyError:
            raise StaleRead from None

    # -- changes ------------------------------------------------------------------------------

    def create_bag(
        self, code: str, kind: Kind, bag_type: BagType, area: Area, batch: Batch | None = None
    ) -> Bag:
        """Return a new bag. Raises BatchClosed, and WrongKind if the batch takes another type."""
        if batch is not None and batch.state == Batch.State.CLOSED:
            raise BatchClosed(batch=batch.code)
        if batch is not None and batch.bag_type_id != bag_type.pk:
            raise WrongKind(bag=code, reason=Message(OTHER_BATCH_TYPE, batch=batch.code))
        state = TRANSITIONS[Step.REGISTER, kind].to_state
        assert state is not None
        parent = kind == Kind.PARENT
        bag = Bag(
            code=code,
            kind=kind,
            bag_type=bag_type,
            batch=batch,
            area=area,
            state=state,
            capacity=bag_type.capacity if parent else None,
            weight=Decimal(0) if parent else bag_type.child_weight,
        )
        self.bags[code] = bag
        self._created.append(bag)
        return bag

    def mark_changed(self, *bags: Bag) -> None:
        """Write these bags when the unit is saved."""
        self._changed |= {bag.pk: bag for bag in bags if bag.pk is not None}
        for bag in bags:
            self._track_parent(bag)

    def add_scans(self, *scans: Scan) -> None:
        """Add rows to the ledger, in this order, when the unit is saved."""
        for scan in scans:
            self.scans_by_ref[scan.ref] = scan
        self._scans += scans

    def take_scans(self) -> list[Scan]:
        """Return the scans added since the last call; the caller writes them."""
        scans, self._scans = self._scans, []
        return scans

    def save(self, *, commit: bool = False) -> None:
        """Write new bags, changed bags and scans. Raises IntegrityError.

        With `commit` the transaction writes nothing afterwards, and COMMIT is sent along.
        """
        created, changed = (
            sorted(bags, key=_lock_order) for bags in (self._created, self._changed.values())
        )
        if created or changed or self._scans:
            save(created, changed, self._scans, commit=commit)
        self._created, self._changed, self._scans = [], {}, []

    # -- loading ------------------------------------------------------------------------------

    def _load_children(self, requests: Collection[ScanRequest]) -> None:
        codes = {request.code for request in requests if request.step in _CHILDREN_FOLLOW_STEPS}
        parents = [b for c, b in self.bags.items() if c in codes and b.kind == Kind.PARENT]
        if parents:
            children = load_children(parents, lock=self.LOCKS)
            self.bags = {child.code: child for child in children} | self.bags

    def _connect(self, bags: Iterable[Bag]) -> None:
        """Make each `parent` the loaded instance, so that a change to it is seen everywhere."""
        for bag in bags:
            if bag.parent is not None and bag.parent.code in self.bags:
                bag.parent = self.bags[bag.parent.code]
            self._track_parent(bag)

    def _track_parent(self, bag: Bag) -> None:
        """Keep the index of children up to date; a search through all bags would be slow."""
        before, now = self._parent_codes.get(bag.code), bag.parent.code if bag.parent else None
        if before != now:
            self._children[before].pop(bag.code, None)
            self._children[now][bag.code] = bag
            self._parent_codes[bag.code] = now

    def _is_visible(self, bag: Bag) -> bool:
        return self._area_ids is None or bool({bag.area_id, bag.bound_for_id} & self._area_ids)


def match_bag_type(
    code: str, bag_types: Iterable[BagType], kind: str | None = None
) -> tuple[Kind, BagType] | None:
    """Return the kind and type of the first of `bag_types` with a pattern for `code`, or None."""
    for bag_type in bag_types:
        for matched, pattern in (
            (Kind.PARENT, bag_type.parent_pattern),
            (Kind.CHILD, bag_type.child_pattern),
        ):
            if kind in (None, matched) and matches(pattern, code):
                return matched, bag_type
    return None


def _find_undo_targets(requests: Iterable[ScanRequest]) -> list[Scan]:
    ids = {request.undoes for request in requests if request.undoes is not None}
    if not ids:
        return []
    related = ("bag", "parent", "was_parent", "was_area", "was_bound_for", "area")
    return list(Scan.objects.filter(pk__in=ids).select_related(*related))


def _find_codes(requests: Collection[ScanRequest], targets: Iterable[Scan]) -> set[str]:
    """Return the codes of all bags that the requests may change."""
    codes = {request.code for request in requests}
    codes |= {request.parent_code for request in requests if request.parent_code}
    for scan in targets:
        codes |= {bag.code for bag in (scan.bag, scan.parent, scan.was_parent) if bag}
    # In a group, an earlier request may make a later one leave a parent.
    leaving = {r.code for r in requests if len(requests) > 1 or r.step in _LEAVING_STEPS}
    if leaving:
        children = Bag.objects.with_codes(leaving).filter(parent__isnull=False)
        codes |= set(children.values_list("parent__code", flat=True))
    return codes


def _lock_order(bag: Bag) -> tuple[bool, str]:
    return bag.kind == Kind.CHILD, bag.code
