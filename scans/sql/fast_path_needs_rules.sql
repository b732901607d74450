-- Rows need the rules unless these conditions hold, which exclude every refusal: the state of the
-- bag allows the step, and no other row of the group changes the bag.
INSERT INTO fast_path_needs_rules
SELECT request.n
FROM fast_path_requests AS request
JOIN fast_path_codes AS bag ON bag.code = request.code
LEFT JOIN {transitions} ON transition.step = request.step AND transition.kind = bag.kind
LEFT JOIN fast_path_codes AS parent ON parent.code = request.parent_code
LEFT JOIN bags_bagtype AS bag_type ON bag_type.id = parent.bag_type_id
WHERE (request.is_plain AND CASE
    WHEN request.step = 'inspect' THEN NOT bag.is_new OR bag.created_by_row = bag.first_row
    WHEN request.step = 'register' THEN NOT bag.is_new
        OR bag.kind IS NOT NULL AND bag.change_rows = 1
            AND bag.link_rows + bag.other_parent_rows = 0 AND bag.created_by_row = bag.first_row
    WHEN request.step = 'link' THEN transition.to_state IS NOT NULL AND bag.change_rows = 1
        AND bag.link_rows + bag.other_parent_rows = 0
        AND CASE WHEN bag.is_new THEN bag.created_by_row = bag.first_row
            ELSE bag.state = ANY (transition.accepted_from) AND NOT bag.held
        END
        AND parent.kind = 'parent' AND parent.change_rows + parent.other_parent_rows = 0
        AND NOT parent.held AND parent.bag_type_id = bag.bag_type_id
        AND CASE WHEN parent.is_new
            THEN parent.created_by_row = parent.first_row
                AND parent.link_rows <= bag_type.capacity
            ELSE parent.state = ANY (transition.enters)
                AND parent.child_count + parent.link_rows <= parent.capacity
        END
    -- Steps on parents; for others there is no transition.
    ELSE NOT bag.is_new AND NOT bag.held AND bag.change_rows = 1
        AND bag.link_rows + bag.other_parent_rows = 0
        AND bag.state = ANY (transition.accepted_from)
        AND (bag.child_count > 0 OR NOT transition.needs_children)
END) IS NOT TRUE
