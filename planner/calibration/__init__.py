"""Calibration: constants of an assumption set fitted to measured serving, and the error of any set on such data."""
