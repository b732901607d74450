"""The business day: "today" in the business time zone, wherever the viewer is."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat


def business_day(instant: datetime) -> date:
    """The business day in which `instant` (with a zone) lies."""
    return instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()


def week_of(today: date) -> list[date]:
    """The last 7 business days, `today` the last."""
    return [today - timedelta(days=ago) for ago in range(6, -1, -1)]


def written(instant: datetime) -> str:
    """An instant as people read it, in the business time zone."""
    return dateformat.format(
        instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)), "j M Y, H:i"
    )
