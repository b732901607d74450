"""The errors of scans."""

from django.utils.translation import gettext_noop as _

from tracetrack.errors.problem import Problem

# Message ids of the fact `reason` of BadRow.
AREA_UNKNOWN = _("there is no area {area}")
AREA_INACTIVE = _("the area {area} is switched off")
MISSING = _("is missing")
TOO_LONG = _("is longer than {length} characters")
INVALID_CHARACTERS = _("contains invalid characters")
BAD_ROW_REASONS = (AREA_UNKNOWN, AREA_INACTIVE, MISSING, TOO_LONG, INVALID_CHARACTERS)


class ClockAhead(Problem):
    status, code = 400, "clock-ahead"
    title = "The device's clock is ahead."
    detail = (
        "The device's clock is ahead: {scanned_at} is more than {minutes} minutes in the future."
    )
    remedy = "Set the clock of the device, then scan again."


class AreaForbidden(Problem):
    status, code = 403, "area-forbidden"
    title = "You do not work in this area."
    detail = "You do not work in {area}."
    remedy = "Scan in one of your own areas, or ask an administrator to make you a member."


class RefReused(Problem):
    status, code = 409, "ref-reused"
    title = "The ref was used for another scan."
    detail = "The ref {ref} was used before, for another scan."
    remedy = "Make a new UUID for every scan; repeat a scan only with exactly the same content."


class ScanUnknown(Problem):
    status, code = 404, "scan-unknown"
    title = "The bag has no such scan."
    detail = "There is no scan {scan} of bag {bag}."
    remedy = "Look the scan up in the bag's timeline."


class NotUndoable(Problem):
    status, code = 409, "not-undoable"
    title = "Such a scan cannot be undone."
    detail = "A “{step}” scan cannot be undone."
    remedy = "Registrations and undos are final. Record the correct data with a new scan."


class AlreadyUndone(Problem):
    status, code = 409, "already-undone"
    title = "The scan has already been undone."
    detail = "Scan {scan} has already been undone."
    remedy = "Nothing needs to be done."


class UndoNotAllowed(Problem):
    status, code = 403, "undo-not-allowed"
    title = "Only your own latest scan can be undone, and only for a limited time."
    detail = "Only your own latest scan of the last {minutes} minutes can be undone."
    remedy = "Ask the office: they may undo any scan, with a reason."


class UndoDepends(Problem):
    status, code = 409, "undo-depends"
    title = "Later scans depend on this one."
    detail = "Later scans depend on scan {scan}: {later}."
    remedy = "Undo the later scans first, the latest first."


class TooManyScans(Problem):
    status, code = 413, "too-many-scans"
    title = "The upload holds too many scans."
    detail = "An upload takes at most {limit} scans."
    remedy = "Send them in several uploads; nothing was recorded."


class UploadRefused(Problem):
    status, code = 409, "upload-refused"
    title = "Some scans are refused, so none was recorded."
    detail = "{refused} of {total} scans are refused, so none was recorded."
    remedy = "Correct or remove the refused scans, or send it with mode=each."
    extra_facts = ("first",)
