"""Ours, though a library that tests need installs a package of this name, too."""
