"""Which lists, links and names the schema has, and how each is found."""

from typing import Any

from accounts.models import User
from bags import models as bags
from bags.filters import BagFilters
from bags.queries import BatchFilters, all_bags, find_bag, find_batch
from graphql_api.orders import By, ByTime
from graphql_api.relations import Args, Link, Listing, Named, Relation
from graphql_api.serializers import BagsIn, BagsInBatchIn, BatchesIn, Paged, ScansIn, ScansOfBagIn
from scans import models as scans
from scans.queries import ScanFilters, all_scans

SEES_BAGS, SEES_BATCHES, SEES_SCANS = "bags.view_bag", "bags.view_batch", "scans.view_scan"
SEES_AREAS, SEES_TYPES = "bags.view_area", "bags.view_bagtype"


def _bags(user: User, args: Args) -> Any:
    return all_bags(user, BagFilters(**_without(args, "order")))


def _batches(user: User, args: Args) -> Any:
    return bags.Batch.objects.filter(BatchFilters(**_without(args, "order")).asked())


def _scans(user: User, args: Args) -> Any:
    return all_scans(user, ScanFilters(**_without(args, "order")))


def _children(user: User, args: Args) -> Any:
    return bags.Bag.objects.visible_to(user)


def _bags_in_batch(user: User, args: Args) -> Any:
    given = {name: value for name, value in args.items() if value is not None}
    return bags.Bag.objects.visible_to(user).filter(**given)


def _scans_of_bag(user: User, args: Args) -> Any:
    # Like the timeline of a bag that somebody sees: its whole way.
    return scans.Scan.objects.all()


def _without(args: Args, *names: str) -> Args:
    return {name: value for name, value in args.items() if name not in names}


def _narrowed(args: Args) -> Args:
    """What a cursor is bound to in REST, so that each takes those of both."""
    nothing = [("loose", False)]
    given = [(name, value) for name, value in args.items() if value is not None]
    return dict(one for one in given if one not in nothing)


def _areas(user: User) -> Any:
    return bags.Area.objects.all()


def _types(user: User) -> Any:
    return bags.BagType.objects.all()


def _all_batches(user: User) -> Any:
    return bags.Batch.objects.all()


def _seen_bags(user: User) -> Any:
    return bags.Bag.objects.visible_to(user)


def _people(user: User) -> Any:
    return User.objects.only("username")


# By the type and the field of the schema.
RELATIONS: dict[tuple[str, str], Relation] = {
    ("Query", "bag"): Named(SEES_BAGS, lambda user, code: find_bag(user, code, joined=False)),
    ("Query", "batch"): Named(SEES_BATCHES, find_batch),
    ("Query", "bags"): Listing(
        permission=SEES_BAGS,
        reader=BagsIn,
        of="bags",
        rows=_bags,
        order=lambda args: By(args["order"]),
        narrowed=_narrowed,
    ),
    ("Query", "batches"): Listing(
        permission=SEES_BATCHES,
        reader=BatchesIn,
        of="batches",
        rows=_batches,
        order=lambda args: By(args["order"]),
        narrowed=_narrowed,
        # Every account sees the same batches.
        bounded=False,
    ),
    ("Query", "scans"): Listing(
        permission=SEES_SCANS,
        reader=ScansIn,
        of="scans",
        rows=_scans,
        order=lambda args: By(args["order"]),
        narrowed=_narrowed,
    ),
    ("Bag", "bagType"): Link(SEES_TYPES, "bag_type_id", _types),
    ("Bag", "batch"): Link(SEES_BATCHES, "batch_id", _all_batches),
    ("Bag", "area"): Link(SEES_AREAS, "area_id", _areas),
    ("Bag", "boundFor"): Link(SEES_AREAS, "bound_for_id", _areas),
    ("Bag", "parent"): Link(SEES_BAGS, "parent_id", _seen_bags),
    ("Bag", "children"): Listing(
        permission=SEES_BAGS,
        reader=Paged,
        of="children",
        rows=_children,
        order=lambda args: By("code"),
        owner="parent_id",
    ),
    ("Bag", "scans"): Listing(
        permission=SEES_SCANS,
        reader=ScansOfBagIn,
        of="scans of a bag",
        rows=_scans_of_bag,
        order=lambda args: ByTime(down=args["order"] == "-id"),
        owner="bag_id",
    ),
    ("Batch", "bagType"): Link(SEES_TYPES, "bag_type_id", _types),
    ("Batch", "heldBy"): Link(SEES_BATCHES, "held_by_id", _people),
    ("Batch", "bags"): Listing(
        permission=SEES_BAGS,
        reader=BagsInBatchIn,
        of="bags in a batch",
        rows=_bags_in_batch,
        order=lambda args: By("id"),
        owner="batch_id",
    ),
    ("Scan", "bag"): Link(SEES_BAGS, "bag_id", _seen_bags),
    ("Scan", "parent"): Link(SEES_BAGS, "parent_id", _seen_bags),
    ("Scan", "area"): Link(SEES_AREAS, "area_id", _areas),
    ("Scan", "actor"): Link(SEES_SCANS, "actor_id", _people),
}
