"""The options of a run: how they are declared, the table of them, and how they are read."""
