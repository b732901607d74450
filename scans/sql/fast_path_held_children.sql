-- Rows need the rules if their parent moves and one of its children belongs to a held batch.
-- Index: bag_children.
INSERT INTO fast_path_needs_rules
SELECT request.n
FROM fast_path_requests AS request
JOIN fast_path_codes AS parent USING (code)
WHERE request.step IN (SELECT step FROM {transitions} WHERE moves_children)
    AND (
        SELECT bool_or(child.batch_id = ANY (ARRAY(SELECT id FROM bags_batch WHERE held)))
        FROM bags_bag AS child WHERE child.parent_id = parent.id
    )
