"""Benchmarks of TraceTrack against simple alternatives. See README.md."""
