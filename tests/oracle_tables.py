"""What the model remembers: bags, the ledger, and what each row of it does to the bags."""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


@dataclass
class Batch:
    bag_type: str
    held: bool = False
    closed: bool = False


@dataclass
class Bag:
    code: str
    kind: str
    bag_type: str
    area: str
    batch: str | None
    state: str
    parent: str | None = None
    bound_for: str | None = None


@dataclass(eq=False)
class Line:
    """One row of the ledger; `left` is the parent that the bag left, `birth` the bag it made."""

    ref: UUID | None
    step: str
    code: str
    parent: str | None
    area: str
    actor: str
    at: datetime
    recorded: datetime
    outcome: str = "applied"
    unexpected: bool = False
    forced: bool = False
    left: str | None = None
    birth: Bag | None = None

    @property
    def content(self):
        return self.code, self.parent, self.step, self.area, self.at


def normal(text):
    """The one form of a code, or None."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) not in INVISIBLE).strip().upper()
    return text if re.fullmatch(r"[A-Z0-9][A-Z0-9\-_/.]{2,63}", text) else None


@dataclass
class Tables:
    """`types`: name → (parent pattern, child pattern, capacity). No actors: anybody may scan."""

    types: dict
    areas: frozenset
    actors: frozenset = frozenset()
    batches: dict = field(default_factory=dict)
    bags: dict = field(default_factory=dict)
    ledger: list = field(default_factory=list)
    refs: dict = field(default_factory=dict)
    undone: list = field(default_factory=list)
    contents: defaultdict = field(default_factory=lambda: defaultdict(set))

    def fit(self, code, kind=None):
        """The first type that makes such codes."""
        for name, (parent, child, _) in self.types.items():
            for fits, pattern in (("parent", parent), ("child", child)):
                if kind in (None, fits) and re.fullmatch(pattern, code):
                    return fits, name
        return None

    def capacity(self, bag):
        return self.types[bag.bag_type][2]

    def tell(self, line):
        """Add a line to the ledger, with what it does."""
        self.ledger.append(line)
        if line.ref is not None:
            self.refs[line.ref] = line
        self._happen(line)

    def forget(self, line):
        """Tell the whole ledger again as if this line had never been."""
        self.undone.append(line)
        self.bags.clear()
        self.contents.clear()
        for other in self.ledger:
            if other not in self.undone:
                self._happen(other)

    def census(self):
        """The shape of the product's census."""
        parents = [bag for bag in self.bags.values() if bag.kind == "parent"]
        children = [bag for bag in self.bags.values() if bag.kind == "child"]
        lines = {
            outcome: counted(line.step for line in self.ledger if line.outcome == outcome)
            for outcome in ("applied", "already")
        }
        return {
            "parents": len(parents),
            "children": len(children),
            "loose_children": sum(child.parent is None for child in children),
            "linked_children": sum(child.parent is not None for child in children),
            "parents_by_state": counted(parent.state for parent in parents),
            "ledger_applied_by_step": lines["applied"],
            "ledger_already_by_step": lines["already"],
            "unexpected_receipts": sum(
                line.unexpected and line.step == "receive" for line in self.ledger
            ),
            "bags_by_area": counted(bag.area for bag in self.bags.values()),
        }

    # -- what each step does --------------------------------------------------------------------

    def _happen(self, line):
        if line.outcome != "applied":
            return
        if line.birth is not None:
            self.bags[line.code] = replace(line.birth)
            return
        bag = self.bags[line.code]
        if bag.kind == "child":
            self._happen_to_child(line, bag)
        elif line.step in ("complete", "reopen"):
            bag.state = "complete" if line.step == "complete" else "open"
        elif line.step == "dispatch":
            bag.state = "dispatched"
            self._bring(bag, bag.area, line.area)
        elif line.step in ("receive", "return"):
            bag.state = {"receive": "received", "return": "returned"}[line.step]
            self._bring(bag, line.area, None)

    def _happen_to_child(self, line, child):
        if line.step in ("unlink", "move", "return"):
            line.left = child.parent
            self._take(child)
        if line.step in ("link", "move"):
            self._put(child, self.bags[line.parent])
        if line.step == "return":
            child.state, child.area, child.bound_for = "returned", line.area, None

    def _put(self, child, parent):
        self.contents[parent.code].add(child.code)
        child.parent, child.state = parent.code, "linked"
        child.area, child.bound_for = parent.area, parent.bound_for
        if len(self.contents[parent.code]) == self.capacity(parent) and parent.state == "open":
            parent.state = "complete"

    def lots_in(self, bag):
        """The batches of what lies in a bag."""
        return [self.bags[code].batch for code in self.contents[bag.code]]

    def _take(self, child):
        if child.parent is None:
            return
        parent = self.bags[child.parent]
        self.contents[parent.code].remove(child.code)
        child.parent, child.state, child.bound_for = None, "loose", None
        if parent.state == "complete":
            parent.state = "open"

    def _bring(self, parent, area, bound_for):
        for code in (parent.code, *self.contents[parent.code]):
            self.bags[code].area, self.bags[code].bound_for = area, bound_for


def counted(things):
    """How often each occurs, in alphabetical order."""
    return dict(sorted(Counter(things).items()))
