"""Errors of the pages."""

from tracetrack.errors.problem import Problem


class TooManyRows(Problem):
    status, code = 409, "too-many-rows"
    title = "The list is longer than a sheet."
    detail = "An Excel sheet holds at most {limit} rows; this list is longer."
    remedy = "Filter the list first, or download it as CSV, which has no row limit."
