"""Filling of holes from the rest of a picture, from coarse to fine."""
