"""Annotation files as people have them: one file a format, bytes in and `RawAnnotation` out.

Nothing here opens a file, and nothing imports NumPy: the submit side reads with it.
"""
