-- Lock these bags until the transaction ends, in the order of a unit of work: parents, then children,
-- each by code. Parameter: codes text[]. Index: bag_code_is_unique.
SELECT code FROM bags_bag WHERE code = ANY (%(codes)s::text[])
ORDER BY kind DESC, code
FOR NO KEY UPDATE
