"""Photometric stereo: relief and colour measured from photographs of one surface under several lights."""
