-- For the rules: sacks that go away with something on hold in them. Index: bag_children.
INSERT INTO scans_hard
SELECT s.n
FROM scans_staged AS s
JOIN scans_codes AS sack USING (code)
WHERE s.step IN ('dispatch', 'receive')
    AND EXISTS (
        SELECT FROM bags_bag AS child JOIN bags_batch AS batch ON batch.id = child.batch_id
        WHERE child.parent_id = sack.id AND batch.held
    )
