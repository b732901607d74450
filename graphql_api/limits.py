"""Limits on the size and the cost of a query, checked before it reads any row.

Strawberry's limiters check tokens, aliases and depth. DocumentLimiter bounds the text before they
run, and QueryCostLimiter bounds the rows and values that the query may return.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_named_type,
    get_operation_ast,
)
from graphql.execution.collect_fields import (
    FieldDetails,
    FragmentDetails,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension

from graphql_api.arguments import MAX_PAGE_ROWS
from graphql_api.errors import QueryInvalid, QueryTooCostly, QueryTooLarge
from graphql_api.types import VIEW_PERMISSIONS
from tracetrack.api.permissions import check_permission

MAX_TOKENS = 1_000
MAX_ALIASES = 30
MAX_DEPTH = 15
# Fields of the document, with its fragments spread.
MAX_FIELDS = 500
# A list counts with its `first`, a link with 1, each times the rows of the level above.
MAX_ROWS = 2_000
# A scalar field counts with the rows that have it.
MAX_VALUES = 20_000
MAX_RELATIONS = 40

INTROSPECTION_FIELDS = ("__schema", "__type")
Path = tuple[str, ...]


class DocumentLimiter(SchemaExtension):
    """Refuse a document with too many fields, before validation.

    Strawberry's limiters follow each spread of a fragment. Without this check they would take
    exponential time for fragments that spread one another twice, and raise KeyError or ValueError
    for a fragment without definition or an empty selection set.
    """

    def on_operation(self) -> Iterator[None]:
        options = cast("dict[str, Any]", self.execution_context.parse_options)
        options["allow_empty_selection_sets"] = False
        yield

    def on_parse(self) -> Iterator[None]:
        yield
        document = self.execution_context.graphql_document
        if document is not None:
            check_document(document)
            # Strawberry would execute the first of several operations.
            if get_operation_ast(document, self.execution_context.context.operation_name) is None:
                raise QueryInvalid(reason="operationName must name one of its operations")


class QueryCostLimiter(SchemaExtension):
    """Refuse a query that may return too much, or types that the user may not see."""

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        assert document is not None
        operation = get_operation_ast(document, context.operation_name)
        assert operation is not None
        schema = context.schema._schema
        variables = get_variable_values(
            schema, operation.variable_definitions or (), context.variables or {}
        )
        # The execution reports variables of a wrong type.
        if isinstance(variables, VariableValues):
            cost = QueryCost(schema, operation, get_fragments(document), variables)
            cost.measure()
            for permission in sorted(cost.permissions):
                check_permission(context.context.user, permission)
        yield


def check_document(document: DocumentNode) -> None:
    """Raise QueryTooLarge or QueryInvalid if the limiters cannot work through the document."""
    size = DocumentSize(get_fragments(document))
    count = sum(
        size.count(definition)
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    )
    if count > MAX_FIELDS:
        raise QueryTooLarge(limit=MAX_FIELDS, what="fields")
    # The introspection fields have no page size, so aliases would multiply their cost.
    if size.has_introspection and size.has_aliases:
        raise QueryTooLarge(limit=0, what="aliases")


def get_fragments(document: DocumentNode) -> dict[str, FragmentDetails]:
    """Return the fragments of a document by name."""
    return {
        node.name.value: FragmentDetails(node)
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }


@dataclass(slots=True)
class DocumentSize:
    """Counts the fields of a document, each fragment once."""

    fragments: dict[str, FragmentDetails]
    has_aliases: bool = False
    has_introspection: bool = False
    # None while a fragment is being counted.
    _counts: dict[str, int | None] = field(default_factory=dict)

    def count(self, node: Any) -> int:
        """Return the number of fields below `node`. Raises QueryInvalid."""
        total = 0
        for selection in node.selection_set.selections if node.selection_set else ():
            if isinstance(selection, FragmentSpreadNode):
                total += self._count_fragment(selection.name.value)
                continue
            if isinstance(selection, FieldNode):
                total += 1
                self.has_aliases |= selection.alias is not None
                self.has_introspection |= selection.name.value in INTROSPECTION_FIELDS
            total += self.count(selection)
        return total

    def _count_fragment(self, name: str) -> int:
        if name not in self.fragments:
            raise QueryInvalid(reason=f"Unknown fragment '{name}'")
        if name not in self._counts:
            self._counts[name] = None
            self._counts[name] = self.count(self.fragments[name].definition)
        count = self._counts[name]
        if count is None:
            raise QueryInvalid(reason=f"Cannot spread fragment '{name}' within itself")
        return count


@dataclass(slots=True)
class QueryCost:
    """The most that an operation may return, and the permissions that it needs."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    rows: int = 0
    values: int = 0
    relations: int = 0
    permissions: set[str] = field(default_factory=set)

    def measure(self) -> None:
        """Add up the cost. Raises GraphQLError, with the path of the field that exceeds it."""
        query = self.schema.query_type
        assert query is not None
        fields = collect_fields(
            self.schema, self.fragments, self.variables, query, self.operation
        ).grouped_field_set
        self._add(query, fields, 1, ())

    def _add(
        self,
        parent: GraphQLObjectType,
        fields: dict[str, list[FieldDetails]],
        rows: int,
        path: Path,
    ) -> None:
        """Add the fields of `rows` rows of the type `parent`."""
        for key, same in fields.items():
            # An introspection field such as __typename is not one of the type.
            definition = parent.fields.get(same[0].node.name.value)
            target = get_named_type(definition.type) if definition else None
            if isinstance(target, GraphQLObjectType):
                count = rows * self._add_relation(parent, target, same[0].node, rows)
                self._check((*path, key))
                self._add(target, self._subfields(target, same), count, (*path, key))
            else:
                self.values += rows
                self._check((*path, key))

    def _add_relation(
        self, parent: GraphQLObjectType, target: GraphQLObjectType, node: FieldNode, rows: int
    ) -> int:
        """Add a list or a link; return how many rows it may have for each row above."""
        if parent.name != "Query" and parent.name not in VIEW_PERMISSIONS:
            # The parts of a connection: the list has been counted.
            return 1
        arguments = get_argument_values(parent.fields[node.name.value], node, self.variables)
        # The resolver refuses a page size that is out of range.
        size: int = min(max(arguments.get("first", 1), 1), MAX_PAGE_ROWS)
        self.relations += 1
        self.rows += rows * size
        nodes = target.fields.get("nodes")
        row_type = get_named_type(nodes.type) if nodes else target
        if permission := VIEW_PERMISSIONS.get(row_type.name):
            self.permissions.add(permission)
        return size

    def _subfields(
        self, target: GraphQLObjectType, same: list[FieldDetails]
    ) -> dict[str, list[FieldDetails]]:
        return collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, target, same
        ).grouped_field_set

    def _check(self, path: Path) -> None:
        problem: QueryTooLarge | QueryTooCostly | None = None
        if self.relations > MAX_RELATIONS:
            problem = QueryTooLarge(limit=MAX_RELATIONS, what="lists and links")
        elif self.rows > MAX_ROWS:
            problem = QueryTooCostly(cost=self.rows, what="rows", limit=MAX_ROWS)
        elif self.values > MAX_VALUES:
            problem = QueryTooCostly(cost=self.values, what="values", limit=MAX_VALUES)
        if problem:
            raise GraphQLError(str(problem), path=path, original_error=problem)
