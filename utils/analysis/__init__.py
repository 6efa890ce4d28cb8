"""What the numbers mean: evaluation, prevalence, plots, drawings and the report."""
