"""What a query asks for, as a tree, with what it may cost, before anything is asked of anybody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
)

from graphql_api.errors import QueryTooCostly, QueryTooLarge
from graphql_api.relations import Relation
from graphql_api.tables import RELATIONS
from tracetrack.api.params import parse_params
from tracetrack.errors.problem import Problem

# Rows: every list counts with its `first`, a link with one, each times the rows above it.
MOST_ROWS = 2_000
# Values: every field that is a value, times the rows that have it.
MOST_VALUES = 20_000
# Each list or link of the text is one question to the database, however many rows it is for.
MOST_QUESTIONS = 40

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A list or a link where a query has it, and what it wants of those rows."""

    path: Path
    relation: Relation
    args: dict[str, Any]
    below: list["Wanted"]


class Refused(Exception):
    """A problem of one part of a query."""

    def __init__(self, problem: Problem, path: Path) -> None:
        super().__init__(str(problem))
        self.problem, self.path = problem, path


@dataclass(slots=True)
class Plan:
    """The parts of a query, which has been checked against the schema."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Any
    rows: int = 0
    values: int = 0
    questions: int = 0
    permissions: set[str] = field(default_factory=set)

    def wanted(self, query: GraphQLObjectType, operation: OperationDefinitionNode) -> list[Wanted]:
        """What the operation asks for. Raises Refused for what is too much or unreadable."""
        return self._below(query, [operation], (), 1)

    def _below(
        self, parent: GraphQLObjectType, nodes: Iterable[Any], path: Path, times: int
    ) -> list[Wanted]:
        found: list[Wanted] = []
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for node in nodes:
            self._collect(node.selection_set.selections, fields, spread)
        for key, same in fields.items():
            found += self._field(parent, same, (*path, key), times)
        return found

    def _field(
        self, parent: GraphQLObjectType, nodes: list[FieldNode], path: Path, times: int
    ) -> list[Wanted]:
        name = nodes[0].name.value
        definition = parent.fields.get(name)
        target = get_named_type(definition.type) if definition else None
        if definition is None or not isinstance(target, GraphQLObjectType):
            self.values += times
            self._check(path)
            return []
        relation = RELATIONS.get((parent.name, name))
        if relation is None:
            # What a list wraps around its rows.
            return self._below(target, nodes, path, times)
        args = self._args(relation, get_argument_values(definition, nodes[0], self.variables), path)
        many = times * args.get("first", 1)
        self.rows += many
        self.questions += 1
        self.permissions.add(relation.permission)
        self._check(path)
        return [Wanted(path, relation, args, self._below(target, nodes, path, many))]

    def _args(self, relation: Relation, given: dict[str, Any], path: Path) -> dict[str, Any]:
        if relation.reader is None:
            return {}
        plain = {name: _plain(value) for name, value in given.items() if value is not None}
        try:
            return parse_params(relation.reader, plain)
        except Problem as problem:
            raise Refused(problem, path) from None

    def _check(self, path: Path) -> None:
        if self.questions > MOST_QUESTIONS:
            raise Refused(QueryTooLarge(limit=MOST_QUESTIONS, what="lists and links"), path)
        for cost, limit, what in (
            (self.rows, MOST_ROWS, "rows"),
            (self.values, MOST_VALUES, "values"),
        ):
            if cost > limit:
                raise Refused(QueryTooCostly(cost=cost, what=what, limit=limit), path)

    def _collect(
        self,
        selections: Iterable[SelectionNode],
        into: dict[str, list[FieldNode]],
        spread: set[str],
    ) -> None:
        """Gather fields by their names in the answer; each fragment once, as GraphQL does."""
        for one in selections:
            if not self._included(one):
                continue
            if isinstance(one, FieldNode):
                key = one.alias.value if one.alias else one.name.value
                into.setdefault(key, []).append(one)
            elif isinstance(one, InlineFragmentNode):
                self._collect(one.selection_set.selections, into, spread)
            elif isinstance(one, FragmentSpreadNode) and one.name.value not in spread:
                spread.add(one.name.value)
                fragment = self.fragments[one.name.value]
                self._collect(fragment.selection_set.selections, into, spread)

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)
        if skip and skip["if"]:
            return False
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)
        return include is None or bool(include["if"])


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value
