"""Faces drawn on photographs: boxes, labels, where the labels go."""
