-- Make the transaction read one snapshot and refuse writes.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
