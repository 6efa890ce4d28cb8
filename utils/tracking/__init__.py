"""What runs were, from their records alone: a table of them, what differs, and MLflow's copy."""
