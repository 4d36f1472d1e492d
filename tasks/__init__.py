"""The larger commands of build.py, one module each. Standard library only."""
