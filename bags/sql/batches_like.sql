-- Batches whose code, product or variety begins so, in the order of codes: whatever the number of
-- batches, each of the three ways reads no more than a limit. Parameters: words text, code text,
-- limit int. Index: batch_code_is_unique, batch_product_begins, batch_variety_begins.
SELECT DISTINCT code, product, variety, state, held
FROM (
    (
        SELECT * FROM bags_batch WHERE code ^@ %(code)s ORDER BY code LIMIT %(limit)s
    )
    UNION ALL
    (
        SELECT * FROM bags_batch WHERE upper(product) COLLATE "C" ^@ upper(%(words)s)
        ORDER BY upper(product) COLLATE "C", code LIMIT %(limit)s
    )
    UNION ALL
    (
        SELECT * FROM bags_batch WHERE upper(variety) COLLATE "C" ^@ upper(%(words)s)
        ORDER BY upper(variety) COLLATE "C", code LIMIT %(limit)s
    )
) AS found
ORDER BY code
LIMIT %(limit)s
