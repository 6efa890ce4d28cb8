"""Versions of annotated data sets, by content: photographs once, whatever versions share them."""
