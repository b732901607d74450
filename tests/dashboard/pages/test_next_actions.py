"""What a bag's page offers is what the rules allow, in every state that a bag can be in."""

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
def world_without_bags() -> None:
    create_reference_data()


def office() -> User:
    return make_user("olive", Role.OFFICE)


def nothing(_: User) -> None:
    """The parent is open and holds two children."""


def steps(*which: str) -> Callable[[User], None]:
    def take(actor: User) -> None:
        for step in which:
            scan(actor, step, PARENT, area="indore" if step == "dispatch" else "lucknow")

    return take


def child(step: str) -> Callable[[User], None]:
    def take(actor: User) -> None:
        scan(actor, step, CHILD)

    return take


def held(*codes: str, after: Callable[[User], None] = nothing) -> Callable[[User], None]:
    def hold(actor: User) -> None:
        after(actor)
        assign_batch(make_batch("LOT-H", held_by=actor), *codes)

    return hold


WORLDS = {
    "open": nothing,
    "complete": steps("complete"),
    "reopened": steps("complete", "reopen"),
    "dispatched": steps("complete", "dispatch"),
    "received": steps("complete", "dispatch", "receive"),
    "returned": steps("complete", "dispatch", "return"),
    "loose child": child("unlink"),
    "returned child": child("return"),
    "held parent": held(PARENT),
    "held child": held(CHILD),
    "held child in a complete parent": held(CHILD, after=steps("complete")),
    "held child on its way": held(CHILD, after=steps("complete", "dispatch")),
}


def allowed(actor: User, code: str) -> set[str]:
    """The steps that change something or say that the bag was seen, each tried and taken back."""
    found = set()
    is_child = Bag.objects.get(code=code).kind == "child"
    for step in STEPS:
        given: dict[str, Any] = {"parent_code": OTHER} if step == "move" else {}
        if step == "link":
            # Into the other parent; for a parent, a new child into it.
            given = {"parent_code": OTHER if is_child else code}
        label = "CB800000001" if step == "link" and not is_child else code
        try:
            with transaction.atomic():
                done = scan(actor, step, label, area="lucknow", **given)
                expected = done.verdict == Outcome.APPLIED and not done.scan.unexpected
                found |= {step} if expected else set()
                transaction.set_rollback(True)
        except Problem:
            continue
    return found


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("code", [PARENT, CHILD])
def test_the_steps_that_are_offered_are_those_that_the_rules_allow(world: str, code: str) -> None:
    actor = office()
    make_parent(PARENT, children=2, actor=actor)
    make_parent(OTHER, actor=actor)
    WORLDS[world](actor)

    offered = {each["step"] for each in next_actions(actor, Bag.objects.get(code=code))}

    assert offered == allowed(actor, code)


@pytest.mark.parametrize("count", [0, 30])
def test_neither_an_empty_nor_a_full_parent_is_offered_what_it_cannot_take(count: int) -> None:
    actor = office()
    make_parent(PARENT, children=count, actor=actor)
    make_parent(OTHER, actor=actor)
    if count:
        scan(actor, "reopen", PARENT)

    offered = {each["step"] for each in next_actions(actor, Bag.objects.get(code=PARENT))}

    assert offered == allowed(actor, PARENT)


def test_nothing_is_offered_to_somebody_who_may_not_scan() -> None:
    make_parent(PARENT, children=1)

    assert next_actions(make_user("vic", Role.VIEWER), Bag.objects.get(code=PARENT)) == []
