"""Photographs and their annotations: labels, VOC files, shards, split, augmentation. No torch."""
