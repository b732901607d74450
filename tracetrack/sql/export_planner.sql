-- Planner settings for exports. Windows are small, so index look-ups beat joins that read whole
-- tables. A slow client may take minutes per window, which is no idle transaction; the socket
-- time-out detects a client that has stopped reading.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_hashjoin = off;
-- Rows of a window are close to one another on disk, so reading them through an index is cheap.
SET LOCAL seq_page_cost = 0.05;
SET LOCAL random_page_cost = 0.05;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL idle_in_transaction_session_timeout = '10min'
