"""Colour transfer: palettes, and optimal transport between them."""
