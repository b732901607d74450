"""Endpoints of scans."""
