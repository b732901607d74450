"""Every refusal about bags and batches."""

from tracetrack.errors.problem import Problem


class BadCode(Problem):
    """The code is not usable.

    “{given}” is not a usable code.
    """

    status, code = 400, "bad-code"
    remedy = "A code has 3 to 64 letters, digits, - _ / . and starts with a letter or digit."


class BagUnknown(Problem):
    """There is no such bag here.

    There is no bag {bag} here.
    """

    status, code = 404, "bag-unknown"
    remedy = "Check the label; register the bag first, or scan it where it belongs."


class WrongKind(Problem):
    """The bag is not of the kind that this needs.

    {bag} is not the kind of bag that this needs: {reason}.
    """

    status, code = 409, "wrong-kind"
    remedy = (
        "Scan a child of the sack's own type into a parent; everything else is done to the sack."
    )


class ChildElsewhere(Problem):
    """The child lies in another parent.

    {bag} already lies in {parent}.
    """

    status, code = 409, "child-elsewhere"
    remedy = "Move it: the step “move” takes it out of the one and puts it into the other."


class BatchHeld(Problem):
    """The batch is on hold.

    Batch {batch} is on hold since {held_at}, by {held_by}: {reason}.
    """

    status, code = 409, "batch-held"
    remedy = "Put the bag aside; the office releases the batch."


class BatchClosed(Problem):
    """The batch is closed.

    Batch {batch} is closed and takes no new bags.
    """

    status, code = 409, "batch-closed"
    remedy = "Use an open batch."


class ParentFull(Problem):
    """The parent is full.

    {parent} already holds {capacity} bags.
    """

    status, code = 409, "parent-full"
    remedy = "Take the next sack."


class ParentComplete(Problem):
    """The parent takes no more bags.

    {parent} is {state} and takes no more bags.
    """

    status, code = 409, "parent-complete"
    remedy = "Reopen the sack, or take the next one."


class NotLinked(Problem):
    """The bag lies in no parent.

    {bag} lies in no parent.
    """

    status, code = 409, "not-linked"
    remedy = "Nothing is left to be done."


class ParentDispatched(Problem):
    """The parent has been dispatched.

    {parent} has been dispatched.
    """

    status, code = 409, "parent-dispatched"
    remedy = "Receive or return the sack first."


class ParentEmpty(Problem):
    """The parent is empty.

    {parent} is empty.
    """

    status, code = 409, "parent-empty"
    remedy = "Scan at least one child into it."


class NotComplete(Problem):
    """The parent is not complete.

    {parent} is {state}, not complete: it holds {count} of {capacity}.
    """

    status, code = 409, "not-complete"
    remedy = "Fill or complete the sack first; office staff may force a dispatch."


class BatchUnknown(Problem):
    """There is no such batch.

    There is no batch {batch}.
    """

    status, code = 404, "batch-unknown"
    remedy = "Create the batch first, or correct its code."


class BatchExists(Problem):
    """There is another batch with this code.

    There is a batch {batch} already, with other content.
    """

    status, code = 409, "batch-exists"
    remedy = "Choose another code, or change the batch that is there."


class BatchExpiresEarly(Problem):
    """A batch expires on the day it is produced, or later."""

    status, code = 400, "expires-early"
    remedy = "Correct produced_on or expires_on."


class AreaExists(Problem):
    """There is another area with this code.

    There is an area {area} already, with other content.
    """

    status, code = 409, "area-exists"
    remedy = "Choose another code, or change the area that is there."


class BagTypeExists(Problem):
    """There is another bag type with this name.

    There is a bag type {bag_type} already, with other content.
    """

    status, code = 409, "bag-type-exists"
    remedy = "Choose another name, or change the bag type that is there."


class AreaUnknown(Problem):
    """There is no such area.

    There is no area {area}.
    """

    status, code = 404, "area-unknown"
    remedy = "Correct the area's code."


class BagTypeUnknown(Problem):
    """There is no such bag type.

    There is no bag type {bag_type}.
    """

    status, code = 404, "bag-type-unknown"
    remedy = "Correct the bag type's name."


class ReasonMissing(Problem):
    """A reason is needed."""

    status, code = 400, "reason-missing"
    remedy = "Say in a few words why."
