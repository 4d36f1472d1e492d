"""Inspection of a PBR set: what is wrong with its maps, and what can be mended without loss."""
