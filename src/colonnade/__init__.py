"""Colonnade: a backend that a team runs instead of writes, on Pyramid."""
