"""The test oracle: an independent implementation of the rules in a few dictionaries.

It imports nothing of the product. It undoes a scan by replaying the whole ledger without it, so
that it cannot repeat a mistake of the product.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
ORACLE_STEPS = (
    "register", "link", "unlink", "move", "complete", "reopen",
    "dispatch", "receive", "return", "inspect", "undo",
)  # fmt: skip
INDEPENDENT_STEPS = frozenset({"register", "inspect", "undo"})
MAX_CLOCK_SKEW, UNDO_WINDOW = timedelta(minutes=10), timedelta(minutes=15)


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
class LedgerLine:
    """A row of the ledger. `left` is the parent that the bag left, `created` a new bag."""

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
    created: Bag | None = None

    @property
    def content(self):
        return self.code, self.parent, self.step, self.area, self.at


class Refused(Exception):
    """A refusal; its text is the code of the problem."""


@dataclass
class Attempt:
    """A parsed scan and its actor: `office` without area limits, else limited to `scope`."""

    line: LedgerLine
    lot: str | None = None
    kind: str | None = None
    force: bool = False
    note: str = ""
    undoes: LedgerLine | None = None
    office: bool = False
    scope: frozenset | None = None


def refuse_if(fault, code):
    if fault:
        raise Refused(code)


def normalize_code(text):
    """Return the normalized form of a code, or None."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(c for c in text if unicodedata.category(c) not in INVISIBLE).strip().upper()
    return text if re.fullmatch(r"[A-Z0-9][A-Z0-9\-_/.]{2,63}", text) else None


@dataclass
class OracleState:
    """Bags and ledger. `types` maps a name to parent pattern, child pattern and capacity.

    Without `actors` every user may scan.
    """

    types: dict
    areas: frozenset
    actors: frozenset = frozenset()
    batches: dict = field(default_factory=dict)
    bags: dict = field(default_factory=dict)
    ledger: list = field(default_factory=list)
    refs: dict = field(default_factory=dict)
    undone: list = field(default_factory=list)
    contents: defaultdict = field(default_factory=lambda: defaultdict(set))

    def match_type(self, code, kind=None):
        """Return the kind and the name of the first type with a pattern for this code."""
        for name, (parent, child, _) in self.types.items():
            for form, pattern in (("parent", parent), ("child", child)):
                if kind in (None, form) and re.fullmatch(pattern, code):
                    return form, name
        return None

    def capacity(self, bag):
        return self.types[bag.bag_type][2]

    def record(self, line):
        """Add a row to the ledger and apply it."""
        self.ledger.append(line)
        if line.ref is not None:
            self.refs[line.ref] = line
        self._apply(line)

    def undo(self, line):
        """Replay the whole ledger without this row."""
        self.undone.append(line)
        self.bags.clear()
        self.contents.clear()
        for other in self.ledger:
            if other not in self.undone:
                self._apply(other)

    def census(self):
        """Return the row counts in the form of the product's census."""
        parents = [bag for bag in self.bags.values() if bag.kind == "parent"]
        children = [bag for bag in self.bags.values() if bag.kind == "child"]
        lines = {
            outcome: count_by_value(line.step for line in self.ledger if line.outcome == outcome)
            for outcome in ("applied", "already")
        }
        return {
            "parents": len(parents),
            "children": len(children),
            "loose_children": sum(child.parent is None for child in children),
            "linked_children": sum(child.parent is not None for child in children),
            "parents_by_state": count_by_value(parent.state for parent in parents),
            "ledger_applied_by_step": lines["applied"],
            "ledger_already_by_step": lines["already"],
            "unexpected_receipts": sum(
                line.unexpected and line.step == "receive" for line in self.ledger
            ),
            "bags_by_area": count_by_value(bag.area for bag in self.bags.values()),
        }

    # -- effects --------------------------------------------------------------------------------

    def _apply(self, line):
        if line.outcome != "applied":
            return
        if line.created is not None:
            self.bags[line.code] = replace(line.created)
            return
        bag = self.bags[line.code]
        if bag.kind == "child":
            self._apply_to_child(line, bag)
        elif line.step in ("complete", "reopen"):
            bag.state = "complete" if line.step == "complete" else "open"
        elif line.step == "dispatch":
            bag.state = "dispatched"
            self._set_place(bag, bag.area, line.area)
        elif line.step in ("receive", "return"):
            bag.state = {"receive": "received", "return": "returned"}[line.step]
            self._set_place(bag, line.area, None)

    def _apply_to_child(self, line, child):
        if line.step in ("unlink", "move", "return"):
            line.left = child.parent
            self._remove_child(child)
        if line.step in ("link", "move"):
            self._add_child(child, self.bags[line.parent])
        if line.step == "return":
            child.state, child.area, child.bound_for = "returned", line.area, None

    def _add_child(self, child, parent):
        self.contents[parent.code].add(child.code)
        child.parent, child.state = parent.code, "linked"
        child.area, child.bound_for = parent.area, parent.bound_for
        if len(self.contents[parent.code]) == self.capacity(parent) and parent.state == "open":
            parent.state = "complete"

    def batches_in(self, bag):
        """Return the batches of the children in a bag."""
        return [self.bags[code].batch for code in self.contents[bag.code]]

    def _remove_child(self, child):
        if child.parent is None:
            return
        parent = self.bags[child.parent]
        self.contents[parent.code].remove(child.code)
        child.parent, child.state, child.bound_for = None, "loose", None
        if parent.state == "complete":
            parent.state = "open"

    def _set_place(self, parent, area, bound_for):
        for code in (parent.code, *self.contents[parent.code]):
            self.bags[code].area, self.bags[code].bound_for = area, bound_for


