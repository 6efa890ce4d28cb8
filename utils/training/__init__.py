"""Training that knows no box: recipe, checkpoints, several processes, averages."""
