"""The columns of the scan sheet, and the parsing of its rows."""

from collections.abc import Mapping

from accounts.models import User
from scans.scan_request import ScanRequest, parse_scan_request
from tracetrack.errors.problem import BadRow
from tracetrack.imports.csv import Column

SCAN_SHEET_COLUMNS = (
    Column("ref", "a UUID made by the device, another for every scan"),
    Column("code", "the text on the bag's label"),
    Column("parent_code", "for link and move: the parent; may be empty"),
    Column("step", "register, link, unlink, move, complete, dispatch, receive ..."),
    Column("area", "the code of the area; for dispatch, the destination of the sack"),
    Column("station", "the name of the device or gate; may be empty"),
    Column("actor", "the username of the person who scanned"),
    Column("scanned_at", "the device's clock with its offset, as in 2026-11-20T08:00:01+05:30"),
    Column("note", "may be empty"),
)


class Actors:
    """The active users by name, read once when a sheet is opened."""

    def __init__(self) -> None:
        self._users = {user.username: user for user in User.objects.filter(is_active=True)}

    def get(self, username: str) -> User:
        """Return the active user with this name. Raises BadRow."""
        actor = self._users.get(username)
        if actor is None:
            raise BadRow(field="actor", reason=f"there is no active user {username}")
        return actor


def parse_scan_row(cells: Mapping[str, str], actors: Actors) -> tuple[ScanRequest, User]:
    """Return the scan request and the actor of a row. Raises BadCode, then BadRow."""
    request = parse_scan_request(cells)
    username = cells["actor"].strip()
    if not username:
        raise BadRow(field="actor", reason="is missing")
    return request, actors.get(username)
