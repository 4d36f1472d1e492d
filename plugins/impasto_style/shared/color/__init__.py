"""Colour transfer: palettes, and the transport of one to another."""
