-- Return the ids of the first rows of a list for each of many parents.
-- LATERAL runs the inner query once per parent, with its LIMIT: it reads the page, not the list.
-- Parameters: the ids of the parents (bigint[]), then those of the inner query, which refers to
-- parent.id.
SELECT page.id
FROM unnest(%s::bigint[]) AS parent (id)
CROSS JOIN LATERAL ({page}) AS page
