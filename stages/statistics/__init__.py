"""Intervals and p-values whose unit is the run."""
