"""The unit: bags in hand. Locked, looked up by code, changed in memory, written in one go."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal

from bags.code_patterns import matches
from bags.errors import OTHER_BATCH_TYPE, BagUnknown, BatchClosed, WrongKind
from bags.models import Area, Bag, BagType, Batch, Kind, State
from scans.models import Scan, Step
from scans.recording.store import earlier, load, load_children
from scans.recording.writing import write
from scans.scan_request import ScanRequest
from tracetrack.errors.problem import Message

TAKES_OUT = frozenset({Step.UNLINK, Step.MOVE, Step.RETURN, Step.UNDO})
CHILDREN_FOLLOW = frozenset({Step.DISPATCH, Step.RECEIVE, Step.RETURN, Step.UNDO})


class StaleRead(Exception):
    """Between looking and locking a bag went elsewhere: look again."""


class UnitOfWork:
    """All that one or many requests speak of, locked until the transaction ends.

    Order of locks, the same for everybody: codes and refs (advisory, sorted), parents by code,
    named children by code, then the children that follow a parent. A bag that does not exist yet
    has no row to lock: the advisory lock on its code stands for it.
    """

    LOCKS = True

    def __init__(self, requests: Collection[ScanRequest], *, areas: frozenset[int] | None) -> None:
        self._scope = areas
        self._created: list[Bag] = []
        self._changed: dict[int, Bag] = {}
        self._scans: list[Scan] = []
        self._lies_in: dict[str, str | None] = {}
        self._inside: defaultdict[str | None, dict[str, Bag]] = defaultdict(dict)
        targets = self._targets(requests)
        codes = self._codes(requests, targets)
        loaded = load(
            codes=codes,
            areas={request.area for request in requests},
            lots={request.lot for request in requests if request.lot},
            refs=[
                r for request in requests for r in (request.ref, *request.implicit_refs.values())
            ],
            lock=self.LOCKS,
        )
        self.areas, self._types, self._lots = loaded.areas, loaded.types, loaded.lots
        self.bags = loaded.bags
        self.earlier = earlier(loaded.refs)
        self._fetch_children(requests)
        self._join(self.bags.values())
        self.targets = {target.pk: target for target in targets}

    # -- looking ------------------------------------------------------------------------------

    def find(self, code: str) -> Bag | None:
        """The bag with this code, None where there is none; BagUnknown where it may not be seen."""
        bag = self.bags.get(code)
        if bag is not None and not self._sees(bag):
            raise BagUnknown(bag=code)
        return bag

    def get(self, code: str) -> Bag:
        """The bag with this code; raises BagUnknown."""
        bag = self.find(code)
        if bag is None:
            raise BagUnknown(bag=code)
        return bag

    def covers(self, area: Area) -> bool:
        """Whether the actor works in this area."""
        return self._scope is None or area.pk in self._scope

    def children(self, parent: Bag) -> list[Bag]:
        """What lies in `parent`; complete for every parent whose children follow a step."""
        return list(self._inside[parent.code].values())

    def fit(self, code: str, kind: str | None = None) -> tuple[Kind, BagType] | None:
        """Kind and type of the first bag type that makes such codes; None where none does."""
        return fit(code, self._types, kind)

    def type_names(self) -> set[str]:
        """The names of all bag types."""
        return {bag_type.name for bag_type in self._types}

    def lot(self, code: str | None) -> Batch | None:
        """The batch that the lot of one of the requests names, where there is one."""
        return self._lots.get(code or "")

    # -- changing -----------------------------------------------------------------------------

    def register(
        self, code: str, kind: Kind, bag_type: BagType, area: Area, batch: Batch | None = None
    ) -> Bag:
        """A new bag, open or loose; raises BatchClosed, WrongKind."""
        if batch is not None and batch.state == Batch.State.CLOSED:
            raise BatchClosed(batch=batch.code)
        if batch is not None and batch.bag_type_id != bag_type.pk:
            raise WrongKind(bag=code, reason=Message(OTHER_BATCH_TYPE, batch=batch.code))
        parent = kind == Kind.PARENT
        bag = Bag(
            code=code,
            kind=kind,
            bag_type=bag_type,
            batch=batch,
            area=area,
            state=State.OPEN if parent else State.LOOSE,
            capacity=bag_type.capacity if parent else None,
            weight=Decimal(0) if parent else bag_type.child_weight,
        )
        self.bags[code] = bag
        self._created.append(bag)
        return bag

    def mark_changed(self, *bags: Bag) -> None:
        """These bags were changed and are to be written."""
        self._changed |= {bag.pk: bag for bag in bags if bag.pk is not None}
        for bag in bags:
            self._note_place(bag)

    def record(self, *scans: Scan) -> None:
        """These scans happened, in this order."""
        for scan in scans:
            self.earlier[scan.ref] = scan
        self._scans += scans

    def save(self, *, commit: bool = False) -> None:
        """Write everything: new bags, changed bags, scans. Constraints have the last word.

        With `commit` this is the last thing that the transaction writes.
        """
        created, changed = (
            sorted(bags, key=_lock_order) for bags in (self._created, self._changed.values())
        )
        if created or changed or self._scans:
            write(created, changed, self._scans, commit=commit)
        self._created, self._changed, self._scans = [], {}, []

    def take_scans(self) -> list[Scan]:
        """The scans recorded since the last time, which this unit then does not write."""
        scans, self._scans = self._scans, []
        return scans

    # -- locking and loading ------------------------------------------------------------------

    def _targets(self, requests: Iterable[ScanRequest]) -> list[Scan]:
        ids = {request.undoes for request in requests if request.undoes is not None}
        if not ids:
            return []
        return list(
            Scan.objects.filter(pk__in=ids).select_related(
                "bag", "parent", "was_parent", "was_area", "was_bound_for", "area"
            )
        )

    def _codes(self, requests: Collection[ScanRequest], targets: list[Scan]) -> set[str]:
        codes = {e.code for e in requests} | {e.parent_code for e in requests if e.parent_code}
        for scan in targets:
            codes |= {bag.code for bag in (scan.bag, scan.parent, scan.was_parent) if bag}
        leaving = {e.code for e in requests if len(requests) > 1 or e.step in TAKES_OUT}
        if leaving:
            inside = Bag.objects.with_codes(leaving).filter(parent__isnull=False)
            codes |= set(inside.values_list("parent__code", flat=True))
        return codes

    def _fetch_children(self, requests: Collection[ScanRequest]) -> None:
        following = {request.code for request in requests if request.step in CHILDREN_FOLLOW}
        parents = [b for c, b in self.bags.items() if c in following and b.kind == Kind.PARENT]
        if parents:
            inside = load_children(parents, self.bags.values(), lock=self.LOCKS)
            self.bags |= {bag.code: bag for bag in inside}

    def _join(self, bags: Iterable[Bag]) -> None:
        """Make every `parent` the very bag in hand, so that a change is seen everywhere."""
        for bag in bags:
            if bag.parent is not None and bag.parent.code in self.bags:
                bag.parent = self.bags[bag.parent.code]
            self._note_place(bag)

    def _note_place(self, bag: Bag) -> None:
        """Keep what lies in what; looking through all bags for it takes long where many go."""
        before, now = self._lies_in.get(bag.code), bag.parent.code if bag.parent else None
        if before != now:
            self._inside[before].pop(bag.code, None)
            self._inside[now][bag.code] = bag
            self._lies_in[bag.code] = now

    def require_loaded(self, bag: Bag) -> Bag:
        """`bag` as it is locked here; raises StaleRead where nobody locked it."""
        try:
            return self.bags[bag.code]
        except KeyError:
            raise StaleRead from None

    def _sees(self, bag: Bag) -> bool:
        return self._scope is None or bool({bag.area_id, bag.bound_for_id} & self._scope)


def _lock_order(bag: Bag) -> tuple[bool, str]:
    return bag.kind == Kind.CHILD, bag.code


def fit(
    code: str, types: Iterable[BagType], kind: str | None = None
) -> tuple[Kind, BagType] | None:
    """Kind and type of the first of `types` that makes such codes; None where none does."""
    for bag_type in types:
        for fits, pattern in (
            (Kind.PARENT, bag_type.parent_pattern),
            (Kind.CHILD, bag_type.child_pattern),
        ):
            if kind in (None, fits) and matches(pattern, code):
                return fits, bag_type
    return None
