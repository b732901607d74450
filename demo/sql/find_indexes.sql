-- The foreign keys, unique constraints and indexes of tables except primary keys: for each the
-- statements that drop and create it, in the order of creation.
-- Parameters: tables text[].
SELECT drop_statement, create_statement
FROM (
    SELECT
        CASE contype WHEN 'f' THEN 3 ELSE 2 END AS position,
        conname::text AS name,
        format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) AS drop_statement,
        format(
            'ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
            conrelid::regclass, conname, pg_get_constraintdef(oid)
        ) AS create_statement
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
ORDER BY position, name
