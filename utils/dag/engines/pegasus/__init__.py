"""Pegasus: the run folder planned and submitted with its own tools."""
