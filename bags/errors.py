"""Every refusal about bags and batches."""

from django.utils.translation import gettext_noop as _

from tracetrack.errors.problem import Problem

# Message ids of the fact `reason` of WrongKind.
IS_PARENT = _("it is a parent")
IS_CHILD = _("it is a child")
ONLY_CHILD_IN_SACK = _("only a child can be taken out of a sack")
NEEDS_CHILD = _("only a child can be put into a sack")
NEEDS_PARENT = _("only a parent can hold bags")
NEEDS_SACK = _("this step applies to a sack, not to a child")
OTHER_PRODUCT = _("it is {bag_type}, the sack takes {sack_type}")
OTHER_BATCH_TYPE = _("batch {batch} takes other bags")
KIND_REASONS = {"parent": IS_PARENT, "child": IS_CHILD}
WRONG_KIND_REASONS = (
    IS_PARENT, IS_CHILD, ONLY_CHILD_IN_SACK, NEEDS_CHILD, NEEDS_PARENT, NEEDS_SACK, OTHER_PRODUCT,
    OTHER_BATCH_TYPE,
)  # fmt: skip


class BadCode(Problem):
    status, code = 400, "bad-code"
    title = "The code is not valid."
    detail = "“{given}” is not a valid code."
    remedy = "A code has 3 to 64 letters, digits, - _ / . and starts with a letter or digit."


class BagUnknown(Problem):
    status, code = 404, "bag-unknown"
    title = "The bag was not found."
    detail = "Bag {bag} was not found."
    remedy = "Check the label. Register the bag first, or scan it in the area where it is."


class WrongKind(Problem):
    status, code = 409, "wrong-kind"
    title = "The bag is of the wrong kind."
    detail = "{bag} is of the wrong kind: {reason}."
    wrong_product = "Wrong product: {bag} is {bag_type}, this sack is {sack_type}."
    other_details = (wrong_product,)
    remedy = (
        "Scan a child of the sack's own type into a parent. For other steps, scan the sack, not "
        "the bag."
    )


class ChildElsewhere(Problem):
    status, code = 409, "child-elsewhere"
    title = "The child is in another parent."
    detail = "{bag} is already in sack {parent}."
    remedy = "Use the step “move” to take it out of that sack and put it into this one."
    extra_facts = ("since", "by")


class BatchHeld(Problem):
    status, code = 409, "batch-held"
    title = "The batch is on hold."
    detail = "Batch {batch} has been on hold since {held_at}, by {held_by}: {reason}."
    remedy = "Put the bag aside until the office releases the batch."


class BatchClosed(Problem):
    status, code = 409, "batch-closed"
    title = "The batch is closed."
    detail = "Batch {batch} is closed and accepts no new bags."
    remedy = "Use an open batch."


class ParentFull(Problem):
    status, code = 409, "parent-full"
    title = "The parent is full."
    detail = "{parent} already holds {capacity} bags."
    remedy = "Take the next sack."


class ParentComplete(Problem):
    status, code = 409, "parent-complete"
    title = "The parent accepts no more bags."
    detail = "{parent} is {state} and accepts no more bags."
    remedy = "Reopen the sack, or take the next one."


class NotLinked(Problem):
    status, code = 409, "not-linked"
    title = "The bag has no parent."
    detail = "{bag} is not in any sack."
    remedy = "Nothing needs to be done."


class ParentDispatched(Problem):
    status, code = 409, "parent-dispatched"
    title = "The parent has been dispatched."
    detail = "{parent} has been dispatched."
    remedy = "Receive or return the sack first."


class ParentEmpty(Problem):
    status, code = 409, "parent-empty"
    title = "The parent is empty."
    detail = "{parent} is empty."
    remedy = "Scan at least one child into it."


class NotComplete(Problem):
    status, code = 409, "not-complete"
    title = "The parent is not complete."
    detail = "{parent} is {state}, not complete: it holds {count} of {capacity}."
    remedy = "Fill or complete the sack first; office staff may force a dispatch."


class BatchUnknown(Problem):
    status, code = 404, "batch-unknown"
    title = "There is no such batch."
    detail = "There is no batch {batch}."
    remedy = "Create the batch first, or correct its code."


class BatchExists(Problem):
    status, code = 409, "batch-exists"
    title = "A batch with this code exists already."
    detail = "Batch {batch} exists already, with different content."
    remedy = "Choose another code, or change the existing batch."


class BatchExpiresEarly(Problem):
    status, code = 400, "expires-early"
    title = "A batch cannot expire before it is produced."
    remedy = "Correct produced_on or expires_on."


class AreaExists(Problem):
    status, code = 409, "area-exists"
    title = "An area with this code exists already."
    detail = "Area {area} exists already, with different content."
    remedy = "Choose another code, or change the existing area."


class BagTypeExists(Problem):
    status, code = 409, "bag-type-exists"
    title = "A bag type with this name exists already."
    detail = "Bag type {bag_type} exists already, with different content."
    remedy = "Choose another name, or change the existing bag type."


class AreaUnknown(Problem):
    status, code = 404, "area-unknown"
    title = "There is no such area."
    detail = "There is no area {area}."
    remedy = "Correct the code of the area."


class BagTypeUnknown(Problem):
    status, code = 404, "bag-type-unknown"
    title = "There is no such bag type."
    detail = "There is no bag type {bag_type}."
    remedy = "Correct the name of the bag type."


class ReasonMissing(Problem):
    status, code = 400, "reason-missing"
    title = "A reason is required."
    remedy = "Enter a short reason."
