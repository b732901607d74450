-- Whether pg_stat_statements is installed and loaded.
SELECT to_regclass('pg_stat_statements') IS NOT NULL
    AND current_setting('shared_preload_libraries', true) LIKE '%pg_stat_statements%'
