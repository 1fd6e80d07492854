"""By hand: a plan made without any solver, to hold solvers to."""
