"""What pages refuse by themselves."""

from tracetrack.errors.problem import Problem


class TooManyRows(Problem):
    status, code = 409, "too-many-rows"
    title = "The list is longer than a sheet."
    detail = "A sheet of a workbook holds {most} rows, and this list is longer."
    remedy = "Narrow the list first, or take it as CSV, which has no end."
