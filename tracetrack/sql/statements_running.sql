-- Running statements of this database, the longest-running first.
SELECT
    pid,
    state,
    coalesce(wait_event_type, '') AS waits_for,
    round(extract(epoch FROM clock_timestamp() - query_start)::numeric, 3) AS seconds,
    left(regexp_replace(query, '\s+', ' ', 'g'), 300) AS statement
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND state IS NOT NULL AND state <> 'idle'
ORDER BY query_start
LIMIT 15
