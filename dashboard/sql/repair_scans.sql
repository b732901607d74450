-- Set the scan counters to a recount. The caller has locked out writers.
DELETE FROM dashboard_scantally;
DELETE FROM dashboard_scanpending;
INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total)
SELECT (scanned_at AT TIME ZONE dashboard_business_zone())::date,
    extract(hour FROM scanned_at AT TIME ZONE dashboard_business_zone())::smallint,
    area_id, step, actor_id, count(*)
FROM scans_scan GROUP BY 1, 2, 3, 4, 5;
SELECT dashboard_roll_up_scans()
