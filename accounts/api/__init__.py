"""Endpoints of API tokens."""
