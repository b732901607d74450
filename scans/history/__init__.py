"""Reading the ledger: timeline, trace, recall, point-in-time state, verification."""
