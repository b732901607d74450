-- The lowest id above which somebody may still be inserting into a table; null where nobody is.
-- Parameter: table text. Who inserts notes it first: bags/migrations/0004_announce.py.
SELECT min(objid::bigint << 4)
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2
    AND classid = (hashtext(%(table)s)::bigint & 4294967295)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
