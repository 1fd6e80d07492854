"""Figures of what-if batches, one per file; each takes an `ax` and returns it."""
