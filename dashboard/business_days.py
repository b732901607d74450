"""Business days: calendar days in BUSINESS_TIME_ZONE, independent of the time zone of users."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat

# The first and the last day of each period, in days before today.
PERIODS = {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}


def business_time(instant: datetime) -> datetime:
    """Return an aware datetime in the business time zone."""
    return instant.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))


def business_day(instant: datetime) -> date:
    """Return the business day of an aware datetime."""
    return business_time(instant).date()


def business_hour(instant: datetime) -> int:
    """Return the hour, 0 to 23, of an aware datetime in the business time zone."""
    return business_time(instant).hour


def period_days(name: str, today: date) -> tuple[date, date]:
    """Return the first and the last day of one of `PERIODS`."""
    first, last = PERIODS[name]
    return today - timedelta(days=first), today - timedelta(days=last)


def format_instant(instant: datetime) -> str:
    """Return an aware datetime as text for people, such as "24 Nov 2026, 14:30"."""
    return dateformat.format(business_time(instant), "j M Y, H:i")
