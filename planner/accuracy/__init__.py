"""Accuracy: what is known of the error of predictions, and of what there is no measurement."""
