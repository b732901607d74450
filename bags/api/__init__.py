"""Endpoints of bags, batches, areas and bag types."""
