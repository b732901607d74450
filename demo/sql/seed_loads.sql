-- The plan of a seeded site: one row a load, which is a sack with what lies in it or, rarely, a tray
-- of children that no sack took. Loads are numbered in the order in which they were packed.
-- Parameters: bags bigint, candidates bigint, mustard, moong (ids of the bag types),
-- moong_share float8, areas bigint[], area_shares float8[].
CREATE TEMPORARY TABLE seed_load ON COMMIT DROP AS
WITH rolled AS (
    SELECT n,
        pg_temp.dice(n, 'tray') < 0.025 AS tray,
        CASE WHEN pg_temp.dice(n, 'type') < %(moong_share)s::float8
            THEN %(moong)s ELSE %(mustard)s END AS type_id,
        pg_temp.dice(n, 'fill') AS fill,
        pg_temp.dice(n, 'how full') AS how_full
    FROM generate_series(0, %(candidates)s::bigint) AS n
),
filled AS (
    SELECT n, tray, type_id, kind.capacity, kind.child_weight,
        CASE
            WHEN tray THEN 1 + floor(how_full * kind.capacity)
            WHEN fill < 0.03 THEN floor(how_full * kind.capacity)
            WHEN fill < 0.06 AND kind.capacity > 1 THEN 1 + floor(how_full * (kind.capacity - 1))
            ELSE kind.capacity
        END::int AS filled
    FROM rolled JOIN bags_bagtype AS kind ON kind.id = type_id
),
stacked AS (
    SELECT *, sum(filled + (NOT tray)::int) OVER (ORDER BY n)::bigint AS bags_so_far FROM filled
),
fitting AS (
    SELECT n, tray, type_id, capacity, child_weight, filled, bags_so_far
    FROM stacked WHERE bags_so_far <= %(bags)s
),
-- The last tray takes what is missing to the number of bags that was asked for.
complete AS (
    SELECT * FROM fitting
    UNION ALL
    SELECT coalesce(max(fitting.n) + 1, 0), true, kind.id, kind.capacity, kind.child_weight,
        (%(bags)s - coalesce(max(bags_so_far), 0))::int, %(bags)s
    FROM bags_bagtype AS kind LEFT JOIN fitting ON true
    WHERE kind.id = %(mustard)s
    GROUP BY kind.id HAVING coalesce(max(bags_so_far), 0) < %(bags)s
),
numbered AS (
    SELECT *,
        row_number() OVER (PARTITION BY type_id ORDER BY n) - 1 AS nth,
        (n + 0.5) / count(*) OVER () AS packed,
        width_bucket(pg_temp.dice(n, 'home'), %(area_shares)s::float8[]) AS home,
        width_bucket(pg_temp.dice(n, 'dest'), %(area_shares)s::float8[]) AS dest
    FROM complete
),
going AS (
    SELECT *,
        CASE WHEN tray OR filled = 0 OR filled < capacity AND pg_temp.dice(n, 'fill') < 0.03
                OR pg_temp.dice(n, 'stock') < 0.14
            THEN NULL ELSE packed + 0.001 + 0.02 * pg_temp.dice(n, 'waits') END AS dispatched
    FROM numbered
),
coming AS (
    SELECT *,
        CASE WHEN pg_temp.dice(n, 'lost') < 0.06
            THEN NULL ELSE dispatched + 0.001 + 0.006 * pg_temp.dice(n, 'road') END AS received
    FROM going
),
coming_back AS (
    SELECT *,
        CASE WHEN pg_temp.dice(n, 'complaint') < 0.015
            THEN received + 0.005 + 0.02 * pg_temp.dice(n, 'back') END AS returned
    FROM coming
)
SELECT n AS load, tray, type_id, capacity, child_weight, filled, nth, packed,
    CASE WHEN dispatched < 1 THEN dispatched END AS dispatched,
    CASE WHEN received < 1 THEN received END AS received,
    CASE WHEN returned < 1 THEN returned END AS returned,
    1 + bags_so_far - filled - (NOT tray)::int AS first_bag,
    dense_rank() OVER (
        ORDER BY type_id, nth / (2000 / (capacity + 1))) AS batch_id,
    (%(areas)s::bigint[])[home] AS area_id,
    -- A sack never goes to where it already is.
    (%(areas)s::bigint[])[CASE WHEN dest = home
        THEN 1 + mod(home, array_length(%(areas)s::bigint[], 1)) ELSE dest END] AS dest_id,
    pg_temp.moment(packed) AS starts_at,
    make_interval(secs => 2 + 4 * pg_temp.dice(n, 'pace')) AS pace,
    NOT tray AND filled BETWEEN 1 AND capacity - 1
        AND pg_temp.dice(n, 'fill') >= 0.03 AS closed_early,
    CASE
        WHEN tray THEN 'loose'
        WHEN filled = 0 OR filled < capacity AND pg_temp.dice(n, 'fill') < 0.03 THEN 'open'
        WHEN returned < 1 THEN 'returned'
        WHEN received < 1 THEN 'received'
        WHEN dispatched < 1 THEN 'dispatched'
        ELSE 'complete'
    END AS state
FROM coming_back
