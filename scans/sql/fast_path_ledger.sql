-- Add all rows of the group to the ledger in the order of the sheet; the rows that the rules
-- produced are in fast_path_scans already. The register rows of a link come before it: the child's
-- (seq 0), then the parent's (seq 1). Columns that a statement does not name have their defaults.
-- Parameter: now timestamptz.
INSERT INTO fast_path_scans (
    n, seq, ref, bag_id, step, outcome, actor_id, area_id, recorded_at, {registration_columns}
)
SELECT n, 0, request.register_ref, link.bag_id, 'register', 'applied', request.actor_id,
    request.area_id, %(now)s, {registration_values}
FROM fast_path_links AS link
JOIN fast_path_requests AS request USING (n)
JOIN fast_path_codes AS bag ON bag.id = link.bag_id
WHERE bag.is_new
UNION ALL
SELECT n, 1, request.parent_register_ref, link.parent_id, 'register', 'applied', request.actor_id,
    request.area_id, %(now)s, {registration_values}
FROM fast_path_links AS link
JOIN fast_path_requests AS request USING (n)
WHERE link.creates_parent;
INSERT INTO fast_path_scans (
    n, seq, ref, bag_id, parent_id, step, outcome, unexpected, actor_id, area_id, recorded_at,
    was_state, was_area_id, was_bound_for_id, was_parent_state, {request_columns}
)
SELECT n, 2, request.ref, bag.id, link.parent_id, request.step,
    CASE WHEN request.step = 'register' AND NOT bag.is_new THEN 'already' ELSE 'applied' END,
    coalesce(bag.state = ANY (transition.unexpected_from), false), request.actor_id,
    request.area_id, %(now)s,
    CASE
        WHEN NOT transition.stores_before THEN ''
        -- A child that the link itself creates is registered before, in the area of the scan.
        WHEN bag.is_new THEN {new_child_state}
        ELSE bag.state
    END,
    CASE
        WHEN NOT transition.stores_before THEN NULL
        WHEN bag.is_new THEN request.area_id
        ELSE bag.area_id
    END,
    CASE WHEN transition.stores_before THEN bag.bound_for_id END,
    CASE WHEN request.step = 'link' THEN transition.enters[1] ELSE '' END, {request_values}
FROM fast_path_requests AS request
JOIN fast_path_codes AS bag USING (code)
JOIN {transitions} ON transition.step = request.step AND transition.kind = bag.kind
LEFT JOIN fast_path_links AS link USING (n)
WHERE n NOT IN (SELECT n FROM fast_path_needs_rules);
INSERT INTO scans_scan ({ledger_columns})
SELECT {ledger_columns} FROM fast_path_scans ORDER BY n, seq
