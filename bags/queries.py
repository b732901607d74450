"""Questions about what exists: one bag, what lies in it, a page of bags, a batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Count, Q

from accounts.models import User
from bags.codes import normalize_code, parse_label, printable
from bags.errors import AreaUnknown, BagTypeUnknown, BagUnknown, BatchUnknown
from bags.filters import BagFilters
from bags.models import Area, Bag, BagType, Batch, Kind, State
from bags.querysets import BagQuerySet
from tracetrack.api.pagination import Page, paginate_values

# A function of the database, planned once for each connection: migrations/0008_listed.py.
ROWS_BY_ID_SQL = "SELECT * FROM bags_rows_by_id(%s)"
# Per field of a row: the column or expression that it is read from.
Columns = Mapping[str, Any]
BAG_RELATIONS = ("bag_type", "batch", "area", "bound_for", "parent")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFilters:
    """What narrows a list of batches; None does not narrow. `product` is how its name begins."""

    state: str | None = None
    held: bool | None = None
    bag_type: str | None = None
    product: str | None = None

    def asked(self) -> Q:
        """The batches that are meant."""
        columns = {
            "state": self.state,
            "held": self.held,
            "bag_type__name": self.bag_type,
            "product__istartswith": self.product,
        }
        return Q(**{column: value for column, value in columns.items() if value is not None})


def find_bag(user: User, text: str, *, joined: bool = True) -> Bag:
    """The bag that a label names, where `user` may see it; raises BadCode, BagUnknown.

    With what it points to, unless that is not `joined`. Index: bag_code_is_unique.
    """
    code = parse_label(text).code
    seen = Bag.objects.visible_to(user).filter(code=code)
    bag = (seen.select_related(*BAG_RELATIONS) if joined else seen).first()
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


def bag_page(user: User, filters: BagFilters, columns: Columns, **place: Any) -> Page:
    """Return a page of the bags that the user may see, with these columns.

    Index: bags_bag_pkey.
    """
    return paginate_values(all_bags(user, filters), columns, **place)


def bag_row(user: User, text: str, fields: Iterable[str]) -> dict[str, Any]:
    """Return these fields of the bag that a label names, as in lists.

    Raises BadCode, BagUnknown. Index: bag_code_is_unique.
    """
    code = parse_label(text).code
    seen = Bag.objects.visible_to(user).filter(code=code)
    for row in rows_by_id(list(seen.values_list("id", flat=True))):
        return {name: row[name] for name in fields}
    raise BagUnknown(bag=code)


def all_bags(user: User, filters: BagFilters) -> BagQuerySet:
    """All bags that `user` sees and the filters mean."""
    return filters.apply(Bag.objects.visible_to(user))


def bag_rows(bags: BagQuerySet, columns: Columns) -> list[dict[str, Any]]:
    """Return these columns of the bags, by name."""
    # Making model instances would take longer than the query.
    return [dict(zip(columns, row, strict=True)) for row in bags.values_list(*columns.values())]


def rows_by_id(ids: list[int]) -> list[dict[str, Any]]:
    """The bags with these ids, in their order, as lists show them; they are known to be seen.

    One that has gone since is left out. Index: bags_bag_pkey.
    """
    if not ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(ROWS_BY_ID_SQL, [ids])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def find_batch(user: User, text: str) -> Batch:
    """The batch with this code; raises BatchUnknown. Index: batch_code_is_unique."""
    code = normalize_code(text)
    batch = Batch.objects.select_related("bag_type", "held_by").filter(code=code).first()
    if batch is None:
        raise BatchUnknown(batch=code or printable(text))
    return batch


def find_area(code: str) -> Area:
    """The area with this code; raises AreaUnknown. Index: area_code_is_unique."""
    area = Area.objects.filter(code=code).first()
    if area is None:
        raise AreaUnknown(area=code[:64])
    return area


def find_bag_type(name: str) -> BagType:
    """The bag type with this name; raises BagTypeUnknown. Index: bag_type_name_is_unique."""
    bag_type = BagType.objects.filter(name=name).first()
    if bag_type is None:
        raise BagTypeUnknown(bag_type=name[:64])
    return bag_type


def count_areas(user: User, filters: Mapping[str, Any]) -> int:
    """How many areas the filters mean; there are but a few, and everybody sees them."""
    return Area.objects.filter(**filters).count()


def count_bag_types(user: User, filters: Mapping[str, Any]) -> int:
    """How many bag types there are: but a few."""
    return BagType.objects.filter(**filters).count()


def latest_batches(
    *, before: int | None, limit: int, filters: BatchFilters | None = None
) -> list[Batch]:
    """Up to `limit` batches, the newest first, from those with an id below `before`."""
    batches = Batch.objects.select_related("bag_type", "held_by").order_by("-id")
    if filters is not None:
        batches = batches.filter(filters.asked())
    return list((batches if before is None else batches.filter(id__lt=before))[:limit])


def batch_page(filters: BatchFilters, columns: Columns, **place: Any) -> Page:
    """Return a page of the batches that the filters match, with these columns.

    Index: batch_code_is_unique.
    """
    return paginate_values(Batch.objects.filter(filters.asked()), columns, **place)


def batch_contents(user: User, batch: Batch) -> dict[str, Any]:
    """How many bags of `batch` the user sees: by kind, by state, by area, against the plan.

    Costs as much as the batch is large, never as the table. Index: bag_in_batch.
    """
    seen = Bag.objects.visible_to(user).filter(batch=batch)
    # Without a join to areas, for which PostgreSQL would at times read all bags in their order.
    groups = list(seen.values("kind", "state", "area").annotate(total=Count("id")).order_by())
    areas = Area.objects.in_bulk({group["area"] for group in groups})
    parents = sum(g["total"] for g in groups if g["kind"] == Kind.PARENT)
    children = sum(g["total"] for g in groups if g["kind"] == Kind.CHILD)
    linked = sum(g["total"] for g in groups if g["state"] == State.LINKED)
    planned = batch.planned_bags
    return {
        "parents": parents,
        "children": children,
        "loose": children - linked,
        "by_state": _summed(groups, "kind", "state"),
        "by_area": sorted(
            (row | {"area": areas[row["area"]].code} for row in _summed(groups, "area")),
            key=itemgetter("area"),
        ),
        "planned_bags": planned,
        "progress": round((parents + children) / planned, 4) if planned else None,
    }


def _summed(groups: Sequence[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
    totals: dict[tuple[Any, ...], int] = {}
    for group in groups:
        key = tuple(group[k] for k in keys)
        totals[key] = totals.get(key, 0) + group["total"]
    return [dict(zip(keys, key, strict=True)) | {"total": n} for key, n in sorted(totals.items())]
