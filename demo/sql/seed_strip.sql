-- What slows a load down: foreign keys, unique constraints and indexes of these tables, but for
-- primary keys. For each the statements that take it away and bring it back, in the order of both.
-- Parameters: tables text[].
SELECT take, bring
FROM (
    SELECT
        CASE contype WHEN 'f' THEN 3 ELSE 2 END AS turn,
        conname::text AS name,
        format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) AS take,
        format(
            'ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
            conrelid::regclass, conname, pg_get_constraintdef(oid)
        ) AS bring
    FROM pg_constraint
    WHERE conrelid = ANY (%(tables)s::regclass[]) AND contype IN ('f', 'u')
    UNION ALL
    SELECT 1, indexrelid::regclass::text,
        format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = ANY (%(tables)s::regclass[])
        AND NOT indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'u')
) AS found
ORDER BY turn, name
