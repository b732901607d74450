-- The statements with the longest average time, since the statistics were last reset.
SELECT
    left(regexp_replace(query, '\s+', ' ', 'g'), 300) AS statement,
    calls,
    round(mean_exec_time::numeric, 2) AS mean_ms,
    round(max_exec_time::numeric, 2) AS most_ms,
    rows
FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
ORDER BY mean_exec_time DESC
LIMIT 15
