"""PostgreSQL as Django knows it, with a pool that gets over a server that was restarted."""
