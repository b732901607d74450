"""The business day: "today" in the business time zone, wherever the viewer is."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat

# From how many days ago to how many days ago; today is 0.
PERIODS = {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}


def business_day(instant: datetime) -> date:
    """The business day in which `instant` (with a zone) lies."""
    return instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date()


def business_hour(instant: datetime) -> int:
    """The hour of the business day in which `instant` lies: 0 to 23."""
    return instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).hour


def period_of(name: str, today: date) -> tuple[date, date]:
    """The first and the last day of one of the `PERIODS`."""
    first, last = PERIODS[name]
    return today - timedelta(days=first), today - timedelta(days=last)


def week_of(today: date) -> list[date]:
    """The last 7 business days, `today` the last."""
    return [today - timedelta(days=ago) for ago in range(6, -1, -1)]


def written(instant: datetime) -> str:
    """An instant as people read it, in the business time zone."""
    return dateformat.format(
        instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)), "j M Y, H:i"
    )
