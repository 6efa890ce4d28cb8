"""How good a detector is on the test side: measures, intervals, mistakes."""

SCHEMA = 2
"""Schema of ``evaluation.json``."""
