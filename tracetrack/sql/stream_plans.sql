-- Windows are small: looking up what a row names beats reading whole tables to join them. A reader
-- may take minutes for a window; one who stalls is noticed by the socket.
SET LOCAL enable_seqscan = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_hashjoin = off;
-- Neighbours in a window lie near to one another: reading by the index of a filter is cheap.
SET LOCAL seq_page_cost = 0.05;
SET LOCAL random_page_cost = 0.05;
SET LOCAL max_parallel_workers_per_gather = 0;
SET LOCAL idle_in_transaction_session_timeout = '10min'
