-- Windows are small: looking up what a row names beats reading whole tables to join them. A reader
-- may take minutes for a window; one who stalls is noticed by the socket.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_hashjoin = off;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL idle_in_transaction_session_timeout = '10min'
