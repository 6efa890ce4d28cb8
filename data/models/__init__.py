"""The model in the box, its card, and what makes both."""
