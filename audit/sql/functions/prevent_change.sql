-- Refuse UPDATE, DELETE and TRUNCATE on the audit log, except for maintenance.
CREATE OR REPLACE FUNCTION audit_prevent_change()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF current_setting('tracetrack.maintenance', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER audit_prevent_change
BEFORE DELETE OR UPDATE OR TRUNCATE ON audit_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION audit_prevent_change();
