"""Certificate: every answer is checked again in plain arithmetic and exact physics, without Pyomo or a solver."""
