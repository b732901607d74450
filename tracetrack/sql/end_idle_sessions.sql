-- End all other sessions of TraceTrack's processes that have been idle for a second.
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM pg_stat_activity
WHERE datname = current_database()
    AND usename = current_user
    AND application_name = 'tracetrack'
    AND pid <> pg_backend_pid()
    AND state LIKE 'idle%'
    AND state_change < now() - interval '1 second'
