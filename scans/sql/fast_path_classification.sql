-- Return the numbers of the rows that need the rules, of the other rows that change nothing, and
-- the codes of bags in the former that fast_path_lock.sql has locked.
WITH named AS MATERIALIZED (
    SELECT code FROM fast_path_requests JOIN fast_path_needs_rules USING (n)
    UNION
    SELECT parent_code FROM fast_path_requests JOIN fast_path_needs_rules USING (n)
)
SELECT
    (SELECT array_agg(n) FROM fast_path_needs_rules),
    (
        SELECT array_agg(request.n)
        FROM fast_path_requests AS request JOIN fast_path_codes AS bag USING (code)
        WHERE request.step = 'register' AND NOT bag.is_new
            AND request.n NOT IN (SELECT n FROM fast_path_needs_rules)
    ),
    (
        SELECT array_agg(code) FROM named JOIN fast_path_codes AS bag USING (code)
        WHERE NOT bag.is_new AND bag.change_rows + bag.link_rows + bag.other_parent_rows > 0
    )
