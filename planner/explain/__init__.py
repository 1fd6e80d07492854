"""Explanations: why nothing fits and what would, what binds, what the next step costs, why something was not chosen."""
