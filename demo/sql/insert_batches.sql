-- Insert a batch for about 2,000 bags each; old ones are closed, a few are on hold.
-- Parameters: until timestamptz, office bigint (the user who places holds), mustard bigint, zone text.
INSERT INTO bags_batch (id, code, product, variety, bag_type_id, produced_on, expires_on,
    planned_bags, notes, state, held, held_reason, held_at, held_by_id)
SELECT batch_id,
    format('%%s-%%s-%%s', CASE WHEN mustard THEN 'MU' ELSE 'MO' END,
        to_char(packed_on, 'YYMMDD'), lpad(batch_id::text, 6, '0')),
    CASE WHEN mustard THEN 'Mustard seed' ELSE 'Moong' END,
    CASE WHEN mustard
        THEN (ARRAY['Pusa Bold', 'RH-749', 'Giriraj'])[1 + mod(batch_id, 3)]
        ELSE (ARRAY['SML-668', 'IPM 2-3'])[1 + mod(batch_id, 2)] END,
    type_id, packed_on - 1, packed_on + 364, ceil(bags * 1.02 / 100) * 100, '',
    CASE WHEN last_packed < %(until)s::timestamptz - interval '30 days' THEN 'closed' ELSE 'open' END,
    held,
    CASE WHEN held THEN 'Moisture above the limit in the second sample' ELSE '' END,
    CASE WHEN held THEN last_packed END,
    CASE WHEN held THEN %(office)s::bigint END
FROM (
    SELECT batch_id, type_id, type_id = %(mustard)s AS mustard,
        sum(filled + (NOT is_loose)::int) AS bags,
        (min(starts_at) AT TIME ZONE %(zone)s)::date AS packed_on,
        max(starts_at) AS last_packed,
        pg_temp.random_fraction(batch_id, 'held') < 0.006 AS held
    FROM seed_load GROUP BY batch_id, type_id
) AS batch
ORDER BY batch_id
