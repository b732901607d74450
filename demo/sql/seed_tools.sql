-- Dice and a clock for the statements of seed_*.sql, gone with the session.
-- Parameters: seed bigint. Needs seed_hour: the share of all work that each hour of the period does.
CREATE OR REPLACE FUNCTION pg_temp.dice(n bigint, what text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n, hashtext(what)::bigint + %(seed)s) & 9007199254740991)::float8
        / 9007199254740992.0
$$;

-- When this share of all the work was done.
CREATE OR REPLACE FUNCTION pg_temp.moment(share float8) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT starts_at + make_interval(secs =>
        seconds * (share - share_from) / (share_to - share_from))
    FROM seed_hour WHERE share_from <= share ORDER BY share_from DESC LIMIT 1
$$
