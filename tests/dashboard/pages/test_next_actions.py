"""The page of a bag offers exactly the steps that recording accepts, in every state."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from bags.models import Bag
from dashboard.pages.next_actions import next_actions
from scans.models import Outcome
from tests.factories import (
    assign_batch,
    child_codes,
    create_reference_data,
    make_batch,
    make_parent,
    make_user,
    scan,
)
from tracetrack.errors.problem import Problem

STEPS = ("link", "unlink", "move", "complete", "reopen", "dispatch", "receive", "return", "inspect")
PARENT, (CHILD, *_) = "SB10001", child_codes("SB10001", 2)
OTHER = "SB20002"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reference_data() -> None:
    create_reference_data()


def office() -> User:
    return make_user("olive", Role.OFFICE)


def do_nothing(_: User) -> None:
    """The parent is open and holds two children."""


def record_steps(*steps: str) -> Callable[[User], None]:
    def record(actor: User) -> None:
        for step in steps:
            scan(actor, step, PARENT, area="indore" if step == "dispatch" else "lucknow")

    return record


def record_child_step(step: str) -> Callable[[User], None]:
    def record(actor: User) -> None:
        scan(actor, step, CHILD)

    return record


def hold_batch_of(
    *codes: str, after: Callable[[User], None] = do_nothing
) -> Callable[[User], None]:
    def hold(actor: User) -> None:
        after(actor)
        assign_batch(make_batch("LOT-H", held_by=actor), *codes)

    return hold


SITUATIONS = {
    "open": do_nothing,
    "complete": record_steps("complete"),
    "reopened": record_steps("complete", "reopen"),
    "dispatched": record_steps("complete", "dispatch"),
    "received": record_steps("complete", "dispatch", "receive"),
    "returned": record_steps("complete", "dispatch", "return"),
    "loose child": record_child_step("unlink"),
    "returned child": record_child_step("return"),
    "held parent": hold_batch_of(PARENT),
    "held child": hold_batch_of(CHILD),
    "held child in a complete parent": hold_batch_of(CHILD, after=record_steps("complete")),
    "held child in a dispatched parent": hold_batch_of(
        CHILD, after=record_steps("complete", "dispatch")
    ),
}


def accepted_steps(actor: User, code: str) -> set[str]:
    """Record each step and roll it back; return those applied and not flagged as unexpected."""
    accepted = set()
    is_child = Bag.objects.get(code=code).kind == "child"
    for step in STEPS:
        fields: dict[str, Any] = {"parent_code": OTHER} if step == "move" else {}
        if step == "link":
            # A child into the other parent, or a new child into this parent.
            fields = {"parent_code": OTHER if is_child else code}
        code_to_scan = "CB800000001" if step == "link" and not is_child else code
        try:
            with transaction.atomic():
                result = scan(actor, step, code_to_scan, area="lucknow", **fields)
                is_expected = result.verdict == Outcome.APPLIED and not result.scan.unexpected
                accepted |= {step} if is_expected else set()
                transaction.set_rollback(True)
        except Problem:
            continue
    return accepted


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("code", [PARENT, CHILD])
def test_offered_steps_are_accepted_steps(situation: str, code: str) -> None:
    actor = office()
    make_parent(PARENT, children=2, actor=actor)
    make_parent(OTHER, actor=actor)
    SITUATIONS[situation](actor)

    offered = {action["step"] for action in next_actions(actor, Bag.objects.get(code=code))}

    assert offered == accepted_steps(actor, code)


@pytest.mark.parametrize("count", [0, 30])
def test_offered_steps_of_empty_and_full_parent(count: int) -> None:
    actor = office()
    make_parent(PARENT, children=count, actor=actor)
    make_parent(OTHER, actor=actor)
    if count:
        scan(actor, "reopen", PARENT)

    offered = {action["step"] for action in next_actions(actor, Bag.objects.get(code=PARENT))}

    assert offered == accepted_steps(actor, PARENT)


def test_no_steps_without_permission() -> None:
    make_parent(PARENT, children=1)

    assert next_actions(make_user("vic", Role.VIEWER), Bag.objects.get(code=PARENT)) == []
