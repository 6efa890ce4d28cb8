"""Runs compared: what differs, and by how much one is better on the photographs that both share."""
