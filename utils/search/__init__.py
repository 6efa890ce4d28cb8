"""The hyper-parameter search: an Optuna study that travels as a file."""
