"""What pages refuse by themselves."""

from tracetrack.errors.problem import Problem


class TooManyRows(Problem):
    """The list is longer than a sheet.

    A sheet of a workbook holds {most} rows, and this list is longer.
    """

    status, code = 409, "too-many-rows"
    remedy = "Narrow the list first, or take it as CSV, which has no end."
