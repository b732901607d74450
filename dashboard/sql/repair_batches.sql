-- Set the batch counters to a recount. The caller has locked out writers.
-- Pending counts are rolled up first, because they belong to the daily changes as well.
SELECT dashboard_roll_up_batches();
DELETE FROM dashboard_batchtally;
INSERT INTO dashboard_batchtally (state, held, total)
SELECT state, held, count(*) FROM bags_batch GROUP BY 1, 2
