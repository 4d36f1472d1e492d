"""Drawings of materials, a module each: `draw` gets a canvas, and the parameters that `materials.toml` declares."""
