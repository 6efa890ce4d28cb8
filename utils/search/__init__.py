"""The hyper-parameter search, whatever is trained: an Optuna study that travels as a file."""
