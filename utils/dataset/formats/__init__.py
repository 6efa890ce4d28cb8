"""Annotations as people have them: one file a format, bytes to `Annotation`."""
