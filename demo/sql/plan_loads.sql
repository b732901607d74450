-- Create the temporary table of loads. A load is a parent with its children or, rarely, a few loose
-- children. Loads are numbered in the order in which they were packed. The columns packed,
-- dispatched, received and returned are shares (0 to 1) of all work, see time_of_share().
-- Parameters: bags bigint, candidates bigint, mustard, moong (ids of the bag types),
-- moong_share float8, areas bigint[], area_shares float8[].
CREATE TEMPORARY TABLE seed_load ON COMMIT DROP AS
WITH sampled AS (
    SELECT n,
        pg_temp.random_fraction(n, 'tray') < 0.025 AS is_loose,
        CASE WHEN pg_temp.random_fraction(n, 'type') < %(moong_share)s::float8
            THEN %(moong)s ELSE %(mustard)s END AS type_id,
        pg_temp.random_fraction(n, 'fill') AS fill,
        pg_temp.random_fraction(n, 'how full') AS fill_level
    FROM generate_series(0, %(candidates)s::bigint) AS n
),
filled AS (
    SELECT n, is_loose, type_id, bag_type.capacity, bag_type.child_weight,
        CASE
            WHEN is_loose THEN 1 + floor(fill_level * bag_type.capacity)
            WHEN fill < 0.03 THEN floor(fill_level * bag_type.capacity)
            WHEN fill < 0.06 AND bag_type.capacity > 1 THEN 1 + floor(fill_level * (bag_type.capacity - 1))
            ELSE bag_type.capacity
        END::int AS filled
    FROM sampled JOIN bags_bagtype AS bag_type ON bag_type.id = type_id
),
accumulated AS (
    SELECT *, sum(filled + (NOT is_loose)::int) OVER (ORDER BY n)::bigint AS bags_so_far FROM filled
),
within_limit AS (
    SELECT n, is_loose, type_id, capacity, child_weight, filled, bags_so_far
    FROM accumulated WHERE bags_so_far <= %(bags)s
),
-- The last load contains the bags that are missing to the requested number.
complete AS (
    SELECT * FROM within_limit
    UNION ALL
    SELECT coalesce(max(within_limit.n) + 1, 0), true, bag_type.id, bag_type.capacity, bag_type.child_weight,
        (%(bags)s - coalesce(max(bags_so_far), 0))::int, %(bags)s
    FROM bags_bagtype AS bag_type LEFT JOIN within_limit ON true
    WHERE bag_type.id = %(mustard)s
    GROUP BY bag_type.id HAVING coalesce(max(bags_so_far), 0) < %(bags)s
),
numbered AS (
    SELECT *,
        row_number() OVER (PARTITION BY type_id ORDER BY n) - 1 AS nth,
        (n + 0.5) / count(*) OVER () AS packed,
        width_bucket(pg_temp.random_fraction(n, 'home'), %(area_shares)s::float8[]) AS home,
        width_bucket(pg_temp.random_fraction(n, 'dest'), %(area_shares)s::float8[]) AS dest
    FROM complete
),
with_dispatches AS (
    SELECT *,
        CASE WHEN is_loose OR filled = 0 OR filled < capacity AND pg_temp.random_fraction(n, 'fill') < 0.03
                OR pg_temp.random_fraction(n, 'stock') < 0.14
            THEN NULL ELSE packed + 0.001 + 0.02 * pg_temp.random_fraction(n, 'waits') END AS dispatched
    FROM numbered
),
with_receipts AS (
    SELECT *,
        CASE WHEN pg_temp.random_fraction(n, 'lost') < 0.06
            THEN NULL ELSE dispatched + 0.001 + 0.006 * pg_temp.random_fraction(n, 'road') END AS received
    FROM with_dispatches
),
with_returns AS (
    SELECT *,
        CASE WHEN pg_temp.random_fraction(n, 'complaint') < 0.015
            THEN received + 0.005 + 0.02 * pg_temp.random_fraction(n, 'back') END AS returned
    FROM with_receipts
)
SELECT n AS load, is_loose, type_id, capacity, child_weight, filled, nth, packed,
    CASE WHEN dispatched < 1 THEN dispatched END AS dispatched,
    CASE WHEN received < 1 THEN received END AS received,
    CASE WHEN returned < 1 THEN returned END AS returned,
    1 + bags_so_far - filled - (NOT is_loose)::int AS first_bag,
    dense_rank() OVER (
        ORDER BY type_id, nth / (2000 / (capacity + 1))) AS batch_id,
    (%(areas)s::bigint[])[home] AS area_id,
    -- A parent is never dispatched to its own area.
    (%(areas)s::bigint[])[CASE WHEN dest = home
        THEN 1 + mod(home, array_length(%(areas)s::bigint[], 1)) ELSE dest END] AS dest_id,
    pg_temp.time_of_share(packed) AS starts_at,
    make_interval(secs => 2 + 4 * pg_temp.random_fraction(n, 'pace')) AS pace,
    NOT is_loose AND filled BETWEEN 1 AND capacity - 1
        AND pg_temp.random_fraction(n, 'fill') >= 0.03 AS closed_early,
    CASE
        WHEN is_loose THEN 'loose'
        WHEN filled = 0 OR filled < capacity AND pg_temp.random_fraction(n, 'fill') < 0.03 THEN 'open'
        WHEN returned < 1 THEN 'returned'
        WHEN received < 1 THEN 'received'
        WHEN dispatched < 1 THEN 'dispatched'
        ELSE 'complete'
    END AS state
FROM with_returns
