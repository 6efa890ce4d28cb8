"""The Faster R-CNN detector: model, losses, what its training and its trials are, inference."""
