-- Refuse UPDATE, DELETE and TRUNCATE on the ledger, except for maintenance.
CREATE OR REPLACE FUNCTION scans_prevent_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('tracetrack.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The ledger is append-only: % on scans is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Record an undo instead.';
END $$;

CREATE OR REPLACE TRIGGER scans_prevent_change
BEFORE DELETE OR UPDATE OR TRUNCATE ON scans_scan
FOR EACH STATEMENT EXECUTE FUNCTION scans_prevent_change();
