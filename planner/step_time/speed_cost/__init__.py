"""The frontier of speed against cost: tokens per second per user against $ per million tokens, one curve each."""
