"""The Faster R-CNN detector: model, training, checkpoints, hyper-parameter search, inference."""
