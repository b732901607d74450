-- For the rules: rows that may be refused, or that something else in the group may stand against.
INSERT INTO scans_hard
SELECT s.n
FROM scans_staged AS s
JOIN scans_codes AS bag ON bag.code = s.code
LEFT JOIN scans_codes AS parent ON parent.code = s.parent_code
LEFT JOIN bags_bagtype AS bag_type ON bag_type.id = parent.bag_type_id
WHERE (s.plain AND CASE s.step
    WHEN 'inspect' THEN NOT bag.fresh OR bag.born = bag.first
    WHEN 'register' THEN NOT bag.fresh
        OR bag.kind IS NOT NULL AND bag.acts = 1 AND bag.links + bag.others = 0
            AND bag.born = bag.first
    WHEN 'link' THEN bag.kind = 'child' AND bag.acts = 1 AND bag.links + bag.others = 0
        AND bag.parent_id IS NULL AND NOT bag.held AND (NOT bag.fresh OR bag.born = bag.first)
        AND parent.kind = 'parent' AND parent.acts + parent.others = 0 AND NOT parent.held
        AND parent.bag_type_id = bag.bag_type_id
        AND CASE WHEN parent.fresh
            THEN parent.born = parent.first AND parent.links <= bag_type.capacity
            ELSE parent.state = 'open' AND parent.child_count + parent.links <= parent.capacity
        END
    WHEN 'complete' THEN NOT bag.fresh AND bag.kind = 'parent' AND NOT bag.held AND bag.acts = 1
        AND bag.links + bag.others = 0 AND bag.state = 'open' AND bag.child_count > 0
    WHEN 'dispatch' THEN NOT bag.fresh AND bag.kind = 'parent' AND NOT bag.held AND bag.acts = 1
        AND bag.links + bag.others = 0 AND bag.state = 'complete' AND bag.child_count > 0
    WHEN 'receive' THEN NOT bag.fresh AND bag.kind = 'parent' AND NOT bag.held AND bag.acts = 1
        AND bag.links + bag.others = 0 AND bag.state <> 'received'
    ELSE false
END) IS NOT TRUE
