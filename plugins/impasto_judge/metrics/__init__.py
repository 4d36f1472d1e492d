"""Metrics of textures that need no pretrained weights.

Pixels are float32 (H, W, C) in [0, 1] as in `Texture`. Every metric is deterministic for a seed. None replaces looking:
a structure that is broken but locally right passes them all.
"""
