"""Metrics of textures that need no pretrained weights.

Pixels are float32 (H, W, C) in [0, 1] as in `Texture`. Every metric is deterministic for a seed. None replaces looking:
a broken structure that is right locally passes them all.
"""
