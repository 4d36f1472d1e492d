"""Hostile files, made by scripts, and all that reads them; see `corpus`."""
