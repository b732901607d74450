-- Register that the ids this transaction inserts lie above the current one; see
-- bags/sql/functions/register_insert_horizon.sql.
CREATE OR REPLACE FUNCTION scans_register_insert_horizon()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(current_setting('tracetrack.scans_horizon_registered', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(
            hashtext('scans_scan'), (SELECT (last_value >> 4)::bit(32)::int FROM scans_scan_id_seq)
        );
        PERFORM set_config('tracetrack.scans_horizon_registered', 'yes', true);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER scans_register_insert_horizon
BEFORE INSERT ON scans_scan
FOR EACH STATEMENT EXECUTE FUNCTION scans_register_insert_horizon();
