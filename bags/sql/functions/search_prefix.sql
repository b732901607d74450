-- Return the first bags whose code lies between two bounds. A function, because its plan is cached
-- per connection. ROWS is about one page.
CREATE OR REPLACE FUNCTION bags_search_prefix(first text, past text, most integer)
RETURNS TABLE(id bigint, code text)
LANGUAGE plpgsql
STABLE ROWS 20
AS $$
BEGIN
    RETURN QUERY
    SELECT bag.id, bag.code::text
    FROM bags_bag AS bag
    WHERE bag.code >= first COLLATE "C" AND bag.code < past COLLATE "C"
    ORDER BY bag.code
    LIMIT most;
END $$;
