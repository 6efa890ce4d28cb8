"""How good detections are: matching, average precision, confusion matrix, operating point."""
