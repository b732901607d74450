"""Every refusal about scans."""

from tracetrack.errors.problem import Problem


class ClockAhead(Problem):
    """The device's clock is ahead.

    The device's clock is ahead: {scanned_at} lies more than 10 minutes in the future.
    """

    status, code = 400, "clock-ahead"
    remedy = "Set the clock of the device, then scan again."


class AreaForbidden(Problem):
    """You do not work in this area.

    You do not work in {area}.
    """

    status, code = 403, "area-forbidden"
    remedy = "Scan in one of your own areas, or ask an administrator to make you a member."


class RefReused(Problem):
    """The ref was used for another scan.

    The ref {ref} was used before, for another scan.
    """

    status, code = 409, "ref-reused"
    remedy = "Make a new UUID for every scan; repeat a scan only with exactly the same content."


class ScanUnknown(Problem):
    """The bag has no such scan.

    There is no scan {scan} of bag {bag}.
    """

    status, code = 404, "scan-unknown"
    remedy = "Look the scan up in the bag's timeline."


class NotUndoable(Problem):
    """Such a scan cannot be undone.

    A “{step}” scan cannot be undone.
    """

    status, code = 409, "not-undoable"
    remedy = "A code belongs to its bag for ever; scan what is right now."


class AlreadyUndone(Problem):
    """The scan has already been undone.

    Scan {scan} has already been undone.
    """

    status, code = 409, "already-undone"
    remedy = "Nothing is left to be done."


class UndoNotAllowed(Problem):
    """Only one's own latest scan can be undone, and only for a while.

    Only your own latest scan of the last {minutes} minutes can be undone.
    """

    status, code = 403, "undo-not-allowed"
    remedy = "Ask the office: they may undo any scan, with a reason."


class UndoDepends(Problem):
    """Later scans depend on this one.

    Later scans depend on scan {scan}: {later}.
    """

    status, code = 409, "undo-depends"
    remedy = "Undo the later scans first, the latest first."


class TooManyScans(Problem):
    """The upload holds too many scans.

    An upload takes at most {limit} scans.
    """

    status, code = 413, "too-many-scans"
    remedy = "Send them in several uploads; nothing was recorded."


class UploadRefused(Problem):
    """Some scans are refused, so none was recorded.

    {refused} of {total} scans are refused, so none was recorded.
    """

    status, code = 409, "upload-refused"
    remedy = "Correct or leave out what is refused, or send it with mode=each."
