"""Which photographs are near-duplicates, and which side each goes to."""

SIDES = ("train", "val", "test")
