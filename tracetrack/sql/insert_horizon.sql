-- The lowest id that a running transaction may still insert into a table; null if there is none.
-- Parameter: table text. Transactions that insert register their id first, with an advisory lock.
SELECT min(objid::bigint << 4)
FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2
    AND classid = (hashtext(%(table)s)::bigint & 4294967295)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
