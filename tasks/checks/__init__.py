"""Rules of this house that no linter knows, over the source: `python -P -m tasks.checks`; `build.py lint` runs it."""
