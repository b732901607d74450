"""TraceTrack once more, as a few dictionaries: an independent opinion on every verdict.

Nothing of the product is imported here. An undo is carried out by telling the whole ledger again
without the scan that is undone, so that it cannot repeat a mistake of the product.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.oracle_tables import Bag, Line, Tables, normal

STEPS = (
    "register", "link", "unlink", "move", "complete", "reopen",
    "dispatch", "receive", "return", "inspect", "undo",
)  # fmt: skip
HARMLESS = frozenset({"register", "inspect", "undo"})
AHEAD, UNDO_WINDOW = timedelta(minutes=10), timedelta(minutes=15)


class Refused(Exception):
    """Its text is the code of the problem."""


@dataclass
class Asked:
    """A readable scan, and who asks."""

    line: Line
    lot: str | None = None
    kind: str | None = None
    force: bool = False
    note: str = ""
    undoes: Line | None = None
    office: bool = False
    scope: frozenset | None = None


def refuse_if(fault, code):
    if fault:
        raise Refused(code)


class Model(Tables):
    """Bags, a ledger, and the rules."""

    def bag(self, row, *, actor="system", now):
        """The verdict on one row of a bag sheet, carried out."""
        try:
            return self._bag(row, actor, now)
        except Refused as refused:
            return str(refused)

    def scan(self, row, *, now, office=False, scope=None):
        """The verdict on one scan, carried out. Its `undoes` is a line of the ledger."""
        try:
            return self._scan(row, now, office, scope)
        except Refused as refused:
            return str(refused)

    def _bag(self, row, actor, now):
        code = normal(row["code"])
        parent = normal(row["parent_code"]) if row["parent_code"] else None
        refuse_if(code is None or (row["parent_code"] and parent is None), "bad-code")
        kind, bag_type = row["kind"], row["bag_type"]
        refuse_if(kind not in ("parent", "child") or (parent and kind == "parent"), "bad-row")
        refuse_if(bag_type not in self.types, "bad-row")
        refuse_if(row["batch_code"] not in self.batches, "batch-unknown")
        refuse_if(row["area"] not in self.areas, "area-unknown")
        if code in self.bags:
            refuse_if(self.bags[code].kind != kind, "wrong-kind")
            return "already"
        refuse_if(self.fit(code, kind) != (kind, bag_type), "wrong-kind")
        step = "link" if parent else "register"
        line = Line(None, step, code, parent, row["area"], actor, now, now)
        return self._carried_out(Asked(line, lot=row["batch_code"], kind=kind))

    def _scan(self, row, now, office, scope):
        asked = self._read(row, now)
        asked.office, asked.scope, line = office, scope, asked.line
        refuse_if(line.at > now + AHEAD, "clock-ahead")
        if line.ref in self.refs:
            earlier = self.refs[line.ref]
            refuse_if(earlier.content != line.content, "ref-reused")
            if earlier.actor != line.actor:
                self._known(asked, line.code)
            return "replayed"
        outside = scope is not None and line.area not in scope
        refuse_if(outside and line.step != "dispatch", "area-forbidden")
        refuse_if(asked.force and not office, "forbidden")
        return self._carried_out(asked)

    def _read(self, row, now):
        code, _, lot = row["code"].partition(";")
        code, lot = normal(code), normal(lot)
        parent = row["parent_code"] or None
        refuse_if(code is None or (parent and normal(parent) is None), "bad-code")
        step = row["step"]
        refuse_if(step not in STEPS, "bad-row")
        refuse_if(step in ("link", "move") and not parent, "bad-row")
        refuse_if(step not in ("link", "move", "unlink") and parent, "bad-row")
        try:
            ref, at = UUID(row["ref"]), datetime.fromisoformat(row["scanned_at"])
        except ValueError:
            raise Refused("bad-row") from None
        refuse_if(at.tzinfo is None or at < datetime(2000, 1, 1, tzinfo=UTC), "bad-row")
        refuse_if(row["area"] not in self.areas, "bad-row")
        refuse_if(self.actors and row["actor"] not in self.actors, "bad-row")
        parent = normal(parent) if parent else None
        return Asked(
            Line(ref, step, code, parent, row["area"], row["actor"], at, now),
            lot=lot if lot in self.batches else None,
            kind=row.get("kind"),
            force=row.get("force", False),
            note=row.get("note", ""),
            undoes=row.get("undoes"),
        )

    def _carried_out(self, asked):
        line, births = asked.line, []
        line.outcome = getattr(self, f"_{line.step}")(asked, births)
        if line.step == "register" and births:
            line.birth = births.pop()
        for birth in births:
            born = Line(
                None, "register", birth.code, None, line.area, line.actor, line.at, line.recorded
            )
            born.birth = birth
            self.tell(born)
        self.tell(line)
        if line.step == "undo":
            self.forget(asked.undoes)
        return line.outcome

    # -- steps: refused, or the outcome; nothing is changed here --------------------------------

    def _register(self, asked, births):
        line, bag = asked.line, self._seen(asked, asked.line.code)
        if bag:
            refuse_if(asked.kind not in (None, bag.kind), "wrong-kind")
            return "already"
        fits = self.fit(line.code, asked.kind)
        refuse_if(fits is None, "bag-unknown")
        births.append(self._born(line.code, fits, line.area, asked.lot))
        return "applied"

    def _link(self, asked, births):
        line = asked.line
        child, parent = self._seen(asked, line.code), self._seen(asked, line.parent)
        child_fits, parent_fits = self._pair(line)
        if child and child.parent:
            refuse_if(child.parent != line.parent, "child-elsewhere")
            return "already"
        self._check_holds(parent and parent.batch, child.batch if child else asked.lot)
        if parent:
            self._check_room(parent)
        if not child:
            births.append(self._born(line.code, child_fits, line.area, asked.lot))
        if not parent:
            births.append(self._born(line.parent, parent_fits, line.area, None))
        return "applied"

    def _unlink(self, asked, births):
        line, child = asked.line, self._known(asked, asked.line.code)
        refuse_if(child.kind != "child", "wrong-kind")
        parent = self.bags.get(child.parent)
        self._check_holds(child.batch, parent and parent.batch)
        refuse_if(not parent or line.parent not in (None, parent.code), "not-linked")
        refuse_if(parent.state == "dispatched", "parent-dispatched")
        return "applied"

    def _move(self, asked, births):
        line = asked.line
        child, parent = self._known(asked, line.code), self._known(asked, line.parent)
        self._pair(line)
        if child.parent == parent.code:
            return "already"
        left = self.bags.get(child.parent)
        self._check_holds(parent.batch, child.batch, left and left.batch)
        refuse_if(not left, "not-linked")
        refuse_if(left.state == "dispatched", "parent-dispatched")
        self._check_room(parent)
        return "applied"

    def _complete(self, asked, births):
        parent = self._free(asked)
        if parent.state != "open":
            return "already"
        refuse_if(not self.contents[parent.code], "parent-empty")
        return "applied"

    def _reopen(self, asked, births):
        parent = self._free(asked)
        refuse_if(parent.state == "dispatched", "parent-dispatched")
        return "already" if parent.state == "open" else "applied"

    def _dispatch(self, asked, births):
        parent = self._free(asked, with_contents=True)
        if parent.state == "dispatched":
            return "already"
        refuse_if(parent.state != "complete" and not asked.force, "not-complete")
        refuse_if(not self.contents[parent.code], "parent-empty")
        asked.line.forced = parent.state != "complete"
        return "applied"

    def _receive(self, asked, births):
        parent = self._free(asked, with_contents=True)
        if parent.state == "received":
            return "already"
        asked.line.unexpected = parent.state != "dispatched"
        return "applied"

    def _return(self, asked, births):
        bag = self._known(asked, asked.line.code)
        if bag.state == "returned":
            return "already"
        gone = bag.state in ("dispatched", "received")
        asked.line.unexpected = bag.kind == "parent" and not gone
        return "applied"

    def _inspect(self, asked, births):
        self._known(asked, asked.line.code)
        return "applied"

    def _undo(self, asked, births):
        line, target, bag = asked.line, asked.undoes, self._known(asked, asked.line.code)
        refuse_if(target is None or target.code != bag.code, "scan-unknown")
        refuse_if(target.step in ("register", "undo"), "not-undoable")
        refuse_if(target in self.undone, "already-undone")
        if asked.office:
            refuse_if(target.actor != line.actor and not asked.note, "reason-missing")
        else:
            late = line.recorded - target.recorded > UNDO_WINDOW
            refuse_if(late or self._latest_of(line.actor) is not target, "undo-not-allowed")
        parents = [self.bags[code] for code in (target.parent, target.left) if code]
        self._check_holds(bag.batch, *(p.batch for p in parents), *self.lots_in(bag))
        refuse_if(self._built_on(target, bag), "undo-depends")
        return "applied"

    # -- what the steps ask ---------------------------------------------------------------------

    def _seen(self, asked, code):
        bag, scope = self.bags.get(code), asked.scope
        unseen = bag and scope is not None and not {bag.area, bag.bound_for} & scope
        refuse_if(unseen, "bag-unknown")
        return bag

    def _known(self, asked, code):
        bag = self._seen(asked, code)
        refuse_if(bag is None, "bag-unknown")
        return bag

    def _free(self, asked, *, with_contents=False):
        bag = self._known(asked, asked.line.code)
        refuse_if(bag.kind != "parent", "wrong-kind")
        self._check_holds(bag.batch, *(self.lots_in(bag) if with_contents else ()))
        return bag

    def _pair(self, line):
        known = (self.bags.get(line.code), self.bags.get(line.parent))
        child, parent = (
            (bag.kind, bag.bag_type) if bag else self.fit(code)
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

    def _born(self, code, fits, area, lot):
        kind, bag_type = fits
        if lot:
            refuse_if(self.batches[lot].closed, "batch-closed")
            refuse_if(self.batches[lot].bag_type != bag_type, "wrong-kind")
        return Bag(code, kind, bag_type, area, lot, "open" if kind == "parent" else "loose")

    def _latest_of(self, actor):
        own = (line for line in reversed(self.ledger) if line.actor == actor)
        steps = (line for line in own if line.step not in ("register", "undo"))
        return next((line for line in steps if line not in self.undone), None)

    def _built_on(self, target, bag):
        """Whether a later scan stands on what this one did."""
        after = self.ledger[self.ledger.index(target) + 1 :]
        for line in after:
            if line.outcome != "applied" or line.step in HARMLESS or line in self.undone:
                continue
            touched = {line.code} | ({line.parent, line.left} - {None})
            whole = {target.left} | ({bag.code} if bag.kind == "parent" else set())
            if whole & touched or line.code in (target.code, target.parent):
                return True
        return False