def count_by_value(values):
    """Return the number of occurrences of each value, in alphabetical order."""
    return dict(sorted(Counter(values).items()))


class Oracle(OracleState):
    """Bags, ledger and rules."""

    def bag(self, row, *, actor="system", now):
        """Apply one row of a bag sheet and return its verdict."""
        try:
            return self._bag(row, actor, now)
        except Refused as refused:
            return str(refused)

    def scan(self, row, *, now, office=False, scope=None):
        """Apply one scan and return its verdict. `undoes` in the row is a row of the ledger."""
        try:
            return self._scan(row, now, office, scope)
        except Refused as refused:
            return str(refused)

    def _bag(self, row, actor, now):
        code = normalize_code(row["code"])
        parent = normalize_code(row["parent_code"]) if row["parent_code"] else None
        refuse_if(code is None or (row["parent_code"] and parent is None), "bad-code")
        kind, bag_type = row["kind"], row["bag_type"]
        refuse_if(kind not in ("parent", "child") or (parent and kind == "parent"), "bad-row")
        refuse_if(bag_type not in self.types, "bad-row")
        refuse_if(row["batch_code"] not in self.batches, "batch-unknown")
        refuse_if(row["area"] not in self.areas, "area-unknown")
        if code in self.bags:
            refuse_if(self.bags[code].kind != kind, "wrong-kind")
            return "already"
        refuse_if(self.match_type(code, kind) != (kind, bag_type), "wrong-kind")
        step = "link" if parent else "register"
        line = LedgerLine(None, step, code, parent, row["area"], actor, now, now)
        return self._carry_out(Attempt(line, lot=row["batch_code"], kind=kind))

    def _scan(self, row, now, office, scope):
        attempt = self._read(row, now)
        attempt.office, attempt.scope, line = office, scope, attempt.line
        refuse_if(line.at > now + MAX_CLOCK_SKEW, "clock-ahead")
        if line.ref in self.refs:
            earlier = self.refs[line.ref]
            refuse_if(earlier.content != line.content, "ref-reused")
            if earlier.actor != line.actor:
                self._get(attempt, line.code)
            return "replayed"
        outside = scope is not None and line.area not in scope
        refuse_if(outside and line.step != "dispatch", "area-forbidden")
        refuse_if(attempt.force and not office, "forbidden")
        return self._carry_out(attempt)

    def _read(self, row, now):
        code, _, lot = row["code"].partition(";")
        code, lot = normalize_code(code), normalize_code(lot)
        parent = row["parent_code"] or None
        refuse_if(code is None or (parent and normalize_code(parent) is None), "bad-code")
        step = row["step"]
        refuse_if(step not in ORACLE_STEPS, "bad-row")
        refuse_if(step in ("link", "move") and not parent, "bad-row")
        refuse_if(step not in ("link", "move", "unlink") and parent, "bad-row")
        try:
            ref, at = UUID(row["ref"]), datetime.fromisoformat(row["scanned_at"])
        except ValueError:
            raise Refused("bad-row") from None
        refuse_if(at.tzinfo is None or at < datetime(2000, 1, 1, tzinfo=UTC), "bad-row")
        refuse_if(row["area"] not in self.areas, "bad-row")
        refuse_if(self.actors and row["actor"] not in self.actors, "bad-row")
        parent = normalize_code(parent) if parent else None
        return Attempt(
            LedgerLine(ref, step, code, parent, row["area"], row["actor"], at, now),
            lot=lot if lot in self.batches else None,
            kind=row.get("kind"),
            force=row.get("force", False),
            note=row.get("note", ""),
            undoes=row.get("undoes"),
        )

    def _carry_out(self, attempt):
        line, registered = attempt.line, []
        line.outcome = getattr(self, f"_{line.step}")(attempt, registered)
        if line.step == "register" and registered:
            line.created = registered.pop()
        for created in registered:
            registration = LedgerLine(
                None, "register", created.code, None, line.area, line.actor, line.at, line.recorded
            )
            registration.created = created
            self.record(registration)
        self.record(line)
        if line.step == "undo":
            self.undo(attempt.undoes)
        return line.outcome

    # -- steps: return the outcome or raise Refused; they change nothing ------------------------

    def _register(self, attempt, registered):
        line, bag = attempt.line, self._find(attempt, attempt.line.code)
        if bag:
            refuse_if(attempt.kind not in (None, bag.kind), "wrong-kind")
            return "already"
        form = self.match_type(line.code, attempt.kind)
        refuse_if(form is None, "bag-unknown")
        registered.append(self._new_bag(line.code, form, line.area, attempt.lot))
        return "applied"

    def _link(self, attempt, registered):
        line = attempt.line
        child, parent = self._find(attempt, line.code), self._find(attempt, line.parent)
        child_form, parent_form = self._forms(line)
        if child and child.parent:
            refuse_if(child.parent != line.parent, "child-elsewhere")
            return "already"
        self._check_holds(parent and parent.batch, child.batch if child else attempt.lot)
        if parent:
            self._check_room(parent)
        if not child:
            registered.append(self._new_bag(line.code, child_form, line.area, attempt.lot))
        if not parent:
            registered.append(self._new_bag(line.parent, parent_form, line.area, None))
        return "applied"

    def _unlink(self, attempt, registered):
        line, child = attempt.line, self._get(attempt, attempt.line.code)
        refuse_if(child.kind != "child", "wrong-kind")
        parent = self.bags.get(child.parent)
        self._check_holds(child.batch, parent and parent.batch)
        refuse_if(not parent or line.parent not in (None, parent.code), "not-linked")
        refuse_if(parent.state == "dispatched", "parent-dispatched")
        return "applied"

    def _move(self, attempt, registered):
        line = attempt.line
        child, parent = self._get(attempt, line.code), self._get(attempt, line.parent)
        self._forms(line)
        if child.parent == parent.code:
            return "already"
        left = self.bags.get(child.parent)
        self._check_holds(parent.batch, child.batch, left and left.batch)
        refuse_if(not left, "not-linked")
        refuse_if(left.state == "dispatched", "parent-dispatched")
        self._check_room(parent)
        return "applied"

    def _complete(self, attempt, registered):
        parent = self._get_parent(attempt)
        if parent.state != "open":
            return "already"
        refuse_if(not self.contents[parent.code], "parent-empty")
        return "applied"

    def _reopen(self, attempt, registered):
        parent = self._get_parent(attempt)
        refuse_if(parent.state == "dispatched", "parent-dispatched")
        return "already" if parent.state == "open" else "applied"

    def _dispatch(self, attempt, registered):
        parent = self._get_parent(attempt, with_contents=True)
        if parent.state == "dispatched":
            return "already"
        refuse_if(parent.state != "complete" and not attempt.force, "not-complete")
        refuse_if(not self.contents[parent.code], "parent-empty")
        attempt.line.forced = parent.state != "complete"
        return "applied"

    def _receive(self, attempt, registered):
        parent = self._get_parent(attempt, with_contents=True)
        if parent.state == "received":
            return "already"
        attempt.line.unexpected = parent.state != "dispatched"
        return "applied"

    def _return(self, attempt, registered):
        bag = self._get(attempt, attempt.line.code)
        if bag.state == "returned":
            return "already"
        gone = bag.state in ("dispatched", "received")
        attempt.line.unexpected = bag.kind == "parent" and not gone
        return "applied"

    def _inspect(self, attempt, registered):
        self._get(attempt, attempt.line.code)
        return "applied"

    def _undo(self, attempt, registered):
        line, target, bag = attempt.line, attempt.undoes, self._get(attempt, attempt.line.code)
        refuse_if(target is None or target.code != bag.code, "scan-unknown")
        refuse_if(target.step in ("register", "undo"), "not-undoable")
        refuse_if(target in self.undone, "already-undone")
        if attempt.office:
            refuse_if(target.actor != line.actor and not attempt.note, "reason-missing")
        else:
            late = line.recorded - target.recorded > UNDO_WINDOW
            refuse_if(late or self._latest_scan_of(line.actor) is not target, "undo-not-allowed")
        parents = [self.bags[code] for code in (target.parent, target.left) if code]
        self._check_holds(bag.batch, *(p.batch for p in parents), *self.batches_in(bag))
        refuse_if(self._has_dependent_scan(target, bag), "undo-depends")
        return "applied"

    # -- checks ---------------------------------------------------------------------------------

    def _find(self, attempt, code):
        bag, scope = self.bags.get(code), attempt.scope
        invisible = bag and scope is not None and not {bag.area, bag.bound_for} & scope
        refuse_if(invisible, "bag-unknown")
        return bag

    def _get(self, attempt, code):
        bag = self._find(attempt, code)
        refuse_if(bag is None, "bag-unknown")
        return bag

    def _get_parent(self, attempt, *, with_contents=False):
        bag = self._get(attempt, attempt.line.code)
        refuse_if(bag.kind != "parent", "wrong-kind")
        self._check_holds(bag.batch, *(self.batches_in(bag) if with_contents else ()))
        return bag

    def _forms(self, line):
        known = (self.bags.get(line.code), self.bags.get(line.parent))
        child, parent = (
            (bag.kind, bag.bag_type) if bag else self.match_type(code)
            for bag, code in zip(known, (line.code, line.parent), strict=True)
        )
        refuse_if(child is None or parent is None, "bag-unknown")
        matching = child[0] == "child" and parent[0] == "parent" and child[1] == parent[1]
        refuse_if(not matching, "wrong-kind")
        return child, parent

    def _check_holds(self, *batches):
        refuse_if(any(code and self.batches[code].held for code in batches), "batch-held")

    def _check_room(self, parent):
        refuse_if(len(self.contents[parent.code]) >= self.capacity(parent), "parent-full")
        refuse_if(parent.state != "open", "parent-complete")

    def _new_bag(self, code, form, area, lot):
        kind, bag_type = form
        if lot:
            refuse_if(self.batches[lot].closed, "batch-closed")
            refuse_if(self.batches[lot].bag_type != bag_type, "wrong-kind")
        return Bag(code, kind, bag_type, area, lot, "open" if kind == "parent" else "loose")

    def _latest_scan_of(self, actor):
        own = (line for line in reversed(self.ledger) if line.actor == actor)
        steps = (line for line in own if line.step not in ("register", "undo"))
        return next((line for line in steps if line not in self.undone), None)

    def _has_dependent_scan(self, target, bag):
        """Return whether a later scan changed a bag of this one."""
        after = self.ledger[self.ledger.index(target) + 1 :]
        for line in after:
            if line.outcome != "applied" or line.step in INDEPENDENT_STEPS or line in self.undone:
                continue
            touched = {line.code} | ({line.parent, line.left} - {None})
            containers = {target.left} | ({bag.code} if bag.kind == "parent" else set())
            if containers & touched or line.code in (target.code, target.parent):
                return True
        return False
