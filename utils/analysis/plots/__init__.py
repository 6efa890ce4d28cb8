"""Pictures of records: curves, bars, matrices, galleries of mistakes."""
