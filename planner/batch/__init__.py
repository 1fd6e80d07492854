"""What-if batches: many scenarios of one study, solved durably and laid out as two tables."""
