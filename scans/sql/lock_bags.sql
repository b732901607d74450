-- Lock these bags until the transaction ends: parents before children, then by code, as a desk does.
-- Parameters: codes text[]. Index: bag_code_is_unique.
SELECT code FROM bags_bag WHERE code = ANY (%(codes)s::text[])
ORDER BY kind DESC, code
FOR NO KEY UPDATE
