-- Lock codes, refs and bags, then load what recording needs. Each statement of a volatile function
-- sees what was committed before it, so the load sees what the lock waited for.
CREATE OR REPLACE FUNCTION scans_lock_and_load(
    keys text[], codes text[], area_codes text[], lots text[], refs uuid[]
)
RETURNS TABLE (
    bags json, parents json, areas json, types json, batches json, known_refs json
)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM scans_lock(keys, codes);
    RETURN QUERY SELECT * FROM scans_load(codes, area_codes, lots, refs);
END $$;
