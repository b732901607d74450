"""Generate docs/errors.md from the Problem classes."""

import re
from collections.abc import Iterator

from django.urls import get_resolver

from tracetrack.errors.problem import Problem

INTRODUCTION = """\
# Errors

<!-- Generated from the Problem classes by `make docs`. Do not edit. -->

The API reports every error as `application/problem+json`
([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)). A request that is refused has no effect:
nothing was written. Import reports, pages and commands use the same codes and texts.

```json
{
  "type": "urn:tracetrack:problem:parent-full",
  "title": "…",
  "detail": "…",
  "status": 409,
  "code": "parent-full",
  "remedy": "…",
  "facts": {"parent": "SB12345", "capacity": 30},
  "instance": "/api/v3/scans",
  "request_id": "5f0c…"
}
```

Programs should use `code` and `facts`, which are stable. `title`, `detail` and `remedy` are for
people and may be reworded. `title` is the same for every error with one code; `detail` contains
the facts, and “-” below means that it equals the title. Quote `request_id`, which is also in the
log, if you ask for help. Responses with status 401, 405, 429 and 503 have the headers
`WWW-Authenticate`, `Allow` and `Retry-After`.

A request that the web server cannot parse never reaches the API: a request line or header that is
too long (414, 431), a malformed request or one with two lengths (400), an unknown transfer
encoding (501). The response is one line of `text/plain`, without `X-Request-ID`, and the
connection is closed.

[Recording a scan](recording-a-scan.md#order-of-checks) lists the order in which a scan is
checked. Errors of a GraphQL query are in `errors` of a response with status 200, see
[GraphQL](graphql.md#errors).
"""
SECTIONS = {
    "scans": "Scans",
    "bags": "Bags, batches, areas and bag types",
    "accounts": "Accounts and tokens",
    "webhooks": "Webhooks",
    "graphql_api": "GraphQL queries",
    "dashboard": "Dashboard and reports",
    "tracetrack": "All requests",
}
HEADER = "| code | status | title | detail | facts | remedy |\n|---|---|---|---|---|---|"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def problem_classes() -> list[type[Problem]]:
    """Return every Problem class of the project, ordered by code."""
    # The URL configuration imports every module that defines errors.
    assert get_resolver().url_patterns
    found = {kind for kind in _subclasses(Problem) if _package(kind) in SECTIONS}
    return sorted(found, key=lambda kind: kind.code)


def render_error_reference() -> str:
    """Return the text of docs/errors.md: a table of codes per package."""
    classes = problem_classes()
    parts = [INTRODUCTION]
    for package, title in SECTIONS.items():
        rows = [_row(kind) for kind in classes if _package(kind) == package]
        if rows:
            parts.append("\n".join([f"## {title}\n", HEADER, *rows, ""]))
    return "\n".join(parts)


def facts_of(kind: type[Problem]) -> list[str]:
    """Return the names of the facts of an error: those in its details, then the others."""
    named = dict.fromkeys(PLACEHOLDER.findall(" ".join((kind.detail, *kind.other_details))))
    return [*named, *kind.extra_facts]


def _row(kind: type[Problem]) -> str:
    details = (kind.detail, *kind.other_details)
    detail = " Or: ".join(details) if details != (kind.title,) else "-"
    facts = ", ".join(f"`{fact}`" for fact in facts_of(kind)) or "-"
    cells = (f"`{kind.code}`", str(kind.status), kind.title, detail, facts, kind.remedy or "-")
    return f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"


def _subclasses(base: type[Problem]) -> Iterator[type[Problem]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _subclasses(kind)


def _package(kind: type[Problem]) -> str:
    return kind.__module__.split(".")[0]
