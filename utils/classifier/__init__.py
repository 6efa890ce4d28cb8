"""A network that judges one face: with a mask, without one, or with one worn incorrectly."""
