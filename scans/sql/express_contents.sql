-- For the rules: sacks that go away with something on hold in them. Index: bag_children.
INSERT INTO scans_hard
SELECT s.n
FROM scans_staged AS s
JOIN scans_codes AS sack USING (code)
WHERE s.step IN ('dispatch', 'receive')
    AND (
        SELECT bool_or(child.batch_id = ANY (ARRAY(SELECT id FROM bags_batch WHERE held)))
        FROM bags_bag AS child WHERE child.parent_id = sack.id
    )
