"""Decorators of view methods for facts that drf-spectacular's `extend_schema` does not cover."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from tracetrack.errors.problem import Problem

ViewMethod = TypeVar("ViewMethod", bound=Callable[..., Any])
# For each path of other operations: their path parameters, as pointers into the response.
Links = dict[str, dict[str, str]]


def raises(
    *problems: type[Problem],
) -> Callable[[ViewMethod], ViewMethod]:
    """State which errors a view method raises, besides those that every endpoint may raise.

    On a view class it applies to the methods that the class inherits.
    """

    def decorate(method: ViewMethod) -> ViewMethod:
        method.problems = problems  # type: ignore[attr-defined]
        return method

    return decorate


def links_to(path: str, **values: str) -> Callable[[ViewMethod], ViewMethod]:
    """State that a response leads to the operations under `path`, such as "bags/{code}".

    `values` has their path parameters, each as a JSON pointer into the response body
    ("results/0/code") or as a runtime expression ("$request.path.webhook").
    """
    pointers = {
        name: value if value.startswith("$") else f"$response.body#/{value}"
        for name, value in values.items()
    }

    def decorate(method: ViewMethod) -> ViewMethod:
        method.links = {**getattr(method, "links", {}), path: pointers}  # type: ignore[attr-defined]
        return method

    return decorate


def path_parameter(
    name: str, kind: type[int | str], description: str, example: int | str
) -> OpenApiParameter:
    """Return the documentation of a parameter in the path, with an example."""
    return OpenApiParameter(
        name,
        kind,
        OpenApiParameter.PATH,
        description=description,
        examples=[OpenApiExample("Example", example)],
    )
