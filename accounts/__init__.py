"""Users, roles and permissions, API tokens, log-in."""
