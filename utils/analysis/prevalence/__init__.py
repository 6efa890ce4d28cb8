"""What share wears a mask properly: from the detector's counts and its known mistakes."""
