-- Allow hash joins: a recall joins thousands of bags at once, for which nested loops are slow.
SET LOCAL enable_hashjoin = on
