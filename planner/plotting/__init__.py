"""Figures, one per file; each takes an `ax` and returns it. Matplotlib is imported only when one is drawn."""
