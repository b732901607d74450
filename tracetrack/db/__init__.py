"""Database access: backend and pool, SQL files, snapshots, streaming export, embedded server."""
