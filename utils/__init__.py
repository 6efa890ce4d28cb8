"""The mask detection workflow's library; the executables in ``bin/`` are thin calls into it."""
