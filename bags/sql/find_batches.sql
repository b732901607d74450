-- Batches whose code, product or variety begins with a text, ordered by code. Each branch reads at
-- most `limit` rows from its index. Parameters: text text, code text,
-- limit int. Index: batch_code_is_unique, batch_product_begins, batch_variety_begins.
SELECT DISTINCT code, product, variety, state, held
FROM (
    (
        SELECT * FROM bags_batch WHERE code ^@ %(code)s ORDER BY code LIMIT %(limit)s
    )
    UNION ALL
    (
        SELECT * FROM bags_batch WHERE upper(product) COLLATE "C" ^@ upper(%(text)s)
        ORDER BY upper(product) COLLATE "C", code LIMIT %(limit)s
    )
    UNION ALL
    (
        SELECT * FROM bags_batch WHERE upper(variety) COLLATE "C" ^@ upper(%(text)s)
        ORDER BY upper(variety) COLLATE "C", code LIMIT %(limit)s
    )
) AS found
ORDER BY code
LIMIT %(limit)s
