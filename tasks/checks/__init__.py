"""Checks of the source that no linter has: `python -P -m tasks.checks`; `build.py lint` runs it."""
