-- Append new scans to the pending counters, and roll them up now and then.
CREATE OR REPLACE FUNCTION dashboard_count_scans()
RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    zone text := dashboard_business_zone();
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM dashboard_scanpending;
        DELETE FROM dashboard_scantally;
        RETURN NULL;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total)
        SELECT (scanned_at AT TIME ZONE zone)::date,
               extract(hour FROM scanned_at AT TIME ZONE zone)::smallint,
               area_id, step, actor_id, count(*)
        FROM added GROUP BY 1, 2, 3, 4, 5;
    END IF;
    IF TG_OP IN ('DELETE', 'UPDATE') THEN
        INSERT INTO dashboard_scanpending (day, hour, area_id, step, actor_id, total)
        SELECT (scanned_at AT TIME ZONE zone)::date,
               extract(hour FROM scanned_at AT TIME ZONE zone)::smallint,
               area_id, step, actor_id, -count(*)
        FROM removed GROUP BY 1, 2, 3, 4, 5;
    END IF;
    IF random() < 0.004 AND pg_try_advisory_xact_lock(hashtext('dashboard_roll_up_scans')) THEN
        PERFORM dashboard_roll_up_scans();
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER dashboard_count_scans_delete
AFTER DELETE ON scans_scan
REFERENCING OLD TABLE AS removed
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans();

CREATE OR REPLACE TRIGGER dashboard_count_scans_insert
AFTER INSERT ON scans_scan
REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans();

CREATE OR REPLACE TRIGGER dashboard_count_scans_truncate
AFTER TRUNCATE ON scans_scan
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans();

CREATE OR REPLACE TRIGGER dashboard_count_scans_update
AFTER UPDATE ON scans_scan
REFERENCING OLD TABLE AS removed NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION dashboard_count_scans();
