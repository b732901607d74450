"""The columns of the scan sheet, and what a row of it means."""

from collections.abc import Mapping

from accounts.models import User
from scans.scan_request import ScanRequest, parse_scan_request
from tracetrack.errors.problem import BadRow
from tracetrack.imports.csv import Column

SCAN_COLUMNS = (
    Column("ref", "a UUID made by the device, another for every scan"),
    Column("code", "what the bag's label says"),
    Column("parent_code", "for link and move: the parent; may be empty"),
    Column("step", "what happened: register, link, unlink, move, complete, dispatch, receive ..."),
    Column("area", "the code of the area; for dispatch, where the sack goes"),
    Column("station", "the name of the device or gate; may be empty"),
    Column("actor", "the user name of who scanned"),
    Column("scanned_at", "the device's clock with its offset, as in 2026-11-20T08:00:01+05:30"),
    Column("note", "may be empty"),
)


class Actors:
    """Who may have scanned: the accounts that were switched on when the sheet was opened."""

    def __init__(self) -> None:
        self._known = {user.username: user for user in User.objects.filter(is_active=True)}

    def named(self, username: str) -> User:
        """The account with this name; raises BadRow."""
        actor = self._known.get(username)
        if actor is None:
            raise BadRow(field="actor", reason=f"there is no active user {username}")
        return actor


def read_scan(cells: Mapping[str, str], actors: Actors) -> tuple[ScanRequest, User]:
    """The row as an scan_request and who scanned it; raises BadCode, then BadRow."""
    scan_request = parse_scan_request(cells)
    username = cells["actor"].strip()
    if not username:
        raise BadRow(field="actor", reason="is missing")
    return scan_request, actors.named(username)
