"""All checks, each with what it found."""

import sys

from . import current_folder, quoting, translations

FOUND = [f"{problem}" for check in (current_folder, quoting, translations) for problem in check.problems()]
print(*FOUND, sep="\n") if FOUND else print("All of our own checks passed!")
sys.exit(bool(FOUND))
