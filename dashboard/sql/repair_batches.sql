-- Set the batch counters to a recount. The caller holds the lock that keeps writers out.
-- What is pending is rolled up first, so that what today changed is not forgotten.
SELECT dashboard_roll_up_batches();
DELETE FROM dashboard_batchtally;
INSERT INTO dashboard_batchtally (state, held, total)
SELECT state, held, count(*) FROM bags_batch GROUP BY 1, 2
