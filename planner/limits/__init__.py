"""Limits: everything in a config that can stand in the way of a plan; one file each, with all that is known of it."""
