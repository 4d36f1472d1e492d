"""Algorithms on arrays and tensors: blur, frequency bands, resampling on a torus, distances of distributions."""
