"""Health checks, metrics and the system page; apps register their own figures."""
