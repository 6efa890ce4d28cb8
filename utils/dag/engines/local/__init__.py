"""The embedded engine: runs the jobs of a run folder on this machine."""
