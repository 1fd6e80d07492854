"""Decomposition: a question cut into one for each model, where nothing ties models together that a price cannot carry."""
