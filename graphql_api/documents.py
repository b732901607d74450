"""A query as text, read; and how large it may be before anybody thinks about what it asks."""

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    SelectionSetNode,
    parse,
)

from graphql_api.errors import QueryTooDeep, QueryTooLarge, QueryUnreadable
from graphql_api.said import shown
from tracetrack.errors.problem import Problem

MAX_ACTIVE_TOKENS = 1_000
MOST_COMMENTS = 100
# What a query has once its fragments are spread.
MOST_FIELDS = 500
MOST_ALIASES = 30
MOST_DIRECTIVES = 30
DEEPEST = 15
ABOUT_ITSELF = ("__schema", "__type")


@dataclass(slots=True)
class Size:
    """How large a part of a query is, with all that it spreads."""

    fields: int = 0
    aliases: int = 0
    directives: int = 0
    depth: int = 0

    def add(self, other: "Size") -> None:
        """Take in a part that stands beside what is counted."""
        self.fields += other.fields
        self.aliases += other.aliases
        self.directives += other.directives
        self.depth = max(self.depth, other.depth)


def read_document(text: str) -> DocumentNode:
    """The query that `text` is. Raises QueryUnreadable, QueryTooLarge, QueryTooDeep."""
    try:
        document = parse(text, max_lexical_tokens=MAX_ACTIVE_TOKENS, max_comments=MOST_COMMENTS)
    except GraphQLError as error:
        raise _unread(error) from None
    _check(document)
    return document


def _unread(error: GraphQLError) -> Problem:
    if "nested too deeply" in error.message:
        return QueryTooDeep(limit=DEEPEST)
    for limit, what in ((MAX_ACTIVE_TOKENS, "tokens"), (MOST_COMMENTS, "comments")):
        if f"more than {limit} {what}" in error.message:
            return QueryTooLarge(limit=limit, what=what)
    return QueryUnreadable(reason=shown(error))


def _check(document: DocumentNode) -> None:
    measure = _Measure(
        {
            one.name.value: one
            for one in document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
    )
    whole = Size()
    for definition in document.definitions:
        inside = getattr(definition, "selection_set", None)
        if inside is not None:
            whole.add(measure.of(inside))
        whole.directives += len(getattr(definition, "directives", None) or ())
    aliases = 0 if measure.about_itself else MOST_ALIASES
    for count, limit, what in (
        (whole.fields, MOST_FIELDS, "fields"),
        (whole.aliases, aliases, "aliases"),
        (whole.directives, MOST_DIRECTIVES, "directives"),
    ):
        if count > limit:
            raise QueryTooLarge(limit=limit, what=what)
    if whole.depth > DEEPEST:
        raise QueryTooDeep(limit=DEEPEST)


@dataclass(slots=True)
class _Measure:
    """Measures each fragment once, whatever spreads it, itself included."""

    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, Size] = field(default_factory=dict)
    about_itself: bool = False

    def of(self, selections: SelectionSetNode) -> Size:
        size = Size()
        for one in selections.selections:
            size.directives += len(one.directives or ())
            if isinstance(one, FragmentSpreadNode):
                size.add(self._fragment(one.name.value))
                continue
            inside = getattr(one, "selection_set", None)
            below = self.of(inside) if inside is not None else Size()
            if isinstance(one, FieldNode):
                self.about_itself |= one.name.value in ABOUT_ITSELF
                below.fields += 1
                below.aliases += one.alias is not None
            below.depth += inside is not None
            size.add(below)
        return size

    def _fragment(self, name: str) -> Size:
        if name not in self.known:
            # One that comes back to itself is of no size here; the schema refuses it.
            self.known[name] = Size()
            found = self.fragments.get(name)
            if found is not None:
                self.known[name] = self.of(found.selection_set)
        return self.known[name]
