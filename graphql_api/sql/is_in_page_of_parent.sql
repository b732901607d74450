-- A condition: whether a row is among the first rows of a list for each of many parents.
-- LATERAL runs the inner query once per parent, with its LIMIT: it reads the page, not the list.
-- ARRAY makes PostgreSQL run all of it once, and then look the rows up by their primary key.
-- Parameters: the ids of the parents (bigint[]), then those of the inner query, which refers to
-- parent.id.
{id} = ANY (ARRAY(
    SELECT page.id
    FROM unnest(%s::bigint[]) AS parent (id)
    CROSS JOIN LATERAL ({page}) AS page
))
