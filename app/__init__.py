"""What people meet in a browser: thin pages; all else is in `utils`, and nothing imports them."""
