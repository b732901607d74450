-- Set the batch counters to a recount. The caller holds the lock that keeps writers out.
DELETE FROM dashboard_batchtally;
DELETE FROM dashboard_batchpending;
INSERT INTO dashboard_batchtally (state, held, total)
SELECT state, held, count(*) FROM bags_batch GROUP BY 1, 2
