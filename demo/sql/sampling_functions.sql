-- Temporary functions for the other statements of the seed. Needs the temporary table seed_hour.
-- Parameters: seed bigint.

-- Return a reproducible pseudo-random number in [0, 1) for row n and a purpose.
CREATE OR REPLACE FUNCTION pg_temp.random_fraction(n bigint, purpose text) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(n, hashtext(purpose)::bigint + %(seed)s) & 9007199254740991)::float8
        / 9007199254740992.0
$$;

-- Return the time by which this share (0 to 1) of all work was done.
CREATE OR REPLACE FUNCTION pg_temp.time_of_share(share float8) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT starts_at + make_interval(secs =>
        seconds * (share - share_from) / (share_to - share_from))
    FROM seed_hour WHERE share_from <= share ORDER BY share_from DESC LIMIT 1
$$
