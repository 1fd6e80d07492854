"""Wording: how numbers, units and column names are written for people."""
