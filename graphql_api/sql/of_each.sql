-- Of each owner the first rows of its list, however many owners there are: one look for each.
-- What stands in braces asks for the list of the one whose id is owner.id.
-- Parameters: owners bigint[], then those of that question.
SELECT found.*, owner.id AS owner
FROM unnest(%s::bigint[]) AS owner (id)
CROSS JOIN LATERAL ({rows}) AS found
