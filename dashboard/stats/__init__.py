"""Counters, statistics queries and reports."""
