"""What build.py does, one module for each of its larger commands. Standard library only."""
