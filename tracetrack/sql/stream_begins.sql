-- A stream shows one moment and changes nothing.
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY
