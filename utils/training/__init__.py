"""Training that knows no box: the loop, recipe, checkpoints, several processes, averages."""
