"""Data of the planner: accelerators, architectures, prices, assumption sets and fleets, with schemas."""
