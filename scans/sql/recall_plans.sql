-- Some thousand bags at once: what was found of them is joined by hashing, not row by row.
SET LOCAL enable_hashjoin = on
