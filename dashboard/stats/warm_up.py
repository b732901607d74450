"""Fill the cache when a server worker starts."""

import logging

from django.db import DatabaseError, connection

from accounts.models import User
from accounts.roles import PERMISSIONS
from dashboard.stats.cached_queries import overview

log = logging.getLogger(__name__)
# Users with these roles see all areas, so they share one cached dashboard.
ALL_AREA_ROLES = [role for role, names in PERMISSIONS.items() if "bags.view_all_areas" in names]


def warm_up_dashboard() -> None:
    """Cache the dashboard of the users who see all areas before the first of them requests it.

    Runs in a thread of a new worker. It closes its database connection, and only logs a warning if
    the database is not available.
    """
    try:
        user = User.objects.filter(role__in=ALL_AREA_ROLES, is_active=True).order_by("id").first()
        if user is not None:
            overview(user)
    except DatabaseError as error:
        log.warning("The dashboard cache was not warmed up: %s", error)
    finally:
        connection.close()
