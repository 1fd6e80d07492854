"""Measured capacity: CSV tables in, options out, beside or instead of the physics."""
