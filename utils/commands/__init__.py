"""The commands of ``workflow.py``, a file for each family of them."""
