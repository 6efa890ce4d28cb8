"""How good detections are, and classes of faces: matching, precision, confusion, calibration."""
