-- Register that the ids this transaction inserts lie above the current one. Ids are assigned in one
-- order and become visible in another; readers use the shared advisory lock to find the id below
-- which no row can appear any more (tracetrack/sql/insert_horizon.sql). The lock ends with the
-- transaction.
CREATE OR REPLACE FUNCTION bags_register_insert_horizon()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF coalesce(current_setting('tracetrack.bags_announced', true), '') = '' THEN
        PERFORM pg_advisory_xact_lock_shared(
            hashtext('bags_bag'), (SELECT (last_value >> 4)::bit(32)::int FROM bags_bag_id_seq)
        );
        PERFORM set_config('tracetrack.bags_announced', 'yes', true);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER bags_register_insert_horizon
BEFORE INSERT ON bags_bag
FOR EACH STATEMENT EXECUTE FUNCTION bags_register_insert_horizon();
