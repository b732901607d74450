"""Queries that read several tables: one bag, pages of bags and batches, contents of a batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from accounts.models import User
from bags.codes import normalize_code, parse_label
from bags.errors import AreaUnknown, BagTypeUnknown, BagUnknown, BatchUnknown
from bags.filters import BagFilters
from bags.models import Area, Bag, BagType, Batch, Kind, State
from bags.querysets import BagQuerySet
from tracetrack.api.pagination import Page, paginate_values
from tracetrack.text_cleaning import printable

# A SQL function, because PostgreSQL then plans the query once per connection.
ROWS_BY_ID_SQL = "SELECT * FROM bags_rows_by_id(%s)"
# The column or expression that each field of a row is read from.
Columns = Mapping[str, Any]
BAG_RELATIONS = ("bag_type", "batch", "area", "bound_for", "parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilters:
    """Filters of a list of batches; None does not filter. `product` is the start of the name."""

    state: str | None = None
    held: bool | None = None
    bag_type: str | None = None
    product: str | None = None

    def as_q(self) -> Q:
        """Return the condition that a batch matches all filters."""
        columns = {
            "state": self.state,
            "held": self.held,
            "bag_type__name": self.bag_type,
            "product__istartswith": self.product,
        }
        return Q(**{column: value for column, value in columns.items() if value is not None})


def find_bag(user: User, text: str, *, with_relations: bool = True) -> Bag:
    """Return the bag of a label if the user may see it; raises BadCode, BagUnknown.

    `with_relations` loads the objects that it refers to as well. Index: bag_code_is_unique.
    """
    code = parse_label(text).code
    bags = Bag.objects.visible_to(user).filter(code=code)
    bag = (bags.select_related(*BAG_RELATIONS) if with_relations else bags).first()
    if bag is None:
        raise BagUnknown(bag=code)
    return bag


def children_of(user: User, bag: Bag, columns: Columns) -> list[dict[str, Any]]:
    """Return these columns of the bags in `bag` that the user may see, in the order of codes."""
    return bag_rows(Bag.objects.visible_to(user).children_of(bag), columns)


def bags_after(
    user: User,
    columns: Columns,
    *,
    after: int | None,
    limit: int,
    filters: BagFilters,
    newest: bool = False,
) -> list[dict[str, Any]]:
    """Return these columns of up to `limit` bags after the id `after`, ordered by id.

    With `newest`, the order is descending. Index: bags_bag_pkey.
    """
    bags = all_bags(user, filters).order_by("-id" if newest else "id")
    if after is not None:
        bags = bags.filter(id__lt=after) if newest else bags.filter(id__gt=after)
    return bag_rows(bags[:limit], columns)


def bag_page(user: User, filters: BagFilters, columns: Columns, **position: Any) -> Page:
    """Return a page of the bags that the user may see, with these columns.

    `position`: as of paginate(). Index: bags_bag_pkey.
    """
    return paginate_values(all_bags(user, filters), columns, **position)


def bag_row(user: User, text: str, fields: Iterable[str]) -> dict[str, Any]:
    """Return these fields of the bag of a label, as in lists.

    Raises BadCode, BagUnknown. Index: bag_code_is_unique.
    """
    code = parse_label(text).code
    bags = Bag.objects.visible_to(user).filter(code=code)
    for row in bag_rows_by_id(list(bags.values_list("id", flat=True))):
        return {name: row[name] for name in fields}
    raise BagUnknown(bag=code)


def all_bags(user: User, filters: BagFilters) -> BagQuerySet:
    """Return the bags that the user may see and that match the filters."""
    return filters.apply(Bag.objects.visible_to(user))


def bag_rows(bags: BagQuerySet, columns: Columns) -> list[dict[str, Any]]:
    """Return these columns of the bags, by name."""
    # Creating model instances would take longer than the query.
    return [dict(zip(columns, row, strict=True)) for row in bags.values_list(*columns.values())]


def bag_rows_by_id(ids: list[int]) -> list[dict[str, Any]]:
    """Return the bags with these ids, in this order, with the fields of lists.

    The caller has checked that the user may see them. Ids without a bag are left out.
    Index: bags_bag_pkey.
    """
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ROWS_BY_ID_SQL, [ids])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def find_batch(user: User, text: str) -> Batch:
    """Return the batch with a code; raises BatchUnknown. Index: batch_code_is_unique."""
    code = normalize_code(text)
    batch = Batch.objects.select_related("bag_type", "held_by").filter(code=code).first()
    if batch is None:
        raise BatchUnknown(batch=code or printable(text))
    return batch


def find_area(code: str) -> Area:
    """Return the area with a code; raises AreaUnknown. Index: area_code_is_unique."""
    area = Area.objects.filter(code=code).first()
    if area is None:
        raise AreaUnknown(area=code[:64])
    return area


def find_bag_type(name: str) -> BagType:
    """Return the bag type with a name; raises BagTypeUnknown. Index: bag_type_name_is_unique."""
    bag_type = BagType.objects.filter(name=name).first()
    if bag_type is None:
        raise BagTypeUnknown(bag_type=name[:64])
    return bag_type


def count_areas(user: User, filters: Mapping[str, Any]) -> int:
    """Return the number of areas that match; there are few, and all users may see them."""
    return Area.objects.filter(**filters).count()


def count_bag_types(user: User, filters: Mapping[str, Any]) -> int:
    """Return the number of bag types that match; there are few, and all users may see them."""
    return BagType.objects.filter(**filters).count()


def latest_batches(
    *, before: int | None, limit: int, filters: BatchFilters | None = None
) -> list[Batch]:
    """Return up to `limit` batches with an id below `before`, newest first."""
    batches = Batch.objects.select_related("bag_type", "held_by").order_by("-id")
    if filters is not None:
        batches = batches.filter(filters.as_q())
    return list((batches if before is None else batches.filter(id__lt=before))[:limit])


def batch_page(filters: BatchFilters, columns: Columns, **position: Any) -> Page:
    """Return a page of the batches that match the filters, with these columns.

    `position`: as of paginate(). Index: batch_code_is_unique.
    """
    return paginate_values(Batch.objects.filter(filters.as_q()), columns, **position)


def batch_contents(user: User, batch: Batch) -> dict[str, Any]:
    """Return the numbers of bags of a batch that the user may see.

    By kind, by state and by area, and as a share of the planned bags. Reads the bags of the batch
    only. Index: bag_in_batch.
    """
    bags = Bag.objects.visible_to(user).filter(batch=batch)
    # Without a join to areas: PostgreSQL would sometimes read all bags in the order of the area.
    groups = list(bags.values("kind", "state", "area").annotate(total=Count("id")).order_by())
    areas = Area.objects.in_bulk({group["area"] for group in groups})
    parents = sum(g["total"] for g in groups if g["kind"] == Kind.PARENT)
    children = sum(g["total"] for g in groups if g["kind"] == Kind.CHILD)
    linked = sum(g["total"] for g in groups if g["state"] == State.LINKED)
    planned = batch.planned_bags
    return {
        "parents": parents,
        "children": children,
        "loose": children - linked,
        "by_state": _sum_groups(groups, "kind", "state"),
        "by_area": sorted(
            (row | {"area": areas[row["area"]].code} for row in _sum_groups(groups, "area")),
            key=itemgetter("area"),
        ),
        "planned_bags": planned,
        "progress": round((parents + children) / planned, 4) if planned else None,
    }


def _sum_groups(groups: Sequence[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Return the totals of groups that agree in these keys, sorted by them."""
    totals: dict[tuple[Any, ...], int] = {}
    for group in groups:
        key = tuple(group[k] for k in keys)
        totals[key] = totals.get(key, 0) + group["total"]
    return [dict(zip(keys, key, strict=True)) | {"total": n} for key, n in sorted(totals.items())]
