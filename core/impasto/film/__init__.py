"""Sequences: frames repainted so that strokes move with what they show, by Blender's own motion vectors."""
