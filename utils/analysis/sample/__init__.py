"""After a run: which new photographs to annotate, and how many a narrower answer takes."""
